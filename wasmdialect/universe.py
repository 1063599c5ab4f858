"""The `xdsl.universe` entry point: what `xdsl-opt` and other tools find when this is installed.

Everything is loaded when it is asked for; importing this module costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.universe import Universe

if TYPE_CHECKING:
    from xdsl.ir import Dialect


def _wasmir() -> Dialect:
    from wasmdialect.dialects.wasmir import WASMIR

    return WASMIR


UNIVERSE = Universe(all_dialects={"wasmir": _wasmir})

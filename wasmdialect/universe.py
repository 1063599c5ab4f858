"""The `xdsl.universe` entry point: `xdsl-opt` and other tools find it when this package is
installed. Everything is loaded on demand; importing this module costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdsl.universe import Universe

from wasmdialect.passes.registry import OWN_PASSES

if TYPE_CHECKING:
    from xdsl.ir import Dialect


def _wasmir() -> Dialect:
    from wasmdialect.dialects.wasmir import WASMIR

    return WASMIR


def _wasmvm() -> Dialect:
    from wasmdialect.dialects.wasmvm import WASMVM

    return WASMVM


def _llvm_ext() -> Dialect:
    from wasmdialect.dialects.llvm_ext import LLVM_EXT

    return LLVM_EXT


UNIVERSE = Universe(
    all_dialects={"wasmir": _wasmir, "wasmvm": _wasmvm, "llvm_ext": _llvm_ext},
    all_passes=OWN_PASSES,
)

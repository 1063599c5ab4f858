"""What of `typing` is used in code that runs when a program starts, without loading `typing`.

`typing` takes 9 ms to load, a third of what starting a saved artifact takes. What is only in
annotations is imported under `TYPE_CHECKING`; type checkers know that name wherever it comes from.
"""

from __future__ import annotations

# `collections.abc` is this, inside of `collections`, which has to be loaded for it.
from _collections_abc import Mapping

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import dataclass_transform, final
else:

    def final(cls):
        """No class is derived from this one."""
        return cls

    def dataclass_transform(**_):
        """The class works as `dataclasses` do."""
        return final


__all__ = ["TYPE_CHECKING", "Mapping", "dataclass_transform", "final"]

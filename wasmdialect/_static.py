"""The parts of `typing` that code needs when a program starts, without loading `typing`.

`typing` takes 9 ms to load, a third of what starting a saved artifact takes. Names used only in
annotations are imported under `TYPE_CHECKING`; type checkers know that name wherever it comes from.
"""

from __future__ import annotations

# `collections.abc` is this, inside of `collections`, which has to be loaded for it.
from _collections_abc import Mapping

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import dataclass_transform, final
else:

    def final(cls):
        """The class cannot have subclasses."""
        return cls

    def dataclass_transform(**_):
        """The class works like those of `dataclasses`."""
        return final


__all__ = ["TYPE_CHECKING", "Mapping", "dataclass_transform", "final"]

"""Which of the passes from wasmir to LLVM a module has been through, noted on the module itself.

A module that is printed in between and read back continues with the missing passes.
"""

from __future__ import annotations

from functools import cache
from typing import cast

from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute
from xdsl.passes import ModulePass

LOWERED_ATTRIBUTE = "wasmvm.lowered"


def note_lowered(module: ModuleOp, by: ModulePass) -> None:
    """Note that a pass with its options has lowered the module."""
    module.attributes[LOWERED_ATTRIBUTE] = _noted((*lowered_by(module), str(by)))


@cache
def _noted(texts: tuple[str, ...]) -> ArrayAttr[StringAttr]:
    """The attribute; all units have the same."""
    return ArrayAttr(map(StringAttr, texts))


def lowered_by(module: ModuleOp) -> list[str]:
    """The passes with their options, as text, in order."""
    noted = module.attributes.get(LOWERED_ATTRIBUTE)
    if not isinstance(noted, ArrayAttr):
        return []
    return [
        text.data for text in cast("ArrayAttr[Attribute]", noted) if isinstance(text, StringAttr)
    ]

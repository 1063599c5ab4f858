"""What the typing rules share: their table, and looking up what an index means.

A rule gets the state of validation and the instruction's immediate. It raises ValidationError without
a place, which its caller adds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from wasmdialect.wasm import types as wt
from wasmdialect.wasm.errors import DecodeError, ValidationError
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.module import Global, Memory, Module, Table, Tag
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.types import RefType, ref_type

Rule: TypeAlias = Callable[[OperandStack, Any], None]

RULES: dict[int, Rule] = {}
"""By opcode; filled by the other modules of this package."""

_T = TypeVar("_T")


def rule(*mnemonics: str) -> Callable[[Rule], Rule]:
    """Register a rule for every opcode that has one of these mnemonics."""

    def register(function: Rule) -> Rule:
        for mnemonic in mnemonics:
            for row in BY_MNEMONIC[mnemonic]:
                RULES[row.opcode] = function
        return function

    return register


def look_up(space: list[_T], index: int, what: str) -> _T:
    """The member of an index space."""
    if index >= len(space):
        raise ValidationError(f"unknown {what} {index}")
    return space[index]


def table_at(module: Module, index: int) -> Table:
    """A table."""
    return look_up(module.tables, index, "table")


def memory_at(module: Module, index: int) -> Memory:
    """A memory."""
    return look_up(module.memories, index, "memory")


def global_at(module: Module, index: int) -> Global:
    """A global."""
    return look_up(module.globals, index, "global")


def tag_at(module: Module, index: int) -> Tag:
    """A tag."""
    return look_up(module.tags, index, "tag")


def check_data(module: Module, segment: int) -> None:
    """A data segment must be there, and announced by the data count section."""
    if module.data_count is None:
        raise DecodeError("data count section required")
    if segment >= module.data_count:
        raise ValidationError(f"unknown data segment {segment}")


def func_type_at(module: Module, index: int) -> wt.FuncType:
    """The function type at a type index that is in range."""
    deftype = module.types[index]
    if not isinstance(deftype.composite, wt.FuncType):
        raise ValidationError(f"unknown type {index}: not a function type")
    return deftype.composite


def struct_at(module: Module, index: int) -> wt.StructType:
    """The struct type at a type index that is in range."""
    composite = module.types[index].composite
    if not isinstance(composite, wt.StructType):
        raise ValidationError(f"type mismatch: type {index} is not a struct type")
    return composite


def array_at(module: Module, index: int) -> wt.FieldType:
    """The element of the array type at a type index that is in range."""
    composite = module.types[index].composite
    if not isinstance(composite, wt.ArrayType):
        raise ValidationError(f"type mismatch: type {index} is not an array type")
    return composite.element


def ref_to(module: Module, index: int, nullable: bool = True) -> RefType:
    """A reference to a type of the module."""
    return ref_type(nullable, module.types[index])

"""Shared by the typing rules: their table, and looking up indices. A rule gets the state of validation
and the instruction's immediate. It raises ValidationError without a location, which its caller adds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from wasmdialect import types as wt
from wasmdialect.types import I32, I64, NumType, RefType, ValType, ref_type
from wasmdialect.wasm.errors import DecodeError, ValidationError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.module import Global, Memory, Module, Table, Tag
from wasmdialect.wasm.operand_stack import OperandStack

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


def typed(params: Sequence[ValType], results: Sequence[ValType]) -> Rule:
    """The rule of an instruction whose type does not depend on anything."""

    def check(s: OperandStack, _: Any) -> None:
        s.pop_all(params)
        s.push_all(results)

    return check


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
    """A data segment must exist, and be announced by the data count section."""
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


def descriptor_of(t: wt.HeapType) -> wt.HeapType | None:
    """The descriptor that a value of a type must have: exact if the type is (custom-descriptors
    proposal). None if its values have none."""
    if isinstance(t, wt.ExactType):
        inner = descriptor_of(t.type)
        return wt.exact(inner) if isinstance(inner, wt.DefType) else None
    return t.descriptor if isinstance(t, wt.DefType) else None


def heap_word(module: Module, t: wt.HeapType) -> str:
    """The name of a heap type in messages: the index of a defined type."""
    if isinstance(t, wt.ExactType):
        t = t.type
    return str(module.types.index(t)) if isinstance(t, wt.DefType) else str(t)


def pop_descriptor(s: OperandStack, target: wt.HeapType) -> None:
    """Pop the descriptor that a cast to `target` compares with."""
    descriptor = descriptor_of(target)
    if descriptor is None:
        raise ValidationError(f"type {heap_word(s.module, target)} does not have a descriptor")
    s.pop(ref_type(True, descriptor))


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


def ref_to(module: Module, index: int) -> RefType:
    """A nullable reference to a type of the module."""
    return ref_type(True, module.types[index])


def ref_to_new(module: Module, index: int) -> RefType:
    """A reference to a new object of a type of the module: known not to be of a subtype."""
    return made_of(module, module.types[index])


def made_of(module: Module, t: wt.DefType) -> RefType:
    """A reference to a value of just this type; only custom descriptors have a type for that."""
    return ref_type(False, wt.exact(t) if Feature.CUSTOM_DESCRIPTORS in module.features else t)


def smaller_address(a: NumType, b: NumType) -> NumType:
    """The type of the length of a copy between memories or tables addressed by `a` and `b`."""
    return I64 if a is I64 and b is I64 else I32

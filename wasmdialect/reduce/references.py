"""The indices in a module: which entity refers to which, and giving them other numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from wasmdialect import types as wt
from wasmdialect.wasm.body import Instruction
from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.instructions import BY_OPCODE, Immediate
from wasmdialect.wasm.instructions.opcodes import END
from wasmdialect.wasm.module import Catch, ConstExpr, ExternKind

Change: TypeAlias = Callable[[str, int], int]
"""The new index of the entity at an index of a space: `func`, `table`, `memory`, `global`, `tag`,
`type`, `elem` or `data`."""

_SPACES: dict[Immediate, str] = {
    Immediate.FUNCTION: "func",
    Immediate.TABLE: "table",
    Immediate.MEMORY: "memory",
    Immediate.GLOBAL: "global",
    Immediate.TAG: "tag",
    Immediate.ELEM: "elem",
    Immediate.DATA: "data",
}
"""The space of an immediate that is an index."""


def change_type(t: wt.TypeRef, change: Change) -> wt.TypeRef:
    """A reference to a type of the type section."""
    return wt.TypeIndex(change("type", t.index)) if isinstance(t, wt.TypeIndex) else t


def change_value_type(t: wt.ValType, change: Change) -> wt.ValType:
    """A value type as a module writes it."""
    return wt.map_value(t, lambda heap: change_type(heap, change))


def _block_type(t: Any, change: Change) -> Any:
    if isinstance(t, wt.TypeIndex):
        return change_type(t, change)
    return replace_results(t, change)


def replace_results(t: wt.FuncType, change: Change) -> wt.FuncType:
    """A block type without an index."""
    return wt.FuncType(t.params, tuple(change_value_type(r, change) for r in t.results))


def _memarg(memarg: tuple[int, int, int], change: Change) -> tuple[int, int, int]:
    align, offset, memory = memarg
    return align, offset, change("memory", memory)


def _catch(clause: Catch, change: Change) -> Catch:
    if clause.tag is None:
        return clause
    return replace(clause, tag=change("tag", clause.tag))


def _heap(t: Any, change: Change) -> Any:
    return wt.map_heap(t, lambda heap: change_type(heap, change))


_CHANGES: dict[Immediate, Callable[[Any, Change], Any]] = {
    Immediate.TYPE: lambda t, change: _type_immediate(t, change),
    Immediate.BLOCK_TYPE: _block_type,
    Immediate.MEMARG: _memarg,
    Immediate.CATCHES: lambda clauses, change: tuple(_catch(c, change) for c in clauses),
    Immediate.HEAP_TYPE: _heap,
    Immediate.VAL_TYPES: lambda types, change: tuple(change_value_type(t, change) for t in types),
}


def _type_immediate(t: Any, change: Change) -> Any:
    return change_type(t, change) if isinstance(t, wt.TypeIndex) else change("type", t)


def change_immediate(opcode: int, immediate: Any, change: Change) -> Any:
    """An immediate with other indices."""
    kinds = BY_OPCODE[opcode].immediates
    if not kinds:
        return immediate
    if kinds[-1] is Immediate.CAST_FLAGS:
        label, source, target = immediate
        return label, change_value_type(source, change), change_value_type(target, change)
    values = (immediate,) if len(kinds) == 1 else immediate
    new = tuple(_one(kind, value, change) for kind, value in zip(kinds, values, strict=True))
    return new[0] if len(kinds) == 1 else new


def _one(kind: Immediate, value: Any, change: Change) -> Any:
    if kind in _SPACES:
        return change(_SPACES[kind], value)
    rewrite = _CHANGES.get(kind)
    return value if rewrite is None else rewrite(value, change)


def change_instructions(instructions: Iterable[Instruction], change: Change) -> list[Instruction]:
    """Instructions with other indices."""
    return [
        (opcode, change_immediate(opcode, immediate, change), at)
        for opcode, immediate, at in instructions
    ]


def encode_instructions(instructions: Sequence[Instruction]) -> bytes:
    """The bytes of instructions."""
    return b"".join(encode_instruction(opcode, immediate) for opcode, immediate, _ in instructions)


def change_expression(expression: ConstExpr, change: Change) -> ConstExpr:
    """A constant expression with other indices."""
    instructions = tuple(
        replace(i, immediate=change_immediate(i.opcode, i.immediate, change))
        for i in expression.instructions
    )
    rows = [(i.opcode, i.immediate, 0) for i in instructions]
    encoded = encode_instructions([*rows, (END, None, 0)])
    return ConstExpr(instructions, expression.offset, memoryview(encoded))


SPACE_OF_KIND = {kind: kind.word for kind in ExternKind}
"""The space of an import or export by its kind."""

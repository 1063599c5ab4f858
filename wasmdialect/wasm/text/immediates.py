"""Immediates of instructions in the text format: one reader for each kind, or for a mnemonic whose
text differs from the order of its binary form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from lark import Token

from wasmdialect import types as wt
from wasmdialect.wasm.float_text import parse_float
from wasmdialect.wasm.instructions import BY_MNEMONIC, Immediate, Instruction
from wasmdialect.wasm.instructions.gc import NULLABLE_TARGET
from wasmdialect.wasm.module import Catch, CatchKind
from wasmdialect.wasm.text.context import (
    IndexSpace,
    ModuleContext,
    identifier_name,
    out_of_range,
    take_integer,
    take_unsigned,
)
from wasmdialect.wasm.text.literals import is_float, parse_unsigned
from wasmdialect.wasm.text.syntax import Cursor, unexpected
from wasmdialect.wasm.text.types import heap_type, ref_type, type_use, type_use_index, value_types


class BodyContext:
    """The names in scope for the instructions of a function or constant expression."""

    def __init__(self, module: ModuleContext, locals_: IndexSpace | None = None):
        self.module = module
        self.locals = locals_ or IndexSpace(module.source, "local")
        self.labels: list[str | None] = []
        """Labels in scope, the innermost last; the first one is the body's."""
        self.blocks = 0
        self.label_names: dict[int, str] = {}
        """For the name section: labels by the number of their block, in order."""
        self.needs_data_count = False

    def open(self, label: str | None) -> None:
        """Enter a block."""
        self.labels.append(label)
        if label is not None:
            self.label_names[self.blocks] = label
        self.blocks += 1

    def label(self, cursor: Cursor) -> int:
        """The label that must stand here, as a depth. Raises TextError."""
        identifier = cursor.take("ID")
        if identifier is None:
            return take_unsigned(cursor, 32)
        name = identifier_name(self.module.source, identifier)
        for depth, label in enumerate(reversed(self.labels)):
            if label == name:
                return depth
        raise self.module.source.error(f"unknown label {identifier}", identifier.start_pos or 0)


Parser: TypeAlias = Callable[[BodyContext, Cursor, Instruction], Any]


def block_type(context: BodyContext, cursor: Cursor) -> wt.FuncType | wt.TypeIndex:
    """A block type, in its shortest form. Raises TextError."""
    index, signature = type_use(context.module, cursor)
    if index is not None:
        return wt.TypeIndex(index)
    if not signature.params and len(signature.results) < 2:
        return signature
    return wt.TypeIndex(context.module.type_of(signature))


def _block_type(context: BodyContext, cursor: Cursor, _: Instruction) -> object:
    return block_type(context, cursor)


def _label(context: BodyContext, cursor: Cursor, _: Instruction) -> int:
    return context.label(cursor)


def _is_index(cursor: Cursor) -> bool:
    word = cursor.token("WORD")
    return cursor.token("ID") is not None or (word is not None and word[0].isdigit())


def _labels(context: BodyContext, cursor: Cursor, _: Instruction) -> tuple[int, ...]:
    labels = [context.label(cursor)]
    while _is_index(cursor):
        labels.append(context.label(cursor))
    return tuple(labels)


def catches(context: BodyContext, cursor: Cursor) -> tuple[Catch, ...]:
    """The catch clauses here. Raises TextError."""
    out: list[Catch] = []
    while (form := cursor.take_form(*(kind.name.lower() for kind in CatchKind))) is not None:
        kind = CatchKind[str(form.items[0]).upper()]
        tag = context.module.tags.resolve(form) if kind.has_tag else None
        out.append(Catch(kind, tag, context.label(form)))
        form.expect_end()
    return tuple(out)


def _catches(context: BodyContext, cursor: Cursor, _: Instruction) -> tuple[Catch, ...]:
    return catches(context, cursor)


def _index(space: str) -> Parser:
    def parse(context: BodyContext, cursor: Cursor, _: Instruction) -> int:
        return getattr(context.module, space).resolve(cursor)

    return parse


def _optional_index(space: str) -> Parser:
    def parse(context: BodyContext, cursor: Cursor, _: Instruction) -> int:
        return getattr(context.module, space).look_up(cursor) or 0

    return parse


def _local(context: BodyContext, cursor: Cursor, _: Instruction) -> int:
    return context.locals.resolve(cursor)


def _data(context: BodyContext, cursor: Cursor, _: Instruction) -> int:
    context.needs_data_count = True
    return context.module.data.resolve(cursor)


def _integer(bits: int) -> Parser:
    return lambda context, cursor, row: take_integer(cursor, bits)


def take_float(cursor: Cursor, bits: int) -> int:
    """The float that must stand here, as bits. Raises TextError."""
    word = cursor.token("WORD")
    if word is None or not is_float(word):
        raise cursor.unexpected()
    try:
        value = parse_float(word, bits)
    except ValueError:
        raise out_of_range(cursor, bits) from None
    cursor.at += 1
    return value


def _float(bits: int) -> Parser:
    return lambda context, cursor, row: take_float(cursor, bits)


_SHAPES: dict[str, tuple[int, int, Callable[[Cursor, int], int]]] = {
    "i8x16": (16, 8, take_integer),
    "i16x8": (8, 16, take_integer),
    "i32x4": (4, 32, take_integer),
    "i64x2": (2, 64, take_integer),
    "f32x4": (4, 32, take_float),
    "f64x2": (2, 64, take_float),
}
"""Number of lanes, bits of a lane, and how a lane is written."""


def take_v128(cursor: Cursor) -> int:
    """A shape and its lanes, as 128 bits. Raises TextError."""
    word = cursor.token("WORD")
    if word not in _SHAPES:
        raise cursor.unexpected()
    cursor.at += 1
    lanes, bits, take = _SHAPES[word]
    written = 0
    for item in cursor.rest():
        if not isinstance(item, Token) or not is_float(item):
            break
        written += 1
    if written < lanes and cursor.at + written < len(cursor.items):
        item = cursor.items[cursor.at + written]
        if isinstance(item, Token):
            raise unexpected(cursor.source, item)
    if written != lanes:
        raise cursor.error(f"wrong number of lane literals: {word} has {lanes}")
    return sum(take(cursor, bits) << (lane * bits) for lane in range(lanes))


def _v128(context: BodyContext, cursor: Cursor, _: Instruction) -> int:
    return take_v128(cursor)


def _lane(context: BodyContext, cursor: Cursor, _: Instruction) -> int:
    word = cursor.token("WORD")
    lane = parse_unsigned(word) if word is not None else None
    if lane is None:
        raise cursor.unexpected()
    return _take_lane(cursor)


def _take_lane(cursor: Cursor) -> int:
    """The number here as a lane index. Raises TextError."""
    word = cursor.expect("WORD")
    lane = parse_unsigned(word)
    if lane is None or lane > 0xFF:
        raise cursor.error(f"i8 constant out of range: {word}")
    return lane


def _lanes(context: BodyContext, cursor: Cursor, _: Instruction) -> tuple[int, ...]:
    out: list[int] = []
    while (word := cursor.token("WORD")) is not None and is_float(word):
        out.append(_take_lane(cursor))
    if len(out) != 16:
        raise cursor.error("invalid lane length")
    return tuple(out)


def _memory_argument(cursor: Cursor, word: str, bits: int) -> int | None:
    """Take `word=value`."""
    token = cursor.token("WORD")
    if token is None or not token.startswith(word):
        return None
    value = parse_unsigned(token[len(word) :]) if len(token) > len(word) else None
    if value is None:
        raise cursor.error(f"unknown operator {token}")
    if value >> bits:
        raise out_of_range(cursor, bits)
    cursor.at += 1
    return value


def _memarg(context: BodyContext, cursor: Cursor, row: Instruction) -> tuple[int, int, int]:
    assert row.access is not None
    memory = 0
    # In `v128.load8_lane 1`, the number is the lane: a memory index needs another number after it.
    if row.immediates[-1] is not Immediate.LANE or _lane_follows(cursor):
        memory = context.module.memories.look_up(cursor) or 0
    offset = _memory_argument(cursor, "offset=", 64) or 0
    at = cursor.pos
    align = _memory_argument(cursor, "align=", 64)
    if align is None:
        align = row.access.bytes
    if align == 0 or align & (align - 1):
        raise cursor.source.error("alignment must be a power of two", at)
    return align.bit_length() - 1, offset, memory


def _lane_follows(cursor: Cursor) -> bool:
    if cursor.token("ID") is not None:
        return True
    if not _is_index(cursor) or cursor.at + 1 >= len(cursor.items):
        return False
    following = cursor.items[cursor.at + 1]
    return isinstance(following, Token) and (
        following[0].isdigit() or following.startswith(("offset=", "align="))
    )


def _heap_type(context: BodyContext, cursor: Cursor, _: Instruction) -> wt.HeapType:
    return heap_type(context.module, cursor)


_BY_KIND: dict[Immediate, Parser] = {
    Immediate.BLOCK_TYPE: _block_type,
    Immediate.LABEL: _label,
    Immediate.LABELS: _labels,
    Immediate.CATCHES: _catches,
    Immediate.FUNCTION: _index("functions"),
    Immediate.TYPE: _index("types"),
    Immediate.TABLE: _optional_index("tables"),
    Immediate.MEMORY: _optional_index("memories"),
    Immediate.GLOBAL: _index("globals"),
    Immediate.TAG: _index("tags"),
    Immediate.LOCAL: _local,
    Immediate.ELEM: _index("elements"),
    Immediate.DATA: _data,
    Immediate.HEAP_TYPE: _heap_type,
    Immediate.COUNT: lambda context, cursor, row: take_unsigned(cursor, 32),
    Immediate.I32: _integer(32),
    Immediate.I64: _integer(64),
    Immediate.F32: _float(32),
    Immediate.F64: _float(64),
    Immediate.V128: _v128,
    Immediate.MEMARG: _memarg,
    Immediate.LANE: _lane,
    Immediate.LANES: _lanes,
    Immediate.ZERO: lambda context, cursor, row: 0,
}


def _call_indirect(context: BodyContext, cursor: Cursor, _: Instruction) -> tuple[int, int]:
    table = context.module.tables.look_up(cursor) or 0
    index, _signature = type_use_index(context.module, cursor)
    return index, table


def _segment_first(segment: str, space: str) -> Parser:
    """`table.init`, `memory.init`: the target is written first, and may be left out."""

    def parse(context: BodyContext, cursor: Cursor, _: Instruction) -> tuple[int, int]:
        context.needs_data_count |= segment == "data"
        segments: IndexSpace = getattr(context.module, segment)
        targets: IndexSpace = getattr(context.module, space)
        if _is_index(cursor) and _index_follows(cursor):
            target = targets.resolve(cursor)
            return segments.resolve(cursor), target
        return segments.resolve(cursor), 0

    return parse


def _index_follows(cursor: Cursor) -> bool:
    if cursor.at + 1 >= len(cursor.items):
        return False
    following = cursor.items[cursor.at + 1]
    return isinstance(following, Token) and (following.type == "ID" or following[0].isdigit())


def _both_or_none(space: str) -> Parser:
    """`table.copy`, `memory.copy`: two indices, or none for 0 and 0."""

    def parse(context: BodyContext, cursor: Cursor, _: Instruction) -> tuple[int, int]:
        targets: IndexSpace = getattr(context.module, space)
        first = targets.look_up(cursor)
        return (0, 0) if first is None else (first, targets.resolve(cursor))

    return parse


def _field(context: BodyContext, cursor: Cursor, _: Instruction) -> tuple[int, int]:
    index = context.module.types.resolve(cursor)
    fields = context.module.fields.get(index) or IndexSpace(context.module.source, "field")
    return index, fields.resolve(cursor)


def _cast(
    context: BodyContext, cursor: Cursor, _: Instruction
) -> tuple[int, wt.RefType, wt.RefType]:
    label = context.label(cursor)
    source = ref_type(context.module, cursor)
    return label, source, ref_type(context.module, cursor)


_BY_MNEMONIC: dict[str, Parser] = {
    "call_indirect": _call_indirect,
    "return_call_indirect": _call_indirect,
    "table.init": _segment_first("elements", "tables"),
    "memory.init": _segment_first("data", "memories"),
    "table.copy": _both_or_none("tables"),
    "memory.copy": _both_or_none("memories"),
    "struct.get": _field,
    "struct.get_s": _field,
    "struct.get_u": _field,
    "struct.set": _field,
    "br_on_cast": _cast,
    "br_on_cast_fail": _cast,
    "br_on_cast_desc_eq": _cast,
    "br_on_cast_desc_eq_fail": _cast,
}


def _select(context: BodyContext, cursor: Cursor) -> tuple[int, Any]:
    untyped, typed = BY_MNEMONIC["select"]
    types: list[wt.ValType] = []
    written = False
    while (form := cursor.take_form("result")) is not None:
        written = True
        types += value_types(context.module, form)
    return (typed.opcode, tuple(types)) if written else (untyped.opcode, None)


def _by_nullability(mnemonic: str) -> Callable[[BodyContext, Cursor], tuple[int, Any]]:
    """`ref.test`, `ref.cast`: the opcode says whether the target type is nullable."""
    opcodes = {row.opcode in NULLABLE_TARGET: row.opcode for row in BY_MNEMONIC[mnemonic]}

    def parse(context: BodyContext, cursor: Cursor) -> tuple[int, Any]:
        target = ref_type(context.module, cursor)
        return opcodes[target.nullable], target.heap

    return parse


_CHOOSES_OPCODE = {
    "select": _select,
    **{m: _by_nullability(m) for m in ("ref.test", "ref.cast", "ref.cast_desc_eq")},
}


def parse_immediates(context: BodyContext, cursor: Cursor, mnemonic: str) -> tuple[int, Any]:
    """The opcode of a mnemonic and its immediate, which follows it. Raises TextError."""
    choose = _CHOOSES_OPCODE.get(mnemonic)
    if choose is not None:
        return choose(context, cursor)
    (row,) = BY_MNEMONIC[mnemonic]
    parse = _BY_MNEMONIC.get(mnemonic)
    if parse is not None:
        return row.opcode, parse(context, cursor, row)
    kinds = row.immediates
    if not kinds:
        return row.opcode, None
    if len(kinds) == 1:
        return row.opcode, _BY_KIND[kinds[0]](context, cursor, row)
    return row.opcode, tuple(_BY_KIND[kind](context, cursor, row) for kind in kinds)

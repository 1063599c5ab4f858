"""Garbage-collected types: structs, arrays, i31, casts (0xFB), and custom descriptors."""

from __future__ import annotations

from wasmdialect.abi.traps import TrapCode
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions.model import Immediate as Im
from wasmdialect.wasm.instructions.model import Instruction, State
from wasmdialect.wasm.instructions.model import row as model_row

_NULL = (TrapCode.NULL_REFERENCE,)
_HEAP = State.HEAP
_DESC = Feature.CUSTOM_DESCRIPTORS


def _row(
    mnemonic: str,
    opcode: int,
    signature: str | None,
    *immediates: Im,
    feature: Feature = Feature.GC,
    traps: tuple[TrapCode, ...] = (),
    reads: State = State.NONE,
    writes: State = State.NONE,
) -> Instruction:
    return model_row(
        mnemonic, opcode, signature, *immediates,
        feature=feature, traps=traps, reads=reads, writes=writes,
    )  # fmt: skip


# fmt: off
ROWS = (
    _row("struct.new", 0xFB000, None, Im.TYPE),
    _row("struct.new_default", 0xFB001, None, Im.TYPE),
    _row("struct.get", 0xFB002, None, Im.TYPE, Im.FIELD, traps=_NULL, reads=_HEAP),
    _row("struct.get_s", 0xFB003, None, Im.TYPE, Im.FIELD, traps=_NULL, reads=_HEAP),
    _row("struct.get_u", 0xFB004, None, Im.TYPE, Im.FIELD, traps=_NULL, reads=_HEAP),
    _row("struct.set", 0xFB005, None, Im.TYPE, Im.FIELD, traps=_NULL, writes=_HEAP),
    _row("array.new", 0xFB006, None, Im.TYPE),
    _row("array.new_default", 0xFB007, None, Im.TYPE),
    _row("array.new_fixed", 0xFB008, None, Im.TYPE, Im.COUNT),
    _row("array.new_data", 0xFB009, None, Im.TYPE, Im.DATA, reads=State.SEGMENT),
    _row("array.new_elem", 0xFB00A, None, Im.TYPE, Im.ELEM, reads=State.SEGMENT),
    _row("array.get", 0xFB00B, None, Im.TYPE, traps=_NULL, reads=_HEAP),
    _row("array.get_s", 0xFB00C, None, Im.TYPE, traps=_NULL, reads=_HEAP),
    _row("array.get_u", 0xFB00D, None, Im.TYPE, traps=_NULL, reads=_HEAP),
    _row("array.set", 0xFB00E, None, Im.TYPE, traps=_NULL, writes=_HEAP),
    _row("array.len", 0xFB00F, "arrayref -> i32", traps=_NULL),
    _row("array.fill", 0xFB010, None, Im.TYPE, traps=_NULL, writes=_HEAP),
    _row("array.copy", 0xFB011, None, Im.TYPE, Im.TYPE, traps=_NULL, reads=_HEAP, writes=_HEAP),
    _row("array.init_data", 0xFB012, None, Im.TYPE, Im.DATA, traps=_NULL, reads=State.SEGMENT, writes=_HEAP),
    _row("array.init_elem", 0xFB013, None, Im.TYPE, Im.ELEM, traps=_NULL, reads=State.SEGMENT, writes=_HEAP),
    _row("ref.test", 0xFB014, None, Im.HEAP_TYPE),
    _row("ref.test", 0xFB015, None, Im.HEAP_TYPE),
    _row("ref.cast", 0xFB016, None, Im.HEAP_TYPE),
    _row("ref.cast", 0xFB017, None, Im.HEAP_TYPE),
    _row("br_on_cast", 0xFB018, None, Im.LABEL, Im.CAST_FLAGS),
    _row("br_on_cast_fail", 0xFB019, None, Im.LABEL, Im.CAST_FLAGS),
    _row("any.convert_extern", 0xFB01A, None),
    _row("extern.convert_any", 0xFB01B, None),
    _row("ref.i31", 0xFB01C, "i32 -> (ref_i31)"),
    _row("i31.get_s", 0xFB01D, "i31ref -> i32", traps=_NULL),
    _row("i31.get_u", 0xFB01E, "i31ref -> i32", traps=_NULL),

    _row("struct.new_desc", 0xFB020, None, Im.TYPE, feature=_DESC, traps=_NULL),
    _row("struct.new_default_desc", 0xFB021, None, Im.TYPE, feature=_DESC, traps=_NULL),
    _row("ref.get_desc", 0xFB022, None, Im.TYPE, feature=_DESC, traps=_NULL),
    _row("ref.cast_desc_eq", 0xFB023, None, Im.HEAP_TYPE, feature=_DESC, traps=_NULL),
    _row("ref.cast_desc_eq", 0xFB024, None, Im.HEAP_TYPE, feature=_DESC, traps=_NULL),
    _row("br_on_cast_desc_eq", 0xFB025, None, Im.LABEL, Im.CAST_FLAGS, feature=_DESC, traps=_NULL),
    _row("br_on_cast_desc_eq_fail", 0xFB026, None, Im.LABEL, Im.CAST_FLAGS, feature=_DESC, traps=_NULL),
)
# fmt: on

NULLABLE_TARGET = frozenset({0xFB015, 0xFB017, 0xFB024})
"""The opcodes of ref.test, ref.cast and ref.cast_desc_eq whose target type is nullable."""

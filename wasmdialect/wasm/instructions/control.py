"""Control, parametric and variable instructions, and calls: typed by validator rules."""

from __future__ import annotations

from wasmdialect.abi.traps import TrapCode
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions.model import Immediate as Im
from wasmdialect.wasm.instructions.model import State, row

_CALL_INDIRECT_TRAPS = (
    TrapCode.TABLE_OUT_OF_BOUNDS,
    TrapCode.INDIRECT_CALL_TO_NULL,
    TrapCode.BAD_SIGNATURE,
)
_NULL = (TrapCode.NULL_REFERENCE,)
_EXN = Feature.EXCEPTIONS
_LEGACY = Feature.LEGACY_EXCEPTIONS
_TAIL = Feature.TAIL_CALL
_FUNC_REFS = Feature.FUNCTION_REFERENCES

# fmt: off
_CONTROL_ROWS = (
    row("unreachable", 0x00, traps=(TrapCode.UNREACHABLE,)),
    row("nop", 0x01, "->"),
    row("block", 0x02, None, Im.BLOCK_TYPE),
    row("loop", 0x03, None, Im.BLOCK_TYPE),
    row("if", 0x04, None, Im.BLOCK_TYPE),
    row("else", 0x05),
    row("try", 0x06, None, Im.BLOCK_TYPE, feature=_LEGACY),
    row("catch", 0x07, None, Im.TAG, feature=_LEGACY),
    row("throw", 0x08, None, Im.TAG, feature=_EXN),
    row("rethrow", 0x09, None, Im.LABEL, feature=_LEGACY),
    row("throw_ref", 0x0A, feature=_EXN, traps=_NULL),
    row("end", 0x0B),
    row("br", 0x0C, None, Im.LABEL),
    row("br_if", 0x0D, None, Im.LABEL),
    row("br_table", 0x0E, None, Im.LABELS),
    row("return", 0x0F),
    row("call", 0x10, None, Im.FUNCTION),
    row("call_indirect", 0x11, None, Im.TYPE, Im.TABLE, traps=_CALL_INDIRECT_TRAPS, reads=State.TABLE),
    row("return_call", 0x12, None, Im.FUNCTION, feature=_TAIL),
    row("return_call_indirect", 0x13, None, Im.TYPE, Im.TABLE, feature=_TAIL, traps=_CALL_INDIRECT_TRAPS, reads=State.TABLE),
    row("call_ref", 0x14, None, Im.TYPE, feature=_FUNC_REFS, traps=_NULL),
    row("return_call_ref", 0x15, None, Im.TYPE, feature=_FUNC_REFS, traps=_NULL),
    row("delegate", 0x18, None, Im.LABEL, feature=_LEGACY),
    row("catch_all", 0x19, feature=_LEGACY),
    row("try_table", 0x1F, None, Im.BLOCK_TYPE, Im.CATCHES, feature=_EXN),
    row("br_on_null", 0xD5, None, Im.LABEL, feature=_FUNC_REFS),
    row("br_on_non_null", 0xD6, None, Im.LABEL, feature=_FUNC_REFS),
)
ROWS = (
    *_CONTROL_ROWS,
    row("drop", 0x1A),
    row("select", 0x1B),
    row("select", 0x1C, None, Im.VAL_TYPES, feature=Feature.REFERENCE_TYPES),

    row("local.get", 0x20, None, Im.LOCAL),
    row("local.set", 0x21, None, Im.LOCAL),
    row("local.tee", 0x22, None, Im.LOCAL),
    row("global.get", 0x23, None, Im.GLOBAL, reads=State.GLOBAL),
    row("global.set", 0x24, None, Im.GLOBAL, writes=State.GLOBAL),
)
# fmt: on

CONTROL_OPCODES = frozenset(row.opcode for row in _CONTROL_ROWS)
"""After which the next instruction is not always the next one that runs."""

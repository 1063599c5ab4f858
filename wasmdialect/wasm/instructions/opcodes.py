"""The opcodes that code asks for by name, from the instruction table."""

from __future__ import annotations

from wasmdialect.wasm.instructions import BY_MNEMONIC


def _opcode(mnemonic: str) -> int:
    (row,) = BY_MNEMONIC[mnemonic]
    return row.opcode


BLOCK = _opcode("block")
LOOP = _opcode("loop")
IF = _opcode("if")
ELSE = _opcode("else")
END = _opcode("end")
TRY_TABLE = _opcode("try_table")
TRY = _opcode("try")
CATCH = _opcode("catch")
CATCH_ALL = _opcode("catch_all")
DELEGATE = _opcode("delegate")
BR = _opcode("br")
BR_IF = _opcode("br_if")
BR_TABLE = _opcode("br_table")
LOCAL_GET = _opcode("local.get")
LOCAL_SET = _opcode("local.set")
LOCAL_TEE = _opcode("local.tee")
GLOBAL_GET = _opcode("global.get")
I32_CONST = _opcode("i32.const")
I64_CONST = _opcode("i64.const")
REF_NULL = _opcode("ref.null")
REF_FUNC = _opcode("ref.func")

OPENERS = frozenset({BLOCK, LOOP, IF, TRY_TABLE, TRY})
"""The instructions that open a block."""
CLOSERS = frozenset({END, DELEGATE})
"""The instructions that close one."""
ARMS = frozenset({ELSE, CATCH, CATCH_ALL})
"""The instructions that start another part of a block."""

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
BR_ON = frozenset(
    row.opcode
    for mnemonic, rows in BY_MNEMONIC.items()
    if mnemonic.startswith("br_on_")
    for row in rows
)
"""The other branches on a condition."""
CALL = _opcode("call")
CALL_INDIRECT = _opcode("call_indirect")
LEAVERS = frozenset(
    _opcode(mnemonic)
    for mnemonic in (
        *("unreachable", "return", "return_call", "return_call_indirect", "return_call_ref"),
        *("throw", "throw_ref", "rethrow"),
    )
)
"""The instructions behind which the code is not reached, and which name no label that is."""
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

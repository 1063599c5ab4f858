"""Negating the condition on top of the stack, without an instruction where the one before can
change."""

from __future__ import annotations

from wasmdialect.exporter.code import Code
from wasmdialect.wasm.encode import encode_opcode
from wasmdialect.wasm.instructions import BY_MNEMONIC

_OPPOSITES = (("eq", "ne"), ("lt_s", "ge_s"), ("lt_u", "ge_u"), ("gt_s", "le_s"), ("gt_u", "le_u"))
"""Comparisons of integers: those of floats are both false for a NaN."""


def _encoded(mnemonic: str) -> bytes:
    (row,) = BY_MNEMONIC[mnemonic]
    return encode_opcode(row.opcode)


_NOT = _encoded("i32.eqz")
_OPPOSITE: dict[bytes, bytes] = {
    _encoded(f"{t}.{one}"): _encoded(f"{t}.{other}")
    for t in ("i32", "i64")
    for pair in _OPPOSITES
    for one, other in (pair, pair[::-1])
} | {
    _encoded(f"f{size}.{a}"): _encoded(f"f{size}.{b}")
    for size in (32, 64)
    for a, b in (("eq", "ne"), ("ne", "eq"))
}


def invert(code: Code) -> None:
    """Change or extend code that leaves a condition on the stack: zero if it was not, and the
    reverse."""
    last = code
    while last and isinstance(last[-1], list):
        last = last[-1]
    end = last[-1] if last else None
    if end == _NOT:
        last.pop()
    elif isinstance(end, bytes) and end in _OPPOSITE:
        last[-1] = _OPPOSITE[end]
    else:
        code.append(_NOT)

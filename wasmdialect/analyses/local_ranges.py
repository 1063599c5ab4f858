"""Ranges of values from the few operations that compute them, whatever branches and loops do: what a
mask, a shift, a narrow load or a remainder says of an address. `Ranges` knows more, for more time.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.ir import Block, Operation, SSAValue

from wasmdialect.analyses.intervals import BINARY, UNARY, Range, everything
from wasmdialect.analyses.ranges import width_of
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import number_of, operands_of

_DEPTH = 6
"""Operations that are looked at behind each other: an index that is masked, scaled and added to."""


def local_range(value: SSAValue, depth: int = _DEPTH) -> Range:
    """The range of an i32 or i64 as an unsigned number; ValueError for other types."""
    width = width_of(value)
    if width is None:
        raise ValueError(f"a value of type {value.type} has no range")
    owner = value.owner
    if depth == 0 or not isinstance(owner, Operation):
        return everything(width)
    if isinstance(owner, wasmir.ConstOp):
        return Range(owner.bits, owner.bits)
    loaded = _loaded_bytes(owner)
    if loaded is not None:
        return everything(min(8 * loaded, width))
    operands = operands_of(owner)
    if isinstance(owner, wasmir.SelectOp):
        return local_range(operands[1], depth - 1).join(local_range(operands[2], depth - 1))
    rule = _rule_of(owner)
    if rule is None:
        return everything(width)
    own_width = width_of(operands[0])
    assert own_width is not None
    return rule(*(local_range(operand, depth - 1) for operand in operands), own_width)


def _loaded_bytes(op: Operation) -> int | None:
    """The bytes of a load that extends them with zeros."""
    if isinstance(op, wasmvm.LinearLoadOp):
        return None if "signed" in op.properties else number_of(op, "bytes")
    if not isinstance(op, wasmir.LoadOp):
        return None
    access = op.INSTRUCTION.access
    return None if access is None or access.signed else access.bytes


def _rule_of(op: Operation) -> Callable[..., Range] | None:
    if not isinstance(op, wasmir.NumericOp) or op.INSTRUCTION.shape not in ("i32", "i64"):
        return None
    rules = UNARY if len(operands_of(op)) == 1 else BINARY
    rule = rules.get(op.INSTRUCTION.mnemonic.partition(".")[2])
    return rule if rule is not None and width_of(operands_of(op)[0]) is not None else None


def is_inside(address: SSAValue, end: int, size: int) -> bool:
    """Whether `end` bytes from an address on are among the first `size` bytes of a memory."""
    if end > size:
        return False
    if may_be_anything(address):
        width = width_of(address)
        return width is not None and (1 << width) - 1 + end <= size
    return local_range(address).high + end <= size


# Every access asks, and of most addresses nothing is known: that is found without ranges.

_ANYTHING, _MIXES, _MOVES, _LOADS, _IS_BOUND = range(5)
"""What a class of operations, or a block, makes of its operands: any number; any number if one of them
may be any, or if the first may; a number of so many bytes; something less."""
_KINDS: dict[type[object], int] = {}
MIXING = frozenset(("add", "sub", "or", "xor"))
MOVING = frozenset(("shl", "shr_s", "wrap_i64"))


def may_be_anything(value: SSAValue, depth: int = _DEPTH) -> bool:
    """Whether the local range of an i32 or i64 ends at its largest number since nothing bounds it (or
    may: False says nothing)."""
    owner = value.owner
    kind = _KINDS.get(owner.__class__)
    if kind is None:
        kind = _KINDS[owner.__class__] = _kind_of(owner)
    if depth == 0 or kind == _ANYTHING:
        return True
    if kind == _IS_BOUND or not isinstance(owner, Operation):
        return False
    if kind == _LOADS:
        loaded = _loaded_bytes(owner)
        return loaded is None or 8 * loaded >= (width_of(value) or 0)
    first, *others = operands_of(owner)
    if kind == _MIXES and may_be_anything(others[0], depth - 1):
        return True
    return may_be_anything(first, depth - 1)


def _kind_of(owner: Operation | Block) -> int:
    if not isinstance(owner, Operation):
        return _ANYTHING
    if isinstance(owner, wasmvm.LinearLoadOp | wasmir.LoadOp):
        return _LOADS
    if isinstance(owner, wasmir.ConstOp | wasmir.SelectOp):
        return _IS_BOUND
    if _rule_of(owner) is None:
        return _ANYTHING
    assert isinstance(owner, wasmir.NumericOp)
    word = owner.INSTRUCTION.mnemonic.partition(".")[2]
    return _MIXES if word in MIXING else _MOVES if word in MOVING else _IS_BOUND

"""What values of straight-line wasmir are, as expressions of a solver: numeric operations by the
table's semantics, `select`, loads and stores of memories, globals. Everything else is an unknown."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from xdsl.dialects.builtin import Float32Type, Float64Type, IntegerType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from wasmdialect.abi.traps import TrapCode
from wasmdialect.check.symbolic import Symbolic
from wasmdialect.check.ways import Undecided, Way, ways_through, z3
from wasmdialect.dialects import wasmir
from wasmdialect.types import RefType
from wasmdialect.wasm.instructions import Instruction, State
from wasmdialect.wasm.nans import may_give_any_nan
from wasmdialect.wasm.numerics import CANONICAL_NAN
from wasmdialect.wasm.shapes import SHAPES

DEPTH = 12
"""Operations from a value to its operands, before they are unknowns."""
_MOST_STORES = 40


def width_of(t: Attribute) -> int:
    """The bits of a number or vector. Raises Undecided for a reference."""
    if isinstance(t, IntegerType):
        return t.bitwidth
    if isinstance(t, Float32Type):
        return 32
    if isinstance(t, Float64Type):
        return 64
    if t == wasmir.V128:
        return 128
    raise Undecided


@cache
def _ways(row: Instruction, immediates: tuple[object, ...]) -> tuple[list[Any], list[Way]]:
    """The variables for the operands of an instruction, and the ways through its semantics."""
    assert row.params is not None
    if row.semantics is None or any(isinstance(t, RefType) for t in row.params):
        raise Undecided
    operands = [z3.BitVec(f"operand{i}", 8 * t.size) for i, t in enumerate(row.params)]
    return operands, ways_through(row.semantics, *map(Symbolic.unsigned, operands), *immediates)


class Meaning:
    """The expressions of values, made on request. Values of the same unknown are the same."""

    def __init__(self, known: AbstractSet[Operation]) -> None:
        """`known` are the operations that run with or without the replacement: where a value of theirs
        is used, they have not trapped."""
        self._known = known
        self.new_traps: list[Any] = []
        """When operations that are not known trap."""
        self.unknowns: dict[str, Any] = {}
        """The inputs, by the name they are shown with."""
        self.assumptions: list[Any] = []
        """What holds as the program has come so far: operands have not trapped."""
        self.undecided: list[Any] = []
        """When something that could not be said decides a value."""
        self.memories: set[object] = set()
        """The states of memory that were read, by what made them."""
        self.is_cut_off = False
        """Whether an unknown is computed by operations that were not looked at."""
        self.traps: dict[Operation, list[tuple[TrapCode, Any]]] = {}
        """Why and when operations trap that were looked at."""
        self._values: dict[SSAValue, Any] = {}
        self._roots: dict[object, Any] = {}

    def unknown(self, value: SSAValue) -> Any:
        """A value of which nothing is known."""
        name = value.name_hint or f"value{len(self.unknowns)}"
        while name in self.unknowns:
            name += "_"
        found = self.unknowns[name] = z3.BitVec(name, width_of(value.type))
        return found

    def of(self, value: SSAValue, depth: int = DEPTH) -> Any:
        """The expression of a value. Raises Undecided for a reference."""
        if value not in self._values:
            self._values[value] = self._make(value, depth)
        return self._values[value]

    def _make(self, value: SSAValue, depth: int) -> Any:
        op = value.owner
        if isinstance(op, Block):
            return self.unknown(value)
        if depth == 0:
            self.is_cut_off = True
            return self.unknown(value)
        expression, trap = self.operation(op, depth)
        if trap is not None and op in self._known:
            self.assumptions.append(z3.Not(trap))
        elif trap is not None:
            self.new_traps.append(trap)
        return self.unknown(value) if expression is None else expression[op.results.index(value)]

    def operation(self, op: Operation, depth: int = DEPTH) -> tuple[list[Any] | None, Any]:
        """The results of an operation, None if they are unknowns, and when it traps, None if never."""
        match op:
            case wasmir.ConstOp():
                return [z3.BitVecVal(op.bits, width_of(op.result.type))], None
            case wasmir.NumericOp() | wasmir.WideOp():
                return self._numeric(op, depth)
            case wasmir.SelectOp():
                condition, then, otherwise = (self.of(v, depth - 1) for v in op.operands)
                return [z3.If(condition != 0, then, otherwise)], None
            case wasmir.LoadOp() if (
                op.INSTRUCTION.access and not op.INSTRUCTION.access.completed_by
            ):
                return self._load(op, depth)
            case wasmir.GlobalGetOp():
                return self._global(op, depth)
            case _:
                return None, None

    # --- numbers

    def _numeric(self, op: wasmir.NumericOp | wasmir.WideOp, depth: int) -> tuple[list[Any], Any]:
        immediates = op.immediates() if isinstance(op, wasmir.NumericOp) else ()
        variables, ways = _ways(op.INSTRUCTION, immediates)
        operands = [self.of(operand, depth - 1) for operand in op.operands]
        replaced = [*zip(variables, operands, strict=True)]
        results = [z3.BitVec(f"undecided{id(r)}", width_of(r.type)) for r in op.results]
        traps: list[tuple[TrapCode, Any]] = []
        for way in ways:
            condition = z3.substitute(way.condition, *replaced)
            if way.trap is not None:
                traps.append((way.trap, condition))
            elif way.results is None:
                self.undecided.append(condition)
            else:
                results = [
                    z3.If(condition, _bits(new, width_of(r.type), replaced), old)
                    for old, new, r in zip(results, way.results, op.results, strict=True)
                ]
        if may_give_any_nan(op.INSTRUCTION):
            results = [_with_canonical_nans(op.INSTRUCTION, result) for result in results]
        self.traps[op] = traps
        return results, z3.Or(*(condition for _, condition in traps)) if traps else None

    # --- memory and globals

    def _load(self, op: wasmir.LoadOp, depth: int) -> tuple[list[Any], Any]:
        array, length = self.memory_before(op, depth)
        address, outside = self._place(op, length, depth)
        size = op.bytes
        parts = [z3.Select(array, address + at) for at in reversed(range(size))]
        loaded = z3.Concat(*parts) if size > 1 else parts[0]
        access = op.INSTRUCTION.access
        assert access is not None
        more = width_of(op.result.type) - 8 * size
        if more:
            loaded = z3.SignExt(more, loaded) if access.signed else z3.ZeroExt(more, loaded)
        self.traps[op] = [(TrapCode.MEMORY_OUT_OF_BOUNDS, outside)]
        return [loaded], outside

    def memory_after(self, op: wasmir.StoreOp, depth: int = DEPTH) -> tuple[Any, Any, Any]:
        """The bytes and the length of a memory after a store, and when the store is out of bounds."""
        array, length = self.memory_before(op, depth)
        array, outside = self._stored(op, array, length, depth)
        return array, length, outside

    def _stored(self, op: wasmir.StoreOp, array: Any, length: Any, depth: int) -> tuple[Any, Any]:
        address, outside = self._place(op, length, depth)
        value = self.of(op.stored_value, depth - 1)
        for at in range(op.bytes):
            byte = z3.Extract(8 * at + 7, 8 * at, value)
            array = z3.Store(array, address + at, byte)
        return array, outside

    def _place(self, op: wasmir.MemoryAccess, length: Any, depth: int) -> tuple[Any, Any]:
        """The address of an access, and when it is out of bounds."""
        address = self.of(op.address_operand, depth - 1)
        wide = z3.ZeroExt(66 - address.size(), address) + z3.BitVecVal(op.static_offset, 66)
        outside = z3.UGT(wide + op.bytes, z3.ZeroExt(2, length))
        return z3.Extract(63, 0, wide), outside

    def memory_before(self, op: wasmir.MemoryAccess, depth: int = DEPTH) -> tuple[Any, Any]:
        """The bytes and the length of a memory before an access: what the stores before it in its block
        have made of what was there."""
        symbol = op.memory_symbol
        stores: list[wasmir.StoreOp] = []
        before = op.prev_op
        while before is not None and not _may_change(before, State.MEMORY):
            before = before.prev_op
        while isinstance(before, wasmir.StoreOp) and len(stores) < _MOST_STORES:
            if before.memory_symbol == symbol:
                stores.append(before)
            before = before.prev_op
            while before is not None and not _may_change(before, State.MEMORY):
                before = before.prev_op
        root = (symbol, before if before is not None else op.parent)
        array, length = self._root(root)
        for store in reversed(stores):
            array, outside = self._stored(store, array, length, depth)
            self.assumptions.append(z3.Not(outside))
        return array, length

    def _root(self, key: object) -> tuple[Any, Any]:
        self.memories.add(key)
        if key not in self._roots:
            number = len(self._roots)
            byte, address = z3.BitVecSort(8), z3.BitVecSort(64)
            self._roots[key] = (
                z3.Array(f"memory{number}", address, byte),
                z3.BitVec(f"length{number}", 64),
            )
        return self._roots[key]

    def _global(self, op: wasmir.GlobalGetOp, depth: int) -> tuple[list[Any], Any]:
        before = op.prev_op
        while before is not None and not _may_change(before, State.GLOBAL):
            before = before.prev_op
        if isinstance(before, wasmir.GlobalSetOp) and before.variable == op.variable:
            return [self.of(before.value, depth - 1)], None
        key = (op.variable, before if before is not None else op.parent)
        self.memories.add(key)
        if key not in self._roots:
            self._roots[key] = z3.BitVec(f"global{len(self._roots)}", width_of(op.result.type))
        return [self._roots[key]], None


def _bits(result: Any, width: int, replaced: list[tuple[Any, Any]]) -> Any:
    """A result of a way as a vector, of the real operands."""
    if isinstance(result, int):
        return z3.BitVecVal(result, width)
    return z3.substitute(result.low_bits(width), *replaced)


def _with_canonical_nans(row: Instruction, bits: Any) -> Any:
    """A result whose NaNs are canonical, as on both sides of a check."""
    shape = SHAPES.get(row.shape or "")
    width = bits.size() if shape is None else shape.lane_bits
    lanes: list[Any] = []
    for at in range(0, bits.size(), width):
        lane = z3.simplify(z3.Extract(at + width - 1, at, bits))
        exponent_and_fraction = z3.Extract(width - 2, 0, lane)
        is_nan = z3.UGT(exponent_and_fraction, _INFINITY[width])
        lanes.append(z3.If(is_nan, z3.BitVecVal(CANONICAL_NAN[width], width), lane))
    return z3.Concat(*reversed(lanes)) if len(lanes) > 1 else lanes[0]


_INFINITY = {32: 0x7F80_0000, 64: 0x7FF0_0000_0000_0000}


def _may_change(op: Operation, state: State) -> bool:
    """Whether an operation may write a kind of state; one of another dialect may."""
    if isinstance(op, wasmir.CallLike):
        return True
    if isinstance(op, wasmir.WasmOp):
        return bool(op.INSTRUCTION.writes & state)
    return not op.name.startswith("wasmvm.count")

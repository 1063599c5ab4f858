"""Many operands through each numeric and vector instruction at once: a module whose functions loop over
records in memory, so that ten thousand inputs cost one call.

Used by `compare_instructions.py` (against Wasmtime) and by tests (against the semantics in the
instruction table).
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wasmdialect.types import V128
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction
from wasmdialect.wasm.numerics import CANONICAL_NAN, NumericTrap, is_nan
from wasmdialect.wasm.shapes import SHAPES, Shape

VALUE_SIZE = 16
OPERANDS = 3
"""The most operands of an instruction; a record has room for as many."""
RECORD_SIZE = VALUE_SIZE * OPERANDS

Inputs = Sequence[tuple[int, ...]]
"""The bits of the operands of each case."""


@dataclass(frozen=True)
class Batch:
    """An instruction with its immediates."""

    row: Instruction
    immediates: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """Its text."""
        words = [self.row.mnemonic]
        for immediate in self.immediates:
            words += map(str, immediate if isinstance(immediate, tuple) else (immediate,))  # pyright: ignore[reportUnknownArgumentType]
        return " ".join(words)

    def expected(self, operands: tuple[int, ...]) -> int | None:
        """The result by the instruction table; None if it traps."""
        assert self.row.semantics is not None
        try:
            value = self.row.semantics(*operands, *self.immediates)
        except NumericTrap:
            return None
        assert isinstance(value, int)
        return value


def batches(features: frozenset[Feature] | None = None) -> list[Batch]:
    """Every instruction with semantics and one result; those with lanes, with several lanes."""
    return [
        Batch(row, immediates)
        for row in INSTRUCTIONS
        if row.semantics is not None
        and row.results is not None
        and len(row.results) == 1
        and (features is None or row.feature in features)
        for immediates in _immediates(row)
    ]


def _immediates(row: Instruction) -> Iterator[tuple[Any, ...]]:
    if row.immediates == (Immediate.LANE,):
        assert row.shape is not None
        lanes = SHAPES[row.shape].lanes
        yield from ((lane,) for lane in sorted({0, 1, lanes // 2, lanes - 1}))
    elif row.immediates == (Immediate.LANES,):
        rng = random.Random(1)
        yield (tuple(range(16)),)
        yield (tuple(range(31, 15, -1)),)
        yield ((0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),)
        for _ in range(4):
            yield (tuple(rng.randrange(32) for _ in range(16)),)
    else:
        yield ()


def batch_module(chosen: Sequence[Batch], pages: int) -> str:
    """A module with a memory and a function for each batch, named by its number: it takes the address
    of the records, the address of the results and the number of records."""
    functions = [_function(number, batch) for number, batch in enumerate(chosen)]
    return f'(module (memory (export "memory") {pages})\n' + "\n".join(functions) + ")"


def _function(number: int, batch: Batch) -> str:
    params, results = batch.row.params, batch.row.results
    assert params is not None
    assert results is not None
    operands = " ".join(
        f"({t}.load offset={VALUE_SIZE * place} (local.get $from))"
        for place, t in enumerate(params)
    )
    return f"""(func (export "{number}") (param $from i32) (param $to i32) (param $count i32)
  (block $done (loop $next
    (br_if $done (i32.eqz (local.get $count)))
    ({results[0]}.store (local.get $to) ({batch.name} {operands}))
    (local.set $from (i32.add (local.get $from) (i32.const {RECORD_SIZE})))
    (local.set $to (i32.add (local.get $to) (i32.const {VALUE_SIZE})))
    (local.set $count (i32.sub (local.get $count) (i32.const 1)))
    (br $next))))"""


# --- inputs ---

_INTEGERS = (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 0x7F, 0x80, 0x81, 0xFE)
_FLOATS = {
    32: (0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 4.0, 8388608.0, 2147483648.0, 4294967296.0, 2147483520.0),
    64: (0.0, 0.5, 1.0, 1.5, 2.5, 2147483647.0, 2147483647.5, 2147483648.0, 4294967295.5, 2.0**52,
         2.0**63, 2.0**64, 3.0e-39, 1.0e39),
}  # fmt: skip
_FLOAT_FORMATS = {32: "<f", 64: "<d"}


def corners(bits: int) -> list[int]:
    """Integers at the limits of a width, and floats: NaNs of all kinds, infinities, halves, subnormal
    numbers."""
    top, ones = 1 << (bits - 1), (1 << bits) - 1
    found = [*(x & ones for x in _INTEGERS), *(ones - x & ones for x in _INTEGERS)]
    found += [top, top - 1, top + 1, top | top >> 1, ones >> 2]
    for value in _FLOATS.get(bits, ()):
        pattern = int.from_bytes(struct.pack(_FLOAT_FORMATS[bits], value), "little")
        found += [pattern, pattern | top, pattern + 1, max(pattern, 1) - 1]
    if bits in CANONICAL_NAN:
        quiet, fraction = CANONICAL_NAN[bits], {32: 23, 64: 52}[bits]
        infinity = quiet ^ 1 << (fraction - 1)
        found += [
            infinity,
            infinity | 1,
            infinity - 1,
            quiet,
            quiet | 1,
            quiet | 0x1234,
            1,
            1 << fraction,
        ]
        found += [pattern | top for pattern in found[-8:]]
    return found


_CORNERS = {bits: corners(bits) for bits in (8, 16, 32, 64)}


def random_value(rng: random.Random, bits: int) -> int:
    """Bits of a width: all corners, lanes of corners, close to a corner, or random."""
    if bits == 128:
        width = rng.choice((8, 16, 32, 64))
        lanes = [random_value(rng, width) for _ in range(128 // width)]
        if rng.random() < 0.15:
            lanes = lanes[:1] * len(lanes)
        return sum(lane << (width * place) for place, lane in enumerate(lanes))
    kind = rng.random()
    if kind < 0.55:
        return rng.choice(_CORNERS[bits])
    if kind < 0.65 and bits in _FLOAT_FORMATS:
        value = (
            rng.uniform(-300, 300)
            if kind < 0.6
            else rng.uniform(-1, 1) * 2.0 ** rng.randrange(-40, 66)
        )
        return int.from_bytes(struct.pack(_FLOAT_FORMATS[bits], value), "little")
    return rng.getrandbits(bits)


def random_inputs(batch: Batch, count: int, seed: int) -> list[tuple[int, ...]]:
    """Operands on which an instruction does not trap, the same ones for a seed."""
    rng = random.Random(f"{batch.row.mnemonic} {seed}")
    assert batch.row.params is not None
    widths = [t.bits for t in batch.row.params if not isinstance(t, str)]  # pyright: ignore
    found: list[tuple[int, ...]] = []
    while len(found) < count:
        operands = tuple(random_value(rng, width) for width in widths)
        if len(widths) > 1 and rng.random() < 0.05 and widths[0] == widths[1]:
            operands = (operands[0], operands[0], *operands[2:])
        if not batch.row.traps or batch.expected(operands) is not None:
            found.append(operands)
    return found


def trapping_inputs(batch: Batch, count: int, seed: int) -> list[tuple[int, ...]]:
    """Operands on which it traps, as many as are found."""
    if not batch.row.traps:
        return []
    rng = random.Random(f"{batch.row.mnemonic} {seed}")
    assert batch.row.params is not None
    widths = [t.bits for t in batch.row.params if not isinstance(t, str)]  # pyright: ignore
    tried = (tuple(random_value(rng, width) for width in widths) for _ in range(20 * count))
    return [operands for operands in tried if batch.expected(operands) is None][:count]


# --- running ---


class Machine(Protocol):
    """An engine that runs a batch module."""

    def run(self, number: int, inputs: Inputs) -> list[int]:
        """The result of each input of batch `number`, as the low bits of 16 bytes."""
        ...


class ApiMachine:
    """A machine with wasmtime-py's API: wasmtime itself, or wasmdialect."""

    def __init__(self, api: Any, text: str, configure: Callable[[Any], None] = lambda config: None):
        config = api.Config()
        configure(config)
        engine = api.Engine(config)
        self.store = api.Store(engine)
        module = api.Module(engine, text)
        self.exports = api.Instance(self.store, module, []).exports(self.store)

    def run(self, number: int, inputs: Inputs) -> list[int]:
        """The result of each input."""
        memory, function = self.exports["memory"], self.exports[str(number)]
        records = b"".join(map(_record, inputs))
        memory.write(self.store, records, 0)
        to = len(records)
        memory.write(self.store, bytes(VALUE_SIZE * len(inputs)), to)
        function(self.store, 0, to, len(inputs))
        found = memory.read(self.store, to, to + VALUE_SIZE * len(inputs))
        return [
            int.from_bytes(found[at : at + VALUE_SIZE], "little")
            for at in range(0, len(found), VALUE_SIZE)
        ]

    def traps(self, number: int, operands: tuple[int, ...]) -> bool:
        """Whether one input traps."""
        try:
            self.run(number, [operands])
        except Exception as error:
            return type(error).__name__ == "Trap"
        return False


def _record(operands: tuple[int, ...]) -> bytes:
    values = b"".join(bits.to_bytes(VALUE_SIZE, "little") for bits in operands)
    return values.ljust(RECORD_SIZE, b"\0")


def pages_for(count: int) -> int:
    """Pages of memory that so many inputs take."""
    return (RECORD_SIZE + VALUE_SIZE) * count // 65536 + 1


# --- comparing, up to what the specification leaves open ---

_EXACT = frozenset(
    (
        "abs",
        "neg",
        "copysign",
        "reinterpret",
        "pmin",
        "pmax",
        "splat",
        "extract_lane",
        "replace_lane",
    )
)
"""Operations of floats that compute bits, NaN or not."""


def result_shape(row: Instruction) -> Shape | None:
    """The lanes of a result that are floats computed by arithmetic; None if all bits are specified."""
    assert row.results is not None
    (result,) = row.results
    if row.operation in _EXACT or row.shape is None:
        return None
    if result is V128:
        shape = SHAPES.get(row.shape)
        is_float = shape is not None and shape.is_float
        return shape if is_float and row.operation not in _COMPARISONS else None
    if str(result) in ("f32", "f64"):
        bits = int(str(result)[1:])
        return Shape(str(result), bits, True)
    return None


_COMPARISONS = frozenset(("eq", "ne", "lt", "gt", "le", "ge", "relaxed_laneselect"))


def difference(batch: Batch, operands: tuple[int, ...], found: int, expected: int) -> str | None:
    """How a result is wrong; None if the specification allows it.

    Which NaN arithmetic gives is open, but it is quiet, and canonical if all NaNs among the operands
    are.
    """
    if found == expected:
        return None
    row = batch.row
    shape = result_shape(row)
    described = f"{batch.name} {[hex(o) for o in operands]}: {found:#x}, not {expected:#x}"
    if shape is None:
        return described
    canonical = _nans_are_canonical(row, operands)
    for mine, other in zip(shape.split(found), shape.split(expected), strict=True):
        if mine == other:
            continue
        bits = shape.lane_bits
        if not (is_nan(mine, bits) and is_nan(other, bits)):
            return described
        if mine & CANONICAL_NAN[bits] != CANONICAL_NAN[bits]:
            return f"{described} (a signalling NaN)"
        if canonical and mine & ~(1 << (bits - 1)) != CANONICAL_NAN[bits]:
            return f"{described} (not a canonical NaN)"
    return None


def _nans_are_canonical(row: Instruction, operands: tuple[int, ...]) -> bool:
    assert row.params is not None
    for t, operand in zip(row.params, operands, strict=True):
        name = row.source or row.shape or ""
        if t is V128:
            shape = SHAPES[name]
            lanes, bits = shape.split(operand), shape.lane_bits
        elif str(t) in ("f32", "f64"):
            bits = int(str(t)[1:])
            lanes = [operand]
        else:
            continue
        if bits not in CANONICAL_NAN:
            continue
        for lane in lanes:
            if is_nan(lane, bits) and lane & ~(1 << (bits - 1)) != CANONICAL_NAN[bits]:
                return False
    return True

"""The guard in front of a loop: code that computes, before the loop runs, how often it goes around and
what it accesses. All is computed in 64 bits, in which nothing wraps around, whatever the values are; a
division is by a constant that is not zero. What cannot be computed so makes the guard fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Block, Operation, OpResult, SSAValue

from wasmdialect.analyses.polynomials import Polynomial
from wasmdialect.analyses.trip_counts import TripCount
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.wasm_builder import WasmBuilder

_LARGEST = 1 << 62
"""Counters of 64 bits start and end below this, so that no sum or difference of them wraps around."""
_MOST = 1 << 32
"""No loop goes around more often that accesses a memory of 2**32 bytes, unless at one place."""


class Accesses(Protocol):
    """Accesses of a memory from one address on."""

    @property
    def start(self) -> Polynomial:
        """The lowest address, modulo 2**32, in the first iteration."""
        ...

    @property
    def step(self) -> Polynomial:
        """What is added to it in each iteration, modulo 2**32."""
        ...

    @property
    def size(self) -> int:
        """The bytes from this address to the end of the last access."""
        ...


class Guard:
    """Builds a guard."""

    def __init__(
        self, b: WasmBuilder, values: Mapping[SSAValue, SSAValue], inside: AbstractSet[Block]
    ):
        """`values` has what the arguments of the header are where the guard is; `inside` are the
        blocks of the loop."""
        self.b = b
        self._values = dict(values)
        self._inside = inside
        self._numbers: dict[Polynomial, SSAValue] = {}
        self._holds: SSAValue | None = None

    # --- conditions ---

    def require(self, condition: SSAValue) -> None:
        """Add a condition, an i32 that is 0 or 1."""
        known = self._holds
        self._holds = condition if known is None else self.b.numeric("i32.and", known, condition)

    def holds(self) -> SSAValue:
        """Whether all conditions hold that have been added since this was called last."""
        holds, self._holds = self._holds, None
        return self.b.i32_const(1) if holds is None else holds

    # --- what is computed ---

    def count(self, trips: TripCount) -> SSAValue:
        """How many tests pass before one fails, as i64. Meaningless unless the conditions that this
        adds hold."""
        step = abs(trips.step)
        if trips.relation == "ne":
            return self._count_to(trips, step)
        b, upwards = self.b, trips.step > 0
        start = self._wide(self.number(trips.start), signed=trips.is_signed)
        bound = self._wide(self.number(trips.bound), signed=trips.is_signed)
        if trips.width == 64:
            both = b.numeric("i64.or", start, bound)
            self.require(b.numeric("i64.lt_u", both, b.i64_const(_LARGEST)))
        if trips.relation in ("le", "ge"):
            bound = b.numeric("i64.add", bound, b.i64_const(1 if upwards else -1))
        distance = b.numeric("i64.sub", *((bound, start) if upwards else (start, bound)))
        self.require(b.numeric("i64.gt_s", distance, b.i64_const(0)))
        rounded = b.numeric("i64.add", distance, b.i64_const(step - 1)) if step > 1 else distance
        count = self._divided(rounded, step)
        if trips.width == 64:
            self.require(b.numeric("i64.le_u", count, b.i64_const(_MOST)))
        elif step > 1 or trips.relation in ("le", "ge"):
            # The value with which the test fails does not wrap around.
            way = b.numeric("i64.mul", count, b.i64_const(trips.step))
            last = b.numeric("i64.add", start, way)
            low = -(1 << 31) if trips.is_signed else 0
            high = (1 << 31) - 1 if trips.is_signed else (1 << 32) - 1
            limit = ("i64.le_s", high) if upwards else ("i64.ge_s", low)
            self.require(b.numeric(limit[0], last, b.i64_const(limit[1])))
        return count

    def _count_to(self, trips: TripCount, step: int) -> SSAValue:
        """The count of a test for one value, which is reached exactly."""
        b = self.b
        distance = trips.bound - trips.start if trips.step > 0 else trips.start - trips.bound
        wide = self._wide(self.number(distance), signed=False)
        if step & (step - 1):
            rest = b.numeric("i64.rem_u", wide, b.i64_const(step))
            self.require(b.numeric("i64.eqz", rest))
        elif step > 1:
            rest = b.numeric("i64.and", wide, b.i64_const(step - 1))
            self.require(b.numeric("i64.eqz", rest))
        count = self._divided(wide, step)
        if trips.width == 64:
            self.require(b.numeric("i64.le_u", count, b.i64_const(_MOST)))
        return count

    def _divided(self, value: SSAValue, divisor: int) -> SSAValue:
        b = self.b
        if divisor & (divisor - 1):
            return b.numeric("i64.div_u", value, b.i64_const(divisor))
        bits = divisor.bit_length() - 1
        return b.numeric("i64.shr_u", value, b.i64_const(bits)) if bits else value

    def length(self, memory: wasmir.MemoryOp) -> SSAValue:
        """The bytes of a memory, as i64."""
        b = self.b
        pages = b.memory_size(memory.sym_name.data, i32)
        shift = b.i64_const(memory.page_size_log2.value.data)
        return b.numeric("i64.shl", b.numeric("i64.extend_i32_u", pages), shift)

    def range(
        self, accesses: Accesses, last: SSAValue, length: SSAValue
    ) -> tuple[SSAValue, SSAValue | None]:
        """Require that accesses are inside a memory from iteration 0 to `last`. Returns the first
        address and what is added in each iteration (None if nothing), as i64."""
        b = self.b
        start = self._wide(self.number(accesses.start), signed=False)
        size = b.i64_const(accesses.size)
        self.require(b.numeric("i64.le_u", b.numeric("i64.add", start, size), length))
        if not accesses.step.terms:
            return start, None
        number = accesses.step.as_number
        if number is None:
            step = self._wide(self.number(accesses.step), signed=True)
        else:
            step = b.i64_const(number)
        # From -2**63 to 2**63 - 1: a step has 32 bits with its sign, and `last` is at most 2**32.
        end = b.numeric("i64.add", start, b.numeric("i64.mul", last, step))
        self.require(b.numeric("i64.le_u", end, b.numeric("i64.sub", length, size)))
        return start, step

    # --- values ---

    def number(self, polynomial: Polynomial) -> SSAValue:
        """A polynomial as a value of its width."""
        known = self._numbers.get(polynomial)
        if known is None:
            known = self._numbers[polynomial] = self._sum(polynomial)
        return known

    def _sum(self, polynomial: Polynomial) -> SSAValue:
        b, t = self.b, f"i{polynomial.width}"
        total: SSAValue | None = None
        for product, factor in polynomial.terms.items():
            if product == ():
                continue
            term = self._value(product[0], polynomial.width)
            for value in product[1:]:
                term = b.numeric(f"{t}.mul", term, self._value(value, polynomial.width))
            if factor != 1:
                term = b.numeric(f"{t}.mul", term, self._constant(factor, polynomial.width))
            total = term if total is None else b.numeric(f"{t}.add", total, term)
        if total is None or polynomial.constant:
            constant = self._constant(polynomial.constant, polynomial.width)
            total = constant if total is None else b.numeric(f"{t}.add", total, constant)
        return total

    def _constant(self, number: int, width: int) -> SSAValue:
        signed = number - (1 << width) if number >> (width - 1) else number
        return self.b.i32_const(signed) if width == 32 else self.b.i64_const(signed)

    def _value(self, value: SSAValue, width: int) -> SSAValue:
        found = self._outside(value)
        if found.type == i64 and width == 32:
            return self.b.numeric("i32.wrap_i64", found)
        return found

    def _outside(self, value: SSAValue) -> SSAValue:
        """A value that does not change in the loop, before it."""
        known = self._values.get(value)
        if known is not None:
            return known
        if not isinstance(value, OpResult) or value.op.parent not in self._inside:
            return value
        copy: Operation = value.op.clone(
            {operand: self._outside(operand) for operand in value.op.operands}
        )
        self.b.insert(copy)
        self._values[value] = copy.results[value.index]
        return self._values[value]

    def _wide(self, value: SSAValue, *, signed: bool) -> SSAValue:
        if value.type == i64:
            return value
        return self.b.numeric("i64.extend_i32_s" if signed else "i64.extend_i32_u", value)

"""wasmir-wide-multiply: multiply 64 by 64 bits in one operation where a program does it in halves.

WebAssembly has no product of 128 bits without the wide-arithmetic proposal, so compilers and libraries
(`__multi3`, `mulhi`, `bits.Mul64`) add up four products of 32-bit halves. The pass knows each way to do
that by its shape, as a function over an `Algebra`. Here the algebra numbers values: equal numbers stand
for equal values. Tests run the same functions on a solver's bit vectors and on all small integers.

Other idioms need no pass: LLVM finds rotations, byte swaps, population counts and carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from xdsl.context import Context
from xdsl.dialects.builtin import i64
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import Rewriter

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.blocks import reverse_postorder
from wasmdialect.dialects.effects import is_removable
from wasmdialect.dialects.fast import blocks_of, operations_of
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import FunctionPass, report

_MOST_TERMS = 32
"""Of a sum that is looked into: longer ones would cost the square of their length."""


class Algebra(Protocol):
    """What the ways to multiply are written in: 64-bit integers, the upper and lower half of one as an
    integer, and comparisons that give 0 or 1."""

    def low(self, x: Any) -> Any: ...
    def high(self, x: Any) -> Any: ...
    def shifted(self, x: Any) -> Any:
        """The low half of `x` as the upper one."""
        ...

    def mul(self, x: Any, y: Any) -> Any: ...
    def add(self, *terms: Any) -> Any: ...
    def inverted(self, x: Any) -> Any:
        """`~x`."""
        ...

    def less(self, x: Any, y: Any) -> Any:
        """Whether `x < y`, unsigned, as 0 or 1."""
        ...


Way = Callable[[Algebra, Any, Any], Iterator[Sequence[Any]]]
"""The spellings of one half of the product of two numbers: the terms of a sum, the rarest first."""


def _orders(x: Any, y: Any) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    return (x, y), (y, x)


def carried_high(a: Algebra, x: Any, y: Any) -> Iterator[Sequence[Any]]:
    """Knuth's algorithm M (The Art of Computer Programming 4.3.1), as in compiler-rt and LLVM."""
    for p, q in _orders(x, y):
        first, second = _carried(a, p, q)
        yield a.mul(a.high(p), a.high(q)), a.high(first), a.high(second)


def carried_low(a: Algebra, x: Any, y: Any) -> Iterator[Sequence[Any]]:
    """The other half of it: what was carried, and the lowest part."""
    for p, q in _orders(x, y):
        _, second = _carried(a, p, q)
        upper, lower = a.shifted(second), a.low(a.mul(a.low(p), a.low(q)))
        yield upper, lower


def _carried(a: Algebra, p: Any, q: Any) -> tuple[Any, Any]:
    first = a.add(a.high(a.mul(a.low(p), a.low(q))), a.mul(a.high(p), a.low(q)))
    return first, a.add(a.low(first), a.mul(a.low(p), a.high(q)))


def separate_high(a: Algebra, x: Any, y: Any) -> Iterator[Sequence[Any]]:
    """The halves of both middle products added separately."""
    one, other = a.mul(a.high(x), a.low(y)), a.mul(a.low(x), a.high(y))
    middle = a.add(a.high(a.mul(a.low(x), a.low(y))), a.low(one), a.low(other))
    yield a.mul(a.high(x), a.high(y)), a.high(one), a.high(other), a.high(middle)


def compared_high(a: Algebra, x: Any, y: Any) -> Iterator[Sequence[Any]]:
    """The middle products added first, with carries found by comparisons."""
    lowest, upper = a.mul(a.low(x), a.low(y)), a.mul(a.high(x), a.high(y))
    for p, q in _orders(x, y):
        one, other = a.mul(a.high(p), a.low(q)), a.mul(a.low(p), a.high(q))
        middle = a.add(one, other)
        part = a.shifted(middle)
        low = a.add(lowest, part)
        overflow = a.shifted(a.less(middle, one))
        for carry in (a.less(low, lowest), a.less(low, part), a.less(a.inverted(lowest), part)):
            yield upper, a.high(middle), overflow, carry


def added_low(a: Algebra, x: Any, y: Any) -> Iterator[Sequence[Any]]:
    """The lowest product and the low halves of the middle ones."""
    lowest = a.mul(a.low(x), a.low(y))
    one, other = a.mul(a.high(x), a.low(y)), a.mul(a.low(x), a.high(y))
    yield lowest, a.shifted(a.add(one, other))
    yield lowest, a.shifted(one), a.shifted(other)


def whole_low(a: Algebra, x: Any, y: Any) -> Iterator[Sequence[Any]]:
    """The product of two 64-bit integers, which is the low half."""
    yield (a.mul(x, y),)


HIGH_WAYS: tuple[Way, ...] = (carried_high, separate_high, compared_high)
LOW_WAYS: tuple[Way, ...] = (carried_low, added_low, whole_low)


@dataclass(frozen=True)
class WasmIRWideMultiply(FunctionPass):
    """Multiply 64 by 64 bits in one operation where a program does it in halves."""

    name = "wasmir-wide-multiply"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        if not _multiplies_upper_halves(function):
            return
        numbers = _Numbers()
        for block in reverse_postorder(function.entry):
            for op in block.ops:
                numbers.enter(op)
        matches = [*_matches(numbers)]
        if matches:
            _rewrite(matches)


def _multiplies_upper_halves(function: wasmir.FuncOp) -> bool:
    return any(
        op.__class__ is wasmir.I64MulOp and all(map(_is_upper_half, op.operands))
        for block in blocks_of(function.body)
        for op in operations_of(block)
    )


def _is_upper_half(value: SSAValue) -> bool:
    owner = value.owner
    return isinstance(owner, wasmir.I64ShrUOp) and wasmir.constant_bits(owner.operands[1]) == 32


# --- numbering ---

_Terms = tuple[tuple[int, SSAValue], ...]


class _Numbers:
    """Values by number: an `Algebra` whose integers are the numbers of expressions."""

    def __init__(self) -> None:
        self.of_key: dict[tuple[Any, ...], int] = {}
        self.keys: list[tuple[Any, ...]] = []
        self.of_value: dict[SSAValue, int] = {}
        self.values: dict[int, SSAValue] = {}
        """An i64 with each number that some i64 has."""
        self.terms: dict[SSAValue, _Terms] = {}
        """What a value is the sum of."""
        self.ops: list[Operation] = []
        """The operations that have a number, in the order in which they were entered."""

    def number(self, value: SSAValue) -> int:
        """The number of a value; a new one if nothing is known of it."""
        known = self.of_value.get(value)
        if known is None:
            bits = wasmir.constant_bits(value)
            known = self._expression("value", value) if bits is None else self._constant(bits)
            self._note(value, known)
        return known

    def enter(self, op: Operation) -> None:
        """Number the result of an operation, after those of its operands."""
        rule = _NUMBERED.get(op.__class__)
        number = None if rule is None else rule(self, op)
        if number is None:
            return
        (result,) = op.results
        self._note(result, number)
        self.ops.append(op)
        if op.__class__ in _SUMS:
            terms = tuple(term for operand in op.operands for term in self.terms_of(operand))
            if len(terms) <= _MOST_TERMS:
                self.terms[result] = terms

    def terms_of(self, value: SSAValue) -> _Terms:
        """The values that a value is the sum of, with their numbers."""
        return self.terms.get(value) or ((self.number(value), value),)

    def is_root(self, op: Operation) -> bool:
        """Whether the result of a numbered operation is used other than as a term of one sum."""
        use = op.results[0].get_unique_use()
        return use is None or not any(user in self.terms for user in use.operation.results)

    def _note(self, value: SSAValue, number: int) -> None:
        self.of_value[value] = number
        if value.type == i64:  # and not what is a comparison before it is extended
            self.values.setdefault(number, value)

    def _expression(self, *key: Any) -> int:
        number = self.of_key.setdefault(key, len(self.keys))
        if number == len(self.keys):
            self.keys.append(key)
        return number

    def _constant(self, bits: int) -> int:
        return self._expression("constant", bits)

    def _parts(self, number: int) -> tuple[int, ...]:
        key = self.keys[number]
        return key[1:] if key[0] == "sum" else (number,)

    def is_low(self, x: int) -> bool:
        """Whether the upper half is known to be 0."""
        return self.keys[x][0] in ("low", "high", "less")

    def whole_of(self, number: int) -> int | None:
        """The number that this one is the upper half of, if some value has it."""
        kind, *parts = self.keys[number]
        return parts[0] if kind == "high" and parts[0] in self.values else None

    def low(self, x: int) -> int:
        return x if self.is_low(x) else self._expression("low", x)

    def high(self, x: int) -> int:
        return self._expression("high", x)

    def shifted(self, x: int) -> int:
        return self._expression("shifted", x)

    def mul(self, x: int, y: int) -> int:
        return self._expression("product", *sorted((x, y)))

    def add(self, *terms: int) -> int:
        parts = [part for term in terms for part in self._parts(term)]
        if len(parts) > _MOST_TERMS:
            return self._expression("long sum", *sorted(terms))
        return self._expression("sum", *sorted(parts))

    def inverted(self, x: int) -> int:
        return self._expression("inverted", x)

    def less(self, x: int, y: int) -> int:
        return self._expression("less", x, y)


_Rule = Callable[[_Numbers, Any], int | None]


def _with_constant(op: wasmir.BinaryOp) -> tuple[int, SSAValue] | None:
    """The constant operand of a commutative operation, and the other one."""
    lhs, rhs = op.operands
    for constant, other in ((rhs, lhs), (lhs, rhs)):
        bits = wasmir.constant_bits(constant)
        if bits is not None:
            return bits, other
    return None


def _masked(numbers: _Numbers, op: wasmir.BinaryOp) -> int | None:
    match _with_constant(op):
        case (0xFFFF_FFFF, other):
            return numbers.low(numbers.number(other))
        case _:
            return None


def _inverted(numbers: _Numbers, op: wasmir.BinaryOp) -> int | None:
    match _with_constant(op):
        case (0xFFFF_FFFF_FFFF_FFFF, other):
            return numbers.inverted(numbers.number(other))
        case _:
            return None


def _shift(of: Callable[[_Numbers, int], int]) -> _Rule:
    def rule(numbers: _Numbers, op: wasmir.BinaryOp) -> int | None:
        lhs, rhs = op.operands
        return of(numbers, numbers.number(lhs)) if wasmir.constant_bits(rhs) == 32 else None

    return rule


def _binary(of: Callable[[_Numbers, int, int], int]) -> _Rule:
    return lambda numbers, op: of(numbers, *map(numbers.number, op.operands))


def _joined(numbers: _Numbers, op: wasmir.BinaryOp) -> int | None:
    """`x | y` is `x + y` if one is in the upper half and the other in the lower one."""
    x, y = map(numbers.number, op.operands)
    for upper, lower in ((x, y), (y, x)):
        if numbers.keys[upper][0] == "shifted" and numbers.is_low(lower):
            return numbers.add(upper, lower)
    return None


def _extended(numbers: _Numbers, op: wasmir.UnaryOp) -> int | None:
    """A comparison as an i64, or the low half that a wrap left."""
    (operand,) = op.operands
    if isinstance(operand.owner, wasmir.I32WrapI64Op):
        return numbers.low(numbers.number(operand.owner.operands[0]))
    number = numbers.number(operand)
    return number if numbers.keys[number][0] == "less" else None


def _selected(numbers: _Numbers, op: wasmir.SelectOp) -> int | None:
    """A comparison as 0 or 1, or as 0 or the lowest bit of the upper half."""
    condition = numbers.number(op.condition)
    if numbers.keys[condition][0] != "less" or wasmir.constant_bits(op.false_value) != 0:
        return None
    match wasmir.constant_bits(op.true_value):
        case 1:
            return condition
        case 0x1_0000_0000:
            return numbers.shifted(condition)
        case _:
            return None


_NUMBERED: dict[type[Operation], _Rule] = {
    wasmir.I64AddOp: _binary(_Numbers.add),
    wasmir.I64AndOp: _masked,
    wasmir.I64ExtendI32UOp: _extended,
    wasmir.I64GtUOp: _binary(lambda numbers, x, y: numbers.less(y, x)),
    wasmir.I64LtUOp: _binary(_Numbers.less),
    wasmir.I64MulOp: _binary(_Numbers.mul),
    wasmir.I64OrOp: _joined,
    wasmir.I64ShlOp: _shift(_Numbers.shifted),
    wasmir.I64ShrUOp: _shift(_Numbers.high),
    wasmir.I64XorOp: _inverted,
    wasmir.SelectOp: _selected,
}
"""How the results of operations are numbered; all others are values of which nothing is known."""
_SUMS = (wasmir.I64AddOp, wasmir.I64OrOp)


# --- matching ---


@dataclass
class _Match:
    """An operation whose result contains halves of products: what is left of its sum without them."""

    op: Operation
    rest: list[tuple[int, SSAValue]]
    halves: list[tuple[SSAValue, SSAValue, bool]] = field(
        default_factory=list[tuple[SSAValue, SSAValue, bool]]
    )
    """The factors, and whether it is the upper half."""

    def take(self, terms: Sequence[int], factors: tuple[SSAValue, SSAValue], is_high: bool) -> bool:
        """Replace terms by a half of a product, if all of them are there."""
        rest = [*self.rest]
        for wanted in terms:
            found = next((term for term in rest if term[0] == wanted), None)
            if found is None:
                return False
            rest.remove(found)
        self.rest = rest
        self.halves.append((*factors, is_high))
        return True


def _matches(numbers: _Numbers) -> Iterator[_Match]:
    """The operations to rewrite, in order. A low half alone is cheap as it is, so that it counts
    only if there is the upper one too."""
    roots = [
        _Match(op, [*numbers.terms_of(op.results[0])]) for op in numbers.ops if numbers.is_root(op)
    ]
    with_term: dict[int, list[_Match]] = {}
    for root in roots:
        for number in {number for number, _ in root.rest}:
            with_term.setdefault(number, []).append(root)

    def take(ways: Sequence[Way], product: tuple[int, int], is_high: bool) -> bool:
        x, y = (numbers.values[factor] for factor in product)
        found = False
        for way in ways:
            for terms in way(numbers, *product):
                for root in with_term.get(terms[0], ()):
                    found |= root.take(terms, (x, y), is_high)
        return found

    for product in _upper_products(numbers):
        if take(HIGH_WAYS, product, True):
            take(LOW_WAYS, product, False)
    for root in roots:
        if root.halves:
            yield root


def _upper_products(numbers: _Numbers) -> list[tuple[int, int]]:
    """The factors whose upper halves are multiplied, as numbers of values that there are."""
    found: list[tuple[int, int]] = []
    for kind, *factors in numbers.keys:
        if kind != "product":
            continue
        x, y = (numbers.whole_of(factor) for factor in factors)
        if x is not None and y is not None:
            found.append((x, y))
    return found


# --- rewriting ---


def _rewrite(matches: Sequence[_Match]) -> None:
    """Replace what was matched, with one product for all that use it in a block."""
    products: dict[tuple[Block, SSAValue, SSAValue], Sequence[SSAValue]] = {}
    replaced: dict[SSAValue, SSAValue] = {}
    for match in matches:
        builder = WasmBuilder.before(match.op)
        values = [replaced.get(value, value) for _, value in match.rest]
        for x, y, is_high in match.halves:
            factors = replaced.get(x, x), replaced.get(y, y)
            place = (builder.block, *factors)
            if place not in products:
                products[place] = builder.i64_mul_wide_u(*factors)
                report(match.op, "multiplied")
            values.append(products[place][is_high])
        total = values[0]
        for value in values[1:]:
            total = builder.i64_add(total, value)
        (old,) = match.op.results
        replaced[old] = total
        old.replace_all_uses_with(total)
    _erase_unused([match.op for match in matches])


def _erase_unused(ops: list[Operation]) -> None:
    """Erase what only computes a value that nothing uses, and those that only they used."""
    erased: set[Operation] = set()
    while ops:
        op = ops.pop()
        unused = not any(result.first_use for result in op.results)
        if op in erased or not unused or not is_removable(op):
            continue
        ops += [owner for value in op.operands if isinstance(owner := value.owner, Operation)]
        erased.add(op)
        Rewriter.erase_op(op)

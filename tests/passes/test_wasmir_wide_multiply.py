"""wasmir-wide-multiply: each way it knows is a product, and what is nearly one stays as it is. What it
rewrites is in tests/filecheck."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation, SSAValue

from wasmdialect import Config, wat2wasm
from wasmdialect.check.ways import z3
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes import wasmir_wide_multiply
from wasmdialect.passes.wasmir_wide_multiply import HIGH_WAYS, LOW_WAYS, WasmIRWideMultiply, Way

WAYS = [
    *((way, True) for way in HIGH_WAYS),
    *((way, False) for way in LOW_WAYS),
]
every_way = pytest.mark.parametrize(
    ("way", "is_high"), WAYS, ids=lambda v: getattr(v, "__name__", "")
)


class Small:
    """Integers of a few bits in place of 64."""

    def __init__(self, half: int):
        self.half = half
        self.mask = (1 << half) - 1
        self.whole = (1 << 2 * half) - 1

    def low(self, x: int) -> int:
        return x & self.mask

    def high(self, x: int) -> int:
        return x >> self.half

    def shifted(self, x: int) -> int:
        return x << self.half & self.whole

    def mul(self, x: int, y: int) -> int:
        return x * y & self.whole

    def add(self, *terms: int) -> int:
        return sum(terms) & self.whole

    def inverted(self, x: int) -> int:
        return ~x & self.whole

    def less(self, x: int, y: int) -> int:
        return int(x < y)


class Vectors:
    """Bit vectors of a solver. A product of halves is a variable that is at most what it can be: what
    is proved of the sums holds for all four products, and so for those of the halves of x and y."""

    def __init__(self) -> None:
        self.products: dict[tuple[str, str], Any] = {}

    def low(self, x: Any) -> Any:
        return f"{x}0" if isinstance(x, str) else x & 0xFFFF_FFFF

    def high(self, x: Any) -> Any:
        return f"{x}1" if isinstance(x, str) else z3.LShR(x, 32)

    def shifted(self, x: Any) -> Any:
        return x << 32

    def mul(self, x: Any, y: Any) -> Any:
        one, other = sorted((x, y))
        if one == "x":
            return self.whole()[1]
        return self.products.setdefault((one, other), z3.BitVec(f"{one}*{other}", 64))

    def add(self, *terms: Any) -> Any:
        return sum(terms[1:], terms[0])

    def inverted(self, x: Any) -> Any:
        return ~x

    def less(self, x: Any, y: Any) -> Any:
        return z3.If(z3.ULT(x, y), z3.BitVecVal(1, 64), z3.BitVecVal(0, 64))

    def whole(self) -> tuple[Any, Any]:
        """The upper and lower half of x * y, as school arithmetic has it."""
        total = sum(
            z3.ZeroExt(64, self.mul(f"x{i}", f"y{j}")) << 32 * (i + j)
            for i, j in product((0, 1), repeat=2)
        )
        return z3.Extract(127, 64, total), z3.Extract(63, 0, total)

    def bounds(self) -> list[Any]:
        most = (2**32 - 1) ** 2
        return [z3.ULE(value, most) for value in self.products.values()]


@every_way
def test_each_way_gives_the_product_of_every_pair_of_small_integers(
    way: Way, is_high: bool
) -> None:
    a = Small(3)
    for x, y in product(range(64), repeat=2):
        expected = x * y >> 6 if is_high else x * y & 63
        for terms in way(a, x, y):
            assert a.add(*terms) == expected


@every_way
def test_each_way_is_proved_for_64_bits(way: Way, is_high: bool) -> None:
    a = Vectors()
    expected = a.whole()[not is_high]
    for terms in way(a, "x", "y"):
        solver = z3.Solver()
        solver.add(*a.bounds(), a.add(*terms) != expected)
        assert solver.check() == z3.unsat


def test_a_proof_of_a_wrong_way_fails() -> None:
    a = Vectors()
    high, middle, *_ = next(iter(wasmir_wide_multiply.carried_high(a, "x", "y")))
    solver = z3.Solver()
    solver.add(*a.bounds(), a.add(high, middle) != a.whole()[0])
    assert solver.check() == z3.sat


# --- functions ---


def spelled(way: Way, is_or: bool = False) -> list[str]:
    """The first spelling of a way as the text of an expression in $x and $y, for each order."""

    class Text:
        def low(self, x: str) -> str:
            return f"(i64.and {x} (i64.const 0xffffffff))"

        def high(self, x: str) -> str:
            return f"(i64.shr_u {x} (i64.const 32))"

        def shifted(self, x: str) -> str:
            return f"(i64.shl {x} (i64.const 32))"

        def mul(self, x: str, y: str) -> str:
            return f"(i64.mul {x} {y})"

        def add(self, *terms: str) -> str:
            first, *more = terms
            return first if not more else f"(i64.add {first} {self.add(*more)})"

        def inverted(self, x: str) -> str:
            return f"(i64.xor {x} (i64.const -1))"

        def less(self, x: str, y: str) -> str:
            return f"(i64.extend_i32_u (i64.lt_u {x} {y}))"

    text = Text()
    return [text.add(*terms) for terms in way(text, "(local.get 0)", "(local.get 1)")]


def function_of(body: str, results: str = "i64") -> wasmir.FuncOp:
    """The function of two i64 with a body."""
    wat = f"(module (func (param i64 i64) (result {results}) {body}))"
    session = CompileSession(
        bytes(wat2wasm(wat)), "m.wat", CompileSettings.of(Config()), "wasmir-gvn"
    )
    module = session.import_everything()
    session.run_passes(module)
    (function,) = [op for op in module.ops if isinstance(op, wasmir.FuncOp)]
    return function


def evaluate(function: wasmir.FuncOp, arguments: Iterable[int]) -> tuple[int, ...]:
    """The results of a function of one block, by the table's semantics."""
    values: dict[SSAValue, int] = dict(zip(function.entry.args, arguments, strict=True))
    for op in function.entry.ops:
        operands = [values[operand] for operand in op.operands]
        if isinstance(op, wasmir.ConstOp):
            values[op.result] = op.bits
        elif isinstance(op, wasmir.WideOp | wasmir.NumericOp):
            assert op.INSTRUCTION.semantics is not None
            outcome: Any = op.INSTRUCTION.semantics(*operands)
            halves = outcome if isinstance(outcome, tuple) else (outcome,)
            values.update(zip(op.results, halves, strict=True))
        else:
            return tuple(operands)
    raise AssertionError("no end")


def transform(function: wasmir.FuncOp) -> int:
    """Run the pass; how many wide multiplications there are now."""
    WasmIRWideMultiply().apply_to_function(None, function)  # pyright: ignore[reportArgumentType]
    function.verify()
    return sum(isinstance(op, wasmir.I64MulWideUOp) for op in function.entry.ops)


NUMBERS = (0, 1, 0xFFFF_FFFF, 2**32, 2**63, 2**64 - 1, 0x8000_0000_8000_0001, 0xFFFF_FFFF_0000_0001)
PAIRS = [*product(NUMBERS, repeat=2)]


@pytest.mark.parametrize("way", HIGH_WAYS, ids=lambda way: way.__name__)
def test_every_spelling_is_recognised(way: Way) -> None:
    for body in spelled(way):
        function = function_of(body)
        before = [evaluate(function, pair) for pair in PAIRS]
        assert transform(function) == 1
        assert len([*function.entry.ops]) == 2
        assert [evaluate(function, pair) for pair in PAIRS] == before


@pytest.mark.parametrize("way", HIGH_WAYS, ids=lambda way: way.__name__)
def test_near_misses_keep_their_values(way: Way) -> None:
    """Each operation of each spelling replaced by another, or with other operands: most must not be
    recognised, and those that still are (an operand that is the same in both) give the same."""
    random.seed(way.__name__)
    pairs = PAIRS + [(random.getrandbits(64), random.getrandbits(64)) for _ in range(20)]
    recognised = tried = 0
    for body in spelled(way):
        size = len([*function_of(body).entry.ops]) - 1
        for place in range(size):
            function = function_of(body)
            if not change([*function.entry.ops][place]):
                continue
            before = [evaluate(function, pair) for pair in pairs]
            tried += 1
            recognised += transform(function)
            assert [evaluate(function, pair) for pair in pairs] == before
    assert tried > 10
    assert recognised < tried / 10


def change(op: Operation) -> bool:
    """Replace an operation by one that is nearly the same."""
    builder = WasmBuilder.before(op)
    if isinstance(op, wasmir.I64ConstOp):
        builder.replace(op, builder.i64_const(op.bits ^ 1))
    elif isinstance(op, wasmir.I64ShrUOp):
        builder.replace(op, builder.i64_shr_s(op.lhs, op.rhs))
    elif isinstance(op, wasmir.I64AddOp):
        builder.replace(op, builder.i64_or(op.lhs, op.rhs))
    elif isinstance(op, wasmir.I64MulOp):
        builder.replace(op, builder.i64_mul(op.lhs, op.lhs))
    elif isinstance(op, wasmir.I64LtUOp):
        builder.replace(op, builder.i64_lt_s(op.lhs, op.rhs))
    elif isinstance(op, wasmir.I64AndOp | wasmir.I64XorOp | wasmir.I64ShlOp):
        builder.replace(op, builder.i64_add(op.lhs, op.rhs))
    else:
        return False
    return True


def test_several_products_in_one_sum() -> None:
    (one, *_), (_, other) = spelled(HIGH_WAYS[0]), spelled(HIGH_WAYS[0])
    square = one.replace("(local.get 1)", "(local.get 0)")
    function = function_of(f"(i64.add {square} (i64.add (i64.const 5) {other}))")
    before = [evaluate(function, pair) for pair in PAIRS]
    assert transform(function) == 2
    assert [evaluate(function, pair) for pair in PAIRS] == before


def test_factors_that_are_halves_of_other_products() -> None:
    (one, *_) = spelled(HIGH_WAYS[0])
    nested = one.replace("(local.get 1)", one)
    function = function_of(nested)
    before = [evaluate(function, pair) for pair in PAIRS]
    assert transform(function) == 2
    assert [evaluate(function, pair) for pair in PAIRS] == before


def test_a_factor_that_is_a_comparison() -> None:
    """Its number is that of an i32 too, which cannot be a factor."""
    (one, *_) = spelled(HIGH_WAYS[0])
    flag = "(i64.extend_i32_u (i64.lt_u (local.get 0) (local.get 1)))"
    function = function_of(one.replace("(local.get 1)", flag))
    before = [evaluate(function, pair) for pair in PAIRS]
    transform(function)
    assert [evaluate(function, pair) for pair in PAIRS] == before


def test_each_block_multiplies_for_itself() -> None:
    (one, *_) = spelled(HIGH_WAYS[0])
    function = function_of(
        f"(if (result i64) (i64.eqz (local.get 0)) (then {one}) (else (i64.add {one} (i64.const 1))))"
    )
    WasmIRWideMultiply().apply_to_function(None, function)  # pyright: ignore[reportArgumentType]
    function.verify()
    wide = [op for op in function.walk() if isinstance(op, wasmir.I64MulWideUOp)]
    assert len({op.parent for op in wide}) == len(wide) == 2


def test_long_sums_are_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would cost the square of their length."""
    looked_at = 0
    terms_of = wasmir_wide_multiply._Numbers.terms_of  # pyright: ignore[reportPrivateUsage]

    def counted(self: Any, value: SSAValue) -> Any:
        nonlocal looked_at
        terms = terms_of(self, value)
        looked_at += len(terms)
        return terms

    monkeypatch.setattr(wasmir_wide_multiply._Numbers, "terms_of", counted)  # pyright: ignore[reportPrivateUsage]
    (one, *_) = spelled(HIGH_WAYS[0])
    added = "".join(f"(i64.add (i64.mul (local.get 0) (i64.const {n})))" for n in range(2000))
    function = function_of(f"{one} {added}")
    transform(function)
    assert looked_at < 100 * 2000
    assert function.function_type.outputs.data == (i64,)

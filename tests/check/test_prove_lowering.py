# pyright: reportPrivateUsage=false
"""Proofs of the lowering: rules are proved, wrong ones refuted with inputs, and LLVM IR means what LLVM
says."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from xdsl.dialects import llvm

from wasmdialect.abi.traps import TrapCode
from wasmdialect.check.abstraction import abstracted
from wasmdialect.check.llvm_meaning import behaviour
from wasmdialect.check.llvm_reader import Unread, read_functions
from wasmdialect.check.lowering_rules import Rule, rules
from wasmdialect.check.prove_lowering import RuleProof, prove_rules
from wasmdialect.check.ways import z3
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import operands_of, result_of
from wasmdialect.lowering import numeric
from wasmdialect.lowering.function import FunctionLowering, Handler
from wasmdialect.passes import at_once, wasmvm_to_llvm
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.nans import may_give_any_nan

RULES = {rule.name: rule for rule in rules()}


def named(pattern: str) -> list[Rule]:
    """The rules with such a name."""
    return [rule for name, rule in RULES.items() if re.fullmatch(pattern, name)]


def proofs(pattern: str) -> list[RuleProof]:
    found = named(pattern)
    assert found
    return [*prove_rules(found)]


def proof(name: str) -> RuleProof:
    (found,) = prove_rules([RULES[name]])
    return found


PROVED = {
    "arithmetic": r"i(32|64)\.(add|sub|mul|and|or|xor|popcnt|clz|ctz)",
    "unsigned division": r"i(32|64)\.(div_u|rem_u)( by .*)?",
    "signed division": r"i32\.(div_s|rem_s)( by -1)?",
    "shifts": r"i32\.(shl|shr_s|shr_u|rotl|rotr)( by .*)?|i64\.shl( by .*)?",
    "comparisons": r"i(32|64)\.(eq|eqz|lt_s|ge_u)( in .*)?|f32\.(lt|ne)( in .*)?",
    "integers of other widths": r"i(32|64)\.(extend.*|wrap_i64|reinterpret.*)",
    "wide arithmetic": r"i64\.(add128|sub128|mul_wide_[su])",
    "floats": r"f(32|64)\.(add|mul|div|sqrt|abs|neg|copysign|reinterpret_.*)",
    "checked conversions": r"i32\.trunc_f32_[su]",
    "select": "select of .*",
    "memory": r"(i32\.load8_s|i64\.load|f32\.store|i64\.store16|v128\.load) .*",
    "vectors": r"(i8x16|i32x4|v128)\.(add|sub|and|xor|not|splat|extract_lane|replace_lane)",
}
"""Some rules of each kind. `tools/prove_lowering.py` has all of them."""


@pytest.mark.parametrize("kind", PROVED)
def test_the_lowering_does_what_the_table_says(kind: str):
    for found in proofs(PROVED[kind]):
        row = BY_MNEMONIC.get(found.rule.name.partition(" ")[0])
        expected = (
            "proved but for NaNs" if row is not None and may_give_any_nan(row[0]) else "proved"
        )
        assert (found.rule.name, found.verdict, found.detail) == (found.rule.name, expected, "")


def test_every_numeric_lowering_is_a_rule_or_is_named():
    known = {name.partition(" ")[0] for name in RULES}
    handled = {
        op.INSTRUCTION.mnemonic
        for op in wasmvm_to_llvm.HANDLERS
        if issubclass(op, wasmir.NumericOp | wasmir.WideOp)
    }
    assert handled <= known


# --- wrong ones


def _plant(monkeypatch: pytest.MonkeyPatch, mnemonic: str, handler: Handler) -> None:
    op: Any = wasmir.NUMERIC_OPS.get(mnemonic)
    monkeypatch.setitem(wasmvm_to_llvm._RELAXED, op, handler)
    monkeypatch.setattr(at_once, "_known_tables", {})  # made of it


def _plain(cls: type) -> Handler:
    """The LLVM instruction alone."""

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        operands = [f.values[operand] for operand in operands_of(op)]
        f.values[result_of(op)] = f.value(cls, operands, op.RESULT_TYPE)

    return lower


def _only_zero_checked(cls: type) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        x, y = (f.values[operand] for operand in operands_of(op))
        f.trap_if(f.icmp("eq", y, f.constant(0, 32)), TrapCode.INTEGER_DIVISION_BY_ZERO)
        f.values[result_of(op)] = f.value(cls, (x, y), op.RESULT_TYPE)

    return lower


def _divided_with_another_trap(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    x, y = (f.values[operand] for operand in operands_of(op))
    f.trap_if(f.icmp("eq", y, f.constant(0, 32)), TrapCode.INTEGER_OVERFLOW)
    f.values[result_of(op)] = f.value(llvm.UDivOp, (x, y), op.RESULT_TYPE)


def _counted_with_undefined_zero(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    operands = (f.values[operands_of(op)[0]], f.constant(1, 1))
    f.values[result_of(op)] = f.intrinsic("llvm.ctlz.i32", operands, op.RESULT_TYPE)


def _smaller_by_comparison(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    x, y = (f.values[operand] for operand in operands_of(op))
    f.values[result_of(op)] = f.select(f.fcmp("olt", x, y), x, y)


WRONG: dict[str, tuple[str, Handler, str]] = {
    "shift without mask": ("i32.shl", _plain(llvm.ShlOp), r": \w+ by the table, poison as lowered"),
    "no check of overflow": (
        "i32.div_s",
        _only_zero_checked(llvm.SDivOp),
        r"\(0x80000000, 0xffffffff\): trap: integer overflow by the table, sdiv is undefined",
    ),
    "remainder of the smallest": (
        "i32.rem_s",
        _only_zero_checked(llvm.SRemOp),
        r"\(0x80000000, 0xffffffff\): 0 by the table, srem is undefined",
    ),
    "no check of the divisor": ("i32.rem_u", _plain(llvm.URemOp), r", 0\): trap: integer divide"),
    "another trap": (
        "i32.div_u",
        _divided_with_another_trap,
        "trap: integer divide by zero by the table, trap: integer overflow as lowered",
    ),
    "leading zeros of zero": (
        "i32.clz",
        _counted_with_undefined_zero,
        r"\(0\): 32 by the table, poison as lowered",
    ),
    "signed for unsigned": ("i64.lt_u", numeric._icmp("slt"), "1 by the table, 0 as|0 by .*, 1 as"),
    "a minimum of NaNs or zeros": ("f32.min", _smaller_by_comparison, "by the table"),
    "a comparison with NaN": ("f64.ne", numeric._fcmp("one"), "1 by the table, 0 as lowered"),
    "sign extension of too much": (
        "i32.extend8_s",
        numeric._sign_extend(numeric.i16),
        "by the table",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_rule_is_refuted_with_inputs(name: str, monkeypatch: pytest.MonkeyPatch):
    mnemonic, handler, detail = WRONG[name]
    assert proof(mnemonic).verdict.startswith("proved")
    _plant(monkeypatch, mnemonic, handler)
    found = proof(mnemonic)
    assert found.verdict == "refuted"
    assert re.search(detail, found.detail), found.detail


def test_a_bound_that_is_off_by_one_is_refuted(monkeypatch: pytest.MonkeyPatch):
    low, predicate, high = numeric._TRUNC_BOUNDS["i32.trunc_f32_s"]
    wrong = (low, predicate, high + 1)
    monkeypatch.setitem(numeric._TRUNC_BOUNDS, "i32.trunc_f32_s", wrong)
    row = wasmir.NUMERIC_OPS["i32.trunc_f32_s"].INSTRUCTION
    _plant(monkeypatch, "i32.trunc_f32_s", numeric._trunc(row))
    found = proof("i32.trunc_f32_s")
    assert found.verdict == "refuted"
    assert found.detail.startswith("(0x4f000000): trap: integer overflow by the table, ")


def test_a_guard_that_is_too_small_for_the_offset_is_refuted(monkeypatch: pytest.MonkeyPatch):
    name = "i32.load offset=4294967295 of i32, bounds guard"
    assert proof(name).verdict == "proved"
    monkeypatch.setattr("wasmdialect.passes.vmctx_steps.is_covered_by_guard", bool)
    found = proof(name)
    assert found.verdict == "refuted"
    assert "an access beyond the guard pages as lowered" in found.detail


def test_a_bounds_check_that_forgets_the_width_is_refuted(monkeypatch: pytest.MonkeyPatch):
    from wasmdialect.passes.vmctx_steps import VMContextSteps

    check = VMContextSteps.bounds_check

    def short(self: Any, address: Any, end: int, bound: Any) -> Any:
        return check(self, address, end - 1, bound)

    monkeypatch.setattr(VMContextSteps, "bounds_check", short)
    found = proof("i32.load offset=7 of i32, bounds explicit")
    assert found.verdict == "refuted"
    assert "an access that LLVM takes for valid faults as lowered" in found.detail


# --- LLVM IR


def function(*lines: str) -> Any:
    body = "\n".join(f"  {line}" for line in lines)
    text = f"define i32 @s0(ptr %0, ptr %1, i32 %2, i32 %3) {{\nb0:\n{body}\n}}\n"
    (found,) = read_functions(text)
    return found


@pytest.mark.parametrize(
    "line",
    [
        "%4 = add nsw i32 %2, %3",
        "%4 = fadd fast float %2, %3",
        "%4 = getelementptr inbounds i8, ptr %0, i64 8",
        "%4 = load atomic i32, ptr %0 seq_cst, align 4",
        "%4 = freeze i32 %2",
        "%4 = udiv exact i32 %2, %3",
        "%4 = icmp samesign ult i32 %2, %3",
        "%4 = zext nneg i32 %2 to i64",
        "%4 = add i32 %2, %3 extra",
    ],
)
def test_a_form_that_is_not_known_is_refused(line: str):
    with pytest.raises(Unread, match=re.escape(line)):
        function(line, "ret i32 %4")


OPERATIONS: dict[str, Callable[[int, int], int | None]] = {
    "add i32 %2, %3": lambda a, b: (a + b) % 2**32,
    "mul i32 %2, %3": lambda a, b: (a * b) % 2**32,
    "shl i32 %2, %3": lambda a, b: (a << b) % 2**32 if b < 32 else None,
    "lshr i32 %2, %3": lambda a, b: a >> b if b < 32 else None,
    "udiv i32 %2, %3": lambda a, b: a // b if b else None,
    "call i32 @llvm.fshl.i32(i32 %2, i32 %3, i32 9)": lambda a, b: (
        (((a << 32 | b) << 9) >> 32) % 2**32
    ),
    "call i32 @llvm.ctpop.i32(i32 %2)": lambda a, b: a.bit_count(),
    "call i32 @llvm.ctlz.i32(i32 %2, i1 true)": lambda a, b: 32 - a.bit_length() if a else None,
    "call i32 @llvm.uadd.sat.i32(i32 %2, i32 %3)": lambda a, b: min(a + b, 2**32 - 1),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_an_operation_means(operation: str):
    source = random.Random(operation)
    x, y = z3.BitVec("x", 32), z3.BitVec("y", 32)
    found = behaviour(function(f"%4 = {operation}", "ret i32 %4"), [x, y])
    (way,) = found.exits
    numbers = [0, 1, 5, 31, 32, 33, 2**31, 2**32 - 1, source.getrandbits(32)]
    for a in numbers:
        for b in numbers:
            given = [(x, z3.BitVecVal(a, 32)), (y, z3.BitVecVal(b, 32))]

            def value(expression: Any, given: Any = given) -> Any:
                return z3.simplify(z3.substitute(expression, *given))

            (result,) = way.values
            wrong = [result.poison, *(condition for condition, _ in found.undefined)]
            expected = OPERATIONS[operation](a, b)
            if expected is None:
                assert any(z3.is_true(value(condition)) for condition in wrong)
            else:
                assert not any(z3.is_true(value(condition)) for condition in wrong)
                assert value(result.bits).as_long() == expected


def test_a_branch_on_poison_is_undefined():
    (found,) = read_functions(
        "define i32 @s0(ptr %0, ptr %1, i32 %2) {\nb0:\n  %3 = shl i32 1, %2\n"
        "  %4 = icmp eq i32 %3, 0\n  br i1 %4, label %b1, label %b1\nb1:\n  ret i32 0\n}\n"
    )
    x = z3.BitVec("x", 32)
    undefined = z3.Or(*(condition for condition, _ in behaviour(found, [x]).undefined))
    assert z3.is_true(z3.simplify(z3.substitute(undefined, (x, z3.BitVecVal(32, 32)))))
    assert z3.is_false(z3.simplify(z3.substitute(undefined, (x, z3.BitVecVal(31, 32)))))


def test_what_is_known_of_abstract_operations_is_true():
    """The facts hold of the real ones: else anything could be proved."""
    x, y = z3.BitVec("x", 17), z3.BitVec("y", 17)
    a, b = (z3.FP(name, z3.FPSort(3, 4)) for name in "ab")
    rounding = z3.RNE()
    operations = {
        "udiv": (z3.UDiv(x, y), y != 0),
        "urem": (z3.URem(x, y), y != 0),
        "mul": (x * y, z3.BoolVal(True)),
        "add": (z3.fpAdd(rounding, a, b), z3.BoolVal(True)),
        "sub": (z3.fpSub(rounding, a, b), z3.BoolVal(True)),
        "fmul": (z3.fpMul(rounding, a, b), z3.BoolVal(True)),
        "div": (z3.fpDiv(rounding, a, b), z3.BoolVal(True)),
        "sqrt": (z3.fpSqrt(rounding, a), z3.BoolVal(True)),
    }
    for word, (expression, defined) in operations.items():
        result = z3.Const("result", expression.sort())
        made = abstracted([result == expression])
        assert made is not None
        equation, *facts = made
        application = next(
            c
            for c in equation.children()
            if c.decl().kind() == z3.Z3_OP_UNINTERPRETED and c.num_args()
        )
        definition = z3.substitute(z3.simplify(expression), *[])
        swapped = [z3.substitute(fact, (application, definition)) for fact in facts]
        others = [f for f in swapped if not _has_applications(f)]
        assert others, word
        assert z3.Solver().check(defined, z3.Not(z3.And(*others))) == z3.unsat, word


def _has_applications(term: Any) -> bool:
    if term.num_args() and term.decl().kind() == z3.Z3_OP_UNINTERPRETED:
        return True
    return any(map(_has_applications, term.children()))


def test_nans_of_lanes_are_not_taken_for_those_of_a_number():
    found = proof("f32x4.demote_f64x2_zero")
    assert (found.verdict, found.detail) == (
        "not decided",
        "the meaning of `NaNs of lanes` is not known",
    )


@pytest.mark.parametrize("shape", ["i8x16", "i16x8", "i32x4", "i64x2"])
def test_relaxed_instructions_are_compiled_for_the_result_that_the_table_has(shape: str):
    """Other results are allowed, and are not those of the table."""
    assert proof(f"{shape}.relaxed_laneselect").verdict == "proved"

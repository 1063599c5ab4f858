"""Lowering of numeric instructions: the semantics of Wasm where LLVM's differ.

LLVM leaves division by zero, oversized shifts and out-of-range conversions undefined, and it folds
`x * 1.0` to `x`, which would let a signalling NaN through; here each of these is made exact.
"""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerType, f32, f64, i1, i8, i16, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import llvm_ext, wasmir, wasmvm
from wasmdialect.dialects.fast import operand_of, operands_of, result_of, users_of
from wasmdialect.lowering.function import FunctionLowering, Handler
from wasmdialect.types import NUMBERS
from wasmdialect.wasm.instructions import Instruction

_FLOATS: dict[str, Attribute] = {"f32": f32, "f64": f64}
_INTEGERS: dict[str, IntegerType] = {"i32": i32, "i64": i64}

HANDLERS: dict[type[Operation], Handler] = {}


def _lowers(*mnemonics: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for mnemonic in mnemonics:
            HANDLERS[wasmir.NUMERIC_OPS[mnemonic]] = handler
        return handler

    return register


# --- one LLVM instruction for one Wasm instruction ---


def _unary(cls: type[Operation]) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        (operand,) = operands_of(op)
        f.values[result_of(op)] = f.value(cls, (f.values[operand],), op.RESULT_TYPE)

    return lower


def _binary(cls: type[Operation]) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        values = f.values
        lhs, rhs = operands_of(op)
        values[result_of(op)] = f.value(cls, (values[lhs], values[rhs]), op.RESULT_TYPE)

    return lower


def _simple_float(cls: type[Operation]) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        operands = [f.values[operand] for operand in operands_of(op)]
        f.values[result_of(op)] = f.float_value(cls, operands, op.RESULT_TYPE)

    return lower


_INTEGER_OPERATIONS: dict[str, type[Operation]] = {
    "add": llvm.AddOp,
    "sub": llvm.SubOp,
    "mul": llvm.MulOp,
    "and": llvm.AndOp,
    "or": llvm.OrOp,
    "xor": llvm.XOrOp,
}
_FLOAT_OPERATIONS: dict[str, type[Operation]] = {
    "add": llvm.FAddOp,
    "sub": llvm.FSubOp,
    "mul": llvm.FMulOp,
    "div": llvm.FDivOp,
    "neg": llvm.FNegOp,
}
_CONVERSIONS: dict[str, type[Operation]] = {
    "i32.wrap_i64": llvm.TruncOp,
    "i64.extend_i32_s": llvm.SExtOp,
    "i64.extend_i32_u": llvm.ZExtOp,
    "f32.demote_f64": llvm.FPTruncOp,
    "i32.reinterpret_f32": llvm.BitcastOp,
    "i64.reinterpret_f64": llvm.BitcastOp,
}


def _register_simple() -> None:
    for t in ("i32", "i64"):
        for name, cls in _INTEGER_OPERATIONS.items():
            HANDLERS[wasmir.NUMERIC_OPS[f"{t}.{name}"]] = _binary(cls)
    for t in ("f32", "f64"):
        for name, cls in _FLOAT_OPERATIONS.items():
            HANDLERS[wasmir.NUMERIC_OPS[f"{t}.{name}"]] = _simple_float(cls)
    for mnemonic, cls in _CONVERSIONS.items():
        HANDLERS[wasmir.NUMERIC_OPS[mnemonic]] = _unary(cls)


_register_simple()


# --- one LLVM intrinsic ---


def _intrinsic(name: str) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        operands = [f.values[operand] for operand in operands_of(op)]
        f.values[result_of(op)] = f.intrinsic(name, operands, op.RESULT_TYPE)

    return lower


_FLOAT_INTRINSICS = {
    "abs": "fabs",
    "ceil": "ceil",
    "floor": "floor",
    "trunc": "trunc",
    "nearest": "roundeven",
    "sqrt": "sqrt",
    "copysign": "copysign",
}

for _t in ("f32", "f64"):
    for _wasm, _llvm in _FLOAT_INTRINSICS.items():
        _name = f"llvm.{_llvm}.{_t}"
        HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.{_wasm}"]] = _intrinsic(_name)
    for _it in ("i32", "i64"):
        for _sign, _llvm in (("s", "fptosi"), ("u", "fptoui")):
            _name = f"llvm.{_llvm}.sat.{_it}.{_t}"
            HANDLERS[wasmir.NUMERIC_OPS[f"{_it}.trunc_sat_{_t}_{_sign}"]] = _intrinsic(_name)
for _it in ("i32", "i64"):
    HANDLERS[wasmir.NUMERIC_OPS[f"{_it}.popcnt"]] = _intrinsic(f"llvm.ctpop.{_it}")


@_lowers("i32.clz", "i64.clz", "i32.ctz", "i64.ctz")
def _count_zeros(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    t, intrinsic = op.SHAPE, {"clz": "ctlz", "ctz": "cttz"}[op.INSTRUCTION.operation]
    zero_is_defined = f.constant(0, 1)
    operands = (f.values[operands_of(op)[0]], zero_is_defined)
    f.values[result_of(op)] = f.intrinsic(f"llvm.{intrinsic}.{t}", operands, op.RESULT_TYPE)


# --- comparisons ---


def set_condition(f: FunctionLowering, op: wasmir.NumericOp, condition: SSAValue) -> None:
    """Keep a comparison as an i1, and as an i32 only if something needs the number."""
    result = result_of(op)
    f.conditions[result] = condition
    for user, index in users_of(result):
        if not _is_condition(user, index):
            f.values[result] = f.value(llvm.ZExtOp, (condition,), i32)
            return


def _is_condition(user: Operation, index: int) -> bool:
    """Whether an operation uses an operand, which is a comparison, as an i1."""
    cls = user.__class__
    if cls in _JOINTS:
        return operand_of(user, 1 - index).owner.__class__ in _COMPARISONS
    return index == 0 and cls in _TAKE_CONDITION


_TAKE_CONDITION = frozenset(
    (
        wasmir.BrIfOp,
        wasmir.SelectOp,
        wasmvm.TrapIfOp,
        wasmir.op_class("i32.eqz"),
    )
)
"""Operations whose lowering uses the condition of their first operand, not its value."""


def _icmp(predicate: str) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        lhs, rhs = operands_of(op)
        set_condition(f, op, f.icmp(predicate, f.values[lhs], f.values[rhs]))

    return lower


def _fcmp(predicate: str) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        lhs, rhs = operands_of(op)
        set_condition(f, op, f.fcmp(predicate, f.values[lhs], f.values[rhs]))

    return lower


_INTEGER_PREDICATES = {
    "eq": "eq",
    "ne": "ne",
    "lt_s": "slt",
    "lt_u": "ult",
    "gt_s": "sgt",
    "gt_u": "ugt",
    "le_s": "sle",
    "le_u": "ule",
    "ge_s": "sge",
    "ge_u": "uge",
}
_FLOAT_PREDICATES = {
    "eq": "oeq",
    "ne": "une",
    "lt": "olt",
    "gt": "ogt",
    "le": "ole",
    "ge": "oge",
}

for _t in ("i32", "i64"):
    for _wasm, _llvm in _INTEGER_PREDICATES.items():
        HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.{_wasm}"]] = _icmp(_llvm)
for _t in ("f32", "f64"):
    for _wasm, _llvm in _FLOAT_PREDICATES.items():
        HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.{_wasm}"]] = _fcmp(_llvm)


def _joint(cls: type[Operation]) -> Handler:
    """A joint of bits; of comparisons, a comparison."""
    plain = _binary(cls)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        lhs, rhs = map(f.conditions.get, operands_of(op))
        if lhs is None or rhs is None:
            plain(f, op)
        else:
            set_condition(f, op, f.value(cls, (lhs, rhs), i1))

    return lower


_JOINTS: dict[type[Operation], Handler] = {
    wasmir.NUMERIC_OPS[f"i32.{name}"]: _joint(_INTEGER_OPERATIONS[name])
    for name in ("and", "or", "xor")
}
HANDLERS.update(_JOINTS)
_COMPARISONS = frozenset(
    wasmir.NUMERIC_OPS[name]
    for name in (
        *("i32.eqz", "i64.eqz"),
        *(f"{t}.{word}" for t in ("i32", "i64") for word in _INTEGER_PREDICATES),
        *(f"{t}.{word}" for t in ("f32", "f64") for word in _FLOAT_PREDICATES),
    )
)
"""Operations whose results are conditions."""


@_lowers("i32.eqz")
def _i32_eqz(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    operand = operands_of(op)[0]
    known = f.conditions.get(operand)
    if known is not None:
        set_condition(f, op, f.value(llvm.XOrOp, (known, f.constant(1, 1)), i1))
    else:
        set_condition(f, op, f.icmp("eq", f.values[operand], f.constant(0, 32)))


@_lowers("i64.eqz")
def _i64_eqz(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    set_condition(f, op, f.icmp("eq", f.values[operands_of(op)[0]], f.constant(0, 64)))


# --- shifts: the amount counts modulo the width ---


def _shift(cls: type[Operation], bits: int) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        value, amount = operands_of(op)
        constant = wasmir.constant_bits(amount)
        if constant is not None:
            masked = f.constant(constant % bits, bits)
        else:
            mask = f.constant(bits - 1, bits)
            masked = f.value(llvm.AndOp, (f.values[amount], mask), op.RESULT_TYPE)
        f.values[result_of(op)] = f.value(cls, (f.values[value], masked), op.RESULT_TYPE)

    return lower


for _t in ("i32", "i64"):
    HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.shl"]] = _shift(llvm.ShlOp, NUMBERS[_t].bits)
    HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.shr_s"]] = _shift(llvm.AShrOp, NUMBERS[_t].bits)
    HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.shr_u"]] = _shift(llvm.LShrOp, NUMBERS[_t].bits)


@_lowers("i32.rotl", "i64.rotl", "i32.rotr", "i64.rotr")
def _rotate(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    value, amount = (f.values[operand] for operand in operands_of(op))
    funnel = {"rotl": "fshl", "rotr": "fshr"}[op.INSTRUCTION.operation]
    operands = (value, value, amount)
    f.values[result_of(op)] = f.intrinsic(f"llvm.{funnel}.{op.SHAPE}", operands, op.RESULT_TYPE)


def _sign_extend(narrow: IntegerType) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        low = f.value(llvm.TruncOp, (f.values[operands_of(op)[0]],), narrow)
        f.values[result_of(op)] = f.value(llvm.SExtOp, (low,), op.RESULT_TYPE)

    return lower


for _t in ("i32", "i64"):
    HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.extend8_s"]] = _sign_extend(i8)
    HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.extend16_s"]] = _sign_extend(i16)
HANDLERS[wasmir.NUMERIC_OPS["i64.extend32_s"]] = _sign_extend(i32)


# --- division ---


def _check_divisor(f: FunctionLowering, divisor: SSAValue, bits: int) -> int | None:
    """Trap if the divisor is zero; its value if it is constant."""
    constant = wasmir.constant_bits(divisor)
    if constant is None or constant == 0:
        is_zero = f.icmp("eq", f.values[divisor], f.constant(0, bits))
        f.trap_if(is_zero, TrapCode.INTEGER_DIVISION_BY_ZERO)
    return constant


@_lowers("i32.div_u", "i64.div_u", "i32.rem_u", "i64.rem_u")
def _divide_unsigned(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    dividend, divisor = operands_of(op)
    _check_divisor(f, divisor, NUMBERS[op.SHAPE].bits)
    cls = {"div": llvm.UDivOp, "rem": llvm.URemOp}[op.INSTRUCTION.operation]
    f.values[result_of(op)] = f.value(cls, (f.values[dividend], f.values[divisor]), op.RESULT_TYPE)


@_lowers("i32.div_s", "i64.div_s")
def _divide_signed(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    dividend, divisor = operands_of(op)
    bits = NUMBERS[op.SHAPE].bits
    constant = _check_divisor(f, divisor, bits)
    x, y = f.values[dividend], f.values[divisor]
    if constant is None or constant == (1 << bits) - 1:
        # The quotient of the smallest number and -1 cannot be represented.
        is_smallest = f.icmp("eq", x, f.constant(-1 << (bits - 1), bits))
        is_minus_one = f.icmp("eq", y, f.constant(-1, bits))
        overflows = f.value(llvm.AndOp, (is_smallest, is_minus_one), i1)
        f.trap_if(overflows, TrapCode.INTEGER_OVERFLOW)
    f.values[result_of(op)] = f.value(llvm.SDivOp, (x, y), op.RESULT_TYPE)


@_lowers("i32.rem_s", "i64.rem_s")
def _remainder_signed(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    dividend, divisor = operands_of(op)
    bits = NUMBERS[op.SHAPE].bits
    constant = _check_divisor(f, divisor, bits)
    x, y = f.values[dividend], f.values[divisor]
    if constant is None or constant == (1 << bits) - 1:
        # LLVM leaves the remainder of the smallest number and -1 undefined. It is 0, like that of
        # any number and 1.
        is_minus_one = f.icmp("eq", y, f.constant(-1, bits))
        y = f.select(is_minus_one, f.constant(1, bits), y)
    f.values[result_of(op)] = f.value(llvm.SRemOp, (x, y), op.RESULT_TYPE)


# --- floats ---


def _float_constant(f: FunctionLowering, bits: int, t: str) -> SSAValue:
    """A float constant: the bits, which LLVM's own notation would not keep for every NaN."""
    integer = f.constant(bits, NUMBERS[t].bits)
    return f.value(llvm.BitcastOp, (integer,), _FLOATS[t])


def hide(f: FunctionLowering, value: SSAValue, t: str) -> SSAValue:
    """The same float, or vector of them (`v4f32`), opaque to LLVM. Costs no instruction."""
    return f.intrinsic(f"llvm.arithmetic.fence.{t}", (value,), value.type)


def _minmax(name: str) -> Handler:
    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        """`llvm.minimum` lets a signalling NaN through; a sum of the operands makes it quiet."""
        t = op.SHAPE
        operands = [f.values[operand] for operand in operands_of(op)]
        result_type = op.RESULT_TYPE
        unordered = f.fcmp("uno", *operands)
        quiet = f.float_value(llvm.FAddOp, operands, result_type)
        chosen = f.intrinsic(f"llvm.{name}.{t}", operands, result_type)
        f.values[result_of(op)] = f.select(unordered, quiet, chosen)

    return lower


for _t in ("f32", "f64"):
    HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.min"]] = _minmax("minimum")
    HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.max"]] = _minmax("maximum")


@_lowers("f64.promote_f32")
def _promote(f: FunctionLowering, op: wasmir.NumericOp) -> None:
    """LLVM would fold away a demotion of it, and with it the quieting of a signalling NaN."""
    wide = f.value(llvm.FPExtOp, (f.values[operands_of(op)[0]],), f64)
    f.values[result_of(op)] = hide(f, wide, "f64")


_TRUNC_BOUNDS: dict[str, tuple[int, str, int]] = {
    # Bits of the lower bound, its comparison, bits of the upper bound, which is the first number that
    # is too large.
    "i32.trunc_f32_s": (0xCF000000, "oge", 0x4F000000),
    "i32.trunc_f32_u": (0xBF800000, "ogt", 0x4F800000),
    "i64.trunc_f32_s": (0xDF000000, "oge", 0x5F000000),
    "i64.trunc_f32_u": (0xBF800000, "ogt", 0x5F800000),
    "i32.trunc_f64_s": (0xC1E0000000200000, "ogt", 0x41E0000000000000),
    "i32.trunc_f64_u": (0xBFF0000000000000, "ogt", 0x41F0000000000000),
    "i64.trunc_f64_s": (0xC3E0000000000000, "oge", 0x43E0000000000000),
    "i64.trunc_f64_u": (0xBFF0000000000000, "ogt", 0x43F0000000000000),
}


def _trunc(row: Instruction) -> Handler:
    assert row.params is not None
    t = str(row.params[0])
    low_bits, low_predicate, high_bits = _TRUNC_BOUNDS[row.mnemonic]
    cls = llvm_ext.FPToSIOp if row.signed else llvm_ext.FPToUIOp

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        value = f.values[operands_of(op)[0]]
        f.trap_if(f.fcmp("uno", value, value), TrapCode.BAD_CONVERSION_TO_INTEGER)
        above = f.fcmp(low_predicate, value, _float_constant(f, low_bits, t))
        below = f.fcmp("olt", value, _float_constant(f, high_bits, t))
        inside = f.value(llvm.AndOp, (above, below), i1)
        outside = f.value(llvm.XOrOp, (inside, f.constant(1, 1)), i1)
        f.trap_if(outside, TrapCode.INTEGER_OVERFLOW)
        f.values[result_of(op)] = f.value(cls, (value,), op.RESULT_TYPE)

    return lower


for _mnemonic in _TRUNC_BOUNDS:
    _truncating = wasmir.NUMERIC_OPS[_mnemonic]
    HANDLERS[_truncating] = _trunc(_truncating.INSTRUCTION)


def _from_integer(cls: type[Operation]) -> Handler:
    """A value from an integer may be a constant that only LLVM sees, perhaps after inlining."""

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        value = f.value(cls, (f.values[operands_of(op)[0]],), op.RESULT_TYPE)
        if not (_uses_are_safe(f, op.result, 0) and _uses_are_safe(f, op.result, 1)):
            value = hide(f, value, op.SHAPE)
        f.values[result_of(op)] = value

    return lower


for _t in ("f32", "f64"):
    _it = {"f32": "i32", "f64": "i64"}[_t]
    HANDLERS[wasmir.NUMERIC_OPS[f"{_t}.reinterpret_{_it}"]] = _from_integer(llvm.BitcastOp)
    for _it in ("i32", "i64"):
        _signed, _unsigned = f"{_t}.convert_{_it}_s", f"{_t}.convert_{_it}_u"
        HANDLERS[wasmir.NUMERIC_OPS[_signed]] = _from_integer(llvm.SIToFPOp)
        HANDLERS[wasmir.NUMERIC_OPS[_unsigned]] = _from_integer(llvm_ext.UIToFPOp)


# --- constants ---


def _integer_constant(f: FunctionLowering, op: wasmir.ConstOp) -> None:
    f.values[result_of(op)] = f.constant_attr(op.properties["value"], op.RESULT_TYPE)


def _float_constant_op(f: FunctionLowering, op: wasmir.ConstOp) -> None:
    t = op.SHAPE
    value = _float_constant(f, op.bits, t)
    magnitude = IDENTITIES[t].get(op.bits)
    if magnitude is not None and not _uses_are_safe(f, op.result, magnitude):
        value = hide(f, value, t)
    f.values[result_of(op)] = value


IDENTITIES = {
    "f32": {0x00000000: 0, 0x80000000: 0, 0x3F800000: 1, 0xBF800000: 1},
    "f64": {0: 0, 1 << 63: 0, 0x3FF0000000000000: 1, 0xBFF0000000000000: 1},
}
"""0, -0, 1 and -1: LLVM removes or simplifies arithmetic with them, and the quieting of a signalling
NaN with it. The value is the magnitude."""


def _uses_are_safe(f: FunctionLowering, value: SSAValue, magnitude: int) -> bool:
    """Whether no use of +-0 or +-1 is an identity, even after LLVM's rewrites."""
    return all(_is_safe_use(f, user, magnitude) for user, _ in users_of(value))


def _is_safe_use(f: FunctionLowering, user: Operation, magnitude: int) -> bool:
    is_kept = f.keeps_stored(user)
    if is_kept is not None:
        return is_kept
    if not isinstance(user, wasmir.NumericOp):
        return False  # it may reach arithmetic through a block argument, a call or a select
    name = user.INSTRUCTION.operation
    if name in ("lt", "gt", "le", "ge"):
        return True
    if name in ("eq", "ne"):
        return magnitude == 0  # knowing x == 1, LLVM replaces x by 1 elsewhere
    return name in (("mul", "div") if magnitude == 0 else ("add", "sub"))


for _const in wasmir.CONST_OPS.values():
    if _const.INSTRUCTION.shape == "v128":
        continue  # lowering/vector.py
    _is_float = _const.INSTRUCTION.shape in _FLOATS
    HANDLERS[_const] = _float_constant_op if _is_float else _integer_constant

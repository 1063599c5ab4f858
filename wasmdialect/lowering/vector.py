"""Lowering of vector instructions, each operation once for all shapes.

Between operations a vector is `vector<16xi8>`; each reads its operands in its own shape, which costs
no instruction. What LLVM leaves undefined (shifts, conversions) or folds (x * 1, which lets a
signalling NaN through) is made exact, as `numeric.py` does for scalars. Operations that processors
have special instructions for become `llvm_ext` operations, which `emit_vectors.py` writes for the
target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerType, UnitAttr, VectorType, f32, f64, i1, i8, i16, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue

from wasmdialect.dialects import llvm_ext, wasmir
from wasmdialect.dialects.fast import operands_of, result_of, users_of
from wasmdialect.dialects.llvm_builder import vector_type
from wasmdialect.lowering.function import FunctionLowering, Handler
from wasmdialect.lowering.numeric import IDENTITIES, hide, set_condition
from wasmdialect.types import NUMBERS
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import Instruction
from wasmdialect.wasm.shapes import SHAPES, Shape

_INTEGERS: dict[int, Attribute] = {8: i8, 16: i16, 32: i32, 64: i64}
_FLOATS: dict[int, Attribute] = {32: f32, 64: f64}
_TYPES: dict[str, VectorType[Any]] = {
    shape.name: vector_type(
        (_FLOATS if shape.is_float else _INTEGERS)[shape.lane_bits], shape.lanes
    )
    for shape in SHAPES.values()
}
"""The LLVM type of each shape."""
_BYTES = _TYPES["i8x16"]


def _suffix(shape: Shape) -> str:
    """The shape in the name of an intrinsic."""
    return f"v{shape.lanes}{'f' if shape.is_float else 'i'}{shape.lane_bits}"


# --- operands and results ---


def _read(f: FunctionLowering, operand: SSAValue, shape: Shape) -> SSAValue:
    """An operand in a shape."""
    t = _TYPES[shape.name]
    known = f.lanes.get(operand)
    if known is not None and known.type == t:
        return known
    constant = wasmir.constant_bits(operand)
    if constant is not None and operand not in f.lanes:
        return f.dense(t, shape.split(constant))
    return f.bitcast(f.values[operand], t)


def _write(f: FunctionLowering, op: Operation, value: SSAValue) -> None:
    """Set the vector that an operation computes."""
    result = result_of(op)
    f.lanes[result] = value
    f.values[result] = f.bitcast(value, _BYTES)


def _read_arithmetic(f: FunctionLowering, operand: SSAValue, shape: Shape) -> SSAValue:
    """An operand of float arithmetic. LLVM must not find out that it is 0, 1 or -1, not even in one
    lane: it would drop the operation, and with it the quieting of signalling NaNs."""
    value = _read(f, operand, shape)
    return hide(f, value, _suffix(shape)) if _may_be_identity(operand, shape) else value


_ARITHMETIC = frozenset(
    ("add", "sub", "mul", "div", "sqrt", "min", "max", "relaxed_madd", "relaxed_nmadd", "splat")
)
"""Of `_FLOAT_SHAPES`: a result cannot be constant unless an operand is, and that is hidden."""


_FLOAT_SHAPES = frozenset(
    (
        *(shape.name for shape in SHAPES.values() if shape.is_float),
        *(t.name for t in NUMBERS.values() if t.is_float),
    )
)


def _may_be_identity(operand: SSAValue, shape: Shape) -> bool:
    owner = operand.owner
    if isinstance(owner, wasmir.ConstOp):
        return _has_identity(shape, owner.bits)
    if not isinstance(owner, wasmir.NumericOp):
        return False  # constants that reach loads, calls and block arguments are hidden at their source
    row = owner.INSTRUCTION
    return not (row.operation in _ARITHMETIC and row.shape in _FLOAT_SHAPES)


def _has_identity(shape: Shape, bits: int) -> bool:
    identities = IDENTITIES[f"f{shape.lane_bits}"]
    return any(lane in identities for lane in shape.split(bits))


# --- the handlers: each takes the columns of a row and returns the lowering ---


def _columns(row: Instruction) -> tuple[Shape, Shape]:
    """The shape of the result and of the operands."""
    shape = SHAPES.get(row.shape or "", SHAPES["i8x16"])
    return shape, SHAPES.get(row.source or "", shape)


Lanewise = Callable[[FunctionLowering, Shape, list[SSAValue]], SSAValue]
"""Computes lanes from lanes of the same shape."""


def _lanewise(compute: Lanewise) -> Callable[[Instruction], Handler]:
    def of(row: Instruction) -> Handler:
        shape, _ = _columns(row)
        read = _read_arithmetic if shape.is_float and row.operation in _ARITHMETIC else _read

        def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
            operands = [read(f, operand, shape) for operand in operands_of(op)]
            _write(f, op, compute(f, shape, operands))

        return lower

    return of


def _instruction(integer: type[Operation] | None, real: type[Operation] | None = None) -> Lanewise:
    def compute(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
        if shape.is_float:
            assert real is not None
            return f.float_value(real, operands, _TYPES[shape.name])
        assert integer is not None
        return f.value(integer, operands, _TYPES[shape.name])

    return compute


def _intrinsic(name: str) -> Lanewise:
    def compute(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
        return f.intrinsic(f"llvm.{name}.{_suffix(shape)}", operands, _TYPES[shape.name])

    return compute


def _absolute(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
    if shape.is_float:
        return _intrinsic("fabs")(f, shape, operands)
    smallest_is_undefined = f.constant(0, 1)
    return _intrinsic("abs")(f, shape, [*operands, smallest_is_undefined])


def _negate(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
    t = _TYPES[shape.name]
    if shape.is_float:
        return f.float_value(llvm.FNegOp, operands, t)
    return f.value(llvm.SubOp, (f.splat(t, 0), *operands), t)


def _not(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
    t = _TYPES[shape.name]
    return f.value(llvm.XOrOp, (*operands, f.splat(t, shape.mask)), t)


def _and_not(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
    lhs, rhs = operands
    return f.value(llvm.AndOp, (lhs, _not(f, shape, [rhs])), _TYPES[shape.name])


def _average(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
    """In twice the width, as LLVM recognises it."""
    wide = vector_type(_INTEGERS[2 * shape.lane_bits], shape.lanes)
    x, y = (f.value(llvm.ZExtOp, (v,), wide) for v in operands)
    total = f.value(llvm.AddOp, (f.value(llvm.AddOp, (x, y), wide), f.splat(wide, 1)), wide)
    half = f.value(llvm.LShrOp, (total, f.splat(wide, 1)), wide)
    return f.value(llvm.TruncOp, (half,), _TYPES[shape.name])


def _minmax(name: str) -> Lanewise:
    def compute(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
        """As of scalars: the sum makes a NaN quiet."""
        unordered = f.lane_fcmp("uno", *operands)
        quiet = f.float_value(llvm.FAddOp, operands, _TYPES[shape.name])
        return f.lane_select(unordered, quiet, _intrinsic(name)(f, shape, operands))

    return compute


def _pseudo(predicate: str, *, swapped: bool) -> Lanewise:
    """One operand if it compares so with the other, else the other: no NaN is special."""

    def compute(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
        x, y = reversed(operands) if swapped else operands
        return f.lane_select(f.lane_fcmp(predicate, x, y), x, y)

    return compute


def _special(cls: type[Operation], *, relaxed: bool = False) -> Lanewise:
    """An operation that depends on the processor."""

    def compute(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
        return f.value(cls, operands, _TYPES[shape.name], _relaxed(relaxed))

    return compute


def _relaxed(relaxed: bool) -> dict[str, Attribute]:
    return {"relaxed": UnitAttr()} if relaxed else {}


def _multiply_add(*, negated: bool, relaxed: bool) -> Lanewise:
    def compute(f: FunctionLowering, shape: Shape, operands: list[SSAValue]) -> SSAValue:
        x, y, z = operands
        if negated:
            x = _negate(f, shape, [x])
        return _special(llvm_ext.MultiplyAddOp, relaxed=relaxed)(f, shape, [x, y, z])

    return compute


# --- comparisons ---

_SIGNED = {"lt": "slt", "gt": "sgt", "le": "sle", "ge": "sge"}
_UNSIGNED = {"lt": "ult", "gt": "ugt", "le": "ule", "ge": "uge"}
_ORDERED = {"eq": "oeq", "ne": "une", "lt": "olt", "gt": "ogt", "le": "ole", "ge": "oge"}


def _comparison(row: Instruction) -> Handler:
    shape, _ = _columns(row)
    word = row.operation
    predicate = (_SIGNED if row.signed else _UNSIGNED).get(word, word)
    lanes = vector_type(_INTEGERS[shape.lane_bits], shape.lanes)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        lhs, rhs = (_read(f, operand, shape) for operand in operands_of(op))
        if shape.is_float:
            mask = f.lane_fcmp(_ORDERED[word], lhs, rhs)
        else:
            mask = f.lane_icmp(predicate, lhs, rhs)
        _write(f, op, f.value(llvm.SExtOp, (mask,), lanes))

    return lower


def _any_true(row: Instruction) -> Handler:
    shape = SHAPES["i32x4"]

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        (operand,) = operands_of(op)
        bits = f.intrinsic("llvm.vector.reduce.or.v4i32", (_read(f, operand, shape),), i32)
        set_condition(f, op, f.icmp("ne", bits, f.constant(0, 32)))

    return lower


def _all_true(row: Instruction) -> Handler:
    shape, _ = _columns(row)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        lanes = _read(f, operands_of(op)[0], shape)
        mask = f.lane_icmp("ne", lanes, f.splat(_TYPES[shape.name], 0))
        set_condition(f, op, f.intrinsic(f"llvm.vector.reduce.and.v{shape.lanes}i1", (mask,), i1))

    return lower


def _bitmask(row: Instruction) -> Handler:
    shape, _ = _columns(row)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        lanes = _read(f, operands_of(op)[0], shape)
        mask = f.lane_icmp("slt", lanes, f.splat(_TYPES[shape.name], 0))
        bits = f.bitcast(mask, IntegerType(shape.lanes))
        f.values[result_of(op)] = f.value(llvm.ZExtOp, (bits,), i32)

    return lower


# --- shifts: the amount counts modulo the width ---


def _shift(signed: type[Operation], unsigned: type[Operation]) -> Callable[[Instruction], Handler]:
    def of(row: Instruction) -> Handler:
        shape, _ = _columns(row)
        cls, t = signed if row.signed else unsigned, _TYPES[shape.name]

        def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
            vector, amount = operands_of(op)
            constant = wasmir.constant_bits(amount)
            if constant is not None:
                amounts = f.splat(t, constant % shape.lane_bits)
            else:
                mask = f.constant(shape.lane_bits - 1, 32)
                masked = f.value(llvm.AndOp, (f.values[amount], mask), i32)
                amounts = _splat_value(f, _resized(f, masked, shape), shape)
            _write(f, op, f.value(cls, (_read(f, vector, shape), amounts), t))

        return lower

    return of


def _resized(f: FunctionLowering, number: SSAValue, shape: Shape) -> SSAValue:
    """An i32 in the width of a lane."""
    if shape.lane_bits == 32:
        return number
    cls = llvm.ZExtOp if shape.lane_bits == 64 else llvm.TruncOp
    return f.value(cls, (number,), _INTEGERS[shape.lane_bits])


# --- moving lanes ---


def _splat_value(f: FunctionLowering, lane: SSAValue, shape: Shape) -> SSAValue:
    t = _TYPES[shape.name]
    first = f.insert_lane(f.value(llvm.UndefOp, (), t), lane, 0)
    return f.shuffle(first, [0] * shape.lanes)


def _as_lane(f: FunctionLowering, operand: SSAValue, shape: Shape) -> SSAValue:
    """A scalar operand as a lane: its low bits."""
    number = f.values[operand]
    if shape.lane_bits >= 32:
        return number
    t = _INTEGERS[shape.lane_bits]
    # The steps of an operation that are written at once use what they loaded once, and note no use.
    if operand.first_use is None or operand.has_one_use():
        # Of a load, which becomes a part of the vector operation.
        lane = f.take_back_extension(number, t)
        if lane is not None:
            return lane
    return f.value(llvm.TruncOp, (number,), t)


def _splat(row: Instruction) -> Handler:
    shape, _ = _columns(row)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        lane = _as_lane(f, operands_of(op)[0], shape)
        _write(f, op, _splat_value(f, lane, shape))

    return lower


def _extract_lane(row: Instruction) -> Handler:
    shape, _ = _columns(row)
    extend = llvm.SExtOp if row.signed else llvm.ZExtOp
    read = _read_arithmetic if shape.is_float else _read  # the number may meet scalar arithmetic

    def lower(f: FunctionLowering, op: wasmir.LaneOp) -> None:
        lane = f.extract_lane(read(f, operands_of(op)[0], shape), op.lane_index)
        if shape.lane_bits < 32:
            lane = f.value(extend, (lane,), i32)
        f.values[result_of(op)] = lane

    return lower


def _replace_lane(row: Instruction) -> Handler:
    shape, _ = _columns(row)

    def lower(f: FunctionLowering, op: wasmir.LaneOp) -> None:
        vector, number = operands_of(op)
        lane = _as_lane(f, number, shape)
        _write(f, op, f.insert_lane(_read(f, vector, shape), lane, op.lane_index))

    return lower


def _shuffle(row: Instruction) -> Handler:
    shape, _ = _columns(row)

    def lower(f: FunctionLowering, op: wasmir.ShuffleOp) -> None:
        lhs, rhs = (_read(f, operand, shape) for operand in operands_of(op))
        _write(f, op, f.shuffle(lhs, op.lane_indices, rhs))

    return lower


def _swizzle(*, relaxed: bool) -> Callable[[Instruction], Handler]:
    return _lanewise(_special(llvm_ext.SwizzleOp, relaxed=relaxed))


# --- between shapes ---


def _half(f: FunctionLowering, row: Instruction, operand: SSAValue) -> SSAValue:
    """The half of an operand's lanes that an instruction reads."""
    _, source = _columns(row)
    lanes = _read(f, operand, source)
    first = source.lanes // 2 if row.half == "high" else 0
    return f.shuffle(lanes, range(first, first + source.lanes // 2))


def _extend_to(f: FunctionLowering, row: Instruction, lanes: SSAValue, t: Attribute) -> SSAValue:
    return f.value(llvm.SExtOp if row.signed else llvm.ZExtOp, (lanes,), t)


def _extend(row: Instruction) -> Handler:
    shape, _ = _columns(row)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        half = _half(f, row, operands_of(op)[0])
        _write(f, op, _extend_to(f, row, half, _TYPES[shape.name]))

    return lower


def _extended_product(row: Instruction) -> Handler:
    shape, _ = _columns(row)
    t = _TYPES[shape.name]

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        factors = [_extend_to(f, row, _half(f, row, operand), t) for operand in operands_of(op)]
        _write(f, op, f.value(llvm.MulOp, factors, t))

    return lower


def _pair_sums(f: FunctionLowering, wide: SSAValue, shape: Shape) -> SSAValue:
    """The sums of neighbours of a vector with twice as many lanes."""
    even = f.shuffle(wide, range(0, 2 * shape.lanes, 2))
    odd = f.shuffle(wide, range(1, 2 * shape.lanes, 2))
    return f.value(llvm.AddOp, (even, odd), _TYPES[shape.name])


def _add_pairs(row: Instruction) -> Handler:
    shape, source = _columns(row)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        operands = (_read(f, operands_of(op)[0], source),)
        _write(f, op, f.value(llvm_ext.AddPairsOp, operands, _TYPES[shape.name], _signed(row)))

    return lower


def _dot(row: Instruction) -> Handler:
    shape, source = _columns(row)
    wide = vector_type(_INTEGERS[shape.lane_bits], source.lanes)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        factors = [
            f.value(llvm.SExtOp, (_read(f, operand, source),), wide) for operand in operands_of(op)
        ]
        _write(f, op, _pair_sums(f, f.value(llvm.MulOp, factors, wide), shape))

    return lower


def _relaxed_dot(*, relaxed: bool) -> Callable[[Instruction], Handler]:
    def of(row: Instruction) -> Handler:
        shape, source = _columns(row)
        middle = SHAPES["i16x8"]
        wide = vector_type(i32, middle.lanes)

        def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
            lhs, rhs, *addend = operands_of(op)
            factors = (_read(f, lhs, source), _read(f, rhs, source))
            sums = f.value(llvm_ext.DotOp, factors, _TYPES[middle.name], _relaxed(relaxed))
            if addend:
                pairs = _pair_sums(f, f.value(llvm.SExtOp, (sums,), wide), shape)
                operands = (pairs, _read(f, addend[0], shape))
                sums = f.value(llvm.AddOp, operands, _TYPES[shape.name])
            _write(f, op, sums)

        return lower

    return of


def _narrow(row: Instruction) -> Handler:
    shape, source = _columns(row)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        operands = [_read(f, operand, source) for operand in operands_of(op)]
        _write(f, op, f.value(llvm_ext.NarrowOp, operands, _TYPES[shape.name], _signed(row)))

    return lower


def _signed(row: Instruction) -> dict[str, Attribute]:
    return {"signed": UnitAttr()} if row.signed else {}


def _truncate(*, relaxed: bool) -> Callable[[Instruction], Handler]:
    def of(row: Instruction) -> Handler:
        _, source = _columns(row)

        def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
            properties = _relaxed(relaxed) | _signed(row)
            lanes = _read(f, operands_of(op)[0], source)
            _write(f, op, f.value(llvm_ext.TruncateOp, (lanes,), _TYPES["i32x4"], properties))

        return lower

    return of


def _convert(row: Instruction) -> Handler:
    shape, source = _columns(row)
    cls = llvm.SIToFPOp if row.signed else llvm_ext.UIToFPOp

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        operand = operands_of(op)[0]
        lanes = _half(f, row, operand) if row.half else _read(f, operand, source)
        _write(f, op, f.value(cls, (lanes,), _TYPES[shape.name]))

    return lower


def _demote(row: Instruction) -> Handler:
    _, source = _columns(row)
    pair = vector_type(f32, 2)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        lanes = _read_arithmetic(f, operands_of(op)[0], source)
        demoted = f.value(llvm.FPTruncOp, (lanes,), pair)
        _write(f, op, f.shuffle(demoted, range(4), f.splat(pair, 0)))

    return lower


def _promote(row: Instruction) -> Handler:
    """LLVM would fold away a demotion of it, and with it the quieting of a signalling NaN."""
    shape, _ = _columns(row)

    def lower(f: FunctionLowering, op: wasmir.NumericOp) -> None:
        half = _half(f, row, operands_of(op)[0])
        _write(f, op, hide(f, f.value(llvm.FPExtOp, (half,), _TYPES[shape.name]), "v2f64"))

    return lower


_OPERATIONS: dict[str, Callable[[Instruction], Handler]] = {
    # Lane by lane.
    "add": _lanewise(_instruction(llvm.AddOp, llvm.FAddOp)),
    "sub": _lanewise(_instruction(llvm.SubOp, llvm.FSubOp)),
    "mul": _lanewise(_instruction(llvm.MulOp, llvm.FMulOp)),
    "div": _lanewise(_instruction(None, llvm.FDivOp)),
    "abs": _lanewise(_absolute),
    "neg": _lanewise(_negate),
    "sqrt": _lanewise(_intrinsic("sqrt")),
    "ceil": _lanewise(_intrinsic("ceil")),
    "floor": _lanewise(_intrinsic("floor")),
    "trunc": _lanewise(_intrinsic("trunc")),
    "nearest": _lanewise(_intrinsic("roundeven")),
    "popcnt": _lanewise(_intrinsic("ctpop")),
    "avgr": _lanewise(_average),
    "pmin": _lanewise(_pseudo("olt", swapped=True)),
    "pmax": _lanewise(_pseudo("ogt", swapped=True)),
    "q15mulr_sat": _lanewise(_special(llvm_ext.FractionMultiplyOp)),
    "and": _lanewise(_instruction(llvm.AndOp)),
    "or": _lanewise(_instruction(llvm.OrOp)),
    "xor": _lanewise(_instruction(llvm.XOrOp)),
    "not": _lanewise(_not),
    "andnot": _lanewise(_and_not),
    "bitselect": _lanewise(_special(llvm_ext.BitSelectOp)),
    **dict.fromkeys(("eq", "ne", "lt", "gt", "le", "ge"), _comparison),
    "any_true": _any_true,
    "all_true": _all_true,
    "bitmask": _bitmask,
    "shl": _shift(llvm.ShlOp, llvm.ShlOp),
    "shr": _shift(llvm.AShrOp, llvm.LShrOp),
    # Moving lanes.
    "splat": _splat,
    "extract_lane": _extract_lane,
    "replace_lane": _replace_lane,
    "shuffle": _shuffle,
    "swizzle": _swizzle(relaxed=False),
    # Between shapes.
    "extend": _extend,
    "extmul": _extended_product,
    "extadd_pairwise": _add_pairs,
    "dot": _dot,
    "narrow": _narrow,
    "trunc_sat": _truncate(relaxed=False),
    "trunc_sat_zero": _truncate(relaxed=False),
    "convert": _convert,
    "demote_zero": _demote,
    "promote": _promote,
}
"""The lowering of each operation, given the row of an instruction."""

_BY_SIGN: dict[tuple[str, bool | None], Callable[[Instruction], Handler]] = {
    ("min", True): _lanewise(_intrinsic("smin")),
    ("min", False): _lanewise(_intrinsic("umin")),
    ("min", None): _lanewise(_minmax("minimum")),
    ("max", True): _lanewise(_intrinsic("smax")),
    ("max", False): _lanewise(_intrinsic("umax")),
    ("max", None): _lanewise(_minmax("maximum")),
    ("add_sat", True): _lanewise(_intrinsic("sadd.sat")),
    ("add_sat", False): _lanewise(_intrinsic("uadd.sat")),
    ("sub_sat", True): _lanewise(_intrinsic("ssub.sat")),
    ("sub_sat", False): _lanewise(_intrinsic("usub.sat")),
}
"""The same for operations that LLVM has under two names."""


def _relaxed_operations(*, relaxed: bool) -> dict[str, Callable[[Instruction], Handler]]:
    """The lowering of relaxed operations: to what the processor does best, or to what is the same on
    all."""
    return {
        "relaxed_swizzle": _swizzle(relaxed=relaxed),
        "relaxed_trunc": _truncate(relaxed=relaxed),
        "relaxed_trunc_zero": _truncate(relaxed=relaxed),
        "relaxed_madd": _lanewise(_multiply_add(negated=False, relaxed=relaxed)),
        "relaxed_nmadd": _lanewise(_multiply_add(negated=True, relaxed=relaxed)),
        "relaxed_laneselect": _lanewise(_special(llvm_ext.BitSelectOp, relaxed=relaxed)),
        "relaxed_min": _lanewise(_pseudo("olt", swapped=False) if relaxed else _minmax("minimum")),
        "relaxed_max": _lanewise(_pseudo("ogt", swapped=False) if relaxed else _minmax("maximum")),
        "relaxed_q15mulr": _lanewise(_special(llvm_ext.FractionMultiplyOp, relaxed=relaxed)),
        "relaxed_dot": _relaxed_dot(relaxed=relaxed),
        "relaxed_dot_add": _relaxed_dot(relaxed=relaxed),
    }


# --- constants ---


def _constant(f: FunctionLowering, op: wasmir.ConstOp) -> None:
    """Operations read it in their own shape; elsewhere LLVM may meet it again as an operand of float
    arithmetic."""
    value = f.dense(_BYTES, SHAPES["i8x16"].split(op.bits))
    for name in ("f32x4", "f64x2"):
        shape = SHAPES[name]
        if _has_identity(shape, op.bits) and not all(
            _is_safe_use(f, user) for user, _ in users_of(op.result)
        ):
            hidden = hide(f, f.dense(_TYPES[name], shape.split(op.bits)), _suffix(shape))
            f.lanes[result_of(op)] = hidden
            value = f.bitcast(hidden, _BYTES)
            break
    f.values[result_of(op)] = value


def _is_safe_use(f: FunctionLowering, user: Operation) -> bool:
    is_kept = f.keeps_stored(user)
    if is_kept is not None:
        return is_kept
    # Instructions that access a lane take it out of the vector, or put it in.
    return isinstance(user, wasmir.NumericOp | wasmir.LoadLaneOp | wasmir.StoreLaneOp)


# --- all rows ---


def _handlers(
    operations: dict[str, Callable[[Instruction], Handler]], feature: Feature
) -> dict[type[Operation], Handler]:
    found: dict[type[Operation], Handler] = {}
    classes: Sequence[type[wasmir.NumericOp]] = (
        *wasmir.NUMERIC_OPS.values(),
        *wasmir.LANE_OPS.values(),
        *wasmir.SHUFFLE_OPS.values(),
    )
    for cls in classes:
        row = cls.INSTRUCTION
        if row.feature is feature:
            of = _BY_SIGN.get((row.operation, row.signed)) or operations[row.operation]
            found[cls] = of(row)
    return found


HANDLERS: dict[type[Operation], Handler] = {
    wasmir.op_class("v128.const"): _constant,
    **_handlers(_OPERATIONS, Feature.SIMD),
}
RELAXED_HANDLERS = _handlers(_relaxed_operations(relaxed=True), Feature.RELAXED_SIMD)
"""Relaxed instructions as the processor does them best."""
DETERMINISTIC_HANDLERS = _handlers(_relaxed_operations(relaxed=False), Feature.RELAXED_SIMD)
"""Relaxed instructions with the same results on all processors."""

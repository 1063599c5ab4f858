"""Vector operations, and choices between floats, as textual LLVM IR. Where processors have different
instructions for one, the general form is here, and the forms for x86-64 and aarch64 in tables of their
own."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects import llvm
from xdsl.ir import Operation, SSAValue

from wasmdialect.dialects import llvm_ext
from wasmdialect.dialects.fast import dense_values, operands_of, result_of
from wasmdialect.lowering.byte_order import BIG_ENDIAN
from wasmdialect.lowering.emit_function import Emitter, FunctionEmitter, type_text
from wasmdialect.lowering.emit_store_probes import TORN_STORES

# --- one instruction each ---


def _operands(f: FunctionEmitter, op: Operation) -> str:
    return ", ".join(f"{type_text(v.type)} {f.names[v]}" for v in operands_of(op))


def _shuffle_vector(f: FunctionEmitter, op: llvm.ShuffleVectorOp) -> None:
    lanes = dense_values(op.mask)
    mask = ", ".join("i32 poison" if lane < 0 else f"i32 {lane}" for lane in lanes)
    f.define(op, f"shufflevector {_operands(f, op)}, <{len(lanes)} x i32> <{mask}>")


def _fcmp(f: FunctionEmitter, op: llvm_ext.FCmpOp) -> None:
    lhs, rhs = operands_of(op)
    f.define(op, f"fcmp {op.predicate.data} {type_text(lhs.type)} {f.names[lhs]}, {f.names[rhs]}")


def _select(f: FunctionEmitter, op: llvm_ext.SelectOp) -> None:
    f.define(op, f"select {_operands(f, op)}")


def _choice(f: FunctionEmitter, op: llvm_ext.ChoiceOp) -> None:
    condition, _, true_value, false_value = operands_of(op)
    _choose(f, op, condition, true_value, false_value)


def _choose(
    f: FunctionEmitter, op: Operation, condition: SSAValue, lhs: SSAValue, rhs: SSAValue
) -> None:
    t, names = type_text(lhs.type), f.names
    f.define(op, f"select i1 {names[condition]}, {t} {names[lhs]}, {t} {names[rhs]}")


# --- the general form of those with special instructions ---


class _Lines:
    """Writes the lines that one operation becomes; all of them but the last have names of their
    own."""

    def __init__(self, f: FunctionEmitter, op: Operation):
        self.f = f
        self.op = op
        self.values = [f.names[v] for v in operands_of(op)]
        self.relaxed = "relaxed" in op.properties
        self.result_type = type_text(result_of(op).type)
        self._count = 0

    def line(self, text: str) -> str:
        """A line; returns the name of its value."""
        name = f'%"{self.f.names[result_of(self.op)][1:]}.{self._count}"'
        self._count += 1
        location = self.f.location_of_user(operands_of(self.op)) if self.f.folded else ""
        self.f.lines.append(f"  {name} = {text}{location}\n")
        return name

    def last(self, text: str) -> None:
        """The line whose value is the result."""
        self.f.define(self.op, text)


_BYTES, _HALVES, _WORDS = "<16 x i8>", "<8 x i16>", "<4 x i32>"
_WIDE_BYTES, _WIDE_HALVES = "<16 x i16>", "<8 x i32>"


def _swizzle(f: FunctionEmitter, op: llvm_ext.SwizzleOp) -> None:
    """Byte by byte, with the index modulo 16; then those that are too large become 0."""
    lines = _Lines(f, op)
    source, selectors = lines.values
    inside = lines.line(f"icmp ult {_BYTES} {selectors}, splat (i8 16)")
    indices = lines.line(f"and {_BYTES} {selectors}, splat (i8 15)")
    chosen = "zeroinitializer"
    for lane in range(16):
        index = lines.line(f"extractelement {_BYTES} {indices}, i64 {lane}")
        byte = lines.line(f"extractelement {_BYTES} {source}, i8 {index}")
        chosen = lines.line(f"insertelement {_BYTES} {chosen}, i8 {byte}, i64 {lane}")
    lines.last(f"select <16 x i1> {inside}, {_BYTES} {chosen}, {_BYTES} zeroinitializer")


def _multiply_add(f: FunctionEmitter, op: llvm_ext.MultiplyAddOp) -> None:
    lines = _Lines(f, op)
    x, y, z = lines.values
    product = lines.line(f"fmul {lines.result_type} {x}, {y}")
    lines.last(f"fadd {lines.result_type} {product}, {z}")


def _truncate(f: FunctionEmitter, op: llvm_ext.TruncateOp) -> None:
    lines = _Lines(f, op)
    (value,) = lines.values
    t = type_text(op.arg.type)
    count = t[1]
    word = "fptosi" if op.signed is not None else "fptoui"
    call = (
        f"call <{count} x i32> @llvm.{word}.sat.v{count}i32.v{count}{_FLOAT_SUFFIX[t]}({t} {value})"
    )
    if count == "4":
        lines.last(call)
    else:
        lines.last(_pad(lines.line(call)))


_FLOAT_SUFFIX = {"<4 x float>": "f32", "<2 x double>": "f64"}


def _pad(pair: str) -> str:
    """Two integers and two zeros."""
    return (
        f"shufflevector <2 x i32> {pair}, <2 x i32> zeroinitializer,"
        " <4 x i32> <i32 0, i32 1, i32 2, i32 3>"
    )


def _bit_select(f: FunctionEmitter, op: llvm_ext.BitSelectOp) -> None:
    lines = _Lines(f, op)
    ones, zeros, mask = lines.values
    t = lines.result_type
    chosen = lines.line(f"and {t} {ones}, {mask}")
    inverse = lines.line(f"xor {t} {mask}, splat ({t.split()[-1][:-1]} -1)")
    others = lines.line(f"and {t} {zeros}, {inverse}")
    lines.last(f"or {t} {chosen}, {others}")


def _fraction_multiply(f: FunctionEmitter, op: llvm_ext.FractionMultiplyOp) -> None:
    lines = _Lines(f, op)
    x, y = (lines.line(f"sext {_HALVES} {value} to {_WIDE_HALVES}") for value in lines.values)
    product = lines.line(f"mul {_WIDE_HALVES} {x}, {y}")
    rounded = lines.line(f"add {_WIDE_HALVES} {product}, splat (i32 16384)")
    shifted = lines.line(f"ashr {_WIDE_HALVES} {rounded}, splat (i32 15)")
    small = lines.line(
        f"call {_WIDE_HALVES} @llvm.smin.v8i32({_WIDE_HALVES} {shifted},"
        f" {_WIDE_HALVES} splat (i32 32767))"
    )
    lines.last(f"trunc {_WIDE_HALVES} {small} to {_HALVES}")


def _narrow(f: FunctionEmitter, op: llvm_ext.NarrowOp) -> None:
    """Clamped and cut, in which LLVM recognises the saturating instructions."""
    lines = _Lines(f, op)
    count, bits = _NARROWED[lines.result_type]
    both, narrow = f"<{count} x i{2 * bits}>", f"v{count}i{2 * bits}"
    source = type_text(op.lhs.type)
    lanes = ", ".join(f"i32 {lane}" for lane in range(count))
    operands = f"{source} {lines.values[0]}, {source} {lines.values[1]}"
    value = lines.line(f"shufflevector {operands}, <{count} x i32> <{lanes}>")
    top = 1 << (bits - 1)
    low, high = (-top, top - 1) if op.signed is not None else (0, 2 * top - 1)
    for word, limit in (("smax", low), ("smin", high)):
        arguments = f"{both} {value}, {both} splat (i{2 * bits} {limit})"
        value = lines.line(f"call {both} @llvm.{word}.{narrow}({arguments})")
    lines.last(f"trunc {both} {value} to {lines.result_type}")


_NARROWED = {_BYTES: (16, 8), _HALVES: (8, 16)}
"""Lanes of a narrowed vector, and their width."""


def _every_second(count: int, first: int) -> str:
    return ", ".join(f"i32 {first + 2 * lane}" for lane in range(count))


def _dot(f: FunctionEmitter, op: llvm_ext.DotOp) -> None:
    lines = _Lines(f, op)
    x, y = (lines.line(f"sext {_BYTES} {value} to {_WIDE_BYTES}") for value in lines.values)
    products = lines.line(f"mul {_WIDE_BYTES} {x}, {y}")
    both = f"{_WIDE_BYTES} {products}, {_WIDE_BYTES} {products}"
    even = lines.line(f"shufflevector {both}, <8 x i32> <{_every_second(8, 0)}>")
    odd = lines.line(f"shufflevector {both}, <8 x i32> <{_every_second(8, 1)}>")
    lines.last(f"add {_HALVES} {even}, {odd}")


def _add_pairs(f: FunctionEmitter, op: llvm_ext.AddPairsOp) -> None:
    lines = _Lines(f, op)
    count, bits = {_HALVES: (8, 16), _WORDS: (4, 32)}[lines.result_type]
    wide, extend = f"<{2 * count} x i{bits}>", "zext" if op.signed is None else "sext"
    both = lines.line(f"{extend} {type_text(op.arg.type)} {lines.values[0]} to {wide}")
    halves = [
        lines.line(f"shufflevector {wide} {both}, {wide} {both}, <{count} x i32> <{lanes}>")
        for lanes in (_every_second(count, 0), _every_second(count, 1))
    ]
    lines.last(f"add {lines.result_type} {halves[0]}, {halves[1]}")


VECTOR_EMITTERS: Mapping[type[Operation], Emitter] = {
    llvm.ShuffleVectorOp: _shuffle_vector,
    llvm_ext.FCmpOp: _fcmp,
    llvm_ext.SelectOp: _select,
    llvm_ext.ChoiceOp: _choice,
    llvm_ext.SwizzleOp: _swizzle,
    llvm_ext.MultiplyAddOp: _multiply_add,
    llvm_ext.TruncateOp: _truncate,
    llvm_ext.BitSelectOp: _bit_select,
    llvm_ext.FractionMultiplyOp: _fraction_multiply,
    llvm_ext.NarrowOp: _narrow,
    llvm_ext.AddPairsOp: _add_pairs,
    llvm_ext.DotOp: _dot,
}
"""The writer of each operation, for any processor."""


# --- processors that multiply and add in one instruction ---


def _fused_multiply_add(f: FunctionEmitter, op: llvm_ext.MultiplyAddOp) -> None:
    if op.relaxed is None:
        _multiply_add(f, op)
        return
    suffix = {"<4 x float>": "v4f32", "<2 x double>": "v2f64"}[type_text(op.result.type)]
    f.define(op, f"call {type_text(op.result.type)} @llvm.fma.{suffix}({_operands(f, op)})")


# --- x86-64 with SSE4.1 ---


def _x86_swizzle(f: FunctionEmitter, op: llvm_ext.SwizzleOp) -> None:
    """`pshufb` gives 0 for an index with its top bit set, and looks at the low four bits of others."""
    lines = _Lines(f, op)
    source, selectors = lines.values
    if not lines.relaxed:
        selectors = lines.line(
            f"call {_BYTES} @llvm.uadd.sat.v16i8({_BYTES} {selectors}, {_BYTES} splat (i8 112))"
        )
    operands = f"{_BYTES} {source}, {_BYTES} {selectors}"
    lines.last(f"call {_BYTES} @llvm.x86.ssse3.pshuf.b.128({operands})")


_TWO_TO_31 = {"<4 x float>": "0x41E0000000000000", "<2 x double>": "0x41DFFFFFFFC00000"}
"""The first number that is too large for a signed integer; of doubles, the last one that is not."""


def _x86_truncate(f: FunctionEmitter, op: llvm_ext.TruncateOp) -> None:
    """`cvttps2dq` and `cvttpd2dq` give the smallest integer for all that do not fit."""
    t = type_text(op.arg.type)
    if op.signed is None:
        (_x86_truncate_unsigned if t == "<4 x float>" else _x86_truncate_unsigned_doubles)(f, op)
        return
    lines = _Lines(f, op)
    (value,) = lines.values
    convert = {
        "<4 x float>": "call <4 x i32> @llvm.x86.sse2.cvttps2dq(<4 x float>",
        "<2 x double>": "call <4 x i32> @llvm.x86.sse2.cvttpd2dq(<2 x double>",
    }[t]
    if lines.relaxed:
        lines.last(f"{convert} {value})")
        return
    is_number = lines.line(f"fcmp ord {t} {value}, zeroinitializer")
    mask = f"<{t[1]} x i1> {is_number}"
    number = lines.line(f"select {mask}, {t} {value}, {t} zeroinitializer")
    if t == "<2 x double>":
        limit = f"splat (double {_TWO_TO_31[t]})"
        fits = lines.line(f"fcmp olt {t} {number}, {limit}")
        number = lines.line(f"select <2 x i1> {fits}, {t} {number}, {t} {limit}")
        lines.last(f"{convert} {number})")
        return
    converted = lines.line(f"{convert} {number})")
    too_large = lines.line(f"fcmp oge {t} {number}, splat (float {_TWO_TO_31[t]})")
    ones = lines.line(f"sext <4 x i1> {too_large} to <4 x i32>")
    lines.last(f"xor <4 x i32> {converted}, {ones}")  # smallest to largest


def _x86_truncate_unsigned(f: FunctionEmitter, op: llvm_ext.TruncateOp) -> None:
    lines = _Lines(f, op)
    (value,), t = lines.values, "<4 x float>"
    positive = lines.line(f"fcmp ogt {t} {value}, zeroinitializer")
    number = lines.line(f"select <4 x i1> {positive}, {t} {value}, {t} zeroinitializer")
    too_large = lines.line(f"fcmp oge {t} {number}, splat (float 0x41F0000000000000)")
    safe = lines.line(f"select <4 x i1> {too_large}, {t} zeroinitializer, {t} {number}")
    converted = lines.line(f"fptoui {t} {safe} to <4 x i32>")
    ones = lines.line(f"sext <4 x i1> {too_large} to <4 x i32>")
    lines.last(f"or <4 x i32> {converted}, {ones}")


def _x86_truncate_unsigned_doubles(f: FunctionEmitter, op: llvm_ext.TruncateOp) -> None:
    """A whole number added to 2**52 is in the low bits of the sum."""
    lines = _Lines(f, op)
    (value,), t = lines.values, "<2 x double>"
    positive = lines.line(f"fcmp ogt {t} {value}, zeroinitializer")
    number = lines.line(f"select <2 x i1> {positive}, {t} {value}, {t} zeroinitializer")
    limit = "splat (double 0x41EFFFFFFFE00000)"
    fits = lines.line(f"fcmp olt {t} {number}, {limit}")
    clamped = lines.line(f"select <2 x i1> {fits}, {t} {number}, {t} {limit}")
    whole = lines.line(f"call {t} @llvm.trunc.v2f64({t} {clamped})")
    shifted = lines.line(f"fadd {t} {whole}, splat (double 0x4330000000000000)")
    words = lines.line(f"bitcast {t} {shifted} to <4 x i32>")
    lines.last(
        f"shufflevector <4 x i32> {words}, <4 x i32> zeroinitializer,"
        " <4 x i32> <i32 0, i32 2, i32 4, i32 5>"
    )


def _x86_bit_select(f: FunctionEmitter, op: llvm_ext.BitSelectOp) -> None:
    """A blend looks at the top bit."""
    if op.relaxed is None:
        _bit_select(f, op)
        return
    lines = _Lines(f, op)
    (ones, zeros, mask), t = lines.values, lines.result_type
    top = lines.line(f"icmp slt {t} {mask}, zeroinitializer")
    lines.last(f"select <{t[1:].split()[0]} x i1> {top}, {t} {ones}, {t} {zeros}")


def _x86_fraction_multiply(f: FunctionEmitter, op: llvm_ext.FractionMultiplyOp) -> None:
    """`pmulhrsw` wraps around: -1 * -1 is -1."""
    lines = _Lines(f, op)
    lhs, rhs = lines.values
    call = f"call {_HALVES} @llvm.x86.ssse3.pmul.hr.sw.128({_HALVES} {lhs}, {_HALVES} {rhs})"
    if lines.relaxed:
        lines.last(call)
        return
    product = lines.line(call)
    wrapped = lines.line(f"icmp eq {_HALVES} {product}, splat (i16 -32768)")
    ones = lines.line(f"sext <8 x i1> {wrapped} to {_HALVES}")
    lines.last(f"xor {_HALVES} {product}, {ones}")


def _x86_narrow(f: FunctionEmitter, op: llvm_ext.NarrowOp) -> None:
    """LLVM recognises it too, but not when it has joined the operands to a vector of 256 bits."""
    name = {
        (_BYTES, True): "sse2.packsswb.128",
        (_BYTES, False): "sse2.packuswb.128",
        (_HALVES, True): "sse2.packssdw.128",
        (_HALVES, False): "sse41.packusdw",
    }[type_text(op.result.type), op.signed is not None]
    f.define(op, f"call {type_text(op.result.type)} @llvm.x86.{name}({_operands(f, op)})")


def _x86_add_pairs(f: FunctionEmitter, op: llvm_ext.AddPairsOp) -> None:
    """`pmaddubsw` and `pmaddwd` with factors of 1; the first takes unsigned bytes first."""
    t, signed = type_text(op.result.type), op.signed is not None
    if t == _WORDS and not signed:
        _x86_add_unsigned_pairs(f, op)
        return
    value = f"{type_text(op.arg.type)} {f.names[op.arg]}"
    if t == _WORDS:
        operands, name = f"{value}, {_HALVES} splat (i16 1)", "sse2.pmadd.wd"
    else:
        ones = f"{_BYTES} splat (i8 1)"
        operands = f"{ones}, {value}" if signed else f"{value}, {ones}"
        name = "ssse3.pmadd.ub.sw.128"
    f.define(op, f"call {t} @llvm.x86.{name}({operands})")


def _x86_add_unsigned_pairs(f: FunctionEmitter, op: llvm_ext.AddPairsOp) -> None:
    """Two neighbours are the halves of one wide lane, so no lane has to move."""
    lines = _Lines(f, op)
    wide = lines.line(f"bitcast {_HALVES} {lines.values[0]} to {_WORDS}")
    low = lines.line(f"and {_WORDS} {wide}, splat (i32 65535)")
    high = lines.line(f"lshr {_WORDS} {wide}, splat (i32 16)")
    lines.last(f"add {_WORDS} {low}, {high}")


def _x86_dot(f: FunctionEmitter, op: llvm_ext.DotOp) -> None:
    """`pmaddubsw` takes unsigned bytes first."""
    if op.relaxed is None:
        _dot(f, op)
        return
    lines = _Lines(f, op)
    lhs, rhs = lines.values
    operands = f"{_BYTES} {rhs}, {_BYTES} {lhs}"
    lines.last(f"call {_HALVES} @llvm.x86.ssse3.pmadd.ub.sw.128({operands})")


X86: Mapping[type[Operation], Emitter] = {
    llvm_ext.SwizzleOp: _x86_swizzle,
    llvm_ext.TruncateOp: _x86_truncate,
    llvm_ext.BitSelectOp: _x86_bit_select,
    llvm_ext.FractionMultiplyOp: _x86_fraction_multiply,
    llvm_ext.NarrowOp: _x86_narrow,
    llvm_ext.AddPairsOp: _x86_add_pairs,
    llvm_ext.DotOp: _x86_dot,
}


X86_FMA: Mapping[type[Operation], Emitter] = {
    **X86,
    llvm_ext.MultiplyAddOp: _fused_multiply_add,
}


# --- x86-64 with AVX-512 ---


def _choice_by_mask(f: FunctionEmitter, op: llvm_ext.ChoiceOp) -> None:
    """A condition in the flags or a register comes into a mask slowly; comparisons make masks."""
    _, opposite, true_value, false_value = operands_of(op)
    _choose(f, op, opposite, false_value, true_value)


X86_MASKS: Mapping[type[Operation], Emitter] = {**X86_FMA, llvm_ext.ChoiceOp: _choice_by_mask}


# --- aarch64 ---


def _aarch64_swizzle(f: FunctionEmitter, op: llvm_ext.SwizzleOp) -> None:
    f.define(op, f"call {_BYTES} @llvm.aarch64.neon.tbl1.v16i8({_operands(f, op)})")


def _aarch64_fraction_multiply(f: FunctionEmitter, op: llvm_ext.FractionMultiplyOp) -> None:
    f.define(op, f"call {_HALVES} @llvm.aarch64.neon.sqrdmulh.v8i16({_operands(f, op)})")


AARCH64: Mapping[type[Operation], Emitter] = {
    **TORN_STORES,
    llvm_ext.SwizzleOp: _aarch64_swizzle,
    llvm_ext.MultiplyAddOp: _fused_multiply_add,
    llvm_ext.FractionMultiplyOp: _aarch64_fraction_multiply,
}


_OTHERS: Mapping[str, Mapping[type[Operation], Emitter]] = {
    "aarch64": AARCH64,
    "riscv64": TORN_STORES,
    "s390x": BIG_ENDIAN,
}


def emitters_for(triple: str, features: str) -> Mapping[type[Operation], Emitter]:
    """The operations that are written differently for a target; `features` in LLVM's notation."""
    architecture = triple.partition("-")[0]
    if architecture != "x86_64":
        return _OTHERS.get(architecture, {})
    has = features.split(",")
    if "+fma" not in has:
        return X86
    return X86_MASKS if "+avx512f" in has else X86_FMA

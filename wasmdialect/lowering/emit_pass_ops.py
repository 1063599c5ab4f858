"""Operations of xDSL's `llvm` dialect that only passes create: the lowering itself does not use them.
Flags that promise something to LLVM (`nsw`, `exact`, `inbounds`, fast-math) are dropped, which is
always correct. docs/pipelines.md has a table of the supported and refused operations.
"""

from __future__ import annotations

from typing import Any

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    Float32Type,
    Float64Type,
    IntegerAttr,
    IntegerType,
    StringAttr,
    VectorType,
)
from xdsl.ir import Attribute, Operation

from wasmdialect.dialects.fast import operands_of, result_of
from wasmdialect.lowering.emit_function import (
    EmitError,
    Emitter,
    FunctionEmitter,
    constant_text,
    type_text,
)

# --- memory ---

_ORDERINGS = {
    1: "unordered",
    2: "monotonic",
    4: "acquire",
    5: "release",
    6: "acq_rel",
    7: "seq_cst",
}
"""MLIR's numbers of LLVM's atomic orderings; 0 is a plain access."""


def _ordering(op: llvm.LoadOp | llvm.StoreOp) -> tuple[str, str]:
    """`atomic` and the ordering, as text before and after the operands."""
    number = 0 if op.ordering is None else op.ordering.value.data
    if number == 0:
        return "", ""
    if number not in _ORDERINGS:
        raise EmitError(f"{op.name} has ordering {number}, which LLVM does not have")
    if op.alignment is None:
        raise EmitError(f"an atomic {op.name} needs an alignment")
    return "atomic ", f" {_ORDERINGS[number]}"


def _alignment(alignment: IntegerAttr[Any] | None) -> str:
    return "" if alignment is None else f", align {alignment.value.data}"


def _load(f: FunctionEmitter, op: llvm.LoadOp) -> None:
    atomic, ordering = _ordering(op)
    loaded = type_text(op.dereferenced_value.type)
    address = f"ptr {f.names[op.ptr]}{ordering}{_alignment(op.alignment)}"
    f.define(op, f"load {atomic}{loaded}, {address}")


def _store(f: FunctionEmitter, op: llvm.StoreOp) -> None:
    atomic, ordering = _ordering(op)
    volatile = "volatile " if op.volatile_ is not None else ""
    stored = f"{type_text(op.value.type)} {f.names[op.value]}"
    address = f"ptr {f.names[op.ptr]}{ordering}{_alignment(op.alignment)}"
    f.lines.append(f"  store {atomic}{volatile}{stored}, {address}\n")


def _masked_store(f: FunctionEmitter, op: llvm.MaskedStoreOp) -> None:
    value, mask = op.value, op.mask
    f.lines.append(
        f"  call void @llvm.masked.store.{_suffix(value.type)}.p0({type_text(value.type)}"
        f" {f.names[value]}, ptr {f.names[op.data]}, i32 {op.alignment.value.data},"
        f" {type_text(mask.type)} {f.names[mask]})\n"
    )


def _stack_restore(f: FunctionEmitter, op: llvm.StackRestoreOp) -> None:
    f.lines.append(f"  call void @llvm.stackrestore.p0(ptr {f.names[op.ptr]})\n")


# --- inline assembly ---


def _inline_asm(f: FunctionEmitter, op: llvm.InlineAsmOp) -> None:
    words = ["asm"]
    if op.has_side_effects is not None:
        words.append("sideeffect")
    if op.is_align_stack is not None:
        words.append("alignstack")
    if op.asm_dialect is not None and op.asm_dialect.value.data == 1:
        words.append("inteldialect")
    words.append(f"{_quoted(op.asm_string.data)}, {_quoted(op.constraints.data)}")
    arguments = ", ".join(f"{type_text(a.type)} {f.names[a]}" for a in op.operands)
    call = f"{' '.join(words)}({arguments}) nomerge{f.location(op, 0)}"
    if op.res is None:
        f.lines.append(f"  call void {call}\n")
    else:
        f.define(op, f"call {type_text(op.res.type)} {call}")


def _quoted(text: str | bytes) -> str:
    """A string in LLVM's notation."""
    data = text.encode() if isinstance(text, str) else text
    plain = (chr(b) if 0x20 <= b < 0x7F and b not in b'"\\' else f"\\{b:02X}" for b in data)
    return f'"{"".join(plain)}"'


# --- intrinsics ---


def _suffix(t: Attribute) -> str:
    """A type in the name of an intrinsic."""
    match t:
        case Float32Type():
            return "f32"
        case Float64Type():
            return "f64"
        case IntegerType():
            return f"i{t.width.data}"
        case VectorType():
            (lanes,) = t.get_shape()
            return f"v{lanes}{_suffix(t.element_type)}"
        case _:
            raise EmitError(f"no intrinsic of LLVM takes {t}")


def _intrinsic(word: str) -> Emitter:
    def emit(f: FunctionEmitter, op: Operation) -> None:
        operands = operands_of(op)
        arguments = ", ".join(f"{type_text(v.type)} {f.names[v]}" for v in operands)
        result = type_text(result_of(op).type)
        f.define(op, f"call {result} @llvm.{word}.{_suffix(operands[-1].type)}({arguments})")

    return emit


_INTRINSICS: dict[type[Operation], str] = {
    llvm.FAbsOp: "fabs",
    llvm.FCeilOp: "ceil",
    llvm.FCopySignOp: "copysign",
    llvm.FFloorOp: "floor",
    llvm.FMAOp: "fma",
    llvm.FSqrtOp: "sqrt",
    llvm.VectorFMaxOp: "maxnum",
    llvm.VectorFMinOp: "minnum",
    llvm.VectorReduceFAddOp: "vector.reduce.fadd",
    llvm.VectorReduceFMulOp: "vector.reduce.fmul",
}
_LIBRARY = (
    "LLVM calls the C library for it, which compiled code has none of; import a function of the host"
    " with `declarations.add_import` and call that"
)
REFUSED: dict[type[Operation], str] = {
    **dict.fromkeys(
        (
            llvm.FCosOp,
            llvm.FExp2Op,
            llvm.FExpOp,
            llvm.FLog2Op,
            llvm.FLogOp,
            llvm.FPowOp,
            llvm.FRemOp,
            llvm.FSinOp,
        ),
        _LIBRARY,
    ),
}
"""Operations that are not supported, and their alternatives."""


def _refused(reason: str) -> Emitter:
    def emit(f: FunctionEmitter, op: Operation) -> None:
        raise EmitError(f"{op.name} cannot be compiled: {reason}")

    return emit


PASS_EMITTERS: dict[type[Operation], Emitter] = {
    llvm.LoadOp: _load,
    llvm.StoreOp: _store,
    llvm.MaskedStoreOp: _masked_store,
    llvm.StackRestoreOp: _stack_restore,
    llvm.InlineAsmOp: _inline_asm,
    **{op: _intrinsic(word) for op, word in _INTRINSICS.items()},
    **{op: _refused(reason) for op, reason in REFUSED.items()},
}
"""The writer of each operation."""


# --- globals: constant data next to the code of the function that uses it ---


def global_text(op: llvm.GlobalOp, name: str) -> str:
    """The definition of a constant. It has a section of its own, so that it can be extracted from an
    object with the function. Raises EmitError."""
    symbol = op.sym_name.data
    if op.constant is None:
        raise EmitError(
            f"global @{symbol} is not constant: code is shared by all instances; what changes goes"
            " into a field or a global of the instance (`declarations.add_field`, `add_global`)"
        )
    t, value = op.global_type, op.value
    if value is None or op.thread_local_ is not None or op.section is not None:
        raise EmitError(f"global @{symbol} needs a `value`, no section, and no thread_local")
    content = (
        f"c{_quoted(value.data)}" if isinstance(value, StringAttr) else constant_text(t, value)
    )
    alignment = 16 if op.alignment is None else op.alignment.value.data
    return (
        f'@"{name}" = private constant {type_text(t)} {content},'
        f' section ".rodata.{name}", align {alignment}\n'
    )

"""A constructor for each LLVM operation that lowering creates, of xDSL's dialect and of `llvm_ext`.
Properties that are the same everywhere in this project are set here: no fast-math flags, no operand
bundles, alias classes and alignment of accesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast, overload

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    UnitAttr,
    VectorType,
    f32,
    f64,
    i1,
    i8,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from wasmdialect.dialects import llvm_ext
from wasmdialect.dialects.branch_hints import set_hint
from wasmdialect.dialects.builder import OpBuilder, symbol_ref
from wasmdialect.dialects.fast import integer_attr, segments
from wasmdialect.dialects.wasmvm import PTR

UNIT = UnitAttr()
NO_INLINE = "no_inline"
UNLIKELY = "unlikely"
"""An attribute of branches whose condition is nearly never set."""
"""The attribute of a call that must stay a call."""
_NO_FAST_MATH = llvm.FastMathAttr("none")
_NO_SEGMENTS = DenseArrayBase.from_list(i32, ())
_PLAIN_CALL: dict[str, Attribute] = {
    "fastmathFlags": _NO_FAST_MATH,
    "CConv": llvm.CallingConventionAttr("ccc"),
    "op_bundle_sizes": _NO_SEGMENTS,
    # Not a tail call: runaway recursion must use up the stack, not loop.
    "TailCallKind": llvm.TailCallKindAttr(llvm.TailCallKind.NOTAIL),
}
_TAIL_CALL = {**_PLAIN_CALL, "TailCallKind": llvm.TailCallKindAttr(llvm.TailCallKind.MUST_TAIL)}
_ICMP = {flag.value: integer_attr(flag.to_int(), 64) for flag in llvm.ALL_ICMP_FLAGS}
_FCMP = {flag.value: integer_attr(flag.to_int(), 64) for flag in llvm.ALL_FCMP_FLAGS}


class LLVMBuilder(OpBuilder):
    """Builds operations of `llvm` and `llvm_ext`."""

    # --- numbers ---

    def constant(self, value: int, bits: int) -> SSAValue:
        """An integer constant, any width."""
        attr = integer_attr(value, bits)
        return self.value(llvm.ConstantOp, (), attr.type, {"value": attr})

    def constant_attr(self, value: Attribute, result_type: Attribute) -> SSAValue:
        """A constant, given as its attribute."""
        return self.value(llvm.ConstantOp, (), result_type, {"value": value})

    def icmp(self, predicate: str, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """An integer or pointer comparison as an i1."""
        return self.value(llvm.ICmpOp, (lhs, rhs), i1, {"predicate": _ICMP[predicate]})

    def fcmp(self, predicate: str, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """A float comparison as an i1."""
        properties: dict[str, Attribute] = {
            "predicate": _FCMP[predicate],
            "fastmathFlags": _NO_FAST_MATH,
        }
        return self.value(llvm.FCmpOp, (lhs, rhs), i1, properties)

    def float_value(
        self, cls: type[Operation], operands: Sequence[SSAValue], result_type: Attribute
    ) -> SSAValue:
        """Float arithmetic, exact: no fast-math flags."""
        return self.value(cls, operands, result_type, {"fastmathFlags": _NO_FAST_MATH})

    def select(self, condition: SSAValue, true_value: SSAValue, false_value: SSAValue) -> SSAValue:
        """The first value if the i1 is set, else the second."""
        operands = (condition, true_value, false_value)
        return self.float_value(llvm.SelectOp, operands, true_value.type)

    @overload
    def intrinsic(
        self, name: str, operands: Sequence[SSAValue], result_type: Attribute
    ) -> SSAValue: ...
    @overload
    def intrinsic(
        self, name: str, operands: Sequence[SSAValue], result_type: None = None
    ) -> None: ...
    def intrinsic(
        self, name: str, operands: Sequence[SSAValue], result_type: Attribute | None = None
    ) -> SSAValue | None:
        """Call an LLVM intrinsic by its full name (`llvm.ctpop.i32`); without a result type it has no
        result. Results of several values are a structure."""
        properties: dict[str, Attribute] = {
            "intrin": _string(name),
            "fastmathFlags": _NO_FAST_MATH,
            "op_bundle_sizes": _NO_SEGMENTS,
            **segments(len(operands), 0),
        }
        return self._result(llvm.CallIntrinsicOp, operands, result_type, properties)

    @overload
    def inline_asm(
        self,
        assembly: str,
        constraints: str,
        operands: Sequence[SSAValue],
        result_type: Attribute,
        *,
        side_effects: bool = True,
        align_stack: bool = False,
        intel: bool = False,
    ) -> SSAValue: ...
    @overload
    def inline_asm(
        self,
        assembly: str,
        constraints: str = "",
        operands: Sequence[SSAValue] = (),
        result_type: None = None,
        *,
        side_effects: bool = True,
        align_stack: bool = False,
        intel: bool = False,
    ) -> None: ...
    def inline_asm(
        self,
        assembly: str,
        constraints: str = "",
        operands: Sequence[SSAValue] = (),
        result_type: Attribute | None = None,
        *,
        side_effects: bool = True,
        align_stack: bool = False,
        intel: bool = False,
    ) -> SSAValue | None:
        """Assembly of the target, with operands `$0`, `$1`, ... Constraints are LLVM's: outputs first
        (`=r`), then inputs (`r`, or `0` for the register of an output), then what it changes
        (`~{memory}`, `~{rcx}`, `~{flags}`). Several outputs are a structure. Without `side_effects`
        it may be removed, duplicated and moved; with `align_stack` the stack is aligned for calls.
        `intel` is the notation on x86-64, which is AT&T's otherwise."""
        properties: dict[str, Attribute] = {
            "asm_string": StringAttr(assembly),
            "constraints": _string(constraints),
            "asm_dialect": integer_attr(int(intel), 64),
            "tail_call_kind": llvm.TailCallKindAttr(llvm.TailCallKind.NONE),
        }
        if side_effects:
            properties["has_side_effects"] = UNIT
        if align_stack:
            properties["is_align_stack"] = UNIT
        return self._result(llvm.InlineAsmOp, operands, result_type, properties)

    def _result(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result_type: Attribute | None,
        properties: dict[str, Attribute],
    ) -> SSAValue | None:
        if result_type is not None:
            return self.value(cls, operands, result_type, properties)
        self.step(cls, operands, properties)
        return None

    # --- vectors ---

    def dense(self, t: VectorType[Any], lanes: Sequence[int]) -> SSAValue:
        """A vector constant; lanes of floats are given by their bits."""
        return self.bitcast(self.constant_attr(*_dense(t, tuple(lanes))), t)

    def splat(self, t: VectorType[Any], lane: int) -> SSAValue:
        """A vector constant with equal lanes."""
        return self.dense(t, [lane] * lane_count(t))

    def bitcast(self, value: SSAValue, t: Attribute) -> SSAValue:
        """The same bits as another type."""
        return value if value.type == t else self.value(llvm.BitcastOp, (value,), t)

    def lane_icmp(self, predicate: str, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """Compare integers lane by lane; the result has an i1 in each lane."""
        properties: dict[str, Attribute] = {"predicate": _ICMP[predicate]}
        return self.value(llvm.ICmpOp, (lhs, rhs), mask_type(lhs.type), properties)

    def lane_fcmp(self, predicate: str, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """Compare floats lane by lane."""
        properties: dict[str, Attribute] = {"predicate": _string(predicate)}
        return self.value(llvm_ext.FCmpOp, (lhs, rhs), mask_type(lhs.type), properties)

    def lane_select(self, mask: SSAValue, true_value: SSAValue, false_value: SSAValue) -> SSAValue:
        """Select lane by lane."""
        operands = (mask, true_value, false_value)
        return self.value(llvm_ext.SelectOp, operands, true_value.type)

    def extract_lane(self, vector: SSAValue, lane: int) -> SSAValue:
        """A lane of a vector."""
        t = cast("VectorType[Any]", vector.type)
        operands = (vector, self.constant(lane, 32))
        return self.value(llvm_ext.ExtractElementOp, operands, t.element_type)

    def insert_lane(self, vector: SSAValue, value: SSAValue, lane: int) -> SSAValue:
        """The vector with another lane."""
        operands = (vector, value, self.constant(lane, 32))
        return self.value(llvm.InsertElementOp, operands, vector.type)

    def shuffle(
        self, first: SSAValue, lanes: Sequence[int], second: SSAValue | None = None
    ) -> SSAValue:
        """The lanes with these numbers of one vector, or of two: the numbers of the second one continue
        those of the first."""
        t = cast("VectorType[Any]", first.type)
        if second is None:
            second = self.value(llvm.UndefOp, (), t)
        properties: dict[str, Attribute] = {"mask": DenseArrayBase.from_list(i32, lanes)}
        result_type = vector_type(t.element_type, len(lanes))
        return self.value(llvm.ShuffleVectorOp, (first, second), result_type, properties)

    # --- casts ---

    def take_back_extension(self, value: SSAValue, t: Attribute) -> SSAValue | None:
        """What an integer was extended from, if that has type `t`, and nothing uses the extension,
        which is erased; else None."""
        op = value.owner
        if not isinstance(op, llvm.ZExtOp | llvm.SExtOp) or op.arg.type != t:
            return None
        if value.first_use is not None:
            return None
        narrow = op.arg
        op.detach()
        op.erase()
        return narrow

    # --- pointers ---

    def address_of(self, symbol: str) -> SSAValue:
        """The address of a function."""
        return self.value(llvm.AddressOfOp, (), PTR, {"global_name": symbol_ref(symbol)})

    def null(self) -> SSAValue:
        """The null pointer."""
        return self.value(llvm.ZeroOp, (), PTR)

    def zero(self, t: Attribute) -> SSAValue:
        """The zero of a type of a value of WebAssembly."""
        if t in (i32, i64):
            return self.constant(0, 32 if t == i32 else 64)
        if isinstance(t, VectorType):
            return self.splat(cast("VectorType[Any]", t), 0)
        if t == PTR:
            return self.null()
        assert isinstance(t, Float32Type | Float64Type)
        return self.constant_attr(FloatAttr(0.0, t), t)

    def byte_offset(self, base: SSAValue, offset: int) -> SSAValue:
        """`base` plus a constant number of bytes."""
        if offset == 0:
            return base
        if offset > MAX_CONSTANT_INDEX:
            return self.index(base, self.constant(offset, 64))
        return self.value(llvm.GEPOp, (base,), PTR, _gep(offset))

    def index(self, base: SSAValue, index: SSAValue) -> SSAValue:
        """`base` plus an i64 number of bytes."""
        return self.value(llvm.GEPOp, (base, index), PTR, _gep(llvm.GEP_USE_SSA_VAL))

    def load(
        self,
        address: SSAValue,
        result_type: Attribute,
        alignment: int,
        alias: str,
        *,
        invariant: bool = False,
        volatile: bool = False,
        may_fault: bool = False,
        null_trap: int | None = None,
        ordering: str = "",
    ) -> SSAValue:
        """Load from an address; atomic, if there is an ordering. If the address is that of a field of
        null, the load traps with the code `null_trap`."""
        properties = {**_access(alignment, alias, volatile, may_fault)}
        if null_trap is not None:
            properties["null_trap"] = integer_attr(null_trap, 64)
        if ordering:
            properties["ordering"] = _string(ordering)
        if invariant:
            properties["invariant"] = UNIT
        return self.value(llvm_ext.LoadOp, (address,), result_type, properties)

    def store(
        self,
        value: SSAValue,
        address: SSAValue,
        alignment: int,
        alias: str,
        *,
        volatile: bool = False,
        may_fault: bool = False,
        ordering: str = "",
    ) -> None:
        """Store to an address; atomic, if there is an ordering."""
        properties = {**_access(alignment, alias, volatile, may_fault)}
        if ordering:
            properties["ordering"] = _string(ordering)
        self.step(llvm_ext.StoreOp, (value, address), properties)

    def store_probe(self, address: SSAValue, bytes: int) -> None:
        """Fault if a store of so many bytes to linear memory would, before it writes any."""
        self.step(llvm_ext.StoreProbeOp, (address,), {"bytes": integer_attr(bytes, 64)})

    def atomic_rmw(
        self, operation: str, address: SSAValue, value: SSAValue, alias: str, *, may_fault: bool
    ) -> SSAValue:
        """Read, modify and write; the old value. The operation is LLVM's word."""
        properties = {**_atomic(alias, may_fault), "bin_op": _string(operation)}
        return self.value(llvm_ext.AtomicRMWOp, (address, value), value.type, properties)

    def compare_exchange(
        self,
        address: SSAValue,
        expected: SSAValue,
        replacement: SSAValue,
        alias: str,
        *,
        may_fault: bool,
    ) -> SSAValue:
        """Replace a value if it is the expected one; the old value."""
        returned = llvm.LLVMStructType.from_type_list([expected.type, i1])
        operands = (address, expected, replacement)
        pair = self.value(llvm_ext.CmpXchgOp, operands, returned, _atomic(alias, may_fault))
        return self.extract(pair, 0, expected.type)

    def fence(self) -> None:
        """Order the accesses before it and after it, for all threads."""
        self.step(llvm_ext.FenceOp, (), {"system": UNIT})

    def stack_slot(self, size: int) -> SSAValue:
        """Memory in the function's frame, 16-aligned. It must be built in the entry block."""
        properties: dict[str, Attribute] = {"elem_type": i8, "alignment": integer_attr(16, 64)}
        return self.value(llvm.AllocaOp, (self.constant(size, 64),), PTR, properties)

    # --- structures ---

    def extract(self, structure: SSAValue, position: int, result_type: Attribute) -> SSAValue:
        """A member of a structure value."""
        return self.value(llvm.ExtractValueOp, (structure,), result_type, _position(position))

    def structure(self, members: Sequence[SSAValue], result_type: Attribute) -> SSAValue:
        """A structure value with these members."""
        structure = self.undefined(result_type)
        for position, member in enumerate(members):
            structure = self.with_member(structure, position, member)
        return structure

    def with_member(self, structure: SSAValue, position: int, member: SSAValue) -> SSAValue:
        """A structure value with another member."""
        operands = (structure, member)
        return self.value(llvm.InsertValueOp, operands, structure.type, _position(position))

    def undefined(self, result_type: Attribute) -> SSAValue:
        """A value that does not matter."""
        return self.value(llvm.UndefOp, (), result_type)

    # --- vectors ---

    def insert_element(self, vector: SSAValue, element: SSAValue) -> SSAValue:
        """A vector with another first element."""
        operands = (vector, element, self.constant(0, 32))
        return self.value(llvm.InsertElementOp, operands, vector.type)

    def first_element(self, vector: SSAValue, result_type: Attribute) -> SSAValue:
        """The first element of a vector."""
        operands = (vector, self.constant(0, 32))
        return self.value(llvm_ext.ExtractElementOp, operands, result_type)

    # --- control ---

    def br(self, target: Block, arguments: Sequence[SSAValue] = ()) -> None:
        """End the block with a jump."""
        self.terminator(llvm.BrOp, arguments, (target,))

    def cond_br(
        self,
        condition: SSAValue,
        then_block: Block,
        else_block: Block,
        then_arguments: Sequence[SSAValue] = (),
        else_arguments: Sequence[SSAValue] = (),
        *,
        unlikely: bool = False,
        likely: bool | None = None,
    ) -> None:
        """End the block: go to `then_block` if the i1 is set, else to `else_block`. It is `unlikely` if
        it is nearly never set. `likely` is a hint whether it is set."""
        branch = self.terminator(
            llvm.CondBrOp,
            (condition, *then_arguments, *else_arguments),
            (then_block, else_block),
            segments(1, len(then_arguments), len(else_arguments)),
        )
        if unlikely:
            branch.attributes[UNLIKELY] = UNIT
        set_hint(branch, likely)

    def trap(self, code: int) -> None:
        """End the block with a trap: the fence keeps LLVM from deleting stores before it."""
        self.step(llvm_ext.FenceOp)
        self.step(llvm_ext.UBSanTrapOp, (), {"code": integer_attr(code, 64)})
        self.unreachable()

    def unreachable(self) -> None:
        """End a block whose end is unreachable."""
        self.step(llvm.UnreachableOp)

    def return_(self, values: Sequence[SSAValue] = ()) -> None:
        """End the block: return from the function with at most one value."""
        self.step(llvm.ReturnOp, values)

    # --- calls ---

    def call(
        self,
        callee: str | SSAValue,
        type: llvm.LLVMFunctionType,
        operands: Sequence[SSAValue],
        *,
        no_inline: bool = False,
        tail: bool = False,
    ) -> SSAValue | None:
        """Call a symbol or an address in the C convention of LLVM. A `tail` call must be followed by
        the return of its value, and its type must be that of the running function."""
        properties = {**(_TAIL_CALL if tail else _PLAIN_CALL)}
        if isinstance(callee, str):
            properties["callee"] = symbol_ref(callee)
        else:
            operands = [callee, *operands]
        properties |= segments(len(operands), 0)
        result: SSAValue | None = None
        if isinstance(type.output, llvm.LLVMVoidType):
            call = self.step(llvm.CallOp, operands, properties)
        else:
            result = self.value(llvm.CallOp, operands, type.output, properties)
            call = result.op
        if no_inline:
            call.attributes[NO_INLINE] = UNIT
        return result


# --- properties ---

_GEP_FLAGS = IntegerAttr(0, IntegerType(32))
MAX_CONSTANT_INDEX = (1 << 31) - 1
"""Constant indices of getelementptr are i32 attributes."""


@lru_cache(10_000)
def _gep_indices(index: int) -> Attribute:
    return DenseArrayBase.from_list(i32, (index,))


def _gep(index: int) -> dict[str, Attribute]:
    return {
        "elem_type": i8,
        "noWrapFlags": _GEP_FLAGS,
        "rawConstantIndices": _gep_indices(index),
    }


@lru_cache(10_000)
def _access(alignment: int, alias: str, volatile: bool, may_fault: bool) -> dict[str, Attribute]:
    """The properties of an access, to be copied."""
    properties: dict[str, Attribute] = {
        "alignment": integer_attr(alignment, 64),
        "alias": StringAttr(alias),
    }
    if volatile:
        properties["volatile_"] = UNIT
    if may_fault:
        properties["may_fault"] = UNIT
    return properties


def _atomic(alias: str, may_fault: bool) -> dict[str, Attribute]:
    """The properties of an atomic access that reads and writes."""
    properties: dict[str, Attribute] = {"alias": _string(alias)}
    if may_fault:
        properties["may_fault"] = UNIT
    return properties


@lru_cache(10_000)
def _string(text: str) -> StringAttr:
    return StringAttr(text)


_BITS: dict[Attribute, int] = {f32: 32, f64: 64}


@lru_cache(1000)
def vector_type(element: Attribute, lanes: int) -> VectorType[Any]:
    """The type of a vector, one object for each."""
    return VectorType(element, [lanes])


def lane_count(t: VectorType[Any]) -> int:
    """The number of lanes."""
    return t.get_shape()[0]


@lru_cache(1000)
def mask_type(t: Attribute) -> VectorType[Any]:
    """The type of a comparison of such vectors."""
    return vector_type(i1, lane_count(cast("VectorType[Any]", t)))


@lru_cache(10_000)
def _dense(t: VectorType[Any], lanes: tuple[int, ...]) -> tuple[Attribute, VectorType[Any]]:
    """A constant as an attribute and its type, with integers for floats."""
    element: Attribute = t.element_type
    bits = _BITS.get(element) or cast(IntegerType, element).width.data
    integers = vector_type(IntegerType(bits), len(lanes))
    numbers = [lane - (1 << bits) if lane >> (bits - 1) else lane for lane in lanes]
    return DenseIntOrFPElementsAttr.from_list(integers, numbers), integers


def _position(position: int) -> dict[str, Attribute]:
    return {"position": DenseArrayBase.from_list(i64, (position,))}

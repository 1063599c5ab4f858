"""Steps of memories and tables: accesses, addresses, bounds checks, traps, references."""

from __future__ import annotations

from abc import ABC

from xdsl.dialects.builtin import (
    I64,
    IntegerAttr,
    UnitAttr,
    f32,
    f64,
    i32,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    eq,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import (
    IsTerminator,
    Pure,
)
from xdsl.utils.exceptions import VerifyException

from wasmdialect.abi.trap_table import PassTrap
from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects.control_transfer import LeavesFunction, RunsInPlace
from wasmdialect.dialects.wasmir.types import V128
from wasmdialect.dialects.wasmvm.types import PTR, verify_trap_code


class LinearAccessOp(IRDLOperation, ABC):
    """An access of `bytes` bytes at `memory base + zero-extended address + offset`.

    `may_fault` says that it relies on the guard pages to trap; without it the access is known to be
    in bounds. `volatile` says that it must happen, in order with every other volatile access, call
    and trap: a load because it may trap, a store because it can be seen after a trap. An `atomic`
    access is sequentially consistent, volatile, and aligned to its width.
    """

    offset = prop_def(IntegerAttr[I64])
    bytes = prop_def(IntegerAttr[I64])
    align = prop_def(IntegerAttr[I64])
    may_fault = opt_prop_def(UnitAttr)
    volatile = opt_prop_def(UnitAttr)
    atomic = opt_prop_def(UnitAttr)

    def accessed_type(self) -> Attribute:
        """Type of the value read or written."""
        raise NotImplementedError

    def verify_(self) -> None:
        accessed = self.accessed_type()
        if self.atomic is not None and (self.volatile is None or self.align != self.bytes):
            raise VerifyException("an atomic access is volatile and aligned to its width")
        if self.bytes.value.data not in _ACCESS_WIDTHS.get(accessed, ()):
            raise VerifyException(f"no access of {self.bytes.value.data} bytes has type {accessed}")


_ACCESS_WIDTHS: dict[Attribute, tuple[int, ...]] = {
    i32: (1, 2, 4),
    i64: (1, 2, 4, 8),
    f32: (4,),
    f64: (8,),
    V128: (16,),
}


@irdl_op_definition
class LinearLoadOp(LinearAccessOp):
    """Load and extend to the result type; `signed` says how."""

    name = "wasmvm.linear_load"
    traits = traits_def(RunsInPlace())
    base = operand_def(eq(PTR))
    address = operand_def()
    signed = opt_prop_def(UnitAttr)
    result = result_def()
    assembly_format = (
        "(`atomic` $atomic^)? (`volatile` $volatile^)? (`may_fault` $may_fault^)?"
        " (`signed` $signed^)? $base `[` $address `:` type($address) `+` $offset `]` `bytes` $bytes"
        " `align` $align attr-dict `:` type($result)"
    )

    def accessed_type(self) -> Attribute:
        return self.result.type


@irdl_op_definition
class LinearStoreOp(LinearAccessOp):
    """Store the low `bytes` bytes of the value."""

    name = "wasmvm.linear_store"
    traits = traits_def(RunsInPlace())
    base = operand_def(eq(PTR))
    address = operand_def()
    value = operand_def()
    assembly_format = (
        "(`atomic` $atomic^)? (`volatile` $volatile^)? (`may_fault` $may_fault^)?"
        " $base `[` $address `:` type($address) `+` $offset `]` `,` $value `bytes` $bytes"
        " `align` $align attr-dict `:` type($value)"
    )

    def accessed_type(self) -> Attribute:
        return self.value.type


@irdl_op_definition
class LinearAddressOp(IRDLOperation):
    """The host address of an address of linear memory that is known to be in bounds, or of something
    else at a distance from a base."""

    name = "wasmvm.linear_address"
    base = operand_def(eq(PTR))
    address = operand_def()
    result = result_def(eq(PTR))
    traits = traits_def(Pure())
    assembly_format = "$base `[` $address `:` type($address) `]` attr-dict"


@irdl_op_definition
class BoundsCheckOp(IRDLOperation):
    """Trap unless `address + size <= bound`.

    All in unsigned 64-bit arithmetic without wrapping; an i32 address is zero-extended. The
    lowering decides which comparison this takes (docs/abi.md, "Bounds").
    """

    name = "wasmvm.bounds_check"
    traits = traits_def(RunsInPlace())
    address = operand_def()
    bound = operand_def(eq(i64))
    size = prop_def(IntegerAttr[I64])
    assembly_format = "$address `:` type($address) `,` $size `within` $bound attr-dict"


@irdl_op_definition
class RangeCheckOp(IRDLOperation):
    """Trap with `code` unless `start + length <= bound`, all i64 and without wrapping. With `nuw`,
    LLVM's word, the sum is known not to wrap."""

    name = "wasmvm.range_check"
    traits = traits_def(RunsInPlace())
    start = operand_def(eq(i64))
    length = operand_def(eq(i64))
    bound = operand_def(eq(i64))
    code = prop_def(IntegerAttr[I64])
    nuw = opt_prop_def(UnitAttr)
    assembly_format = "(`nuw` $nuw^)? $start `,` $length `within` $bound `else` $code attr-dict"


@irdl_op_definition
class TrapIfOp(IRDLOperation):
    """Trap with `code` if the condition is not zero. A pass over wasmir may insert it anywhere in a
    function; its own codes are those of `add_trap_code`."""

    name = "wasmvm.trap_if"
    traits = traits_def(RunsInPlace())
    condition = operand_def(eq(i32))
    code = prop_def(IntegerAttr[I64])
    assembly_format = "$condition `,` $code attr-dict"

    def __init__(self, condition: SSAValue, code: TrapCode | PassTrap):
        super().__init__(operands=[condition], properties={"code": IntegerAttr(int(code), i64)})

    def verify_(self) -> None:
        verify_trap_code(self.code)


@irdl_op_definition
class TrapOp(IRDLOperation):
    """Trap with `code`, in wasmir too."""

    name = "wasmvm.trap"
    code = prop_def(IntegerAttr[I64])
    traits = traits_def(IsTerminator(), LeavesFunction())
    assembly_format = "$code attr-dict"

    def verify_(self) -> None:
        verify_trap_code(self.code)


@irdl_op_definition
class ElementAddressOp(IRDLOperation):
    """The address of element `index` of a table whose elements start at `base`."""

    name = "wasmvm.element_address"
    base = operand_def(eq(PTR))
    index = operand_def(eq(i32))
    result = result_def(eq(PTR))
    traits = traits_def(Pure())
    assembly_format = "$base `[` $index `]` attr-dict"


@irdl_op_definition
class LoadElementOp(IRDLOperation):
    """Load a reference from the address of a table element. `function` elements carry the
    initialised bit; a raw 0 is computed by the lazy-init builtin first, for which the operation
    knows table and index."""

    name = "wasmvm.load_element"
    traits = traits_def(RunsInPlace())
    vmctx = operand_def(eq(PTR))
    address = operand_def(eq(PTR))
    table = prop_def(IntegerAttr[I64])
    index = operand_def(eq(i32))
    function = opt_prop_def(UnitAttr)
    result = result_def()
    assembly_format = (
        "(`function` $function^)? $vmctx `,` $address `table` $table `[` $index `]` attr-dict"
        " `:` type($result)"
    )


@irdl_op_definition
class StoreElementOp(IRDLOperation):
    """Store a reference to the address of a table element, with the initialised bit if it is a
    function. `volatile` as for stores to memory."""

    name = "wasmvm.store_element"
    traits = traits_def(RunsInPlace())
    address = operand_def(eq(PTR))
    value = operand_def()
    function = opt_prop_def(UnitAttr)
    volatile = opt_prop_def(UnitAttr)
    assembly_format = (
        "(`volatile` $volatile^)? (`function` $function^)? $address `,` $value attr-dict"
        " `:` type($value)"
    )


@irdl_op_definition
class SignatureIdOp(IRDLOperation):
    """The engine's id of type `type_index` of the module: an entry of the signature id array."""

    name = "wasmvm.signature_id"
    ids = operand_def(eq(PTR))
    type_index = prop_def(IntegerAttr[I64])
    result = result_def(eq(i32))
    traits = traits_def(Pure())
    assembly_format = "$ids `[` $type_index `]` attr-dict"

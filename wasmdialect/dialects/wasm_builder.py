"""A constructor for each operation of wasmvm that goes into a function, added to those of wasmir.

Numbers of bytes and entries are plain integers. The classes of the operations document their
semantics.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import index
from typing import Literal, SupportsIndex

from xdsl.dialects.builtin import StringAttr, UnitAttr, i32
from xdsl.ir import Attribute, SSAValue

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.builder import Symbol, symbol_ref
from wasmdialect.dialects.fast import integer_attr
from wasmdialect.dialects.wasmir import EXN
from wasmdialect.dialects.wasmir_builder import WasmIRBuilder
from wasmdialect.dialects.wasmvm import PTR, Path, path_properties

UNIT = UnitAttr()


class WasmBuilder(WasmIRBuilder):
    """Builds operations of wasmir and wasmvm."""

    # --- fields of the runtime ---

    def vmctx(self) -> SSAValue:
        """The VMContext of the running function."""
        return self.value(wasmvm.VMContextOp, (), PTR)

    def caller_vmctx(self) -> SSAValue:
        """The VMContext of the caller."""
        return self.value(wasmvm.CallerVMContextOp, (), PTR)

    def load_field(
        self,
        base: SSAValue,
        field: Path | str,
        result_type: Attribute | None = None,
        *,
        invariant: bool = False,
        volatile: bool = False,
        null_trap: SupportsIndex | None = None,
        ordering: Literal["", "unordered", "seq_cst"] = "",
    ) -> SSAValue:
        """Read a field: `limits.stack_limit`, a path into a region, or `extra.name` of a pass; with an
        ordering, one that other threads change. A volatile one can trap with a code if the base is
        null. Raises ValueError if no type is given and the layout table has none for the field."""
        if result_type is None:
            result_type = wasmvm.field_type(field)
        properties = path_properties(field)
        if invariant:
            properties["invariant"] = UNIT
        if volatile:
            properties["volatile"] = UNIT
        if null_trap is not None:
            properties["null_trap"] = integer_attr(index(null_trap), 64)
        if ordering:
            properties[ordering] = UNIT
        return self.value(wasmvm.LoadFieldOp, (base,), result_type, properties)

    def store_field(
        self, base: SSAValue, field: Path | str, value: SSAValue, *, volatile: bool = False
    ) -> None:
        """Write a field."""
        properties = path_properties(field)
        if volatile:
            properties["volatile"] = UNIT
        self.step(wasmvm.StoreFieldOp, (base, value), properties)

    def entry_address(
        self, vmctx: SSAValue, region: str, entry: int, result_type: Attribute
    ) -> SSAValue:
        """The address of an entry of a region of the VMContext."""
        properties: dict[str, Attribute] = {
            "region": _string(region),
            "entry": integer_attr(entry, 64),
        }
        return self.value(wasmvm.EntryAddressOp, (vmctx,), result_type, properties)

    def count(self, counter: str, amount: int = 1, index: SSAValue | int | None = None) -> None:
        """Add to a counter that a pass declared, or to one of its `add_counters`."""
        properties: dict[str, Attribute] = {"counter": _string(counter)}
        if amount != 1:
            properties["amount"] = integer_attr(amount, 64)
        operands = () if index is None else (self._number(index),)
        self.step(wasmvm.CountOp, operands, properties)

    def load_bytes(
        self,
        area: str,
        index: SSAValue | int,
        result_type: Attribute = i32,
        *,
        bytes: int = 1,
        signed: bool = False,
    ) -> SSAValue:
        """Load bytes of a field that a pass declared, from an offset in it, and extend them. Traps if
        they are not all in the field."""
        properties: dict[str, Attribute] = {
            "area": _string(area),
            "bytes": integer_attr(bytes, 64),
        }
        if signed:
            properties["signed"] = UNIT
        return self.value(wasmvm.LoadBytesOp, (self._number(index),), result_type, properties)

    def store_bytes(
        self, area: str, index: SSAValue | int, value: SSAValue, *, bytes: int = 1
    ) -> None:
        """Store the low bytes of a value in a field that a pass declared, at an offset in it. Traps if
        they are not all in the field."""
        properties: dict[str, Attribute] = {
            "area": _string(area),
            "bytes": integer_attr(bytes, 64),
        }
        self.step(wasmvm.StoreBytesOp, (self._number(index), value), properties)

    def _number(self, value: SSAValue | int) -> SSAValue:
        return self.i32_const(value) if isinstance(value, int) else value

    # --- linear memory ---

    def linear_load(
        self,
        base: SSAValue,
        address: SSAValue,
        result_type: Attribute,
        *,
        bytes: int,
        offset: int = 0,
        align: int = 1,
        signed: bool = False,
        may_fault: bool = False,
        volatile: bool = False,
        atomic: bool = False,
    ) -> SSAValue:
        """Load `bytes` bytes from `base + address + offset` and extend them."""
        properties = {**_linear_properties(offset, bytes, align, may_fault, volatile)}
        if atomic:
            properties["atomic"] = UNIT
        if signed:
            properties["signed"] = UNIT
        return self.value(wasmvm.LinearLoadOp, (base, address), result_type, properties)

    def linear_store(
        self,
        base: SSAValue,
        address: SSAValue,
        value: SSAValue,
        *,
        bytes: int,
        offset: int = 0,
        align: int = 1,
        may_fault: bool = False,
        volatile: bool = False,
        atomic: bool = False,
    ) -> None:
        """Store the low `bytes` bytes of a value at `base + address + offset`."""
        properties = {**_linear_properties(offset, bytes, align, may_fault, volatile)}
        if atomic:
            properties["atomic"] = UNIT
        self.step(wasmvm.LinearStoreOp, (base, address, value), properties)

    def atomic_rmw(
        self,
        operation: str,
        base: SSAValue,
        address: SSAValue,
        value: SSAValue,
        *,
        bytes: int,
        offset: int = 0,
        may_fault: bool = False,
    ) -> SSAValue:
        """Replace what is at `base + address + offset` by the result of an operation of
        `wasmvm.RMW_OPERATIONS` on it and a value; the old value."""
        properties = _atomic_properties(offset, bytes, may_fault)
        properties["operation"] = _string(operation)
        return self.value(wasmvm.AtomicRMWOp, (base, address, value), value.type, properties)

    def atomic_compare_exchange(
        self,
        base: SSAValue,
        address: SSAValue,
        expected: SSAValue,
        replacement: SSAValue,
        *,
        bytes: int,
        offset: int = 0,
        may_fault: bool = False,
    ) -> SSAValue:
        """Replace what is at `base + address + offset` if it is the expected value; the old value."""
        operands = (base, address, expected, replacement)
        properties = _atomic_properties(offset, bytes, may_fault)
        return self.value(wasmvm.AtomicCompareExchangeOp, operands, expected.type, properties)

    def fence(self) -> None:
        """Order the accesses before it and after it, for all threads (`wasmvm.fence`)."""
        self.step(wasmvm.FenceOp)

    def linear_address(self, base: SSAValue, address: SSAValue) -> SSAValue:
        """The host address of an in-bounds address of linear memory."""
        return self.value(wasmvm.LinearAddressOp, (base, address), PTR)

    def bounds_check(self, address: SSAValue, size: int, bound: SSAValue) -> None:
        """Trap unless `address + size <= bound`."""
        properties: dict[str, Attribute] = {"size": integer_attr(size, 64)}
        self.step(wasmvm.BoundsCheckOp, (address, bound), properties)

    def range_check(
        self,
        start: SSAValue,
        length: SSAValue,
        bound: SSAValue,
        code: TrapCode,
        *,
        nuw: bool = False,
    ) -> None:
        """Trap unless `start + length <= bound`, all i64; with `nuw` the sum is known not to wrap."""
        properties = _code(code)
        if nuw:
            properties["nuw"] = UNIT
        self.step(wasmvm.RangeCheckOp, (start, length, bound), properties)

    # --- tables ---

    def element_address(self, base: SSAValue, index: SSAValue) -> SSAValue:
        """The address of a table element."""
        return self.value(wasmvm.ElementAddressOp, (base, index), PTR)

    def load_element(
        self,
        vmctx: SSAValue,
        address: SSAValue,
        index: SSAValue,
        result_type: Attribute,
        *,
        table: int,
        function: bool,
    ) -> SSAValue:
        """The reference at the address of element `index` of the table with index `table`."""
        properties: dict[str, Attribute] = {"function": UNIT} if function else {}
        properties["table"] = integer_attr(table, 64)
        operands = (vmctx, address, index)
        return self.value(wasmvm.LoadElementOp, operands, result_type, properties)

    def store_element(
        self, address: SSAValue, value: SSAValue, *, function: bool, volatile: bool = False
    ) -> None:
        """Store a reference at the address of a table element."""
        properties = dict[str, Attribute]()
        if function:
            properties["function"] = UNIT
        if volatile:
            properties["volatile"] = UNIT
        self.step(wasmvm.StoreElementOp, (address, value), properties)

    def signature_id(self, ids: SSAValue, type_index: int) -> SSAValue:
        """The engine's id of a type of the module."""
        properties: dict[str, Attribute] = {"type_index": integer_attr(type_index, 64)}
        return self.value(wasmvm.SignatureIdOp, (ids,), i32, properties)

    # --- traps and calls ---

    def trap_if(self, condition: SSAValue, code: SupportsIndex) -> None:
        """Trap if the i32 is not zero. The code is a TrapCode, or what `add_trap_code` returned."""
        self.step(wasmvm.TrapIfOp, (condition,), _code(code))

    def trap(self, code: SupportsIndex) -> None:
        """End the block with a trap. The code is that of `trap_if`."""
        self.step(wasmvm.TrapOp, (), _code(code))

    def call_function(
        self,
        callee: Symbol,
        callee_vmctx: SSAValue,
        caller_vmctx: SSAValue,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        """Call a function of this module in the wasm convention (`wasmvm.call`)."""
        operands = (callee_vmctx, caller_vmctx, *arguments)
        return self.results(wasmvm.CallOp, operands, result_types, {"callee": symbol_ref(callee)})

    def call_pointer(
        self,
        convention: Literal["wasm", "native", "array"],
        code: SSAValue,
        callee_vmctx: SSAValue,
        caller_vmctx: SSAValue,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        """Call code at an address in a convention of `abi.conventions`."""
        properties: dict[str, Attribute] = {"convention": _string(convention)}
        operands = (code, callee_vmctx, caller_vmctx, *arguments)
        return self.results(wasmvm.CallPointerOp, operands, result_types, properties)

    def return_call_function(
        self,
        callee: Symbol,
        callee_vmctx: SSAValue,
        caller_vmctx: SSAValue,
        arguments: Sequence[SSAValue],
    ) -> None:
        """End the block: call a function of this module and return its results
        (`wasmvm.return_call`)."""
        operands = (callee_vmctx, caller_vmctx, *arguments)
        self.step(wasmvm.ReturnCallOp, operands, {"callee": symbol_ref(callee)})

    def return_call_pointer(
        self,
        code: SSAValue,
        callee_vmctx: SSAValue,
        caller_vmctx: SSAValue,
        arguments: Sequence[SSAValue],
    ) -> None:
        """End the block: call a Wasm function by the address of its code and return its results."""
        self.step(wasmvm.ReturnCallPointerOp, (code, callee_vmctx, caller_vmctx, *arguments))

    def call_builtin(
        self,
        builtin: str,
        vmctx: SSAValue,
        arguments: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] = (),
    ) -> Sequence[SSAValue]:
        """Call a runtime function of `abi.builtins`; returns its result, if it has one."""
        properties: dict[str, Attribute] = {"builtin": _string(builtin)}
        return self.results(wasmvm.CallBuiltinOp, (vmctx, *arguments), result_types, properties)

    def check_pending(self, vmctx: SSAValue) -> None:
        """Raise the error that a host call left."""
        self.step(wasmvm.CheckPendingOp, (vmctx,))

    # --- exceptions ---

    def new_exception(self, vmctx: SSAValue, size: int) -> SSAValue:
        """Memory for an exception of so many bytes."""
        properties: dict[str, Attribute] = {"size": integer_attr(size, 64)}
        return self.value(wasmvm.NewExceptionOp, (vmctx,), EXN, properties)

    def exception_slots(self, exception: SSAValue) -> SSAValue:
        """The value slots of an exception."""
        return self.value(wasmvm.ExceptionSlotsOp, (exception,), PTR)

    def unwind(self, vmctx: SSAValue) -> None:
        """End the block: leave the function with the exception in `limits.exception`."""
        self.step(wasmvm.UnwindOp, (vmctx,))

    def thrown(self, vmctx: SSAValue) -> SSAValue:
        """Whether an exception has been thrown and not caught, as an i32."""
        return self.value(wasmvm.ThrownOp, (vmctx,), i32)

    def unwind_if_thrown(self, vmctx: SSAValue) -> None:
        """Leave the function if a callee threw an exception."""
        self.step(wasmvm.UnwindIfThrownOp, (vmctx,))

    def exception_barrier(self, vmctx: SSAValue, function: SSAValue) -> SSAValue:
        """The function to call instead of a referenced one whose module may not know exceptions."""
        return self.value(wasmvm.ExceptionBarrierOp, (vmctx, function), function.type)

    # --- the machine's state and value slots ---

    def stack_pointer(self) -> SSAValue:
        """The stack pointer."""
        return self.value(wasmvm.StackPointerOp, (), PTR)

    def parent_frame_pointer(self) -> SSAValue:
        """The frame pointer of the caller's frame."""
        return self.value(wasmvm.ParentFramePointerOp, (), PTR)

    def return_address(self) -> SSAValue:
        """The return address of the running function."""
        return self.value(wasmvm.ReturnAddressOp, (), PTR)

    def stack_check(self, limit: SSAValue) -> None:
        """Trap if the stack pointer is below the i64."""
        self.step(wasmvm.StackCheckOp, (limit,))

    def stack_slots(self, count: int) -> SSAValue:
        """Value slots in the frame."""
        return self.value(wasmvm.StackSlotsOp, (), PTR, {"count": integer_attr(count, 64)})

    def load_slot(self, slots: SSAValue, slot: int, result_type: Attribute) -> SSAValue:
        """Read a value slot."""
        properties: dict[str, Attribute] = {"slot": integer_attr(slot, 64)}
        return self.value(wasmvm.LoadSlotOp, (slots,), result_type, properties)

    def store_slot(self, slots: SSAValue, slot: int, value: SSAValue) -> None:
        """Write a value slot."""
        self.step(wasmvm.StoreSlotOp, (slots, value), {"slot": integer_attr(slot, 64)})


# --- properties ---


@lru_cache(10_000)
def _string(text: str) -> StringAttr:
    return StringAttr(text)


def _code(code: SupportsIndex) -> dict[str, Attribute]:
    return {"code": integer_attr(index(code), 64)}


@lru_cache(10_000)
def _linear_properties(
    offset: int, bytes: int, align: int, may_fault: bool, volatile: bool
) -> dict[str, Attribute]:
    """The properties of an access of linear memory, to be copied."""
    properties: dict[str, Attribute] = {
        "offset": integer_attr(offset, 64),
        "bytes": integer_attr(bytes, 64),
        "align": integer_attr(align, 64),
    }
    if may_fault:
        properties["may_fault"] = UNIT
    if volatile:
        properties["volatile"] = UNIT
    return properties


def _atomic_properties(offset: int, bytes: int, may_fault: bool) -> dict[str, Attribute]:
    """The properties of an atomic access that reads and writes."""
    properties: dict[str, Attribute] = {
        "offset": integer_attr(offset, 64),
        "bytes": integer_attr(bytes, 64),
    }
    if may_fault:
        properties["may_fault"] = UNIT
    return properties

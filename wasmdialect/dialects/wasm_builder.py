"""A constructor for each operation of wasmir and wasmvm that goes into a function.

Symbols are given as they are printed, without the `@`, or as references. Numbers of bytes and entries
are plain integers. The classes of the operations say what each one does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

from xdsl.dialects.builtin import DenseArrayBase, StringAttr, SymbolRefAttr, UnitAttr, i32
from xdsl.ir import Attribute, Block, SSAValue

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.builder import OpBuilder
from wasmdialect.dialects.fast import integer_attr, segments
from wasmdialect.dialects.wasmvm import PTR, Path, path_properties

Symbol = SymbolRefAttr | str
Edge = tuple[Block, Sequence[SSAValue]]
"""A block and what its arguments get."""

UNIT = UnitAttr()
_I32_CONST = wasmir.CONST_OPS["i32.const"]
_I64_CONST = wasmir.CONST_OPS["i64.const"]
_F32_CONST = wasmir.CONST_OPS["f32.const"]
_F64_CONST = wasmir.CONST_OPS["f64.const"]


class WasmBuilder(OpBuilder):
    """Builds operations of wasmir and wasmvm."""

    # --- wasmir: numbers ---

    def i32_const(self, value: int) -> SSAValue:
        """An i32, given as a signed or unsigned number."""
        return self.value(
            _I32_CONST, (), _I32_CONST.RESULT_TYPE, {"value": integer_attr(value, 32)}
        )

    def i64_const(self, value: int) -> SSAValue:
        """An i64, given as a signed or unsigned number."""
        return self.value(
            _I64_CONST, (), _I64_CONST.RESULT_TYPE, {"value": integer_attr(value, 64)}
        )

    def f32_const(self, bits: int) -> SSAValue:
        """An f32, given by its bits."""
        return self.value(_F32_CONST, (), _F32_CONST.RESULT_TYPE, {"value": integer_attr(bits, 32)})

    def f64_const(self, bits: int) -> SSAValue:
        """An f64, given by its bits."""
        return self.value(_F64_CONST, (), _F64_CONST.RESULT_TYPE, {"value": integer_attr(bits, 64)})

    def numeric(self, mnemonic: str, *operands: SSAValue) -> SSAValue:
        """The numeric instruction of that name, such as `i32.add`. Raises ValueError if there is none,
        or it takes other operands."""
        cls = wasmir.NUMERIC_OPS.get(mnemonic)
        if cls is None:
            raise ValueError(f"no numeric instruction is called {mnemonic!r}")
        types = tuple([operand.type for operand in operands])
        if types != cls.OPERAND_TYPES:
            takes, given = (", ".join(map(str, ts)) for ts in (cls.OPERAND_TYPES, types))
            raise ValueError(f"{mnemonic} takes ({takes}), not ({given})")
        return self.value(cls, operands, cls.RESULT_TYPE)

    def select(self, condition: SSAValue, true_value: SSAValue, false_value: SSAValue) -> SSAValue:
        """`select`; the condition comes first."""
        operands = (condition, true_value, false_value)
        return self.value(wasmir.SelectOp, operands, true_value.type)

    # --- wasmir: control ---

    def br(self, target: Block, arguments: Sequence[SSAValue] = ()) -> None:
        """End the block with a jump."""
        self.terminator(wasmir.BrOp, arguments, (target,))

    def br_if(
        self,
        condition: SSAValue,
        then_block: Block,
        else_block: Block,
        then_arguments: Sequence[SSAValue] = (),
        else_arguments: Sequence[SSAValue] = (),
    ) -> None:
        """End the block: go to `then_block` if the i32 is not zero, else to `else_block`."""
        self.terminator(
            wasmir.BrIfOp,
            (condition, *then_arguments, *else_arguments),
            (then_block, else_block),
            segments(1, len(then_arguments), len(else_arguments)),
        )

    def br_table(self, index: SSAValue, default: Edge, cases: Sequence[Edge]) -> None:
        """End the block: go to the case of that number (unsigned), to `default` if there is none."""
        operands = [index, *default[1]]
        for _, arguments in cases:
            operands.extend(arguments)
        sizes = [len(arguments) for _, arguments in cases]
        properties = segments(1, len(default[1]), sum(sizes))
        properties["case_sizes"] = DenseArrayBase.from_list(i32, sizes)
        blocks = [default[0], *(block for block, _ in cases)]
        self.terminator(wasmir.BrTableOp, operands, blocks, properties)

    def return_(self, values: Sequence[SSAValue] = ()) -> None:
        """End the block: return from the function."""
        self.step(wasmir.ReturnOp, values)

    def unreachable(self) -> None:
        """End the block with a trap."""
        self.step(wasmir.UnreachableOp)

    def call(
        self,
        callee: Symbol,
        arguments: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] = (),
    ) -> Sequence[SSAValue]:
        """Call a Wasm function; its results."""
        return self.results(wasmir.CallOp, arguments, result_types, {"callee": _reference(callee)})

    def call_indirect(
        self,
        table: Symbol,
        signature: Symbol,
        index: SSAValue,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        """Call the function at `index` of a table; `signature` is a `wasmir.type`."""
        properties: dict[str, Attribute] = {
            "table": _reference(table),
            "signature": _reference(signature),
        }
        operands = (index, *arguments)
        return self.results(wasmir.CallIndirectOp, operands, result_types, properties)

    def mark_operators(self, count: int) -> None:
        """Mark that so many operators ran."""
        self.step(wasmir.OperatorsOp, (), {"count": integer_attr(count, 64)})

    def mark_loop_header(self) -> None:
        """Mark the start of a loop."""
        self.step(wasmir.LoopHeaderOp)

    # --- wasmir: globals ---

    def global_get(self, variable: Symbol, result_type: Attribute) -> SSAValue:
        """Read a global."""
        properties: dict[str, Attribute] = {"variable": _reference(variable)}
        return self.value(wasmir.GlobalGetOp, (), result_type, properties)

    def global_set(self, variable: Symbol, value: SSAValue) -> None:
        """Write a global."""
        self.step(wasmir.GlobalSetOp, (value,), {"variable": _reference(variable)})

    # --- wasmir: memories ---

    def load(
        self,
        mnemonic: str,
        memory: Symbol,
        address: SSAValue,
        *,
        offset: int = 0,
        align: int | None = None,
    ) -> SSAValue:
        """A load, such as `i32.load8_s`; `align` in bytes if less than the width is promised. KeyError
        for another name."""
        cls = wasmir.LOAD_OPS[mnemonic]
        return self.value(
            cls, (address,), cls.RESULT_TYPE, _access_properties(memory, offset, align)
        )

    def store(
        self,
        mnemonic: str,
        memory: Symbol,
        address: SSAValue,
        value: SSAValue,
        *,
        offset: int = 0,
        align: int | None = None,
    ) -> None:
        """A store, such as `i32.store8`."""
        cls = wasmir.STORE_OPS[mnemonic]
        self.step(cls, (address, value), _access_properties(memory, offset, align))

    def memory_size(self, memory: Symbol, result_type: Attribute = i32) -> SSAValue:
        """The pages of a memory, in its address type."""
        properties: dict[str, Attribute] = {"memory": _reference(memory)}
        return self.value(wasmir.MemorySizeOp, (), result_type, properties)

    def memory_grow(self, memory: Symbol, delta: SSAValue) -> SSAValue:
        """Add pages to a memory; the old number of pages, or -1."""
        properties: dict[str, Attribute] = {"memory": _reference(memory)}
        return self.value(wasmir.MemoryGrowOp, (delta,), delta.type, properties)

    def memory_fill(
        self, memory: Symbol, start: SSAValue, value: SSAValue, length: SSAValue
    ) -> None:
        """Set bytes of a memory."""
        operands = (start, value, length)
        self.step(wasmir.MemoryFillOp, operands, {"memory": _reference(memory)})

    def memory_copy(
        self,
        memory: Symbol,
        source_memory: Symbol,
        destination: SSAValue,
        source: SSAValue,
        length: SSAValue,
    ) -> None:
        """Copy bytes between memories, or inside one."""
        properties: dict[str, Attribute] = {
            "memory": _reference(memory),
            "source_memory": _reference(source_memory),
        }
        self.step(wasmir.MemoryCopyOp, (destination, source, length), properties)

    def memory_init(
        self,
        memory: Symbol,
        segment: Symbol,
        destination: SSAValue,
        source: SSAValue,
        length: SSAValue,
        *,
        segment_index: int | None = None,
    ) -> None:
        """Copy bytes of a data segment to a memory."""
        properties: dict[str, Attribute] = {
            "memory": _reference(memory),
            **_segment(segment, segment_index),
        }
        self.step(wasmir.MemoryInitOp, (destination, source, length), properties)

    def data_drop(self, segment: Symbol, segment_index: int | None = None) -> None:
        """Empty a data segment."""
        self.step(wasmir.DataDropOp, (), _segment(segment, segment_index))

    # --- wasmir: references and tables ---

    def ref_null(self, result_type: Attribute) -> SSAValue:
        """The null reference of a type."""
        return self.value(wasmir.RefNullOp, (), result_type)

    def ref_is_null(self, reference: SSAValue) -> SSAValue:
        """1 if the reference is null, else 0."""
        return self.value(wasmir.RefIsNullOp, (reference,), i32)

    def ref_func(self, function: Symbol) -> SSAValue:
        """A reference to a function."""
        properties: dict[str, Attribute] = {"function": _reference(function)}
        return self.value(wasmir.RefFuncOp, (), wasmir.FUNCREF, properties)

    def table_get(self, table: Symbol, index: SSAValue, result_type: Attribute) -> SSAValue:
        """An element of a table."""
        properties: dict[str, Attribute] = {"table": _reference(table)}
        return self.value(wasmir.TableGetOp, (index,), result_type, properties)

    def table_set(self, table: Symbol, index: SSAValue, value: SSAValue) -> None:
        """Change an element of a table."""
        self.step(wasmir.TableSetOp, (index, value), {"table": _reference(table)})

    def table_size(self, table: Symbol, result_type: Attribute = i32) -> SSAValue:
        """The elements of a table, in its index type."""
        properties: dict[str, Attribute] = {"table": _reference(table)}
        return self.value(wasmir.TableSizeOp, (), result_type, properties)

    def table_grow(self, table: Symbol, value: SSAValue, delta: SSAValue) -> SSAValue:
        """Add elements to a table; the old number of elements, or -1."""
        properties: dict[str, Attribute] = {"table": _reference(table)}
        return self.value(wasmir.TableGrowOp, (value, delta), delta.type, properties)

    def table_fill(self, table: Symbol, start: SSAValue, value: SSAValue, length: SSAValue) -> None:
        """Set elements of a table."""
        self.step(wasmir.TableFillOp, (start, value, length), {"table": _reference(table)})

    def table_copy(
        self,
        table: Symbol,
        source_table: Symbol,
        destination: SSAValue,
        source: SSAValue,
        length: SSAValue,
    ) -> None:
        """Copy elements between tables, or inside one."""
        properties: dict[str, Attribute] = {
            "table": _reference(table),
            "source_table": _reference(source_table),
        }
        self.step(wasmir.TableCopyOp, (destination, source, length), properties)

    def table_init(
        self,
        table: Symbol,
        segment: Symbol,
        destination: SSAValue,
        source: SSAValue,
        length: SSAValue,
        *,
        segment_index: int | None = None,
    ) -> None:
        """Copy elements of an element segment to a table."""
        properties: dict[str, Attribute] = {
            "table": _reference(table),
            **_segment(segment, segment_index),
        }
        self.step(wasmir.TableInitOp, (destination, source, length), properties)

    def elem_drop(self, segment: Symbol, segment_index: int | None = None) -> None:
        """Empty an element segment."""
        self.step(wasmir.ElemDropOp, (), _segment(segment, segment_index))

    # --- wasmvm: fields of the runtime ---

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
    ) -> SSAValue:
        """Read a field: `limits.stack_limit`, a path into a region, or `extra.name` of a pass. Raises
        ValueError if no type is given and the layout table has none for the field."""
        if result_type is None:
            result_type = wasmvm.field_type(field)
        properties = path_properties(field)
        if invariant:
            properties["invariant"] = UNIT
        if volatile:
            properties["volatile"] = UNIT
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

    def count(self, counter: str, amount: int = 1) -> None:
        """Add to a counter that a pass declared."""
        properties: dict[str, Attribute] = {"counter": _string(counter)}
        if amount != 1:
            properties["amount"] = integer_attr(amount, 64)
        self.step(wasmvm.CountOp, (), properties)

    # --- wasmvm: linear memory ---

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
    ) -> SSAValue:
        """Load `bytes` bytes from `base + address + offset` and extend them."""
        properties = {**_linear_properties(offset, bytes, align, may_fault, volatile)}
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
    ) -> None:
        """Store the low `bytes` bytes of a value at `base + address + offset`."""
        properties = {**_linear_properties(offset, bytes, align, may_fault, volatile)}
        self.step(wasmvm.LinearStoreOp, (base, address, value), properties)

    def linear_address(self, base: SSAValue, address: SSAValue) -> SSAValue:
        """The host address of a place in linear memory that is in bounds."""
        return self.value(wasmvm.LinearAddressOp, (base, address), PTR)

    def bounds_check(self, address: SSAValue, size: int, bound: SSAValue) -> None:
        """Trap unless `address + size <= bound`."""
        properties: dict[str, Attribute] = {"size": integer_attr(size, 64)}
        self.step(wasmvm.BoundsCheckOp, (address, bound), properties)

    def range_check(
        self, start: SSAValue, length: SSAValue, bound: SSAValue, code: TrapCode
    ) -> None:
        """Trap unless `start + length <= bound`, all i64."""
        self.step(wasmvm.RangeCheckOp, (start, length, bound), _code(code))

    # --- wasmvm: tables ---

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
        """Put a reference at the address of a table element."""
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

    # --- wasmvm: traps and calls ---

    def trap_if(self, condition: SSAValue, code: TrapCode | int) -> None:
        """Trap if the i32 is not zero."""
        self.step(wasmvm.TrapIfOp, (condition,), _code(code))

    def trap(self, code: TrapCode | int) -> None:
        """End the block with a trap."""
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
        return self.results(wasmvm.CallOp, operands, result_types, {"callee": _reference(callee)})

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

    def call_builtin(
        self,
        builtin: str,
        vmctx: SSAValue,
        arguments: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] = (),
    ) -> Sequence[SSAValue]:
        """Call a runtime function of `abi.builtins`; its result, if it has one."""
        properties: dict[str, Attribute] = {"builtin": _string(builtin)}
        return self.results(wasmvm.CallBuiltinOp, (vmctx, *arguments), result_types, properties)

    def check_pending(self, vmctx: SSAValue) -> None:
        """Raise the error that a host call left."""
        self.step(wasmvm.CheckPendingOp, (vmctx,))

    # --- wasmvm: the machine's state and value slots ---

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


CONSTANTS: dict[str, Callable[[WasmBuilder, int], SSAValue]] = {
    "i32.const": WasmBuilder.i32_const,
    "i64.const": WasmBuilder.i64_const,
    "f32.const": WasmBuilder.f32_const,
    "f64.const": WasmBuilder.f64_const,
}
"""The constructors of constants by mnemonic."""


# --- properties ---


def _reference(symbol: Symbol) -> SymbolRefAttr:
    return _symbol(symbol) if isinstance(symbol, str) else symbol


@lru_cache(10_000)
def _symbol(name: str) -> SymbolRefAttr:
    return SymbolRefAttr(name)


@lru_cache(10_000)
def _string(text: str) -> StringAttr:
    return StringAttr(text)


def _code(code: int) -> dict[str, Attribute]:
    return {"code": integer_attr(code, 64)}


def _segment(segment: Symbol, index: int | None) -> dict[str, Attribute]:
    properties: dict[str, Attribute] = {"segment": _reference(segment)}
    if index is not None:
        properties["segment_index"] = integer_attr(index, 64)
    return properties


def _access_properties(memory: Symbol, offset: int, align: int | None) -> dict[str, Attribute]:
    """The properties of a load or store of wasmir."""
    properties: dict[str, Attribute] = {
        "memory": _reference(memory),
        "offset": integer_attr(offset, 64),
    }
    if align is not None:
        properties["align"] = integer_attr(align, 64)
    return properties


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

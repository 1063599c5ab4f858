"""insert-vmctx-loads: make every access to runtime state explicit.

Memory, table, global and call operations of wasmir become wasmvm steps over the VMContext: loads of
bases and bounds, checks with a trap code, calls through pointers. Arithmetic and control flow stay.
Source of the steps: RUNTIME_ABI "Calls, tables, bounds".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr, UnitAttr, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import (
    append_op,
    append_value,
    drop,
    integer_attr,
    relink,
    replace_by,
    replace_value,
    splice_front,
    take_operations,
)

GUARD_SIZE = 2 << 30
"""Bytes behind the 4 GiB of a 32-bit memory's reservation that fault when touched."""

_UNIT = UnitAttr()
_D = TypeVar("_D", bound=wasmir.DeclarationOp)


@dataclass(frozen=True)
class InsertVMContextLoads(ModulePass):
    """Make every access to runtime state explicit."""

    name = "insert-vmctx-loads"
    scope: ClassVar[Literal["function", "module"]] = "function"

    bounds: Literal["guard", "explicit"] = "guard"
    """How 32-bit memories are bounded: by guard pages, or by comparisons."""
    traps: Literal["exact", "relaxed"] = "exact"
    """Whether accesses that fault keep their order with everything else that can be observed."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        symbols: dict[str, Operation] = {}
        functions: list[wasmir.FuncOp] = []
        for declaration in op.ops:
            if isinstance(declaration, wasmir.DeclarationOp):
                symbols[declaration.sym_name.data] = declaration
            if isinstance(declaration, wasmir.FuncOp) and not declaration.is_declaration:
                functions.append(declaration)
        for function in functions:
            _FunctionRewrite(function, symbols, self).run()


class _FunctionRewrite:
    """Rewrites the blocks of one function, in order."""

    def __init__(
        self,
        function: wasmir.FuncOp,
        symbols: dict[str, Operation],
        options: InsertVMContextLoads,
    ):
        self.function = function
        self.symbols = symbols
        self.options = options
        self.location = function.location
        self.block = function.entry
        self._prelude = Block()
        self._vmctx: SSAValue | None = None
        self._entry_values: dict[tuple[SSAValue, wasmvm.Path], SSAValue] = {}
        """Fields that never change, loaded once at the entry."""
        self._block_values: dict[tuple[SSAValue, wasmvm.Path], SSAValue] = {}
        """Fields loaded in this block since the last call."""

    def run(self) -> None:
        for block in self.function.body.blocks:
            self.block = block
            self._block_values.clear()
            for op in take_operations(block):
                handler = _HANDLERS.get(op.__class__)
                if handler is None:
                    relink(block, op)
                else:
                    self.location = op.location
                    handler(self, op)
        splice_front(self.function.entry, self._prelude)

    # --- building ---

    def value(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        result_type: Attribute,
        properties: dict[str, Attribute] | None = None,
    ) -> SSAValue:
        """Append an operation with one result."""
        return append_value(self.block, cls, operands, result_type, properties or {}, self.location)

    def step(
        self,
        cls: type[Operation],
        operands: Sequence[SSAValue],
        properties: dict[str, Attribute] | None = None,
    ) -> Operation:
        """Append an operation without results (or one that will take over another's)."""
        return append_op(self.block, cls, operands, properties or {}, self.location)

    def constant(self, value: int, bits: Literal[32, 64] = 32) -> SSAValue:
        """An integer constant."""
        cls = wasmir.CONST_OPS[f"i{bits}.const"]
        return self.value(cls, (), cls.RESULT_TYPE, {"value": integer_attr(value, bits)})

    def numeric(self, mnemonic: str, *operands: SSAValue) -> SSAValue:
        """A numeric instruction."""
        cls = wasmir.NUMERIC_OPS[mnemonic]
        return self.value(cls, operands, cls.RESULT_TYPE)

    def extend(self, value: SSAValue) -> SSAValue:
        """An address or length as i64."""
        return value if value.type == i64 else self.numeric("i64.extend_i32_u", value)

    def trap_if(self, condition: SSAValue, code: TrapCode) -> None:
        """Trap when the condition is not zero."""
        self.step(wasmvm.TrapIfOp, (condition,), {"code": integer_attr(code, 64)})

    def builtin(self, name: str, *arguments: SSAValue) -> None:
        """Call a runtime function that gives nothing back; it may change anything."""
        properties: dict[str, Attribute] = {"builtin": StringAttr(name)}
        self.step(wasmvm.CallBuiltinOp, (self.vmctx(), *arguments), properties)
        self.forget_fields()

    def builtin_value(self, name: str, result_type: Attribute, *arguments: SSAValue) -> SSAValue:
        """Call a runtime function for its result; it may change anything."""
        properties: dict[str, Attribute] = {"builtin": StringAttr(name)}
        operands = (self.vmctx(), *arguments)
        result = self.value(wasmvm.CallBuiltinOp, operands, result_type, properties)
        self.forget_fields()
        return result

    # --- fields ---

    def vmctx(self) -> SSAValue:
        """The VMContext, taken once at the entry."""
        if self._vmctx is None:
            location = self.function.location
            self._vmctx = append_value(
                self._prelude, wasmvm.VMContextOp, (), wasmvm.PTR, {}, location
            )
        return self._vmctx

    def entry_field(
        self, base: SSAValue, path: wasmvm.Path, result_type: Attribute = wasmvm.PTR
    ) -> SSAValue:
        """A field that never changes: loaded once, at the entry of the function."""
        key = (base, path)
        known = self._entry_values.get(key)
        if known is None:
            properties = wasmvm.path_properties(path)
            properties["invariant"] = _UNIT
            location = self.function.location
            known = self._entry_values[key] = append_value(
                self._prelude, wasmvm.LoadFieldOp, (base,), result_type, properties, location
            )
        return known

    def block_field(
        self, base: SSAValue, path: wasmvm.Path, result_type: Attribute = wasmvm.PTR
    ) -> SSAValue:
        """A field that only a call can change: loaded once in a block between calls."""
        key = (base, path)
        known = self._block_values.get(key)
        if known is None:
            known = self._block_values[key] = self.field(base, path, result_type)
        return known

    def field(
        self, base: SSAValue, path: wasmvm.Path, result_type: Attribute = wasmvm.PTR
    ) -> SSAValue:
        """A field, loaded here."""
        properties = wasmvm.path_properties(path)
        return self.value(wasmvm.LoadFieldOp, (base,), result_type, properties)

    def forget_fields(self) -> None:
        """A call may have changed every field that is not invariant."""
        self._block_values.clear()

    # --- declarations ---

    def _declared(self, symbol: SymbolRefAttr, cls: type[_D]) -> _D:
        """The declaration that a symbol means."""
        name = symbol.root_reference.data
        declaration = self.symbols.get(name)
        if not isinstance(declaration, cls):
            raise ValueError(f"@{name} is not declared here as {cls.name}")
        return declaration

    def memory(self, symbol: SymbolRefAttr) -> wasmir.MemoryOp:
        """The memory that a symbol means."""
        return self._declared(symbol, wasmir.MemoryOp)

    def table(self, symbol: SymbolRefAttr) -> wasmir.TableOp:
        """The table that a symbol means."""
        return self._declared(symbol, wasmir.TableOp)

    def variable(self, symbol: SymbolRefAttr) -> wasmir.GlobalOp:
        """The global that a symbol means."""
        return self._declared(symbol, wasmir.GlobalOp)

    def callee(self, symbol: SymbolRefAttr) -> wasmir.FuncOp:
        """The function that a symbol means."""
        return self._declared(symbol, wasmir.FuncOp)

    # --- where definitions are ---

    def memory_place(self, memory: wasmir.MemoryOp) -> tuple[SSAValue, wasmvm.Path]:
        """The pointer and the path (without field) of a memory's definition."""
        slot = memory.slot_value
        if memory.is_import:
            path = wasmvm.Path("imported_memories", slot, "from")
            return self.entry_field(self.vmctx(), path), wasmvm.Path("memory")
        if memory.shared is not None:
            path = wasmvm.Path("memories", slot, "definition")
            return self.entry_field(self.vmctx(), path), wasmvm.Path("memory")
        return self.vmctx(), wasmvm.Path("owned_memories", slot)

    def table_place(self, table: wasmir.TableOp) -> tuple[SSAValue, wasmvm.Path]:
        """The pointer and the path (without field) of a table's definition."""
        if table.is_import:
            path = wasmvm.Path("imported_tables", table.slot_value, "from")
            return self.entry_field(self.vmctx(), path), wasmvm.Path("table")
        return self.vmctx(), wasmvm.Path("tables", table.slot_value)

    def global_place(self, variable: wasmir.GlobalOp) -> tuple[SSAValue, wasmvm.Path]:
        """The pointer and the path of a global's value."""
        slot = variable.slot_value
        if variable.is_import:
            path = wasmvm.Path("imported_globals", slot, "from")
            return self.entry_field(self.vmctx(), path), wasmvm.Path("global", None, "value")
        return self.vmctx(), wasmvm.Path("globals", slot, "value")

    # --- linear memory ---

    def is_guarded(self, memory: wasmir.MemoryOp) -> bool:
        """Whether the memory has the full reservation and guard, and therefore never moves."""
        return (
            self.options.bounds == "guard"
            and memory.address_type == i32
            and memory.page_size_log2.value.data == WASM_PAGE_LOG2
        )

    def memory_base(self, memory: wasmir.MemoryOp) -> SSAValue:
        """Where the memory starts."""
        pointer, path = self.memory_place(memory)
        path = path.with_field("base")
        if self.is_guarded(memory):
            return self.entry_field(pointer, path)
        return self.block_field(pointer, path)

    def memory_length(self, memory: wasmir.MemoryOp) -> SSAValue:
        """The memory's size in bytes, as it is now."""
        if memory.maximum_bytes == memory.minimum_bytes:
            return self.constant(memory.minimum_bytes, 64)
        pointer, path = self.memory_place(memory)
        return self.block_field(pointer, path.with_field("current_length"), i64)

    def access(self, op: wasmir.MemoryAccess) -> tuple[SSAValue, dict[str, Attribute]]:
        """Check the bounds of a load or store; its base and the properties of the access."""
        memory = self.memory(op.memory_symbol)
        address, end = op.address_operand, op.static_offset + op.bytes
        properties: dict[str, Attribute] = {
            "offset": op.properties["offset"],
            "bytes": integer_attr(op.bytes, 64),
            "align": _BYTE_ALIGNED,
        }
        if not (op.known_in_bounds or _is_inside(address, end, memory.minimum_bytes)):
            if not self.is_guarded(memory) or end > GUARD_SIZE:
                self.step(
                    wasmvm.BoundsCheckOp,
                    (address, self.memory_length(memory)),
                    # No memory has 2**64 - 1 bytes, so that stands for every larger end too.
                    {"size": integer_attr(min(end, (1 << 64) - 1), 64)},
                )
            else:
                properties["may_fault"] = _UNIT
                if self.options.traps == "relaxed":
                    properties["unordered"] = _UNIT
        return self.memory_base(memory), properties

    def check_range(self, memory: wasmir.MemoryOp, start: SSAValue, length: SSAValue) -> None:
        """Trap unless `length` bytes from `start` (both i64) are inside the memory."""
        self.step(
            wasmvm.RangeCheckOp,
            (start, length, self.memory_length(memory)),
            {"code": integer_attr(TrapCode.MEMORY_OUT_OF_BOUNDS, 64)},
        )

    def linear_address(self, memory: wasmir.MemoryOp, address: SSAValue) -> SSAValue:
        """The host address of a checked i64 address."""
        base = self.memory_base(memory)
        return self.value(wasmvm.LinearAddressOp, (base, address), wasmvm.PTR)

    # --- tables ---

    def table_index(self, value: SSAValue) -> SSAValue:
        """An index into a table or a number of elements as i32. An i64 that does not fit becomes the
        largest i32: no table is that long, so it fails every check that the i64 would fail."""
        if value.type == i32:
            return value
        too_large = self.numeric("i64.gt_u", value, self.constant(0xFFFF_FFFF, 64))
        operands = (too_large, self.constant(-1), self.numeric("i32.wrap_i64", value))
        return self.value(wasmir.SelectOp, operands, i32)

    def table_result(self, value: SSAValue, result_type: Attribute) -> SSAValue:
        """A number of elements, or -1, in the table's index type."""
        return value if result_type == i32 else self.numeric("i64.extend_i32_s", value)

    def element_address(self, table: wasmir.TableOp, index: SSAValue) -> SSAValue:
        """The checked address of a table element; `index` is an i32."""
        pointer, path = self.table_place(table)
        count = self.block_field(pointer, path.with_field("current_elements"), i32)
        self.trap_if(self.numeric("i32.ge_u", index, count), TrapCode.TABLE_OUT_OF_BOUNDS)
        base = self.block_field(pointer, path.with_field("base"))
        return self.value(wasmvm.ElementAddressOp, (base, index), wasmvm.PTR)

    def element_properties(self, table: wasmir.TableOp) -> dict[str, Attribute]:
        """Whether the elements carry the initialised bit."""
        return {"function": _UNIT} if table.element_type == wasmir.FUNCREF else {}


WASM_PAGE_LOG2 = 16
_BYTE_ALIGNED = integer_attr(1, 64)


def _is_inside(address: SSAValue, end: int, size: int) -> bool:
    constant = wasmir.constant_bits(address)
    return constant is not None and constant + end <= size


# --- one handler for each operation that touches runtime state ---


def _load(r: _FunctionRewrite, op: wasmir.LoadOp) -> None:
    base, properties = r.access(op)
    access = op.INSTRUCTION.access
    assert access is not None
    if access.signed:
        properties["signed"] = _UNIT
    replace_by(op, r.step(wasmvm.LinearLoadOp, (base, op.address_operand), properties))


def _store(r: _FunctionRewrite, op: wasmir.StoreOp) -> None:
    base, properties = r.access(op)
    r.step(wasmvm.LinearStoreOp, (base, op.address_operand, op.stored_value), properties)
    drop(op)


def _memory_size(r: _FunctionRewrite, op: wasmir.MemorySizeOp) -> None:
    memory = r.memory(op.memory)
    page_log2 = r.constant(memory.page_size_log2.value.data, 64)
    pages = r.numeric("i64.shr_u", r.memory_length(memory), page_log2)
    if memory.address_type == i32:
        pages = r.numeric("i32.wrap_i64", pages)
    replace_value(op.result, pages)
    drop(op)


def _memory_grow(r: _FunctionRewrite, op: wasmir.MemoryGrowOp) -> None:
    memory = r.memory(op.memory)
    index = r.constant(memory.index_value)
    pages = r.builtin_value("memory32_grow", i64, r.extend(op.delta), index)
    if memory.address_type == i32:
        pages = r.numeric("i32.wrap_i64", pages)
    replace_value(op.result, pages)
    drop(op)


def _memory_fill(r: _FunctionRewrite, op: wasmir.MemoryFillOp) -> None:
    memory = r.memory(op.memory)
    start, length = r.extend(op.start), r.extend(op.length)
    r.check_range(memory, start, length)
    r.builtin("memset", r.linear_address(memory, start), op.value, length)
    drop(op)


def _memory_copy(r: _FunctionRewrite, op: wasmir.MemoryCopyOp) -> None:
    memory, source_memory = r.memory(op.memory), r.memory(op.source_memory)
    destination, source = r.extend(op.destination), r.extend(op.source)
    length = r.extend(op.length)
    r.check_range(memory, destination, length)
    r.check_range(source_memory, source, length)
    to = r.linear_address(memory, destination)
    r.builtin("memmove", to, r.linear_address(source_memory, source), length)
    drop(op)


def _memory_init(r: _FunctionRewrite, op: wasmir.MemoryInitOp) -> None:
    memory = r.constant(r.memory(op.memory).index_value)
    segment = r.constant(op.segment_index.value.data)
    r.builtin("memory_init", memory, segment, r.extend(op.destination), op.source, op.length)
    drop(op)


def _data_drop(r: _FunctionRewrite, op: wasmir.DataDropOp) -> None:
    r.builtin("data_drop", r.constant(op.segment_index.value.data))
    drop(op)


def _global_get(r: _FunctionRewrite, op: wasmir.GlobalGetOp) -> None:
    variable = r.variable(op.variable)
    constant = _constant_value(variable)
    if constant is not None:
        replace_by(op, r.step(type(constant), (), dict(constant.properties)))
        return
    pointer, path = r.global_place(variable)
    properties = wasmvm.path_properties(path)
    if variable.mutable is None:
        properties["invariant"] = _UNIT
    replace_by(op, r.step(wasmvm.LoadFieldOp, (pointer,), properties))


def _constant_value(variable: wasmir.GlobalOp) -> wasmir.ConstOp | None:
    """The constant that an immutable global is, if its initialiser says so."""
    if variable.mutable is not None or variable.init is None:
        return None
    first = variable.init.block.first_op
    returned = variable.init.block.last_op
    if isinstance(first, wasmir.ConstOp) and returned is first.next_op:
        return first
    return None


def _global_set(r: _FunctionRewrite, op: wasmir.GlobalSetOp) -> None:
    pointer, path = r.global_place(r.variable(op.variable))
    properties = wasmvm.path_properties(path)
    if r.options.traps == "exact":
        properties["volatile"] = _UNIT
    r.step(wasmvm.StoreFieldOp, (pointer, op.value), properties)
    drop(op)


def _count(r: _FunctionRewrite, op: wasmvm.CountOp) -> None:
    path = wasmvm.Path("extra", None, op.counter.data)
    count = r.field(r.vmctx(), path, i64)
    added = r.numeric("i64.add", count, r.constant(op.amount_value, 64))
    properties = wasmvm.path_properties(path)
    if r.options.traps == "exact":
        properties["volatile"] = _UNIT
    r.step(wasmvm.StoreFieldOp, (r.vmctx(), added), properties)
    drop(op)


def _table_get(r: _FunctionRewrite, op: wasmir.TableGetOp) -> None:
    table = r.table(op.table)
    index = r.table_index(op.index)
    address = r.element_address(table, index)
    properties = r.element_properties(table)
    properties["table"] = integer_attr(table.index_value, 64)
    operands = (r.vmctx(), address, index)
    replace_by(op, r.step(wasmvm.LoadElementOp, operands, properties))


def _table_set(r: _FunctionRewrite, op: wasmir.TableSetOp) -> None:
    table = r.table(op.table)
    address = r.element_address(table, r.table_index(op.index))
    r.step(wasmvm.StoreElementOp, (address, op.value), r.element_properties(table))
    drop(op)


def _table_size(r: _FunctionRewrite, op: wasmir.TableSizeOp) -> None:
    pointer, path = r.table_place(r.table(op.table))
    count = r.block_field(pointer, path.with_field("current_elements"), i32)
    replace_value(op.result, r.table_result(count, op.result.type))
    drop(op)


def _table_grow(r: _FunctionRewrite, op: wasmir.TableGrowOp) -> None:
    table = r.table(op.table)
    name = "table_grow_func_ref" if r.element_properties(table) else "table_grow_externref"
    index = r.constant(table.index_value)
    old = r.builtin_value(name, i32, index, r.table_index(op.delta), op.value)
    replace_value(op.result, r.table_result(old, op.result.type))
    drop(op)


def _table_fill(r: _FunctionRewrite, op: wasmir.TableFillOp) -> None:
    table = r.table(op.table)
    name = "table_fill_func_ref" if r.element_properties(table) else "table_fill_externref"
    start, length = r.table_index(op.start), r.table_index(op.length)
    r.builtin(name, r.constant(table.index_value), start, op.value, length)
    drop(op)


def _table_copy(r: _FunctionRewrite, op: wasmir.TableCopyOp) -> None:
    to = r.constant(r.table(op.table).index_value)
    source = r.constant(r.table(op.source_table).index_value)
    places = (r.table_index(v) for v in (op.destination, op.source, op.length))
    r.builtin("table_copy", to, source, *places)
    drop(op)


def _table_init(r: _FunctionRewrite, op: wasmir.TableInitOp) -> None:
    table = r.constant(r.table(op.table).index_value)
    segment = r.constant(op.segment_index.value.data)
    destination = r.table_index(op.destination)
    r.builtin("table_init", table, segment, destination, op.source, op.length)
    drop(op)


def _elem_drop(r: _FunctionRewrite, op: wasmir.ElemDropOp) -> None:
    r.builtin("elem_drop", r.constant(op.segment_index.value.data))
    drop(op)


def _ref_func(r: _FunctionRewrite, op: wasmir.RefFuncOp) -> None:
    slot = r.callee(op.function).func_ref
    assert slot is not None, "validation has checked that the function is declared"
    properties: dict[str, Attribute] = {"region": StringAttr("func_refs"), "entry": slot}
    replace_by(op, r.step(wasmvm.EntryAddressOp, (r.vmctx(),), properties))


def _call(r: _FunctionRewrite, op: wasmir.CallOp) -> None:
    callee, vmctx = r.callee(op.callee), r.vmctx()
    arguments = op.operands
    if callee.is_import:
        place = wasmvm.Path("imported_functions", callee.slot_value)
        code = r.field(vmctx, place.with_field("wasm_call"))
        callee_vmctx = r.field(vmctx, place.with_field("vmctx"))
        call = r.step(
            wasmvm.CallPointerOp, (code, callee_vmctx, vmctx, *arguments), {"convention": _WASM}
        )
    else:
        call = r.step(wasmvm.CallOp, (vmctx, vmctx, *arguments), {"callee": op.callee})
    r.forget_fields()
    replace_by(op, call)


def _call_indirect(r: _FunctionRewrite, op: wasmir.CallIndirectOp) -> None:
    table, vmctx = r.table(op.table), r.vmctx()
    index, *arguments = op.operands
    index = r.table_index(index)
    address = r.element_address(table, index)
    properties = r.element_properties(table)
    properties["table"] = integer_attr(table.index_value, 64)
    reference = r.value(wasmvm.LoadElementOp, (vmctx, address, index), wasmir.FUNCREF, properties)
    is_null = r.value(wasmir.RefIsNullOp, (reference,), i32)
    r.trap_if(is_null, TrapCode.INDIRECT_CALL_TO_NULL)
    signature = r.symbols[op.signature.root_reference.data]
    assert isinstance(signature, wasmir.TypeOp)
    ids = r.entry_field(vmctx, wasmvm.Path("vmctx", None, "signature_ids"))
    expected = r.value(wasmvm.SignatureIdOp, (ids,), i32, {"type_index": signature.index})
    actual = r.field(reference, wasmvm.Path("func_ref", None, "type_index"), i32)
    r.trap_if(r.numeric("i32.ne", actual, expected), TrapCode.BAD_SIGNATURE)
    code = r.field(reference, wasmvm.Path("func_ref", None, "wasm_call"))
    callee_vmctx = r.field(reference, wasmvm.Path("func_ref", None, "vmctx"))
    call = r.step(
        wasmvm.CallPointerOp, (code, callee_vmctx, vmctx, *arguments), {"convention": _WASM}
    )
    r.forget_fields()
    replace_by(op, call)


def _marker(r: _FunctionRewrite, op: Operation) -> None:
    drop(op)


_WASM = StringAttr("wasm")

_HANDLERS: dict[type[Operation], Callable[[_FunctionRewrite, Any], None]] = {
    **dict.fromkeys(wasmir.LOAD_OPS.values(), _load),
    **dict.fromkeys(wasmir.STORE_OPS.values(), _store),
    wasmir.MemorySizeOp: _memory_size,
    wasmir.MemoryGrowOp: _memory_grow,
    wasmir.MemoryFillOp: _memory_fill,
    wasmir.MemoryCopyOp: _memory_copy,
    wasmir.MemoryInitOp: _memory_init,
    wasmir.DataDropOp: _data_drop,
    wasmvm.CountOp: _count,
    wasmir.GlobalGetOp: _global_get,
    wasmir.GlobalSetOp: _global_set,
    wasmir.TableGetOp: _table_get,
    wasmir.TableSetOp: _table_set,
    wasmir.TableSizeOp: _table_size,
    wasmir.TableGrowOp: _table_grow,
    wasmir.TableFillOp: _table_fill,
    wasmir.TableCopyOp: _table_copy,
    wasmir.TableInitOp: _table_init,
    wasmir.ElemDropOp: _elem_drop,
    wasmir.RefFuncOp: _ref_func,
    wasmir.OperatorsOp: _marker,
    wasmir.LoopHeaderOp: _marker,
    wasmir.CallOp: _call,
    wasmir.CallIndirectOp: _call_indirect,
}

"""insert-vmctx-loads: make every access to runtime state explicit.

Memory, table, global and call operations of wasmir become wasmvm steps over the VMContext: loads of
bases and bounds, checks with a trap code, calls through pointers. Arithmetic and control flow stay.
Source of the steps: docs/abi.md, "Calls and tables" and "Bounds".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr, i32, i64
from xdsl.ir import Attribute, Operation
from xdsl.passes import ModulePass

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.declared import number_of
from wasmdialect.dialects.fast import (
    drop,
    integer_attr,
    relink,
    replace_by,
    replace_value,
    splice_front,
    take_operations,
)
from wasmdialect.passes.vmctx_steps import UNIT, VMContextSteps


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
            _FunctionRewrite(function, symbols, self.bounds, self.traps).run()


def _segment_index(op: Operation) -> int:
    index = number_of(op, "segment_index")
    if index is None:
        raise ValueError(f"{op.name} names a segment that is not numbered")
    return index


class _FunctionRewrite(VMContextSteps):
    """Rewrites the blocks of one function, in order."""

    def run(self) -> None:
        for block in self.function.body.blocks:
            self.start_block(block)
            for op in take_operations(block):
                handler = _HANDLERS.get(op.__class__)
                if handler is None:
                    relink(block, op)
                else:
                    self.location = op.location
                    handler(self, op)
        splice_front(self.function.entry, self.prelude)


def _load(r: _FunctionRewrite, op: wasmir.LoadOp) -> None:
    base, properties = r.access(op)
    access = op.INSTRUCTION.access
    assert access is not None
    if access.signed:
        properties["signed"] = UNIT
    replace_by(op, r.step(wasmvm.LinearLoadOp, (base, op.address_operand), properties))


def _store(r: _FunctionRewrite, op: wasmir.StoreOp) -> None:
    base, properties = r.access(op)
    properties |= r.order
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
    segment = r.constant(_segment_index(op))
    r.builtin("memory_init", memory, segment, r.extend(op.destination), op.source, op.length)
    drop(op)


def _data_drop(r: _FunctionRewrite, op: wasmir.DataDropOp) -> None:
    r.builtin("data_drop", r.constant(_segment_index(op)))
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
        properties["invariant"] = UNIT
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
    properties = wasmvm.path_properties(path) | r.order
    r.step(wasmvm.StoreFieldOp, (pointer, op.value), properties)
    drop(op)


def _count(r: _FunctionRewrite, op: wasmvm.CountOp) -> None:
    path = wasmvm.Path("extra", None, op.counter.data)
    count = r.field(r.vmctx(), path, i64)
    added = r.numeric("i64.add", count, r.constant(op.amount_value, 64))
    properties = wasmvm.path_properties(path) | r.order
    r.step(wasmvm.StoreFieldOp, (r.vmctx(), added), properties)
    drop(op)


def _store_field(r: _FunctionRewrite, op: wasmvm.StoreFieldOp) -> None:
    """A field that a pass declared: the host may look at it after a trap."""
    if op.struct.data == "extra":
        op.properties |= r.order
    relink(r.block, op)


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
    r.step(wasmvm.StoreElementOp, (address, op.value), r.element_properties(table) | r.order)
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
    segment = r.constant(_segment_index(op))
    destination = r.table_index(op.destination)
    r.builtin("table_init", table, segment, destination, op.source, op.length)
    drop(op)


def _elem_drop(r: _FunctionRewrite, op: wasmir.ElemDropOp) -> None:
    r.builtin("elem_drop", r.constant(_segment_index(op)))
    drop(op)


def _ref_func(r: _FunctionRewrite, op: wasmir.RefFuncOp) -> None:
    slot = r.callee(op.function).func_ref
    assert slot is not None, "validation has checked that the function is declared"
    properties: dict[str, Attribute] = {"region": StringAttr("func_refs"), "entry": slot}
    replace_by(op, r.step(wasmvm.EntryAddressOp, (r.vmctx(),), properties))


def _call(r: _FunctionRewrite, op: wasmir.CallOp) -> None:
    callee, vmctx = r.callee(op.callee), r.vmctx()
    arguments = op.operands
    signature = callee.function_type
    if (*op.operand_types, *op.result_types) != (*signature.inputs.data, *signature.outputs.data):
        raise ValueError(f"@{callee.sym_name.data} has type {signature}, and is called as another")
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
    type_index: dict[str, Attribute] = {"type_index": integer_attr(signature.index_value, 64)}
    expected = r.value(wasmvm.SignatureIdOp, (ids,), i32, type_index)
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
    wasmvm.StoreFieldOp: _store_field,
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

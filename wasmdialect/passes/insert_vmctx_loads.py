"""insert-vmctx-loads: make every access to runtime state explicit.

Memory, table, global and call operations of wasmir become wasmvm steps over the VMContext: loads of
bases and bounds, checks with a trap code, calls through pointers. Arithmetic and control flow stay.
Source of the steps: docs/abi.md, "Calls and tables" and "Bounds".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from wasmdialect.analyses.trap_free import misplaced_accesses
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.control_transfer import (
    Branches,
    CallsCode,
    ControlTransfer,
    LeavesFunction,
    RunsInPlace,
)
from wasmdialect.dialects.counts import has_exceptions
from wasmdialect.dialects.declared import number_of
from wasmdialect.dialects.fast import (
    blocks_of,
    operands_of,
    relink,
    splice_front,
    take_operations,
)
from wasmdialect.passes import vmctx_atomics, vmctx_exceptions
from wasmdialect.passes.base import defined_functions
from wasmdialect.passes.transfers import require_transfer
from wasmdialect.passes.vmctx_exceptions import ExceptionSteps
from wasmdialect.passes.vmctx_steps import holds_functions
from wasmdialect.wasm.instructions import Access


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
        symbols = declared_symbols(op)
        tests_exceptions = has_exceptions(op)
        for function in defined_functions(op):
            check_fences(function)
            _FunctionRewrite(function, symbols, self.bounds, self.traps, tests_exceptions).run()


def declared_symbols(module: ModuleOp) -> dict[str, Operation]:
    """The declarations of a module by their symbols."""
    return {op.sym_name.data: op for op in module.ops if isinstance(op, wasmir.DeclarationOp)}


def check_fences(function: wasmir.FuncOp) -> None:
    """Raises PassFailedException if an access is plain where the order of accesses can be seen."""
    for op in misplaced_accesses(function):
        raise PassFailedException(
            f"{op.name} is on the wrong side of a `wasmir.trap_fence` in @{function.sym_name.data}:"
            " a plain access, and what may trap, call or return, need one between them"
        )


def _segment_index(op: Operation) -> int:
    index = number_of(op, "segment_index")
    if index is None:
        raise ValueError(f"{op.name} names a segment that is not numbered")
    return index


class _FunctionRewrite(ExceptionSteps):
    """Rewrites the blocks of one function, in order."""

    def run(self) -> None:
        for block in blocks_of(self.function.body):
            self.begin(block)
            for op in take_operations(block):
                handler = HANDLERS.get(op.__class__)
                if handler is not None:
                    self.location = op.location
                    handler(self, op)
                elif op.__class__ in _WITHOUT_STEPS:
                    relink(self.block, op)
                else:
                    self.keep(op)
            self.check_tested()
        splice_front(self.function.entry, self.prelude.block)

    def keep(self, op: Operation) -> None:
        """Append an operation that needs no steps. Raises PassFailedException if it does."""
        relink(self.block, op)
        check_without_steps(op)
        if require_transfer(op) is CallsCode:
            self.forget_fields()
            self.after_call(op)
        else:
            _WITHOUT_STEPS.add(op.__class__)


_WITHOUT_STEPS: set[type[Operation]] = set()
"""The classes of operations that have been looked at, and stay as they are."""


def check_without_steps(op: Operation) -> None:
    """Raises PassFailedException for an operation that needs the runtime, or may: one of WebAssembly
    that reads or writes state or calls, or one that does not say where control goes."""
    if needs_runtime(op.__class__, require_transfer(op)):
        raise PassFailedException(f"{op.name} needs the runtime, but no steps are known for it")


def needs_runtime(cls: type[Operation], transfer: type[ControlTransfer]) -> bool:
    """Whether operations of a class, from which control goes there, are of WebAssembly and read or
    write state, or call."""
    row = wasmir.instruction_of(cls)
    if row is None:
        return False
    leaves = transfer is LeavesFunction and wasmir.TailCallOp not in cls.__mro__
    return bool(row.reads or row.writes or not (leaves or transfer in (RunsInPlace, Branches)))


def _access(op: wasmir.MemoryAccess) -> Access:
    access = op.INSTRUCTION.access
    assert access is not None
    return access


def _load(r: ExceptionSteps, op: wasmir.LoadOp) -> None:
    _load_value(r, op, op.RESULT_TYPE, signed=_access(op).signed)
    r.give_place(op)


def _load_value(
    r: ExceptionSteps, op: wasmir.LoadLike, result_type: Attribute, *, signed: bool = False
) -> SSAValue:
    """The accessed bytes, extended to a type."""
    base, may_fault = r.access(op)
    # From a volatile store LLVM forwards to a plain load (`FunctionLowering.keeps_stored`), perhaps a
    # constant with which float arithmetic is an identity for it.
    ordered = r.ordered and (may_fault or result_type not in (i32, i64))
    return r.linear_load(
        base,
        op.address_operand,
        result_type,
        offset=op.static_offset,
        bytes=op.bytes,
        signed=signed,
        may_fault=may_fault,
        volatile=r.must_happen(op, ordered=ordered),
    )


def _store(r: ExceptionSteps, op: wasmir.StoreOp) -> None:
    _store_value(r, op, op.stored_value)
    r.drop(op)


def _store_value(r: ExceptionSteps, op: wasmir.StoreLike, value: SSAValue) -> None:
    base, may_fault = r.access(op)
    r.linear_store(
        base,
        op.address_operand,
        value,
        offset=op.static_offset,
        bytes=op.bytes,
        may_fault=may_fault,
        volatile=r.must_happen(op, ordered=r.ordered),
    )


# Vectors of which only a part is accessed: a number, and the vector instruction that the row of the
# instruction names.


def _load_part(r: ExceptionSteps, op: wasmir.LoadOp) -> None:
    mnemonic = _access(op).completed_by
    part = _load_value(r, op, i64 if op.bytes == 8 else i32)
    if mnemonic in wasmir.LANE_OPS:
        r.lane(mnemonic, 0, r.v128_const(0), part)
    elif wasmir.NUMERIC_OPS[mnemonic].OPERAND_TYPES == (wasmir.V128,):
        r.numeric(mnemonic, r.numeric("i64x2.splat", part))
    else:
        r.numeric(mnemonic, part)
    r.give_place(op)


def _load_lane(r: ExceptionSteps, op: wasmir.LoadLaneOp) -> None:
    part = _load_value(r, op, i64 if op.bytes == 8 else i32)
    r.lane(_access(op).completed_by, op.lane_index, op.vector_operand, part)
    r.give_place(op)


def _store_lane(r: ExceptionSteps, op: wasmir.StoreLaneOp) -> None:
    part = r.lane(_access(op).completed_by, op.lane_index, op.vector_operand)
    _store_value(r, op, part)
    r.drop(op)


def _memory_size(r: ExceptionSteps, op: wasmir.MemorySizeOp) -> None:
    memory = r.memory(op.memory)
    page_log2 = r.i64_const(memory.page_size_log2.value.data)
    pages = r.numeric("i64.shr_u", r.fresh_memory_length(memory), page_log2)
    if memory.address_type == i32:
        pages = r.numeric("i32.wrap_i64", pages)
    r.give_values(op, [pages])


def _memory_grow(r: ExceptionSteps, op: wasmir.MemoryGrowOp) -> None:
    memory = r.memory(op.memory)
    index = r.i32_const(memory.index_value)
    pages = r.builtin_value("memory32_grow", i64, r.extend(op.delta), index)
    if memory.address_type == i32:
        pages = r.numeric("i32.wrap_i64", pages)
    r.give_values(op, [pages])


def _memory_fill(r: ExceptionSteps, op: wasmir.MemoryFillOp) -> None:
    memory = r.memory(op.memory)
    start, length = r.extend(op.start), r.extend(op.length)
    r.check_range(memory, start, length)
    r.builtin("memset", r.memory_address(memory, start), op.value, length)
    r.drop(op)


def _memory_copy(r: ExceptionSteps, op: wasmir.MemoryCopyOp) -> None:
    memory, source_memory = r.memory(op.memory), r.memory(op.source_memory)
    destination, source = r.extend(op.destination), r.extend(op.source)
    length = r.extend(op.length)
    r.check_range(memory, destination, length)
    r.check_range(source_memory, source, length)
    to = r.memory_address(memory, destination)
    r.builtin("memmove", to, r.memory_address(source_memory, source), length)
    r.drop(op)


def _memory_init(r: ExceptionSteps, op: wasmir.MemoryInitOp) -> None:
    memory = r.i32_const(r.memory(op.memory).index_value)
    segment = r.i32_const(_segment_index(op))
    r.builtin("memory_init", memory, segment, r.extend(op.destination), op.source, op.length)
    r.drop(op)


def _data_drop(r: ExceptionSteps, op: wasmir.DataDropOp) -> None:
    r.builtin("data_drop", r.i32_const(_segment_index(op)))
    r.drop(op)


def _global_get(r: ExceptionSteps, op: wasmir.GlobalGetOp) -> None:
    variable = r.variable(op.variable)
    constant = _constant_value(variable)
    if constant is not None:
        r.value(type(constant), (), constant.RESULT_TYPE, {**constant.properties})
        r.give_place(op)
        return
    pointer, path = r.global_place(variable)
    r.load_field(pointer, path, op.result.type, invariant=variable.mutable is None)
    r.give_place(op)


def _constant_value(variable: wasmir.GlobalOp) -> wasmir.ConstOp | None:
    """The constant value of an immutable global, if its initialiser is a constant."""
    if variable.mutable is not None or variable.init is None:
        return None
    first = variable.init.block.first_op
    returned = variable.init.block.last_op
    if isinstance(first, wasmir.ConstOp) and returned is first.next_op:
        return first
    return None


def _global_set(r: ExceptionSteps, op: wasmir.GlobalSetOp) -> None:
    pointer, path = r.global_place(r.variable(op.variable))
    r.store_field(pointer, path, op.value, volatile=r.ordered)
    r.drop(op)


def _count(r: ExceptionSteps, op: wasmvm.CountOp) -> None:
    if op.index is not None:
        _store_bytes(r, op)
        return
    path = wasmvm.Path("extra", None, op.counter.data)
    count = r.load_field(r.vmctx(), path, i64)
    added = r.numeric("i64.add", count, r.i64_const(op.amount_value))
    r.store_field(r.vmctx(), path, added, volatile=r.ordered)
    r.drop(op)


def _store_field(r: ExceptionSteps, op: wasmvm.StoreFieldOp) -> None:
    """A field that a pass declared: the host may read it after a trap."""
    if op.struct.data == "extra" and r.ordered:
        op.volatile = UnitAttr()
    r.stay(op)


def _store_bytes(r: ExceptionSteps, op: wasmvm.StoreBytesOp | wasmvm.CountOp) -> None:
    if r.ordered:
        op.volatile = UnitAttr()
    r.stay(op)


def _table_get(r: ExceptionSteps, op: wasmir.TableGetOp) -> None:
    r.element(r.table(op.table), r.table_index(op.index))
    r.give_place(op)


def _table_set(r: ExceptionSteps, op: wasmir.TableSetOp) -> None:
    table = r.table(op.table)
    address = r.checked_element(table, r.table_index(op.index))
    r.store_element(address, op.value, function=holds_functions(table), volatile=r.ordered)
    r.drop(op)


def _table_size(r: ExceptionSteps, op: wasmir.TableSizeOp) -> None:
    pointer, path = r.table_place(r.table(op.table))
    count = r.block_field(pointer, path.with_field("current_elements"))
    r.give_values(op, [r.table_result(count, op.result.type)])


def _table_grow(r: ExceptionSteps, op: wasmir.TableGrowOp) -> None:
    table = r.table(op.table)
    name = "table_grow_func_ref" if holds_functions(table) else "table_grow_externref"
    index = r.i32_const(table.index_value)
    old = r.builtin_value(name, i32, index, r.table_index(op.delta), op.value)
    r.give_values(op, [r.table_result(old, op.result.type)])


def _table_fill(r: ExceptionSteps, op: wasmir.TableFillOp) -> None:
    table = r.table(op.table)
    name = "table_fill_func_ref" if holds_functions(table) else "table_fill_externref"
    start, length = r.table_index(op.start), r.table_index(op.length)
    r.builtin(name, r.i32_const(table.index_value), start, op.value, length)
    r.drop(op)


def _table_copy(r: ExceptionSteps, op: wasmir.TableCopyOp) -> None:
    to = r.i32_const(r.table(op.table).index_value)
    source = r.i32_const(r.table(op.source_table).index_value)
    places = (r.table_index(v) for v in (op.destination, op.source, op.length))
    r.builtin("table_copy", to, source, *places)
    r.drop(op)


def _table_init(r: ExceptionSteps, op: wasmir.TableInitOp) -> None:
    table = r.i32_const(r.table(op.table).index_value)
    segment = r.i32_const(_segment_index(op))
    destination = r.table_index(op.destination)
    r.builtin("table_init", table, segment, destination, op.source, op.length)
    r.drop(op)


def _elem_drop(r: ExceptionSteps, op: wasmir.ElemDropOp) -> None:
    r.builtin("elem_drop", r.i32_const(_segment_index(op)))
    r.drop(op)


def _ref_func(r: ExceptionSteps, op: wasmir.RefFuncOp) -> None:
    slot = r.callee(op.function).func_ref
    assert slot is not None, "validation has checked that the function is declared"
    r.entry_address(r.vmctx(), "func_refs", slot.value.data, op.result.type)
    r.give_place(op)


def _call(r: ExceptionSteps, op: wasmir.CallOp) -> None:
    vmctx, arguments = r.vmctx(), operands_of(op)
    callee: Any = op.properties["callee"]
    types = [result.type for result in op.results]
    declared = r.callee(callee)
    r.check_signature(declared, [a.type for a in arguments], types)
    imported = r.imported_code(callee) if declared.is_import else None
    if imported is None:
        r.call_function(callee, vmctx, vmctx, arguments, types)
    else:
        code, callee_vmctx = imported
        r.call_pointer("wasm", code, callee_vmctx, vmctx, arguments, types)
    r.forget_fields()
    r.give_place(op)
    r.after_call(op)


def _call_indirect(r: ExceptionSteps, op: wasmir.CallIndirectOp) -> None:
    index, *arguments = op.operands
    _call_reference(r, op, r.checked_callee(op.table, op.signature, index), arguments)


def _call_reference(
    r: ExceptionSteps, op: Operation, reference: SSAValue, arguments: Sequence[SSAValue]
) -> None:
    code, callee_vmctx = r.code_of(r.behind_barrier(reference))
    r.call_pointer("wasm", code, callee_vmctx, r.vmctx(), arguments, op.result_types)
    r.forget_fields()
    r.give_place(op)
    r.after_call(op)


def _call_ref(r: ExceptionSteps, op: wasmir.CallRefOp) -> None:
    reference, *arguments = op.operands
    r.check_not_null(reference)
    _call_reference(r, op, reference, arguments)


def _return_call(r: ExceptionSteps, op: wasmir.ReturnCallOp) -> None:
    vmctx = r.vmctx()
    r.check_signature(r.callee(op.callee), op.operand_types, r.function.function_type.outputs.data)
    imported = r.imported_code(op.callee)
    if imported is None:
        r.return_call_function(op.callee, vmctx, vmctx, op.operands)
    else:
        r.return_call_pointer(*imported, vmctx, op.operands)
    r.drop(op)


def _return_call_indirect(r: ExceptionSteps, op: wasmir.ReturnCallIndirectOp) -> None:
    index, *arguments = op.operands
    reference = r.checked_callee(op.table, op.signature, index)
    r.return_call_pointer(*r.code_of(r.behind_barrier(reference)), r.vmctx(), arguments)
    r.drop(op)


def _return_call_ref(r: ExceptionSteps, op: wasmir.ReturnCallRefOp) -> None:
    reference, *arguments = op.operands
    r.check_not_null(reference)
    r.return_call_pointer(*r.code_of(r.behind_barrier(reference)), r.vmctx(), arguments)
    r.drop(op)


def _ref_as_non_null(r: ExceptionSteps, op: wasmir.RefAsNonNullOp) -> None:
    if op.known is None:
        r.check_not_null(op.operand)
        op.properties["known"] = UnitAttr()
    r.stay(op)


def _marker(r: ExceptionSteps, op: Operation) -> None:
    r.drop(op)


def _is_part(cls: type[wasmir.LoadOp]) -> bool:
    access = cls.INSTRUCTION.access
    return access is not None and access.completed_by != ""


HANDLERS: dict[type[Operation], Callable[[ExceptionSteps, Any], None]] = {
    **{cls: _load_part if _is_part(cls) else _load for cls in wasmir.LOAD_OPS.values()},
    **dict.fromkeys(wasmir.STORE_OPS.values(), _store),
    **dict.fromkeys(wasmir.LOAD_LANE_OPS.values(), _load_lane),
    **dict.fromkeys(wasmir.STORE_LANE_OPS.values(), _store_lane),
    **vmctx_atomics.HANDLERS,
    **vmctx_exceptions.HANDLERS,
    wasmir.MemorySizeOp: _memory_size,
    wasmir.MemoryGrowOp: _memory_grow,
    wasmir.MemoryFillOp: _memory_fill,
    wasmir.MemoryCopyOp: _memory_copy,
    wasmir.MemoryInitOp: _memory_init,
    wasmir.DataDropOp: _data_drop,
    wasmvm.CountOp: _count,
    wasmvm.StoreFieldOp: _store_field,
    wasmvm.StoreBytesOp: _store_bytes,
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
    wasmir.CallRefOp: _call_ref,
    wasmir.RefAsNonNullOp: _ref_as_non_null,
    wasmir.ReturnCallOp: _return_call,
    wasmir.ReturnCallIndirectOp: _return_call_indirect,
    wasmir.ReturnCallRefOp: _return_call_ref,
}
"""What replaces each operation."""

"""How each instruction is imported: one handler for each opcode, most made from a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects.builtin import IntegerType, i32, i64
from xdsl.ir import Attribute, Block

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import append_value, append_values, integer_attr
from wasmdialect.importer.function import Edge, FunctionImporter, Handler
from wasmdialect.wasm import types as wt
from wasmdialect.wasm.instructions import INSTRUCTIONS

HANDLERS: dict[int, Handler] = {}
"""The importer of each opcode that the IR can express, but for `loop`, which the walk handles."""


def _handles(*mnemonics: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for row in INSTRUCTIONS:
            if row.mnemonic in mnemonics:
                HANDLERS[row.opcode] = handler
        return handler

    return register


def _handle_unary(cls: type[wasmir.NumericOp]) -> Handler:
    result_type = cls.RESULT_TYPE

    def unary(f: FunctionImporter, _: Any) -> None:
        stack = f.stack
        stack[-1] = append_value(
            f.reachable_block(), cls, (stack[-1],), result_type, {}, f.location
        )

    return unary


def _handle_binary(cls: type[wasmir.NumericOp]) -> Handler:
    result_type = cls.RESULT_TYPE

    def binary(f: FunctionImporter, _: Any) -> None:
        stack = f.stack
        rhs = stack.pop()
        stack[-1] = append_value(
            f.reachable_block(), cls, (stack[-1], rhs), result_type, {}, f.location
        )

    return binary


def _handle_const(cls: type[wasmir.ConstOp]) -> Handler:
    result_type = cls.RESULT_TYPE
    bits = 32 if cls.INSTRUCTION.mnemonic in ("i32.const", "f32.const") else 64

    def const(f: FunctionImporter, value: int) -> None:
        f.push(cls, (), result_type, {"value": integer_attr(value, bits)})

    return const


def _access_properties(f: FunctionImporter, memarg: tuple[int, int, int], width: int):
    align_log2, offset, memory = memarg
    properties: dict[str, Attribute] = {
        "memory": f.unit.memory_ref(memory),
        "offset": integer_attr(offset, 64),
    }
    if 1 << align_log2 < width:
        properties["align"] = integer_attr(1 << align_log2, 64)
    return properties


def _handle_load(cls: type[wasmir.LoadOp]) -> Handler:
    result_type = cls.RESULT_TYPE
    access = cls.INSTRUCTION.access
    assert access is not None
    width = access.bytes

    def load(f: FunctionImporter, memarg: tuple[int, int, int]) -> None:
        properties = _access_properties(f, memarg, width)
        f.push(cls, (f.stack.pop(),), result_type, properties)

    return load


def _handle_store(cls: type[wasmir.StoreOp]) -> Handler:
    access = cls.INSTRUCTION.access
    assert access is not None
    width = access.bytes

    def store(f: FunctionImporter, memarg: tuple[int, int, int]) -> None:
        f.append(cls, f.pop_many(2), _access_properties(f, memarg, width))

    return store


@_handles("nop")
def _nop(f: FunctionImporter, _: Any) -> None:
    pass


@_handles("unreachable")
def _unreachable(f: FunctionImporter, _: Any) -> None:
    f.append(wasmir.UnreachableOp, (), {})
    f.block = None


@_handles("block")
def _block(f: FunctionImporter, signature: wt.FuncType) -> None:
    f.open_block(signature)


@_handles("if")
def _if(f: FunctionImporter, signature: wt.FuncType) -> None:
    f.open_if(signature)


@_handles("else")
def _else(f: FunctionImporter, _: Any) -> None:
    f.meet_else()


@_handles("end")
def _end(f: FunctionImporter, _: Any) -> None:
    f.close_frame()


@_handles("br")
def _br(f: FunctionImporter, depth: int) -> None:
    f.branch(wasmir.BrOp, (), [f.edge_to(f.label(depth))])


@_handles("br_if")
def _br_if(f: FunctionImporter, depth: int) -> None:
    condition = f.stack.pop()
    following = Block()
    f.branch(wasmir.BrIfOp, (condition,), [f.edge_to(f.label(depth)), (following, Edge([], []))])
    f.begin(following)


@_handles("br_table")
def _br_table(f: FunctionImporter, labels: tuple[int, ...]) -> None:
    index = f.stack.pop()
    edges = {depth: f.edge_to(f.label(depth)) for depth in dict.fromkeys(labels)}
    *cases, default = labels
    f.branch(wasmir.BrTableOp, (index,), [edges[default], *(edges[depth] for depth in cases)])


@_handles("return")
def _return(f: FunctionImporter, _: Any) -> None:
    f.return_results(len(f.frames[0].result_types))


@_handles("call")
def _call(f: FunctionImporter, index: int) -> None:
    signature = f.unit.function_type(f.unit.wasm.functions[index].signature)
    arguments = f.pop_many(len(signature.inputs.data))
    properties: dict[str, Attribute] = {"callee": f.unit.function_ref(index)}
    f.stack.extend(
        append_values(
            f.reachable_block(),
            wasmir.CallOp,
            arguments,
            signature.outputs.data,
            properties,
            f.location,
        )
    )


@_handles("call_indirect")
def _call_indirect(f: FunctionImporter, immediate: tuple[int, int]) -> None:
    type_index, table = immediate
    composite = f.unit.wasm.types[type_index].composite
    assert isinstance(composite, wt.FuncType)
    signature = f.unit.function_type(composite)
    index = f.stack.pop()
    arguments = f.pop_many(len(signature.inputs.data))
    properties: dict[str, Attribute] = {
        "table": f.unit.table_ref(table),
        "signature": f.unit.type_ref(type_index),
    }
    f.stack.extend(
        append_values(
            f.reachable_block(),
            wasmir.CallIndirectOp,
            [index, *arguments],
            signature.outputs.data,
            properties,
            f.location,
        )
    )


@_handles("drop")
def _drop(f: FunctionImporter, _: Any) -> None:
    f.stack.pop()


@_handles("select")
def _select(f: FunctionImporter, _: Any) -> None:
    first, second, condition = f.pop_many(3)
    f.push(wasmir.SelectOp, (condition, first, second), first.type, {})


@_handles("local.get")
def _local_get(f: FunctionImporter, index: int) -> None:
    f.stack.append(f.locals[index])


@_handles("local.set")
def _local_set(f: FunctionImporter, index: int) -> None:
    f.locals[index] = f.stack.pop()
    f.frames[-1].assigned.add(index)


@_handles("local.tee")
def _local_tee(f: FunctionImporter, index: int) -> None:
    f.locals[index] = f.stack[-1]
    f.frames[-1].assigned.add(index)


@_handles("global.get")
def _global_get(f: FunctionImporter, index: int) -> None:
    variable = f.unit.wasm.globals[index]
    properties: dict[str, Attribute] = {"variable": f.unit.global_ref(index)}
    f.push(wasmir.GlobalGetOp, (), f.unit.value_type(variable.type.value), properties)


@_handles("global.set")
def _global_set(f: FunctionImporter, index: int) -> None:
    f.append(wasmir.GlobalSetOp, f.pop_many(1), {"variable": f.unit.global_ref(index)})


def _address_type(f: FunctionImporter, memory: int) -> IntegerType:
    return i64 if f.unit.wasm.memories[memory].type.address is wt.I64 else i32


def _index_type(f: FunctionImporter, table: int) -> IntegerType:
    return i64 if f.unit.wasm.tables[table].type.address is wt.I64 else i32


@_handles("memory.size")
def _memory_size(f: FunctionImporter, memory: int) -> None:
    result_type = _address_type(f, memory)
    f.push(wasmir.MemorySizeOp, (), result_type, {"memory": f.unit.memory_ref(memory)})


@_handles("memory.grow")
def _memory_grow(f: FunctionImporter, memory: int) -> None:
    result_type = _address_type(f, memory)
    properties: dict[str, Attribute] = {"memory": f.unit.memory_ref(memory)}
    f.push(wasmir.MemoryGrowOp, f.pop_many(1), result_type, properties)


@_handles("memory.fill")
def _memory_fill(f: FunctionImporter, memory: int) -> None:
    f.append(wasmir.MemoryFillOp, f.pop_many(3), {"memory": f.unit.memory_ref(memory)})


@_handles("memory.copy")
def _memory_copy(f: FunctionImporter, memories: tuple[int, int]) -> None:
    destination, source = memories
    properties: dict[str, Attribute] = {
        "memory": f.unit.memory_ref(destination),
        "source_memory": f.unit.memory_ref(source),
    }
    f.append(wasmir.MemoryCopyOp, f.pop_many(3), properties)


@_handles("memory.init")
def _memory_init(f: FunctionImporter, immediate: tuple[int, int]) -> None:
    segment, memory = immediate
    properties: dict[str, Attribute] = {
        "memory": f.unit.memory_ref(memory),
        "segment": f.unit.data_ref(segment),
        "segment_index": integer_attr(segment, 64),
    }
    f.append(wasmir.MemoryInitOp, f.pop_many(3), properties)


@_handles("data.drop")
def _data_drop(f: FunctionImporter, segment: int) -> None:
    properties: dict[str, Attribute] = {
        "segment": f.unit.data_ref(segment),
        "segment_index": integer_attr(segment, 64),
    }
    f.append(wasmir.DataDropOp, (), properties)


@_handles("ref.null")
def _ref_null(f: FunctionImporter, heap: wt.HeapType) -> None:
    result_type = f.unit.value_type(wt.ref_type(True, heap))
    f.push(wasmir.RefNullOp, (), result_type, {})


@_handles("ref.is_null")
def _ref_is_null(f: FunctionImporter, _: Any) -> None:
    f.push(wasmir.RefIsNullOp, f.pop_many(1), i32, {})


@_handles("ref.func")
def _ref_func(f: FunctionImporter, index: int) -> None:
    properties: dict[str, Attribute] = {"function": f.unit.function_ref(index)}
    f.push(wasmir.RefFuncOp, (), wasmir.FUNCREF, properties)


@_handles("table.get")
def _table_get(f: FunctionImporter, table: int) -> None:
    element = f.unit.value_type(f.unit.wasm.tables[table].type.element)
    f.push(wasmir.TableGetOp, f.pop_many(1), element, {"table": f.unit.table_ref(table)})


@_handles("table.set")
def _table_set(f: FunctionImporter, table: int) -> None:
    f.append(wasmir.TableSetOp, f.pop_many(2), {"table": f.unit.table_ref(table)})


@_handles("table.size")
def _table_size(f: FunctionImporter, table: int) -> None:
    result_type = _index_type(f, table)
    f.push(wasmir.TableSizeOp, (), result_type, {"table": f.unit.table_ref(table)})


@_handles("table.grow")
def _table_grow(f: FunctionImporter, table: int) -> None:
    result_type = _index_type(f, table)
    properties: dict[str, Attribute] = {"table": f.unit.table_ref(table)}
    f.push(wasmir.TableGrowOp, f.pop_many(2), result_type, properties)


@_handles("table.fill")
def _table_fill(f: FunctionImporter, table: int) -> None:
    f.append(wasmir.TableFillOp, f.pop_many(3), {"table": f.unit.table_ref(table)})


@_handles("table.copy")
def _table_copy(f: FunctionImporter, tables: tuple[int, int]) -> None:
    destination, source = tables
    properties: dict[str, Attribute] = {
        "table": f.unit.table_ref(destination),
        "source_table": f.unit.table_ref(source),
    }
    f.append(wasmir.TableCopyOp, f.pop_many(3), properties)


@_handles("table.init")
def _table_init(f: FunctionImporter, immediate: tuple[int, int]) -> None:
    segment, table = immediate
    properties: dict[str, Attribute] = {
        "table": f.unit.table_ref(table),
        "segment": f.unit.elem_ref(segment),
        "segment_index": integer_attr(segment, 64),
    }
    f.append(wasmir.TableInitOp, f.pop_many(3), properties)


@_handles("elem.drop")
def _elem_drop(f: FunctionImporter, segment: int) -> None:
    properties: dict[str, Attribute] = {
        "segment": f.unit.elem_ref(segment),
        "segment_index": integer_attr(segment, 64),
    }
    f.append(wasmir.ElemDropOp, (), properties)


for _numeric in wasmir.NUMERIC_OPS.values():
    _make = _handle_unary if len(_numeric.OPERAND_TYPES) == 1 else _handle_binary
    HANDLERS[_numeric.INSTRUCTION.opcode] = _make(_numeric)
for _const in wasmir.CONST_OPS.values():
    HANDLERS[_const.INSTRUCTION.opcode] = _handle_const(_const)
for _load in wasmir.LOAD_OPS.values():
    HANDLERS[_load.INSTRUCTION.opcode] = _handle_load(_load)
for _store in wasmir.STORE_OPS.values():
    HANDLERS[_store.INSTRUCTION.opcode] = _handle_store(_store)

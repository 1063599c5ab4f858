"""Importing instructions: one handler for each opcode, most of them generated from a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects.builtin import IntegerType, i32, i64
from xdsl.ir import Block

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.wasmir_builder import CONSTANTS
from wasmdialect.importer.function import Edge, FunctionImporter, Handler
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
        stack[-1] = f.value(cls, (stack[-1],), result_type)

    return unary


def _handle_binary(cls: type[wasmir.NumericOp]) -> Handler:
    result_type = cls.RESULT_TYPE

    def binary(f: FunctionImporter, _: Any) -> None:
        stack = f.stack
        rhs = stack.pop()
        stack[-1] = f.value(cls, (stack[-1], rhs), result_type)

    return binary


def _handle_const(mnemonic: str) -> Handler:
    build = CONSTANTS[mnemonic]

    def const(f: FunctionImporter, value: int) -> None:
        f.stack.append(build(f, value))

    return const


def _handle_load(mnemonic: str, width: int) -> Handler:
    def load(f: FunctionImporter, memarg: tuple[int, int, int]) -> None:
        align_log2, offset, memory = memarg
        align = 1 << align_log2
        reference, stack = f.unit.memory_ref(memory), f.stack
        stack[-1] = f.load(
            mnemonic, reference, stack[-1], offset=offset, align=align if align < width else None
        )

    return load


def _handle_store(mnemonic: str, width: int) -> Handler:
    def store(f: FunctionImporter, memarg: tuple[int, int, int]) -> None:
        align_log2, offset, memory = memarg
        align = 1 << align_log2
        reference, stack = f.unit.memory_ref(memory), f.stack
        value, address = stack.pop(), stack.pop()
        f.store(
            mnemonic,
            reference,
            address,
            value,
            offset=offset,
            align=align if align < width else None,
        )

    return store


@_handles("nop")
def _nop(f: FunctionImporter, _: Any) -> None:
    pass


@_handles("unreachable")
def _unreachable(f: FunctionImporter, _: Any) -> None:
    f.unreachable()
    f.reachable = False


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
    f.stack.extend(f.call(f.unit.function_ref(index), arguments, signature.outputs.data))


@_handles("call_indirect")
def _call_indirect(f: FunctionImporter, immediate: tuple[int, int]) -> None:
    type_index, table = immediate
    composite = f.unit.wasm.types[type_index].composite
    assert isinstance(composite, wt.FuncType)
    signature = f.unit.function_type(composite)
    index = f.stack.pop()
    arguments = f.pop_many(len(signature.inputs.data))
    table_ref, type_ref = f.unit.table_ref(table), f.unit.type_ref(type_index)
    f.stack.extend(f.call_indirect(table_ref, type_ref, index, arguments, signature.outputs.data))


@_handles("drop")
def _drop(f: FunctionImporter, _: Any) -> None:
    f.stack.pop()


@_handles("select")
def _select(f: FunctionImporter, _: Any) -> None:
    first, second, condition = f.pop_many(3)
    f.stack.append(f.select(condition, first, second))


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
    result_type = f.unit.value_type(variable.type.value)
    f.stack.append(f.global_get(f.unit.global_ref(index), result_type))


@_handles("global.set")
def _global_set(f: FunctionImporter, index: int) -> None:
    f.global_set(f.unit.global_ref(index), f.stack.pop())


def _address_type(f: FunctionImporter, memory: int) -> IntegerType:
    return i64 if f.unit.wasm.memories[memory].type.address is wt.I64 else i32


def _index_type(f: FunctionImporter, table: int) -> IntegerType:
    return i64 if f.unit.wasm.tables[table].type.address is wt.I64 else i32


@_handles("memory.size")
def _memory_size(f: FunctionImporter, memory: int) -> None:
    f.stack.append(f.memory_size(f.unit.memory_ref(memory), _address_type(f, memory)))


@_handles("memory.grow")
def _memory_grow(f: FunctionImporter, memory: int) -> None:
    f.stack.append(f.memory_grow(f.unit.memory_ref(memory), f.stack.pop()))


@_handles("memory.fill")
def _memory_fill(f: FunctionImporter, memory: int) -> None:
    f.memory_fill(f.unit.memory_ref(memory), *f.pop_many(3))


@_handles("memory.copy")
def _memory_copy(f: FunctionImporter, memories: tuple[int, int]) -> None:
    destination, source = memories
    f.memory_copy(f.unit.memory_ref(destination), f.unit.memory_ref(source), *f.pop_many(3))


@_handles("memory.init")
def _memory_init(f: FunctionImporter, immediate: tuple[int, int]) -> None:
    segment, memory = immediate
    memory_ref, data_ref = f.unit.memory_ref(memory), f.unit.data_ref(segment)
    f.memory_init(memory_ref, data_ref, *f.pop_many(3), segment_index=segment)


@_handles("data.drop")
def _data_drop(f: FunctionImporter, segment: int) -> None:
    f.data_drop(f.unit.data_ref(segment), segment)


@_handles("ref.null")
def _ref_null(f: FunctionImporter, heap: wt.HeapType) -> None:
    f.stack.append(f.ref_null(f.unit.value_type(wt.ref_type(True, heap))))


@_handles("ref.is_null")
def _ref_is_null(f: FunctionImporter, _: Any) -> None:
    f.stack.append(f.ref_is_null(f.stack.pop()))


@_handles("ref.func")
def _ref_func(f: FunctionImporter, index: int) -> None:
    f.stack.append(f.ref_func(f.unit.function_ref(index)))


@_handles("table.get")
def _table_get(f: FunctionImporter, table: int) -> None:
    element = f.unit.value_type(f.unit.wasm.tables[table].type.element)
    f.stack.append(f.table_get(f.unit.table_ref(table), f.stack.pop(), element))


@_handles("table.set")
def _table_set(f: FunctionImporter, table: int) -> None:
    f.table_set(f.unit.table_ref(table), *f.pop_many(2))


@_handles("table.size")
def _table_size(f: FunctionImporter, table: int) -> None:
    f.stack.append(f.table_size(f.unit.table_ref(table), _index_type(f, table)))


@_handles("table.grow")
def _table_grow(f: FunctionImporter, table: int) -> None:
    f.stack.append(f.table_grow(f.unit.table_ref(table), *f.pop_many(2)))


@_handles("table.fill")
def _table_fill(f: FunctionImporter, table: int) -> None:
    f.table_fill(f.unit.table_ref(table), *f.pop_many(3))


@_handles("table.copy")
def _table_copy(f: FunctionImporter, tables: tuple[int, int]) -> None:
    destination, source = tables
    f.table_copy(f.unit.table_ref(destination), f.unit.table_ref(source), *f.pop_many(3))


@_handles("table.init")
def _table_init(f: FunctionImporter, immediate: tuple[int, int]) -> None:
    segment, table = immediate
    table_ref, elem_ref = f.unit.table_ref(table), f.unit.elem_ref(segment)
    f.table_init(table_ref, elem_ref, *f.pop_many(3), segment_index=segment)


@_handles("elem.drop")
def _elem_drop(f: FunctionImporter, segment: int) -> None:
    f.elem_drop(f.unit.elem_ref(segment), segment)


for _numeric in wasmir.NUMERIC_OPS.values():
    _make = _handle_unary if len(_numeric.OPERAND_TYPES) == 1 else _handle_binary
    HANDLERS[_numeric.INSTRUCTION.opcode] = _make(_numeric)
for _mnemonic, _const in wasmir.CONST_OPS.items():
    HANDLERS[_const.INSTRUCTION.opcode] = _handle_const(_mnemonic)
for _accesses, _handle in ((wasmir.LOAD_OPS, _handle_load), (wasmir.STORE_OPS, _handle_store)):
    for _mnemonic, _cls in _accesses.items():
        assert _cls.INSTRUCTION.access is not None
        HANDLERS[_cls.INSTRUCTION.opcode] = _handle(_mnemonic, _cls.INSTRUCTION.access.bytes)

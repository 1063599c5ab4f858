"""Importing instructions: one handler for each opcode. Those of control, calls, locals and `select` are
written by hand; every other instruction becomes its operation, with the properties of its immediates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Attribute

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import make_block
from wasmdialect.dialects.wasmir.immediates import encodings
from wasmdialect.importer import exceptions
from wasmdialect.importer.exceptions import append_call, close_try
from wasmdialect.importer.function import Edge, FunctionImporter, Handler
from wasmdialect.wasm.instructions import INSTRUCTIONS

HANDLERS: dict[int, Handler] = {**exceptions.HANDLERS}
"""The importer of each opcode that the IR can express, but for `loop`, which the walk handles."""


def _handles(*mnemonics: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for row in INSTRUCTIONS:
            if row.mnemonic in mnemonics:
                HANDLERS[row.opcode] = handler
        return handler

    return register


# --- control, calls, locals ---


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
    if f.frames[-1].handler is None and f.frames[-1].caught is None:
        f.close_frame()
    else:
        close_try(f)


@_handles("br")
def _br(f: FunctionImporter, depth: int) -> None:
    f.branch(wasmir.BrOp, (), [f.edge_to(f.label(depth))])


@_handles("br_if")
def _br_if(f: FunctionImporter, depth: int) -> None:
    condition = f.stack.pop()
    following = make_block()
    targets = [f.edge_to(f.label(depth)), (following, Edge([], []))]
    f.branch(wasmir.BrIfOp, (condition,), targets).likely = f.hinted()
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
    signature = f.unit.callee_type(index)
    arguments = f.pop_many(len(signature.inputs.data))
    properties = f.unit.properties(wasmir.CallOp.INSTRUCTION, index)
    append_call(f, wasmir.CallOp, arguments, signature.outputs.data, properties)


def _function_type(f: FunctionImporter, type_index: int) -> wt.FuncType:
    composite = f.unit.wasm.types[type_index].composite
    assert isinstance(composite, wt.FuncType)
    return composite


def _call_value(
    f: FunctionImporter, cls: type[wasmir.WasmOp], immediate: Any, signature: wt.FuncType
) -> None:
    """A call of what is on the top of the stack: an index into a table, or a reference."""
    callee = f.stack.pop()
    operands = (callee, *f.pop_many(len(signature.params)))
    results = f.unit.function_type(signature).outputs.data
    append_call(f, cls, operands, results, f.unit.properties(cls.INSTRUCTION, immediate))


@_handles("call_indirect")
def _call_indirect(f: FunctionImporter, immediate: tuple[int, int]) -> None:
    type_index, _ = immediate
    _call_value(f, wasmir.CallIndirectOp, immediate, _function_type(f, type_index))


@_handles("call_ref")
def _call_ref(f: FunctionImporter, type_index: int) -> None:
    _call_value(f, wasmir.CallRefOp, type_index, _function_type(f, type_index))


@_handles("br_on_null")
def _br_on_null(f: FunctionImporter, depth: int) -> None:
    reference = f.stack.pop()
    is_null = f.ref_is_null(reference)
    following = make_block()
    targets = [f.edge_to(f.label(depth)), (following, Edge([], []))]
    f.branch(wasmir.BrIfOp, (is_null,), targets)
    f.begin(following)
    f.stack.append(f.known_non_null(reference))


@_handles("br_on_non_null")
def _br_on_non_null(f: FunctionImporter, depth: int) -> None:
    reference = f.stack.pop()
    is_null = f.ref_is_null(reference)
    with_value, following = make_block(), make_block()
    targets = [(following, Edge([], [])), (with_value, Edge([], []))]
    f.branch(wasmir.BrIfOp, (is_null,), targets)
    f.begin(with_value)
    f.stack.append(f.known_non_null(reference))
    f.branch(wasmir.BrOp, (), [f.edge_to(f.label(depth))])
    f.stack.pop()
    f.begin(following)


def _tail_call(
    f: FunctionImporter, cls: type[wasmir.TailCallOp], immediate: Any, signature: wt.FuncType
) -> None:
    """A tail call; all but that of a named function have what they call on the top of the stack."""
    callee = [] if cls is wasmir.ReturnCallOp else [f.stack.pop()]
    operands = (*callee, *f.pop_many(len(signature.params)))
    f.step(cls, operands, f.unit.properties(cls.INSTRUCTION, immediate))
    f.reachable = False


@_handles("return_call")
def _return_call(f: FunctionImporter, index: int) -> None:
    _tail_call(f, wasmir.ReturnCallOp, index, f.unit.wasm.functions[index].signature)


@_handles("return_call_indirect")
def _return_call_indirect(f: FunctionImporter, immediate: tuple[int, int]) -> None:
    type_index, _ = immediate
    _tail_call(f, wasmir.ReturnCallIndirectOp, immediate, _function_type(f, type_index))


@_handles("return_call_ref")
def _return_call_ref(f: FunctionImporter, type_index: int) -> None:
    _tail_call(f, wasmir.ReturnCallRefOp, type_index, _function_type(f, type_index))


@_handles("drop")
def _drop(f: FunctionImporter, _: Any) -> None:
    f.stack.pop()


@_handles("select")
def _select(f: FunctionImporter, types: tuple[wt.ValType, ...] | None) -> None:
    first, second, condition = f.pop_many(3)
    # Without a type in the instruction, the values are numbers or vectors.
    result_type = f.unit.value_type(types[0]) if types else first.type
    f.stack.append(f.select(condition, first, second, result_type))


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


# --- instructions that are one operation ---


def _address_type(f: FunctionImporter, memory: int) -> Attribute:
    return _index_type(f.unit.wasm.memories[memory].type.address)


def _table_index_type(f: FunctionImporter, table: int) -> Attribute:
    return _index_type(f.unit.wasm.tables[table].type.address)


def _index_type(t: wt.NumType) -> Attribute:
    return i64 if t is wt.I64 else i32


def _type_on_top(f: FunctionImporter, _: Any) -> Attribute:
    return f.stack[-1].type


def _global_type(f: FunctionImporter, index: int) -> Attribute:
    return f.unit.value_type(f.unit.wasm.globals[index].type.value)


def _element_type(f: FunctionImporter, table: int) -> Attribute:
    return f.unit.value_type(f.unit.wasm.tables[table].type.element)


def _null_type(f: FunctionImporter, heap: wt.HeapType) -> Attribute:
    return f.unit.value_type(wt.ref_type(True, heap))


def _function_reference_type(f: FunctionImporter, index: int) -> Attribute:
    return f.unit.reference_to(index)


def _non_null_type(f: FunctionImporter, _: Any) -> Attribute:
    t = f.stack[-1].type
    assert isinstance(t, wasmir.RefType)
    return t.as_non_null()


RESULT_TYPES: dict[type[wasmir.WasmOp], Callable[[FunctionImporter, Any], Attribute]] = {
    wasmir.MemorySizeOp: _address_type,
    wasmir.MemoryGrowOp: _type_on_top,
    wasmir.GlobalGetOp: _global_type,
    wasmir.TableGetOp: _element_type,
    wasmir.TableSizeOp: _table_index_type,
    wasmir.TableGrowOp: _type_on_top,
    wasmir.RefNullOp: _null_type,
    wasmir.RefFuncOp: _function_reference_type,
    wasmir.RefAsNonNullOp: _non_null_type,
}
"""The type of the result, where the class of the operation leaves it open: from the immediate, and
the operands that are on the stack."""


def _general(cls: type[wasmir.WasmOp]) -> Handler:
    """The handler of any instruction that is one operation."""
    row, count = cls.INSTRUCTION, len(cls.get_irdl_definition().operands)
    fixed, open_type = wasmir.result_types(cls), RESULT_TYPES.get(cls)

    def handle(f: FunctionImporter, immediate: Any) -> None:
        types = fixed if open_type is None else (open_type(f, immediate),)
        operands = f.pop_many(count)
        f.stack.extend(f.results(cls, operands, types, f.unit.properties(row, immediate)))

    return handle


# The shapes of most instructions of a module, without a list of operands and one of results.


def _unary(cls: type[wasmir.NumericOp]) -> Handler:
    result_type = cls.RESULT_TYPE

    def handle(f: FunctionImporter, _: Any) -> None:
        stack = f.stack
        stack[-1] = f.value(cls, (stack[-1],), result_type)

    return handle


def _binary(cls: type[wasmir.NumericOp]) -> Handler:
    result_type = cls.RESULT_TYPE

    def handle(f: FunctionImporter, _: Any) -> None:
        stack = f.stack
        rhs = stack.pop()
        stack[-1] = f.value(cls, (stack[-1], rhs), result_type)

    return handle


def _const(cls: type[wasmir.ConstOp]) -> Handler:
    (encoding,), result_type = encodings(cls.INSTRUCTION), cls.RESULT_TYPE
    properties = encoding.attributes

    def handle(f: FunctionImporter, value: int) -> None:
        f.stack.append(f.value(cls, (), result_type, properties(value, f.unit.ref)))

    return handle


def _load(cls: type[wasmir.LoadOp]) -> Handler:
    (encoding,), result_type = encodings(cls.INSTRUCTION), cls.RESULT_TYPE
    properties = encoding.attributes

    def handle(f: FunctionImporter, memarg: tuple[int, int, int]) -> None:
        stack = f.stack
        stack[-1] = f.value(cls, (stack[-1],), result_type, properties(memarg, f.unit.ref))

    return handle


def _store(cls: type[wasmir.StoreOp]) -> Handler:
    (encoding,) = encodings(cls.INSTRUCTION)
    properties = encoding.attributes

    def handle(f: FunctionImporter, memarg: tuple[int, int, int]) -> None:
        stack = f.stack
        value, address = stack.pop(), stack.pop()
        f.step(cls, (address, value), properties(memarg, f.unit.ref))

    return handle


for _cls in wasmir.PLAIN_OPS:
    HANDLERS[_cls.INSTRUCTION.opcode] = _general(_cls)
for _numeric in wasmir.NUMERIC_OPS.values():
    _make = {1: _unary, 2: _binary}.get(len(_numeric.OPERAND_TYPES))
    if _make is not None:
        HANDLERS[_numeric.INSTRUCTION.opcode] = _make(_numeric)
for _constant in wasmir.CONST_OPS.values():
    HANDLERS[_constant.INSTRUCTION.opcode] = _const(_constant)
for _loading in wasmir.LOAD_OPS.values():
    HANDLERS[_loading.INSTRUCTION.opcode] = _load(_loading)
for _storing in wasmir.STORE_OPS.values():
    HANDLERS[_storing.INSTRUCTION.opcode] = _store(_storing)

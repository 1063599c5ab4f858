"""Steps of the operations that neither branch nor call: a function for each, which returns the closure
that carries it out. What a numeric instruction computes is in the instruction table alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from xdsl.dialects.builtin import i64
from xdsl.ir import Operation

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir
from wasmdialect.interpreter import accesses, additions
from wasmdialect.interpreter.context import Maker, Registers, Step, StepContext
from wasmdialect.interpreter.errors import BrokenPromise, NotInterpreted, Trapped
from wasmdialect.interpreter.state import ExceptionValue, Global, Memory, Segment, Table, Tag

if TYPE_CHECKING:
    from xdsl.ir import SSAValue


# --- numbers ---


def _constant(t: StepContext, op: wasmir.ConstOp) -> None:
    t.define(op, op.bits)


def _numeric(t: StepContext, op: wasmir.NumericOp) -> Step:
    compute, operands, to = t.semantics(op.INSTRUCTION), t.operands(op), t.result(op)
    immediates = op.immediates()
    if immediates:

        def with_immediates(r: Registers) -> None:
            r[to] = compute(*[r[operand] for operand in operands], *immediates)

        return with_immediates
    return _APPLY[len(operands)](compute, to, *operands)


def _apply_1(compute: Callable[..., Any], to: int, a: int) -> Step:
    def step(r: Registers) -> None:
        r[to] = compute(r[a])

    return step


def _apply_2(compute: Callable[..., Any], to: int, a: int, b: int) -> Step:
    def step(r: Registers) -> None:
        r[to] = compute(r[a], r[b])

    return step


def _apply_3(compute: Callable[..., Any], to: int, a: int, b: int, c: int) -> Step:
    def step(r: Registers) -> None:
        r[to] = compute(r[a], r[b], r[c])

    return step


_APPLY: dict[int, Callable[..., Step]] = {1: _apply_1, 2: _apply_2, 3: _apply_3}
"""By number of operands."""


def _wide(t: StepContext, op: wasmir.WideOp) -> Step:
    compute, operands = t.semantics(op.INSTRUCTION), t.operands(op)
    low, high = map(t.slot, op.results)

    def step(r: Registers) -> None:
        r[low], r[high] = compute(*[r[operand] for operand in operands])

    return step


def _select(t: StepContext, op: wasmir.SelectOp) -> Step:
    (condition, then, otherwise), to = t.operands(op), t.result(op)

    def step(r: Registers) -> None:
        r[to] = r[then] if r[condition] else r[otherwise]

    return step


# --- memories as a whole ---


def _failed(result: SSAValue) -> int:
    """-1 of a type."""
    return (1 << 64) - 1 if result.type == i64 else (1 << 32) - 1


def _memory_size(t: StepContext, op: wasmir.MemorySizeOp) -> Step:
    memory: Memory = t.named(op.memory)
    to = t.result(op)

    def step(r: Registers) -> None:
        r[to] = memory.size

    return step


def _memory_grow(t: StepContext, op: wasmir.MemoryGrowOp) -> Step:
    memory: Memory = t.named(op.memory)
    (delta,), to, failed = t.operands(op), t.result(op), _failed(op.result)

    def step(r: Registers) -> None:
        old = memory.grow(r[delta])
        r[to] = failed if old is None else old

    return step


def _memory_fill(t: StepContext, op: wasmir.MemoryFillOp) -> Step:
    memory: Memory = t.named(op.memory)
    start, value, length = t.operands(op)

    def step(r: Registers) -> None:
        if r[start] + r[length] > memory.length:
            raise Trapped(TrapCode.MEMORY_OUT_OF_BOUNDS)
        memory.bytes[r[start] : r[start] + r[length]] = bytes([r[value] & 0xFF]) * r[length]

    return step


def _memory_copy(t: StepContext, op: wasmir.MemoryCopyOp) -> Step:
    memory: Memory = t.named(op.memory)
    origin: Memory = t.named(op.source_memory)
    destination, source, length = t.operands(op)

    def step(r: Registers) -> None:
        to, at, count = r[destination], r[source], r[length]
        if at + count > origin.length or to + count > memory.length:
            raise Trapped(TrapCode.MEMORY_OUT_OF_BOUNDS)
        memory.bytes[to : to + count] = origin.bytes[at : at + count]

    return step


def _memory_init(t: StepContext, op: wasmir.MemoryInitOp) -> Step:
    memory: Memory = t.named(op.memory)
    segment: Segment = t.named(op.segment)
    destination, source, length = t.operands(op)
    return lambda r: memory_init(memory, segment, r[destination], r[source], r[length])


def memory_init(memory: Memory, segment: Segment, to: int, at: int, count: int) -> None:
    """`memory.init`. Raises Trapped."""
    if at + count > len(segment.content) or to + count > memory.length:
        raise Trapped(TrapCode.MEMORY_OUT_OF_BOUNDS)
    memory.bytes[to : to + count] = bytes(segment.content[at : at + count])


def _drop_segment(t: StepContext, op: wasmir.DataDropOp | wasmir.ElemDropOp) -> Step:
    segment: Segment = t.named(op.segment)
    return lambda _: segment.drop()


# --- tables ---


def _table_get(t: StepContext, op: wasmir.TableGetOp) -> Step:
    table: Table = t.named(op.table)
    (index,), to = t.operands(op), t.result(op)

    def step(r: Registers) -> None:
        if r[index] >= len(table.elements):
            raise Trapped(TrapCode.TABLE_OUT_OF_BOUNDS)
        r[to] = table.elements[r[index]]

    return step


def _table_set(t: StepContext, op: wasmir.TableSetOp) -> Step:
    table: Table = t.named(op.table)
    index, value = t.operands(op)

    def step(r: Registers) -> None:
        if r[index] >= len(table.elements):
            raise Trapped(TrapCode.TABLE_OUT_OF_BOUNDS)
        table.elements[r[index]] = r[value]

    return step


def _table_size(t: StepContext, op: wasmir.TableSizeOp) -> Step:
    table: Table = t.named(op.table)
    to = t.result(op)

    def step(r: Registers) -> None:
        r[to] = len(table.elements)

    return step


def _table_grow(t: StepContext, op: wasmir.TableGrowOp) -> Step:
    table: Table = t.named(op.table)
    (value, delta), to, failed = t.operands(op), t.result(op), _failed(op.result)

    def step(r: Registers) -> None:
        old = table.grow(r[delta], r[value])
        r[to] = failed if old is None else old

    return step


def _table_fill(t: StepContext, op: wasmir.TableFillOp) -> Step:
    table: Table = t.named(op.table)
    start, value, length = t.operands(op)

    def step(r: Registers) -> None:
        if r[start] + r[length] > len(table.elements):
            raise Trapped(TrapCode.TABLE_OUT_OF_BOUNDS)
        table.elements[r[start] : r[start] + r[length]] = [r[value]] * r[length]

    return step


def _table_copy(t: StepContext, op: wasmir.TableCopyOp) -> Step:
    table: Table = t.named(op.table)
    origin: Table = t.named(op.source_table)
    destination, source, length = t.operands(op)

    def step(r: Registers) -> None:
        to, at, count = r[destination], r[source], r[length]
        if at + count > len(origin.elements) or to + count > len(table.elements):
            raise Trapped(TrapCode.TABLE_OUT_OF_BOUNDS)
        table.elements[to : to + count] = origin.elements[at : at + count]

    return step


def _table_init(t: StepContext, op: wasmir.TableInitOp) -> Step:
    table: Table = t.named(op.table)
    segment: Segment = t.named(op.segment)
    destination, source, length = t.operands(op)
    return lambda r: table_init(table, segment, r[destination], r[source], r[length])


def table_init(table: Table, segment: Segment, to: int, at: int, count: int) -> None:
    """`table.init`. Raises Trapped."""
    if at + count > len(segment.content) or to + count > len(table.elements):
        raise Trapped(TrapCode.TABLE_OUT_OF_BOUNDS)
    table.elements[to : to + count] = segment.content[at : at + count]


# --- globals and references ---


def _global_get(t: StepContext, op: wasmir.GlobalGetOp) -> Step:
    variable: Global = t.named(op.variable)
    to = t.result(op)

    def step(r: Registers) -> None:
        r[to] = variable.value

    return step


def _global_set(t: StepContext, op: wasmir.GlobalSetOp) -> Step:
    variable: Global = t.named(op.variable)
    (value,) = t.operands(op)

    def step(r: Registers) -> None:
        variable.value = r[value]

    return step


def _ref_null(t: StepContext, op: wasmir.RefNullOp) -> None:
    t.define(op, None)


def _ref_func(t: StepContext, op: wasmir.RefFuncOp) -> None:
    t.define(op, t.named(op.function))


def _ref_is_null(t: StepContext, op: wasmir.RefIsNullOp) -> Step:
    (operand,), to = t.operands(op), t.result(op)

    def step(r: Registers) -> None:
        r[to] = int(r[operand] is None)

    return step


def _ref_as_non_null(t: StepContext, op: wasmir.RefAsNonNullOp) -> Step:
    (operand,), to, known = t.operands(op), t.result(op), op.known is not None
    used = op.result.first_use is not None

    def step(r: Registers) -> None:
        if r[operand] is None and not known:
            raise Trapped(TrapCode.NULL_REFERENCE)
        if r[operand] is None and used:
            raise BrokenPromise("a reference that is marked known is null")
        r[to] = r[operand]

    return step


# --- exceptions ---


def _exception(t: StepContext, op: wasmir.ExceptionOp) -> Step:
    tag: Tag = t.named(op.tag)
    values, to = t.operands(op), t.result(op)

    def step(r: Registers) -> None:
        r[to] = ExceptionValue(tag, tuple([r[value] for value in values]))

    return step


def _threw(t: StepContext, op: wasmir.ThrewOp) -> Step:
    thrown, to = t.thrown, t.result(op)

    def step(r: Registers) -> None:
        r[to] = int(r[thrown] is not None)

    return step


def _caught(t: StepContext, op: wasmir.CaughtOp) -> Step:
    thrown, to = t.thrown, t.result(op)

    def step(r: Registers) -> None:
        r[to], r[thrown] = r[thrown], None

    return step


def _exception_is(t: StepContext, op: wasmir.ExceptionIsOp) -> Step:
    tag: Tag = t.named(op.tag)
    (exception,), to = t.operands(op), t.result(op)

    def step(r: Registers) -> None:
        r[to] = int(r[exception].tag is tag)

    return step


def _exception_values(t: StepContext, op: wasmir.ExceptionValuesOp) -> Step:
    (exception,) = t.operands(op)
    results = [t.slot(result) for result in op.results]

    def step(r: Registers) -> None:
        for to, value in zip(results, r[exception].values, strict=True):
            r[to] = value

    return step


def _nothing(t: StepContext, op: Operation) -> None:
    """Nothing happens when it runs."""


MAKERS: Mapping[type[Operation], Maker] = {
    wasmir.ConstOp: _constant,
    wasmir.NumericOp: _numeric,
    wasmir.WideOp: _wide,
    wasmir.SelectOp: _select,
    wasmir.LoadOp: accesses.load,
    wasmir.StoreOp: accesses.store,
    wasmir.LoadLaneOp: accesses.load_lane,
    wasmir.StoreLaneOp: accesses.store_lane,
    wasmir.AtomicLoadOp: accesses.atomic_load,
    wasmir.AtomicStoreOp: accesses.atomic_store,
    wasmir.AtomicRMWOp: accesses.atomic_rmw,
    wasmir.AtomicCompareExchangeOp: accesses.atomic_compare_exchange,
    wasmir.AtomicWaitOp: accesses.atomic_wait,
    wasmir.AtomicNotifyOp: accesses.atomic_notify,
    wasmir.AtomicFenceOp: accesses.atomic_fence,
    wasmir.MemorySizeOp: _memory_size,
    wasmir.MemoryGrowOp: _memory_grow,
    wasmir.MemoryFillOp: _memory_fill,
    wasmir.MemoryCopyOp: _memory_copy,
    wasmir.MemoryInitOp: _memory_init,
    wasmir.DataDropOp: _drop_segment,
    wasmir.ElemDropOp: _drop_segment,
    wasmir.TableGetOp: _table_get,
    wasmir.TableSetOp: _table_set,
    wasmir.TableSizeOp: _table_size,
    wasmir.TableGrowOp: _table_grow,
    wasmir.TableFillOp: _table_fill,
    wasmir.TableCopyOp: _table_copy,
    wasmir.TableInitOp: _table_init,
    wasmir.GlobalGetOp: _global_get,
    wasmir.GlobalSetOp: _global_set,
    wasmir.RefNullOp: _ref_null,
    wasmir.RefFuncOp: _ref_func,
    wasmir.RefIsNullOp: _ref_is_null,
    wasmir.RefAsNonNullOp: _ref_as_non_null,
    wasmir.ExceptionOp: _exception,
    wasmir.TraceThrowOp: _nothing,
    wasmir.ThrewOp: _threw,
    wasmir.CaughtOp: _caught,
    wasmir.ExceptionIsOp: _exception_is,
    wasmir.ExceptionValuesOp: _exception_values,
    wasmir.OperatorsOp: _nothing,
    wasmir.LoopHeaderOp: _nothing,
    wasmir.TrapFenceOp: _nothing,
    **additions.MAKERS,
}
"""By class of the operation, or the nearest base class of it."""


def step_of(t: StepContext, op: Operation) -> Step | None:
    """The step of an operation. Raises NotInterpreted if it has none."""
    for cls in type(op).__mro__:
        maker = MAKERS.get(cls)
        if maker is not None:
            return maker(t, op)
    raise NotInterpreted(f"{op.name} is not an operation of wasmir")

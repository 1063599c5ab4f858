"""A function as closures: its blocks, cut at calls, become segments of steps with a control step at the
end.

Every SSA value has a slot in the registers of a frame; slots of constants start with their value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.traits import IsTerminator

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.edges import branch_edges
from wasmdialect.interpreter.context import Registers, Step, StepContext
from wasmdialect.interpreter.errors import NotInterpreted, Trapped
from wasmdialect.interpreter.state import Function, Table, Value
from wasmdialect.interpreter.steps import step_of
from wasmdialect.types import DefType, is_sub_def_type

if TYPE_CHECKING:
    from wasmdialect.interpreter.instance import Instance
    from wasmdialect.interpreter.machine import Frame, Machine

Control: TypeAlias = Callable[["Machine", "Frame"], "Segment | None"]
"""The end of a segment: the next one of the same frame, or None if another frame runs now, or none."""


class Segment:
    """Steps that run one after the other, and what comes after them."""

    __slots__ = ("control", "control_op", "ops", "steps")

    steps: Sequence[Step]
    ops: Sequence[Operation]
    """The operations of the steps."""
    control: Control
    control_op: Operation


class Code(NamedTuple):
    """A function, translated for an instance. Its parameters are in the first slots after that of the
    thrown exception."""

    name: str
    initial: Registers
    entry: Segment
    parameters: int
    thrown: int


class Observer(NamedTuple):
    """Sees what a program does to its state."""

    is_seen: Callable[[Operation], bool]
    """Whether `see` is to be called for an operation."""
    see: Callable[[Operation, Sequence[Value], Sequence[Value]], None]
    """Called with an operation and the values of its operands and results, after it has run; before,
    for a call or a terminator, and without results."""


def translate(
    instance: Instance,
    name: str,
    region: Region,
    observer: Observer | None,
    *,
    canonical_nans: bool,
) -> Code:
    """The code of the body of a function, or of a constant expression. Raises NotInterpreted."""
    t = StepContext(instance, canonical_nans=canonical_nans)
    (first, *_) = region.blocks
    for argument in first.args:
        t.slot(argument)
    starts = {block: Segment() for block in region.blocks}
    for block, segment in starts.items():
        _translate_block(t, block, segment, starts, observer)
    return Code(name, t.initial, starts[first], len(first.args), t.thrown)


def _translate_block(
    t: StepContext,
    block: Block,
    segment: Segment,
    starts: Mapping[Block, Segment],
    observer: Observer | None,
) -> None:
    steps: list[tuple[Step, Operation]] = []
    for op in block.ops:
        ends_segment = isinstance(op, _CALLS) or op.has_trait(IsTerminator)
        if not ends_segment:
            step = step_of(t, op)
            if step is not None:
                steps.append((_observed(t, op, step, observer), op))
            continue
        after = Segment()
        segment.steps = tuple(step for step, _ in steps)
        segment.ops = tuple(op for _, op in steps)
        segment.control = _observed_control(t, op, _control_of(t, op, after, starts), observer)
        segment.control_op = op
        segment, steps = after, []


def _observed(t: StepContext, op: Operation, step: Step, observer: Observer | None) -> Step:
    if observer is None or not observer.is_seen(op):
        return step
    operands, see = t.operands(op), observer.see
    results = [t.slot(result) for result in op.results]

    def observed(r: Registers) -> None:
        values = [r[operand] for operand in operands]
        step(r)
        see(op, values, [r[result] for result in results])

    return observed


def _observed_control(
    t: StepContext, op: Operation, control: Control, observer: Observer | None
) -> Control:
    if observer is None or not observer.is_seen(op):
        return control
    operands, see = t.operands(op), observer.see

    def observed(machine: Machine, frame: Frame) -> Segment | None:
        see(op, [frame.registers[operand] for operand in operands], ())
        return control(machine, frame)

    return observed


# --- branches ---


def _edge(
    t: StepContext, target: Block, arguments: Sequence[SSAValue], starts: Mapping[Block, Segment]
) -> Callable[[Registers], Segment]:
    """Moves the arguments into the slots of the block's, all at once."""
    segment = starts[target]
    moves = [(t.slot(a), t.slot(b)) for a, b in zip(target.args, arguments, strict=True)]
    moves = [(to, source) for to, source in moves if to != source]
    if not moves:
        return lambda _: segment
    if len(moves) == 1:
        ((to, source),) = moves

        def move_one(r: Registers) -> Segment:
            r[to] = r[source]
            return segment

        return move_one
    targets, sources = [to for to, _ in moves], [source for _, source in moves]

    def move(r: Registers) -> Segment:
        values = [r[source] for source in sources]
        for to, value in zip(targets, values, strict=True):
            r[to] = value
        return segment

    return move


def _br(t: StepContext, op: wasmir.BrOp, starts: Mapping[Block, Segment]) -> Control:
    (edge,) = [_edge(t, *edge, starts) for edge in branch_edges(op)]
    return lambda _, frame: edge(frame.registers)


def _br_if(t: StepContext, op: wasmir.BrIfOp, starts: Mapping[Block, Segment]) -> Control:
    then, otherwise = [_edge(t, *edge, starts) for edge in branch_edges(op)]
    condition = t.slot(op.condition)

    def control(_: Machine, frame: Frame) -> Segment:
        r = frame.registers
        return then(r) if r[condition] else otherwise(r)

    return control


def _br_table(t: StepContext, op: wasmir.BrTableOp, starts: Mapping[Block, Segment]) -> Control:
    edges: list[Callable[[Registers], Segment]] = [
        _edge(t, *edge, starts) for edge in branch_edges(op)
    ]
    default, cases = edges[0], edges[1:]
    index = t.slot(op.index)

    def control(_: Machine, frame: Frame) -> Segment:
        r = frame.registers
        number: int = r[index]
        edge = cases[number] if number < len(cases) else default
        return edge(r)

    return control


# --- leaving the function ---


def _return(t: StepContext, op: wasmir.ReturnOp, starts: Mapping[Block, Segment]) -> Control:
    values = t.operands(op)

    def control(machine: Machine, frame: Frame) -> None:
        r = frame.registers
        machine.leave([r[value] for value in values])

    return control


def _unreachable(
    t: StepContext, op: wasmir.UnreachableOp, starts: Mapping[Block, Segment]
) -> Control:
    def control(_machine: Machine, _frame: Frame) -> Segment:
        raise Trapped(TrapCode.UNREACHABLE)

    return control


def _trap(t: StepContext, op: wasmvm.TrapOp, starts: Mapping[Block, Segment]) -> Control:
    code = t.instance.trap_code(op.code.value.data)

    def control(_machine: Machine, _frame: Frame) -> Segment:
        raise Trapped(code)

    return control


def _throw_ref(t: StepContext, op: wasmir.ThrowRefOp, starts: Mapping[Block, Segment]) -> Control:
    exception = t.slot(op.exception)

    def control(machine: Machine, frame: Frame) -> None:
        value = frame.registers[exception]
        if value is None:
            raise Trapped(TrapCode.NULL_REFERENCE)
        machine.throw(value)

    return control


_TERMINATORS: Mapping[type[Operation], Callable[..., Control]] = {
    wasmir.BrOp: _br,
    wasmir.BrIfOp: _br_if,
    wasmir.BrTableOp: _br_table,
    wasmir.ReturnOp: _return,
    wasmir.UnreachableOp: _unreachable,
    wasmvm.TrapOp: _trap,
    wasmir.ThrowRefOp: _throw_ref,
}


# --- calls ---

_CALLS = (wasmir.CallOp, wasmir.CallIndirectOp, wasmir.CallRefOp, wasmir.TailCallOp)
Callee: TypeAlias = Callable[[Registers], Function]
"""The function that is called. Raises Trapped."""


def _direct(t: StepContext, op: wasmir.CallOp | wasmir.ReturnCallOp) -> Callee:
    function: Function = t.named(op.callee)
    return lambda _: function


def _indirect(t: StepContext, op: wasmir.CallIndirectOp | wasmir.ReturnCallIndirectOp) -> Callee:
    table: Table = t.named(op.table)
    expected: DefType = t.instance.types.named(op.signature)
    index = t.slot(op.index)

    def callee(r: Registers) -> Function:
        if r[index] >= len(table.elements):
            raise Trapped(TrapCode.TABLE_OUT_OF_BOUNDS)
        function = table.elements[r[index]]
        if function is None:
            raise Trapped(TrapCode.INDIRECT_CALL_TO_NULL)
        if not is_sub_def_type(function.type, expected):
            raise Trapped(TrapCode.BAD_SIGNATURE)
        return function

    return callee


def _by_reference(t: StepContext, op: wasmir.CallRefOp | wasmir.ReturnCallRefOp) -> Callee:
    reference = t.slot(op.reference)

    def callee(r: Registers) -> Function:
        function = r[reference]
        if function is None:
            raise Trapped(TrapCode.NULL_REFERENCE)
        return function

    return callee


_CALLEES: Mapping[type[Operation], Callable[[StepContext, Any], Callee]] = {
    wasmir.CallOp: _direct,
    wasmir.ReturnCallOp: _direct,
    wasmir.CallIndirectOp: _indirect,
    wasmir.ReturnCallIndirectOp: _indirect,
    wasmir.CallRefOp: _by_reference,
    wasmir.ReturnCallRefOp: _by_reference,
}


def _call(t: StepContext, op: Any, after: Segment) -> Control:
    callee = _CALLEES[type(op)](t, op)
    arguments = [t.slot(value) for value in op.call_arguments]
    if isinstance(op, wasmir.TailCallOp):

        def tail_call(machine: Machine, frame: Frame) -> None:
            r = frame.registers
            machine.tail_call(callee(r), [r[argument] for argument in arguments])

        return tail_call
    results = [t.slot(result) for result in op.results]
    in_try = "in_try" in op.properties

    def call(machine: Machine, frame: Frame) -> None:
        r = frame.registers
        function = callee(r)
        frame.next, frame.results, frame.in_try = after, results, in_try
        machine.enter(function, [r[argument] for argument in arguments])

    return call


def _control_of(
    t: StepContext, op: Operation, after: Segment, starts: Mapping[Block, Segment]
) -> Control:
    """The control step of a call or a terminator."""
    if isinstance(op, _CALLS):
        return _call(t, op, after)
    maker = _TERMINATORS.get(type(op))
    if maker is None:
        raise NotInterpreted(f"{op.name} is not an operation of wasmir")
    return maker(t, op, starts)

"""wasmir-inline: put the bodies of functions in the place of direct calls.

`wasm/inline_plan.py` chooses which, over the whole module. In a unit, which holds a part of it, the
plan is in an attribute of each function (`INLINES`), and the bodies of callees are there to be copied
only (`GUEST`). Inlined operations have locations with the calls they were inlined at, so backtraces
show the frames that were there before. docs/inlining.md says what stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, cast

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, SymbolRefAttr, UnitAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from wasmdialect.analyses.call_graph import CallGraph
from wasmdialect.analyses.frequencies import likely_blocks
from wasmdialect.analyses.loops import Loops
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.counts import COUNTS_ATTRIBUTE
from wasmdialect.dialects.fast import (
    LocationAttr,
    add_block_argument,
    clear_region,
    copy_operations,
    inlined_at,
    make_block,
    operations_of,
    replace_value,
    splice_front,
    wasm_offset,
)
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import defined_functions, enter_function, report
from wasmdialect.passes.wasmir_dce import remove_unreachable_blocks
from wasmdialect.wasm.inline_plan import TINY, Body, Calls, Plan, plan_inlining

NOINLINE = "noinline"
"""The attribute of a function that is not inlined anywhere."""
INLINES = "inlines"
"""The attribute of a function of a unit: the functions to inline into it."""
GUEST = "guest"
"""The attribute of a function of a unit that is there to be inlined into others."""
BYTES_OF_OPERATION = 3
"""The size to assume of an operation of a function that does not come from Wasm."""


@dataclass(frozen=True)
class WasmIRInline(ModulePass):
    """Inline functions where it pays."""

    name = "wasmir-inline"
    scope: ClassVar[Literal["function", "module"]] = "function"

    noinline: tuple[str, ...] = ()
    """Symbols of functions that are not inlined anywhere."""
    remarks: bool = False
    """Report each call that is inlined, and each that was to be and could not."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = {
            each.sym_name.data: each
            for each in op.ops
            if isinstance(each, wasmir.FuncOp) and not each.is_declaration
        }
        is_unit = COUNTS_ATTRIBUTE in op.attributes
        plan = _given_plan(functions) if is_unit else _plan(op, functions, self.noinline)
        inlined = {callee for callees in plan.values() for callee in callees}
        refusals = {name: _refusal(functions[name]) for name in inlined}
        for name in _callees_first(plan):
            function = functions[name]
            enter_function(function)
            callees = {callee: functions[callee] for callee in plan.get(name, ())}
            _inline_into(function, callees, refusals, report if self.remarks else _say_nothing)
        enter_function(None)
        for function in functions.values():
            function.attributes.pop(INLINES, None)
            if function.attributes.pop(GUEST, None) is not None:
                clear_region(function.body)


def note_plan(unit: ModuleOp, plan: Plan, indices: Collection[int]) -> None:
    """Note in a unit what is to be inlined where, and that the functions but these are there for that
    only."""
    functions = {each.index_value: each for each in defined_functions(unit)}
    for index, function in functions.items():
        if index in plan:
            callees = [functions[callee].symbol for callee in plan[index]]
            function.attributes[INLINES] = ArrayAttr(callees)
        if index not in indices:
            function.attributes[GUEST] = UnitAttr()


# --- the plan ---

_Plan = Mapping[str, Iterable[str]]


def _given_plan(functions: Mapping[str, wasmir.FuncOp]) -> _Plan:
    plan: dict[str, list[str]] = {}
    for name, function in functions.items():
        inlines = function.attributes.get(INLINES)
        if isinstance(inlines, ArrayAttr):
            symbols = cast("ArrayAttr[SymbolRefAttr]", inlines)
            plan[name] = [symbol.root_reference.data for symbol in symbols]
    return plan


def _plan(module: ModuleOp, functions: Mapping[str, wasmir.FuncOp], kept: Iterable[str]) -> _Plan:
    graph = CallGraph(module)
    unknown = [name for name in kept if name not in graph.functions]
    if unknown:
        raise PassFailedException(f"noinline names @{unknown[0]}, which is not a function here")
    numbers = {name: n for n, name in enumerate(functions)}
    bodies = {numbers[name]: _body(graph, name, numbers) for name in functions}
    is_kept = {numbers[name] for name in kept if name in numbers}
    is_kept |= {n for name, n in numbers.items() if NOINLINE in functions[name].attributes}
    is_kept |= {n for name, n in numbers.items() if _refusal(functions[name]) is not None}
    roots = {numbers[name] for name in graph.roots if name in numbers}
    names = [*functions]
    plan = plan_inlining(bodies, is_kept, roots)
    return {names[n]: [names[callee] for callee in callees] for n, callees in plan.items()}


def _body(graph: CallGraph, name: str, numbers: Mapping[str, int]) -> Body:
    function = graph.functions[name]
    calls: dict[int, Calls] = {}
    loops: Loops | None = None
    likely: set[Block] = set()
    for call in graph.calls[name]:
        if not isinstance(call, wasmir.CallOp) or call.parent is None:
            continue
        callee = numbers.get(call.callee.root_reference.data)
        if callee is None or _call_refusal(call) is not None:
            continue
        if loops is None:
            loops, likely = Loops(function), likely_blocks(function)
        is_likely = call.parent in likely
        found = Calls(1, loops.depth(call.parent)) if is_likely else Calls(1, 0, TINY)
        known = calls.get(callee)
        calls[callee] = found if known is None else known.joined(found)
    operations = [op.__class__ for block in function.body.blocks for op in operations_of(block)]
    size = BYTES_OF_OPERATION * len(operations)
    if function.code_size is not None:
        written = function.code_size.value.data
        size = min(size, written) if wasmir.I64MulWideUOp in operations else written
    return Body(size, calls)


def _callees_first(plan: _Plan) -> Iterator[str]:
    """The functions that change, each after those that it inlines."""
    done: set[str] = set()
    work = [(name, False) for name in reversed([*plan])]
    while work:
        name, is_ready = work.pop()
        if is_ready:
            yield name
        elif name in plan and name not in done:
            done.add(name)
            work.append((name, True))
            work += [(callee, False) for callee in plan[name]]


# --- what cannot be inlined ---

_OF_THE_FRAME = (
    wasmvm.CallerVMContextOp,
    wasmvm.ExceptionBarrierOp,
    wasmvm.ParentFramePointerOp,
    wasmvm.ReturnAddressOp,
    wasmvm.StackCheckOp,
    wasmvm.StackPointerOp,
    wasmir.TailCallOp,
)
"""Operations that mean something else in another frame. A tail call would end the caller."""


def _refusal(function: wasmir.FuncOp) -> str | None:
    """Why a function cannot be inlined, None if it can."""
    if wasm_offset(function.location) is None:
        return "it has no byte offset, which backtraces need"
    if function.loop is not None:
        return "it begins at a loop"
    for block in function.body.blocks:
        for op in operations_of(block):
            if op.regions or not _may_be_copied(type(op)):
                return f"it has {op.name}"
    return None


@cache
def _may_be_copied(cls: type[Operation]) -> bool:
    return cls.name.startswith(("wasmir.", "wasmvm.")) and not issubclass(cls, _OF_THE_FRAME)


def _call_refusal(call: wasmir.CallOp) -> str | None:
    """Why a call cannot be replaced, None if it can."""
    if call.in_try is not None:
        return "it is in a try_table"
    if wasm_offset(call.location) is None:
        return "it has no byte offset, which backtraces need"
    return None


# --- copying ---

_Locate = Callable[[LocationAttr], LocationAttr]


def _say_nothing(op: Operation, kind: str, **data: Any) -> None:
    """No remarks are wanted."""


def _inline_into(
    function: wasmir.FuncOp,
    callees: Mapping[str, wasmir.FuncOp],
    refusals: Mapping[str, str | None],
    remark: Callable[..., None],
) -> None:
    calls = [
        op
        for block in function.body.blocks
        for op in operations_of(block)
        if isinstance(op, wasmir.CallOp) and op.callee.root_reference.data in callees
    ]
    changes_blocks = False
    for call in calls:
        name = call.callee.root_reference.data
        refusal = refusals[name] or _call_refusal(call)
        if refusal is not None:
            remark(call, "not inlined", callee=name, reason=refusal)
            continue
        remark(call, "inlined", callee=name)
        changes_blocks |= inline_call(call, callees[name])
    if changes_blocks:
        remove_unreachable_blocks(function)


def inline_call(call: wasmir.CallOp, callee: wasmir.FuncOp) -> bool:
    """Replace a call that is not in a `try_table` by a copy of the callee. Returns whether there are
    new blocks; some may be unreachable."""
    blocks = [*callee.body.blocks]
    locate = _located(callee, call)
    values: dict[SSAValue, SSAValue] = dict(zip(callee.entry.args, call.arguments, strict=True))
    if len(blocks) == 1 and isinstance(callee.entry.last_op, wasmir.ReturnOp):
        _copy_block(call, callee.entry, values, locate)
        return False
    b = WasmBuilder.before(call)
    head = b.block
    rest = b.split()
    region = b.region
    assert region.first_block is not None
    copies = {blocks[0]: head}
    for block in blocks[1:]:
        copy = copies[block] = make_block()
        region.insert_block_before(copy, rest)
        for argument in block.args:
            values[argument] = add_block_argument(copy, argument.type)
    every = [(op, copies[block]) for block in blocks for op in operations_of(block)]
    slots = [op for op, _ in every if isinstance(op, wasmvm.StackSlotsOp)]
    _copy_slots(slots, region.first_block, values, locate)
    copy_operations([e for e in every if e[0] not in slots], values, copies, locate)
    results = [add_block_argument(rest, result.type) for result in call.returned]
    for copy in copies.values():
        returning = copy.last_op
        if isinstance(returning, wasmir.ReturnOp):
            end = WasmBuilder.before(returning)
            end.location = call.location
            end.br(rest, returning.values)
            end.replace(returning)
    _erase_call(call, results)
    return True


def _copy_block(
    call: wasmir.CallOp,
    block: Block,
    values: dict[SSAValue, SSAValue],
    locate: _Locate,
) -> None:
    """Copy the operations of a block that returns before the call, which they replace."""
    *operations, returning = operations_of(block)
    slots = [op for op in operations if isinstance(op, wasmvm.StackSlotsOp)]
    assert call.parent is not None
    region = call.parent.parent
    assert region is not None
    assert region.first_block is not None
    assert isinstance(returning, wasmir.ReturnOp)
    _copy_slots(slots, region.first_block, values, locate)
    side = make_block()
    copy_operations([(op, side) for op in operations if op not in slots], values, {}, locate)
    for op in operations_of(side):
        op.detach()
        call.parent.insert_op_before(op, call)
    _erase_call(call, [values.get(value, value) for value in returning.values])


def _copy_slots(
    slots: Iterable[Operation], entry: Block, values: dict[SSAValue, SSAValue], locate: _Locate
) -> None:
    """Copy slots of the frame to the entry of a function, which runs once."""
    side = make_block()
    copy_operations([(op, side) for op in slots], values, {}, locate)
    splice_front(entry, side)


def _erase_call(call: wasmir.CallOp, values: Sequence[SSAValue]) -> None:
    for result, value in zip(call.returned, values, strict=True):
        replace_value(result, value)
    call.detach()
    call.erase()


def _located(callee: wasmir.FuncOp, call: wasmir.CallOp) -> _Locate:
    """The locations of the operations of a callee that is inlined at a call. One without any gets that
    of the callee, so that its frame is known."""

    def locate(location: LocationAttr) -> LocationAttr:
        known = callee.location if wasm_offset(location) is None else location
        return inlined_at(known, call.location)

    return locate

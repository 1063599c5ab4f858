"""Use the value that was loaded from an address, or stored to it, instead of loading it again.

Bodík, Gupta and Soffa, "Load-Reuse Analysis: Design and Evaluation", PLDI 1999; here for what comes
before in a block, or in the only block that leads to it. A repeated load cannot trap: memories do
not shrink.
"""

from typing import Any

from xdsl.context import Context
from xdsl.ir import Block, Operation, SSAValue

from wasmdialect.analyses import ControlFlow, Effects, analysis
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder, report

Known = dict[Any, tuple[SSAValue, Operation]]


class ReuseLoads(FunctionPass):
    name = "reuse-loads"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        graph, effects = analysis(ControlFlow, function), analysis(Effects, function)
        at_end: list[Known] = []
        for number, block in enumerate(graph.order):
            before = graph.predecessors[number]
            is_extended = len(before) == 1 and before[0] < number
            known = dict(at_end[before[0]]) if is_extended else {}
            reuse(block, known, effects)
            at_end.append(known)


def reuse(block: Block, known: Known, effects: Effects) -> None:
    """Replace the loads of a block; `known` has what each load would give, and the access that says
    so."""
    for op in [*block.ops]:
        key = place(op)
        if isinstance(op, wasmir.LoadOp) and key in known:
            value, source = known[key]
            report(op, "reused", of=source.name)
            WasmBuilder.before(op).replace(op, value)
            continue
        for other, (_, source) in [*known.items()]:
            if effects.clobbers(op, source):
                del known[other]
        if key is not None:
            known[key] = (op.result if isinstance(op, wasmir.LoadOp) else op.stored_value), op


def place(op: Operation) -> Any:
    """What a load reads: its kind, memory, address and offset; for a store, the load that gives
    back what it stores, if there is one: none does after one that narrows."""
    if not isinstance(op, wasmir.LoadOp | wasmir.StoreOp):
        return None
    load = wasmir.LOAD_OPS.get(op.INSTRUCTION.mnemonic.replace("store", "load"))
    return load and (load, op.memory_symbol, op.address_operand, op.static_offset)

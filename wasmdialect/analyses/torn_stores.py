"""Which stores may leave some of their bytes in memory although they fault.

A store that begins inside a memory and ends in its guard is two accesses for some processors, which
write the first part before the second one faults. WebAssembly wants it to trap without a trace. So it
gets a probe: a load of its last byte, which faults where the store would. Not every store needs
one. Memories end at multiples of a page, so an aligned store is on one side of the end. And what
another access at the same address has reached is inside for good, as memories never shrink.
docs/llvm.md, "Torn stores".
"""

from __future__ import annotations

from collections.abc import Collection

from xdsl.ir import Block, Operation, Region, SSAValue

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.congruences import Congruences
from wasmdialect.analyses.control_flow import ControlFlow
from wasmdialect.analyses.dominators import Dominators
from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.fast import number_of, operands_of

_Place = tuple[SSAValue, SSAValue]
"""The base and the address of an access."""


def torn_stores(body: Region) -> Collection[Operation]:
    """The stores of a function that need a probe where a store that faults may write some of its bytes.
    Without exact traps (stores that are not volatile) none does."""
    found = {op for block in body.blocks for op in block.ops if _may_straddle(op)}
    if not found:
        return ()
    congruences = Congruences(body, [operands_of(op)[1] for op in found])
    found = {op for op in found if not _is_aligned(op, congruences)}
    return found - _covered(body, found) if found else ()


def _may_straddle(op: Operation) -> bool:
    if not isinstance(op, wasmvm.LinearStoreOp) or number_of(op, "bytes") == 1:
        return False
    properties = op.properties
    return "may_fault" in properties and "volatile" in properties and "atomic" not in properties


def _is_aligned(op: Operation, congruences: Congruences) -> bool:
    address, width = operands_of(op)[1], number_of(op, "bytes")
    return congruences.is_multiple(address, number_of(op, "offset"), width)


def _covered(body: Region, stores: Collection[Operation]) -> set[Operation]:
    """Of some stores, those that end where an access before them at the same address ended, or before:
    an access that happens on every path to them, and did not fault."""
    covered: set[Operation] = set()
    ends: dict[_Place, int] = {}
    """How far behind an address the memory goes, at least."""
    dominators = analysis(Dominators, body)
    # A block to visit, or (in a list) what was known where its dominator ends.
    work: list[Block | list[tuple[_Place, int]]] = [analysis(ControlFlow, body).order[0]]
    while work:
        item = work.pop()
        if isinstance(item, list):
            ends.update(reversed(item))
            continue
        before: list[tuple[_Place, int]] = []
        for op in item.ops:
            if not isinstance(op, wasmvm.LinearAccessOp) or not _surely_happens(op):
                continue
            base, address = operands_of(op)[:2]
            place, end = (base, address), number_of(op, "offset") + number_of(op, "bytes")
            known = ends.get(place, 0)
            if end > known:
                before.append((place, known))
                ends[place] = end
            elif op in stores:
                covered.add(op)
        work.append(before)
        work += dominators.children(item)
    return covered


def _surely_happens(op: wasmvm.LinearAccessOp) -> bool:
    """Whether an access traps if it is outside the memory: LLVM may delete one that is not volatile."""
    return "volatile" in op.properties or "may_fault" not in op.properties

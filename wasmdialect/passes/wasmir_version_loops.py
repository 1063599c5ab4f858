"""wasmir-version-loops: run loops without checks where one check before them says that none can fail.

In front of a loop whose accesses are all affine stands a guard, in 64-bit arithmetic: the loop goes
around at least a few times, and in all these iterations no address wraps around, and every byte
accessed is inside the memory. If it holds, a copy of the loop runs, in which nothing can trap:
addresses are computed in 64 bits, and accesses are `plain`. Where the test that ends the loop comes at
the end of its iterations, the copy runs them all, and both end in one block. Otherwise the copy ends
before the last, incomplete iteration, which the loop itself runs, from the values that the copy ended
with. docs/loops.md has the reasons.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from xdsl.context import Context
from xdsl.dialects.builtin import UnitAttr, i64
from xdsl.ir import Block, Operation, SSAValue

from wasmdialect.analyses import ControlFlow, Frequencies, Loop, Loops, analysis
from wasmdialect.analyses.induction import Induction, is_computed_alone
from wasmdialect.analyses.liveness import Liveness
from wasmdialect.analyses.local_ranges import is_inside
from wasmdialect.analyses.polynomials import Polynomial
from wasmdialect.analyses.trap_free import NEVER_LEAVES, is_plain, may_leave
from wasmdialect.analyses.trip_counts import TripCount, TripCounts
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.blocks import successors
from wasmdialect.dialects.edges import branch_edges, rebuild_branch
from wasmdialect.dialects.fast import (
    add_block_argument,
    integer_attr,
    make_block,
    operations_of,
)
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.base import FunctionPass, report
from wasmdialect.passes.loop_guards import Guard

_MARKERS = (wasmir.LoopHeaderOp, wasmir.OperatorsOp)
_BRANCHES = (wasmir.BrOp, wasmir.BrIfOp, wasmir.BrTableOp)

MOST_OPERATIONS = 1000
"""Of a function whose loops get copies. LLVM's passes for loops look at all of a function, so that in
a large one they cost more than a few loops give (docs/loops.md)."""
MOST_LOOPS = 8
"""Of a function that get copies: the innermost of the deepest nests."""
LEAST_SHARE = 0.1
"""Of the operations of a function that are in the loops which get copies, for the same reason."""
LEAST_OFTEN = 0.25
"""How often a loop with a copy is entered, for each time that what is around it runs: an iteration of a
loop, or the function. Copies on side paths cost as much to compile and give little."""


@dataclass(frozen=True)
class WasmIRVersionLoops(FunctionPass):
    """Run loops without checks where one check before them says that none can fail."""

    name = "wasmir-version-loops"

    least: int = 8
    """The number of iterations from which the copy of a loop is used."""
    bounds: Literal["guard", "explicit"] = "guard"
    """How accesses are checked: LLVM does not vectorise loops with another exit, but with explicit
    bounds their copies have fewer checks."""

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        if not _has_loops(function):
            return
        size = sum(len(operations_of(block)) for block in function.body.blocks)
        if size > MOST_OPERATIONS:
            at = function.entry.last_op
            assert at is not None
            report(at, "loops-kept", reason=f"the function has {size} operations")
            return
        memories = _memories(function)
        plans: list[_Plan] = []
        for loop in analysis(Loops, function).all:
            if loop.children:
                continue
            plan = _plan(function, loop, memories, self)
            if isinstance(plan, str):
                report(_place(loop), "loop-kept", reason=plan)
            else:
                plans.append(plan)
        plans.sort(key=lambda plan: -plan.loop.depth)  # what runs most, first
        inside = sum(len(operations_of(b)) for plan in plans[:MOST_LOOPS] for b in plan.blocks)
        if inside < LEAST_SHARE * size:
            reason = f"{inside} of {size} operations are in such loops"
            for plan in plans:
                report(_place(plan.loop), "loop-kept", reason=reason)
            return
        joined: dict[SSAValue, SSAValue] = {}
        for number, plan in enumerate(plans):
            at = _place(plan.loop)
            if number >= MOST_LOOPS:
                report(at, "loop-kept", reason=f"{MOST_LOOPS} loops of the function have copies")
                continue
            accesses = sum(len(group.offsets) for group in plan.groups) + len(plan.others)
            report(at, "loop-versioned", accesses=accesses, guards=len(plan.groups))
            asked = {value for later in plans[number + 1 :] for value in later.values}
            _Versioning(plan, self.least, asked, joined).run()


def _place(loop: Loop) -> Operation:
    """The operation that reports of a loop name."""
    at = loop.header.last_op
    assert at is not None
    return at


def _has_loops(function: wasmir.FuncOp) -> bool:
    graph = analysis(ControlFlow, function)
    return any(to <= n for n, following in enumerate(graph.successors) for to in following)


def _memories(function: wasmir.FuncOp) -> Mapping[str, wasmir.MemoryOp]:
    module = function.parent_op()
    assert module is not None
    (region,) = module.regions
    return {op.sym_name.data: op for op in region.block.ops if isinstance(op, wasmir.MemoryOp)}


# --- what is to be done ---


class Group(NamedTuple):
    """Accesses whose addresses differ by constants."""

    memory: wasmir.MemoryOp
    start: Polynomial
    """The lowest address, modulo 2**32, in the first iteration."""
    step: Polynomial
    offsets: Mapping[Operation, int]
    """What is added to it for each access, in 64 bits."""
    size: int
    """The bytes from this address to the end of the last access."""


class _Plan(NamedTuple):
    loop: Loop
    blocks: Sequence[Block]
    trips: TripCount
    groups: Sequence[Group]
    others: Sequence[Operation]
    """Accesses at any address, all of which are in the memory."""

    @property
    def is_whole(self) -> bool:
        """Whether each iteration is complete when it is tested whether it is the last."""
        return self.trips.stays is self.loop.header

    @property
    def values(self) -> list[SSAValue]:
        """What the guard is computed from."""
        polynomials = [self.trips.start, self.trips.bound]
        polynomials += [part for group in self.groups for part in (group.start, group.step)]
        return [value for polynomial in polynomials for value in polynomial.values]


_Access = wasmir.LoadOp | wasmir.StoreOp | wasmir.LoadLaneOp | wasmir.StoreLaneOp


def _plan(
    function: wasmir.FuncOp,
    loop: Loop,
    memories: Mapping[str, wasmir.MemoryOp],
    options: WasmIRVersionLoops,
) -> _Plan | str:
    """What is to be done with a loop, or why nothing is."""
    blocks = [*loop.blocks]
    accesses: list[_Access] = []
    for block in blocks:
        for op in block.ops:
            if op.__class__ in NEVER_LEAVES:
                continue
            if op.name.startswith("wasmvm.") or op.__class__ in _MARKERS:
                return "it asks for the runtime's state, as for fuel and epochs"
            if is_plain(op):
                return "it is a copy without checks"
            if isinstance(op, _Access):
                accesses.append(op)
            elif not _may_be_in(op):
                return f"it has {op.name.removeprefix('wasmir.')}"
    if not accesses:
        return "it accesses no memory"
    if loop.header is function.entry:
        return "it is at the entry of the function"
    if _has_copy(loop):
        return "it has a copy without checks"
    if _is_rarely_entered(function, loop):
        around = "calls of the function" if loop.parent is None else "rounds of the loop around it"
        return f"it is entered in less than one of {round(1 / LEAST_OFTEN)} {around}"
    loops = analysis(Loops, function)
    if any(block in region.blocks for region in loops.irreducible for block in blocks):
        return "it has a cycle with several entries"
    counts = analysis(TripCounts, function).of(loop)
    if not counts:
        return "the number of its iterations is not known when it begins"
    trips = counts[0]
    if trips.width == 64 and abs(trips.step) >> 31:
        return "its counter has 64 bits and large steps"
    known = _known_count(trips)
    if known is not None and trips.stays is loop.header:
        known += 1
    if known is not None and known < options.least:
        return f"it goes around {known} times"
    exits = [(block, to) for block, to in loops.exits(loop) if block is not trips.test]
    if exits and options.bounds == "guard":
        return "it has another exit"
    groups = _groups(accesses, analysis(Induction, function), loop, memories)
    if isinstance(groups, str):
        return groups
    if exits and _uses_values(function, loop, exits):
        return "it has another exit, after which values of the loop are used"
    covered = {op for group in groups for op in group.offsets}
    others = [op for op in accesses if op not in covered]
    return _Plan(loop, blocks, trips, groups, others)


def _has_copy(loop: Loop) -> bool:
    """Whether a copy of a loop begins or ends where the loop begins."""
    entering = [b for use in loop.header.uses if (b := use.operation.parent) is not None]
    near = [*entering, *(to for block in entering for to in successors(block))]
    return any(isinstance(block.first_op, wasmir.TrapFenceOp) for block in near)


def _is_rarely_entered(function: wasmir.FuncOp, loop: Loop) -> bool:
    """Whether a loop is on a side path of what is around it, as branches are guessed to go."""
    frequencies = analysis(Frequencies, function)
    inside = {*loop.blocks}
    entered = sum(
        frequencies.of(block) * frequencies.shares(block)[use.index]
        for use in loop.header.uses
        if (block := use.operation.parent) is not None and block not in inside
    )
    around = 1.0 if loop.parent is None else frequencies.of(loop.parent.header)
    return entered < LEAST_OFTEN * around


def _may_be_in(op: Operation) -> bool:
    """Whether an operation, which is no access, may be in a region that cannot trap."""
    if isinstance(op, _ALLOWED):
        return True
    return is_computed_alone(op) or (isinstance(op, wasmir.TrappingBinaryOp) and not may_leave(op))


_ALLOWED = (*_BRANCHES, wasmir.GlobalGetOp, wasmir.GlobalSetOp)


def _known_count(trips: TripCount) -> int | None:
    start, bound = trips.start.as_number, trips.bound.as_number
    return (
        None
        if start is None or bound is None
        else trips.count(start % (1 << trips.width), bound % (1 << trips.width))
    )


def _uses_values(function: wasmir.FuncOp, loop: Loop, exits: Sequence[tuple[Block, Block]]) -> bool:
    """Whether values of the loop are used after some exits: they would be those of the loop or of its
    copy."""
    inside = {*loop.blocks}
    liveness = analysis(Liveness, function)
    return any(_block_of(value) in inside for _, to in exits for value in liveness.live_in(to))


def _block_of(value: SSAValue) -> Block | None:
    owner = value.owner
    return owner if isinstance(owner, Block) else owner.parent


def _groups(
    accesses: Sequence[_Access],
    induction: Induction,
    loop: Loop,
    memories: Mapping[str, wasmir.MemoryOp],
) -> Sequence[Group] | str:
    """The accesses that need a guard, in groups, or why one is not possible."""
    found: dict[tuple[str, Polynomial, Polynomial], list[tuple[_Access, int]]] = {}
    for op in accesses:
        symbol = op.memory_symbol.root_reference.data
        memory = memories[symbol]
        if memory.shared is not None:
            return f"@{symbol} is shared with other threads"
        if memory.address_type == i64:
            return f"@{symbol} has 64-bit addresses"
        address = induction.affine(op.address_operand, loop)
        if address is None:
            end = op.static_offset + op.bytes
            is_in = op.known_in_bounds or is_inside(op.address_operand, end, memory.minimum_bytes)
            if is_in and not _waits(op.address_operand, induction, loop):
                continue
            return f"the address of {op.name.removeprefix('wasmir.')} is not affine"
        key = symbol, address.start.without_constant, address.step
        found.setdefault(key, []).append((op, address.start.signed_constant))
    groups: list[Group] = []
    for (symbol, rest, step), members in found.items():
        lowest = min(constant for _, constant in members)
        offsets: dict[Operation, int] = {
            op: constant - lowest + op.static_offset for op, constant in members
        }
        size = max(offsets[op] + op.bytes for op, _ in members)
        start = rest + Polynomial.number(32, lowest)
        groups.append(Group(memories[symbol], start, step, offsets, size))
    return groups


def _waits(address: SSAValue, induction: Induction, loop: Loop) -> bool:
    """Whether an address that is not affine comes from the iteration before, as in a checksum with a
    table: then iterations wait for each other, and a copy gives nothing."""
    work, seen = [address], set[SSAValue]()
    while work:
        value = work.pop()
        if value in seen or induction.affine(value, loop) is not None:
            continue
        seen.add(value)
        owner = value.owner
        if isinstance(owner, Block):
            return True
        if not isinstance(owner, wasmir.LoadOp):
            work += owner.operands
    return False


# --- doing it ---


class _Versioning:
    """Makes the guard and the copy of one loop."""

    def __init__(
        self, plan: _Plan, least: int, asked: Container[SSAValue], joined: dict[SSAValue, SSAValue]
    ):
        """`asked` are the values that later guards are computed from. `joined` has the values after
        loops that have been versioned: in place of each value of a loop, that of it or its copy."""
        self.plan = plan
        self.least = least
        self.asked = asked
        self.joined = joined
        self.header = plan.loop.header
        self.inside = {*plan.blocks}

    def run(self) -> None:
        count, addresses, place = self._guard()
        self._copy(count, addresses, place)

    def _new_block(self, like: Block | None = None) -> Block:
        """A block before the loop, with the arguments of another one."""
        block = make_block()
        for argument in () if like is None else like.args:
            add_block_argument(block, argument.type)
        region = self.header.parent
        assert region is not None
        region.insert_block_before(block, self.header)
        return block

    def _guard(self) -> tuple[SSAValue, list[tuple[SSAValue, SSAValue | None]], WasmBuilder]:
        """Put the guard on all ways into the loop. Returns the number of iterations of the copy, first
        address and step of each group, and a builder where the guard holds."""
        header = self.header
        entry = self._new_block(header)
        for branch in {use.operation: None for use in header.uses}:
            if branch.parent not in self.inside:
                _retarget(branch, header, entry)
        assert header.last_op is not None
        b = WasmBuilder(entry, header.last_op.location)
        values = {**self.joined, **dict(zip(header.args, entry.args, strict=True))}
        guard = Guard(b, values, self.inside)
        count = guard.count(self.plan.trips)
        if self.plan.is_whole:
            count = b.numeric("i64.add", count, b.i64_const(1))
        guard.require(b.numeric("i64.ge_u", count, b.i64_const(max(self.least, 1))))
        counted, fits = self._new_block(), self._new_block()
        b.br_if(guard.holds(), counted, header, (), entry.args)
        b.begin(counted)
        last = b.numeric("i64.sub", count, b.i64_const(1))
        lengths: dict[wasmir.MemoryOp, SSAValue] = {}
        addresses: list[tuple[SSAValue, SSAValue | None]] = []
        for group in self.plan.groups:
            if group.memory not in lengths:
                lengths[group.memory] = guard.length(group.memory)
            start, step = guard.range(group, last, lengths[group.memory])
            addresses.append((start, step))
        b.br_if(guard.holds(), fits, header, (), entry.args)
        b.begin(fits)
        self.entering = entry.args
        return count, addresses, b

    def _copy(
        self,
        count: SSAValue,
        addresses: Sequence[tuple[SSAValue, SSAValue | None]],
        b: WasmBuilder,
    ) -> None:
        """Make the copy, and enter it where the builder is."""
        copies = {block: self._new_block(block) for block in self.plan.blocks}
        begin = copies[self.header]
        number = add_block_argument(begin, i64)
        b.trap_fence()
        b.br(begin, (*self.entering, b.i64_const(0)))
        following, left = self._new_block(self.header), self._new_block()
        b.begin(begin)
        placed: dict[Operation, tuple[SSAValue, int]] = {}
        for group, (start, step) in zip(self.plan.groups, addresses, strict=True):
            address = start
            if step is not None:
                address = b.numeric("i64.add", start, b.numeric("i64.mul", number, step))
            placed |= {op: (address, offset) for op, offset in group.offsets.items()}
        others = {*self.plan.others}
        values: dict[SSAValue, SSAValue] = {}
        for block in self.plan.blocks:
            values |= zip(block.args, copies[block].args, strict=False)
        targets = {**copies, self.header: following}
        for block in self.plan.blocks:  # each after those that dominate it
            copy = copies[block]
            for op in block.ops:
                if op is not block.last_op:
                    copy.add_op(_copied(op, values, placed, is_plain=op in others))
            copy.add_op(self._copied_branch(block, values, targets))
        b.begin(following)
        number = b.numeric("i64.add", number, b.i64_const(1))
        goes_on = b.numeric("i64.lt_u", number, count)
        b.br_if(goes_on, begin, left, (*following.args, number))
        b.begin(left)
        b.trap_fence()
        if self.plan.is_whole:
            join, passed = self._join()
            b.br(join, [values.get(value, value) for value in passed])
        else:
            b.br(self.header, following.args)

    def _join(self) -> tuple[Block, Sequence[SSAValue]]:
        """A block on the way out of the loop, after its test, and what the loop passes there: what the
        test passes on, and the values that are used after the loop."""
        test = self.plan.trips.test
        branch = test.last_op
        assert branch is not None
        ((to, passed),) = (edge for edge in branch_edges(branch) if edge[0] is not self.header)
        defined = [
            value
            for block in self.plan.blocks
            for value in (*block.args, *(result for op in block.ops for result in op.results))
        ]
        after = {
            value: uses
            for value in defined
            if (uses := [u for u in value.uses if u.operation.parent not in self.inside])
            or value in self.asked
        }
        join = make_block()
        region = self.header.parent
        assert region is not None
        region.insert_block_after(join, test)
        onwards = [add_block_argument(join, value.type) for value in passed]
        WasmBuilder(join, branch.location).br(to, onwards)
        for value, uses in after.items():
            joined = self.joined[value] = add_block_argument(join, value.type)
            for use in uses:
                use.operation.operands[use.index] = joined
        every = (*passed, *after)
        edges = [
            (join, every) if at is to else (at, arguments) for at, arguments in branch_edges(branch)
        ]
        _replace(branch, edges)
        return join, every

    def _copied_branch(
        self, block: Block, values: dict[SSAValue, SSAValue], targets: Mapping[Block, Block]
    ) -> Operation:
        """The branch of a block of the copy. The test that ends the loop passes there."""
        branch = block.last_op
        assert branch is not None
        edges = [
            (to, [values.get(value, value) for value in passed])
            for to, passed in branch_edges(branch)
        ]
        if block is self.plan.trips.test:
            ((to, passed),) = (edge for edge in edges if edge[0] in self.inside)
            jump = wasmir.BrOp.create(
                operands=passed, successors=[targets[to]], location=branch.location
            )
            return jump
        edges = [
            (targets[to] if to in self.inside else self._exit(to, branch), passed)
            for to, passed in edges
        ]
        copied = rebuild_branch(branch, edges)
        for index, operand in enumerate(copied.operands):
            if operand in values:
                copied.operands[index] = values[operand]
        return copied

    def _exit(self, to: Block, branch: Operation) -> Block:
        """A block on the way out of the copy."""
        block = self._new_block(to)
        b = WasmBuilder(block, branch.location)
        b.trap_fence()
        b.br(to, block.args)
        return block


def _copied(
    op: Operation,
    values: dict[SSAValue, SSAValue],
    placed: Mapping[Operation, tuple[SSAValue, int]],
    *,
    is_plain: bool,
) -> Operation:
    """An operation of the copy; accesses are plain, those that are placed at an address of the copy."""
    copy = op.clone(values)
    place = placed.get(op)
    if place is not None:
        address, offset = place
        copy.operands[0] = address
        copy.properties["offset"] = integer_attr(offset, 64)
    if place is not None or is_plain:
        copy.properties["plain"] = UnitAttr()
        copy.properties.pop("in_bounds", None)
    return copy


def _retarget(branch: Operation, old: Block, new: Block) -> None:
    """Replace a branch by one that goes to another block where it went to `old`."""
    _replace(branch, [(new if to is old else to, passed) for to, passed in branch_edges(branch)])


def _replace(branch: Operation, edges: Sequence[tuple[Block, Sequence[SSAValue]]]) -> None:
    changed = rebuild_branch(branch, edges)
    block = branch.parent
    assert block is not None
    block.insert_op_before(changed, branch)
    branch.detach()
    branch.drop_all_references()

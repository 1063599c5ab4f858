"""Block frequencies: how often blocks run for one run of the function, guessed from the branches, or
counted in an earlier run.

The guesses are those of Ball and Larus, "Branch Prediction for Free": loops go around ten times, and
what ends in a trap is rare. Hints of the module come before them, where a branch stays in its loops.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Block, Operation

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.control_flow import ControlFlow
from wasmdialect.analyses.dominators import Dominators
from wasmdialect.analyses.loops import Loops
from wasmdialect.analyses.regions import Body, body_of
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.branch_hints import hint_of

TRIPS = 10.0
"""How often a loop is taken to go around."""
RARE = 1.0 / 1000
"""The share of an edge to a block from which every way ends in a trap, among edges that do not."""
HINTED = 1.0 / 100
"""The share of an edge that is hinted not to be taken, of both."""
_MOST = 1e30


class Frequencies:
    """How often each block runs, where the function runs once."""

    def __init__(self, function: Body):
        """The frequencies guessed from the branches."""
        graph = analysis(ControlFlow, function)
        loops = analysis(Loops, function)
        dominators = analysis(Dominators, function)
        order = graph.order
        traps = _trapping(graph)
        found = [0.0] * len(order)
        if found:
            found[0] = 1.0
        self._shares: dict[Block, list[float]] = {}
        for number, block in enumerate(order):
            headed = loops.innermost.get(block)
            if headed is not None and headed.header is block:
                found[number] *= TRIPS
            found[number] = min(max(found[number], 1 / _MOST), _MOST)
            following = graph.successors[number]
            depth = loops.depth(block)
            depths = [loops.depth(order[to]) for to in following]
            # Where it leaves loops, it does so once in all their rounds.
            weights = [
                TRIPS ** -min(max(depth - inner, 0), 20)
                * (RARE if traps[to] and not traps[number] else 1.0)
                for to, inner in zip(following, depths, strict=True)
            ]
            avoided = unlikely_target(block.last_op)
            # A hint says nothing of how often a loop goes around.
            if avoided is not None and min(depths) >= depth:
                weights[avoided] *= HINTED
            total = sum(weights)
            self._shares[block] = [weight / total for weight in weights]
            for to, share in zip(following, self._shares[block], strict=True):
                if not (to <= number and dominators.dominates(order[to], block)):
                    found[to] += found[number] * share
        self._found = dict(zip(order, found, strict=True))

    @classmethod
    def counted(cls, function: Body, counts: Sequence[int]) -> Frequencies:
        """The frequencies that an earlier run counted: for each block of the function, in order, how
        often it ran. Raises ValueError if there are more or fewer."""
        blocks = [*body_of(function).blocks]
        if len(blocks) != len(counts):
            raise ValueError(
                f"the function has {len(blocks)} blocks, and {len(counts)} were counted"
            )
        self = cls.__new__(cls)
        runs = max(counts[0], 1) if counts else 1
        self._found = {b: count / runs for b, count in zip(blocks, counts, strict=True)}
        self._shares = {}
        for block in blocks:
            last = block.last_op
            following = [] if last is None else [*last.successors]
            weights = [self._found[to] for to in following]
            total = sum(weights)
            self._shares[block] = [
                weight / total if total else 1 / len(weights) for weight in weights
            ]
        return self

    def of(self, block: Block) -> float:
        """How often a block runs; 0 for one that cannot be reached."""
        return self._found.get(block, 0.0)

    def shares(self, block: Block) -> list[float]:
        """For each edge out of a block, in the order of its terminator, how often it is the one that is
        taken; they sum up to 1. From counts they are estimates: those of the targets, which other
        blocks may lead to."""
        return [*self._shares.get(block, ())]


def unlikely_target(branch: Operation | None) -> int | None:
    """Which of the two targets of a branch is hinted not to be taken, None if neither is."""
    likely = None if branch is None else hint_of(branch)
    if branch is None or likely is None or len(branch.successors) != 2:
        return None
    return 1 if likely else 0


def likely_blocks(function: Body) -> set[Block]:
    """The blocks that can be reached along branches that are not hinted not to be taken."""
    blocks = body_of(function).blocks
    work = [] if not blocks else [blocks[0]]
    found = set(work)
    while work:
        last = work.pop().last_op
        if last is None:
            continue
        avoided = unlikely_target(last)
        following = [to for n, to in enumerate(last.successors) if n != avoided]
        work += [to for to in dict.fromkeys(following) if to not in found]
        found.update(following)
    return found


def _trapping(graph: ControlFlow) -> list[bool]:
    """The blocks from which every way ends in a trap."""
    count = len(graph.order)
    left = [len(following) for following in graph.successors]
    found = [False] * count
    work = [n for n in range(count) if isinstance(graph.order[n].last_op, wasmir.UnreachableOp)]
    for n in work:
        found[n] = True
    while work:
        for before in graph.predecessors[work.pop()]:
            left[before] -= 1
            if left[before] == 0 and not found[before]:
                found[before] = True
                work.append(before)
    return found

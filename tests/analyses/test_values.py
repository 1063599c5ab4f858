"""Liveness and use-def chains, by searching paths."""

from __future__ import annotations

import pytest
from analyses.graphs import branch, graphs, reachable
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import i32
from xdsl.ir import Block, BlockArgument, Operation, Region, SSAValue

from wasmdialect.analyses import DefUse, Dominators, Liveness
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.edges import branch_edges


@st.composite
def programs(draw: st.DrawFn) -> tuple[Region, list[Block], list[list[int]]]:
    """A function whose blocks take arguments and add values that are defined there."""
    edges = draw(graphs(7))
    edges = [[to for to in following if to != 0] for following in edges]
    counts = [1, *(draw(st.integers(0, 2)) for _ in edges[1:])]
    blocks = [Block(arg_types=[i32] * count) for count in counts]
    region = Region(blocks)
    # A sum in each block first, so that each can use those of its dominators.
    sums = [wasmir.I32ConstOp(n) for n in range(len(blocks))]
    for block, op in zip(blocks, sums, strict=True):
        block.add_op(op)
    without = [reachable(edges, 0, n) for n in range(len(edges))]
    for n, block in enumerate(blocks):
        values: list[SSAValue] = [*block.args, sums[n].result]
        for m, other in enumerate(blocks):
            if m != n and n not in without[m]:
                values += [*other.args, sums[m].result]
        pick = st.sampled_from(values)
        for _ in range(draw(st.integers(0, 2))):
            added = wasmir.I32AddOp(draw(pick), draw(pick))
            block.add_op(added)
            values.append(added.result)
            pick = st.sampled_from(values)
        targets = [(blocks[to], [draw(pick) for _ in range(counts[to])]) for to in edges[n]]
        block.add_op(branch(targets, draw(pick)))
    return region, blocks, edges


def home(value: SSAValue) -> Block:
    owner = value.owner
    block = owner if isinstance(owner, Block) else owner.parent
    assert block is not None
    return block


def all_values(blocks: list[Block]) -> list[SSAValue]:
    return [
        value
        for block in blocks
        for value in (*block.args, *(r for op in block.ops for r in op.results))
    ]


def is_used(value: SSAValue, op: Operation) -> bool:
    return any(operand is value for operand in op.operands)


@given(programs())
def test_a_value_is_live_where_a_path_leads_to_a_use(
    program: tuple[Region, list[Block], list[list[int]]],
):
    region, blocks, edges = program
    liveness = Liveness(region)
    for value in all_values(blocks):
        defined_in = blocks.index(home(value))
        uses = {n for n, block in enumerate(blocks) if any(is_used(value, op) for op in block.ops)}
        for n, block in enumerate(blocks):
            expected = n != defined_in and bool(reachable(edges, n, defined_in) & uses)
            assert any(value is v for v in liveness.live_in(block)) == expected
            later = any(
                to != defined_in and reachable(edges, to, defined_in) & uses for to in edges[n]
            )
            assert any(value is v for v in liveness.live_out(block)) == later
    for block in blocks:
        assert len({*liveness.live_in(block)}) == len(liveness.live_in(block))
        ops = [*block.ops]
        for place, op in enumerate(ops):
            after = {*liveness.live_out(block)}
            after |= {v for other in ops[place + 1 :] for v in other.operands}
            after -= {r for other in ops[place + 1 :] for r in other.results}
            assert {*liveness.live_after(op)} == after


@given(programs())
def test_sources_are_what_edges_pass_on(program: tuple[Region, list[Block], list[list[int]]]):
    region, blocks, _ = program
    chains = DefUse(region)
    passed: dict[SSAValue, set[SSAValue]] = {}
    for block in blocks:
        assert block.last_op is not None
        for target, arguments in branch_edges(block.last_op):
            for argument, value in zip(target.args, arguments, strict=True):
                passed.setdefault(argument, set()).add(value)
    for value in all_values(blocks):
        found = {value}
        while True:
            more = found | {v for each in found for v in passed.get(each, ())}
            if more == found:
                break
            found = more
        expected = {v for v in found if not passed.get(v)}
        assert {*chains.sources(value)} == expected
        if isinstance(value, BlockArgument):
            assert {v for _, v in chains.incoming(value)} == passed.get(value, set())


@given(programs())
def test_destinations_are_the_other_way_round(
    program: tuple[Region, list[Block], list[list[int]]],
):
    region, blocks, _ = program
    chains = DefUse(region)
    for block in blocks:
        for op in block.ops:
            count = len(op.operands) - sum(len(values) for _, values in branch_edges(op))
            for position, operand in enumerate([*op.operands][:count]):
                for value in all_values(blocks):
                    reaches = (op, position) in chains.destinations(value)
                    assert reaches == (value is operand or value in _through(chains, operand))


def _through(chains: DefUse, value: SSAValue) -> set[SSAValue]:
    """Everything that is passed on to a value."""
    found: set[SSAValue] = set()
    work = [value]
    while work:
        each = work.pop()
        if isinstance(each, BlockArgument):
            for _, source in chains.incoming(each):
                if source not in found:
                    found.add(source)
                    work.append(source)
    return found


@given(programs())
def test_values_are_used_where_they_are_defined_before(
    program: tuple[Region, list[Block], list[list[int]]],
):
    """Of the generator: the functions are in SSA form."""
    region, blocks, _ = program
    dominators = Dominators(region)
    for block in blocks:
        for op in block.ops:
            for operand in op.operands:
                assert dominators.dominates(home(operand), block)


def test_what_is_in_no_block():
    region = Region([Block([wasmir.ReturnOp()])])
    with pytest.raises(ValueError, match=r"wasmir\.unreachable is in no block"):
        Liveness(region).live_after(wasmir.UnreachableOp())

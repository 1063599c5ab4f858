"""Insertion points, blocks and replacing: what a pass can do with a builder, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from xdsl.dialects.builtin import FunctionType, UnknownLoc, i32, i64
from xdsl.dialects.test import TestOp as AnyOp
from xdsl.dialects.test import TestTermOp as AnyTerminator
from xdsl.ir import Block, Operation, Region
from xdsl.rewriter import Rewriter

from wasmdialect.dialects import wasmvm
from wasmdialect.dialects.fast import Locations
from wasmdialect.dialects.wasm_builder import WasmBuilder

AT = Locations("m.wasm").at


def function(*blocks: Block) -> wasmvm.FuncOp:
    """A function of these blocks, at offset 1."""
    region = Region(blocks)
    made = wasmvm.FuncOp("f", FunctionType.from_lists([], []), "wasm", region)
    made.location = AT(1)
    return made


def three() -> tuple[Block, list[Operation]]:
    """A block with three operations, at offsets 10, 11 and 12, the last one its terminator."""
    ops: list[Operation] = [
        AnyOp.create(result_types=[i32], location=AT(10)),
        AnyOp.create(result_types=[i32], location=AT(11)),
        AnyTerminator.create(location=AT(12)),
    ]
    return Block(ops), ops


def names(block: Block) -> list[str]:
    """The names of the operations; each is in the block, and linked both ways."""
    forward = [*block.ops]
    backward = [*reversed([*forward])]
    op = block.last_op
    for expected in backward:
        assert op is expected
        assert op.parent is block
        op = op.prev_op
    assert op is None
    return [op.name for op in forward]


X, END = "test.op", "test.termop"
CONST, ADD = "wasmir.i32.const", "wasmir.i32.add"


def build(b: WasmBuilder) -> None:
    """Three operations that follow each other."""
    b.numeric("i32.add", b.i32_const(1), b.i32_const(2))


@pytest.mark.parametrize(
    ("point", "expected", "offset"),
    [
        (lambda b, ops: WasmBuilder.before(ops[0]), [CONST, CONST, ADD, X, X, END], 10),
        (lambda b, ops: WasmBuilder.before(ops[2]), [X, X, CONST, CONST, ADD, END], 12),
        (lambda b, ops: WasmBuilder.after(ops[0]), [X, CONST, CONST, ADD, X, END], 10),
        (lambda b, ops: WasmBuilder.after(ops[1]), [X, X, CONST, CONST, ADD, END], 11),
        (lambda b, ops: WasmBuilder.at_start(b), [CONST, CONST, ADD, X, X, END], 1),
    ],
)
def test_points_keep_order_and_location(
    point: Callable[[Block, list[Operation]], WasmBuilder], expected: list[str], offset: int
):
    block, ops = three()
    f = function(block)
    build(point(block, ops))
    assert names(block) == expected
    assert {op.location for op in block.ops if op.name in (CONST, ADD)} == {AT(offset)}
    f.verify()


def test_at_end_of_a_block_without_terminator():
    block = Block()
    f = function(block)
    build(WasmBuilder.at_end(block))
    WasmBuilder.at_end(block).return_()
    assert names(block) == [CONST, CONST, ADD, "wasmir.return"]
    assert {op.location for op in block.ops} == {AT(1)}
    f.verify()


def test_points_where_nothing_can_run_are_refused():
    block, ops = three()
    with pytest.raises(ValueError, match=r"nothing runs after test\.termop"):
        WasmBuilder.after(ops[2])
    with pytest.raises(ValueError, match=r"nothing runs after test\.termop"):
        WasmBuilder.at_end(block)
    with pytest.raises(ValueError, match=r"test\.op is in no block"):
        WasmBuilder.before(AnyOp.create())
    with pytest.raises(ValueError, match=r"test\.op is in no block"):
        WasmBuilder.after(AnyOp.create())


@pytest.mark.parametrize("build_one", [build, lambda b: b.insert(AnyOp.create())])
def test_point_before_an_erased_operation(build_one: Callable[[WasmBuilder], Any]):
    """Nothing is linked to an operation that has gone."""
    block, ops = three()
    b = WasmBuilder.before(ops[1])
    Rewriter.erase_op(ops[1])
    with pytest.raises(ValueError, match=r"not in (that|current) block"):
        build_one(b)
    assert names(block) == [X, END]


def test_insert_takes_an_operation_of_any_dialect():
    block, ops = three()
    own = AnyOp.create(result_types=[i32])
    placed = AnyOp.create(location=AT(99))
    b = WasmBuilder.before(ops[2])
    assert b.insert(own) is own
    b.insert(placed)
    assert [*block.ops] == [*ops[:2], own, placed, ops[2]]
    assert (own.location, placed.location) == (AT(12), AT(99))


def test_replace_goes_on_where_the_operation_was():
    block, ops = three()
    user = AnyOp.create(operands=[ops[1].results[0]])
    block.insert_op_before(user, ops[2])
    b = WasmBuilder.before(ops[1])
    three_ = b.i32_const(3)
    b.replace(ops[1], three_)
    b.i32_const(4)
    assert names(block) == [X, CONST, CONST, X, END]
    assert user.operands[0] is three_
    assert ops[1].parent is None


def test_replace_a_terminator():
    first, second = Block(), Block()
    function(first, second)
    b = WasmBuilder.at_end(first)
    condition = b.i32_const(1)
    b.br_if(condition, second, second)
    branch = first.last_op
    assert branch is not None
    b = WasmBuilder.before(branch)
    b.br(second)
    b.replace(branch)
    assert names(first) == [CONST, "wasmir.br"]
    assert len([*second.uses]) == 1
    assert condition.first_use is None


def test_replace_refuses_what_would_leave_broken_ir():
    block, ops = three()
    b = WasmBuilder.before(ops[1])
    wide = b.i64_const(1)
    before = names(block)
    for values in ((), (wide,), (ops[1].results[0],), (ops[0].results[0], ops[0].results[0])):
        with pytest.raises(ValueError, match="cannot be replaced"):
            b.replace(ops[1], *values)
    with pytest.raises(ValueError, match="is in no block"):
        b.replace(AnyOp.create())
    assert names(block) == before


@pytest.mark.parametrize(
    ("at", "first_part", "rest"),
    [(0, [], [X, X, END]), (1, [X], [X, END]), (2, [X, X], [END])],
)
def test_split(at: int, first_part: list[str], rest: list[str]):
    """A check in the middle of a block: the usual reason to cut one."""
    block, ops = three()
    other = Block([AnyTerminator.create()])
    f = function(block, other)
    b = WasmBuilder.before(ops[at])
    following = b.split()
    assert [*f.body.blocks] == [block, following, other]
    trap = b.new_block()
    b.br_if(b.i32_const(0), trap, following)
    b.begin(trap)
    b.unreachable()
    assert names(block) == [*first_part, CONST, "wasmir.br_if"]
    assert names(following) == rest
    assert names(trap) == ["wasmir.unreachable"]
    assert [*f.body.blocks] == [block, following, other, trap]
    assert {op.location for op in trap.ops} == {AT(10 + at)}
    f.verify()


def test_split_at_the_end_gives_an_empty_block():
    block, other = Block(), Block([AnyTerminator.create()])
    f = function(block, other)
    b = WasmBuilder.at_end(block)
    rest = b.split()
    b.br(rest)
    assert [*f.body.blocks] == [block, rest, other]
    assert rest.is_empty


def test_blocks_outside_of_functions_are_refused():
    b = WasmBuilder.at_end(Block())
    with pytest.raises(ValueError, match="in no region"):
        b.new_block()
    with pytest.raises(ValueError, match="in no region"):
        b.split()
    b.i32_const(1)
    assert isinstance(b.location, UnknownLoc)


def test_new_block_has_arguments():
    block = Block()
    f = function(block)
    b = WasmBuilder.at_end(block)
    target = b.new_block((i32, i64))
    b.br(target, (b.i32_const(1), b.i64_const(2)))
    b.begin(target)
    b.return_(target.args)
    f.verify()
    assert b.block is target

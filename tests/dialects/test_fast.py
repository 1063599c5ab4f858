"""dialects/fast.py against the public way: an xDSL that changes its internals fails here first."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from xdsl.dialects.builtin import (
    DenseArrayBase,
    FileLineColLoc,
    IntAttr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    i32,
    i64,
)
from xdsl.dialects.test import TestOp as AnyOp
from xdsl.dialects.test import TestTermOp as AnyTerminator
from xdsl.ir import Block, Operation, Region, SSAValue

from wasmdialect.dialects import fast

LOCATION = fast.Locations("m.wasm").at(77)


def block() -> Block:
    return Block(arg_types=[i32, i64])


def at_end(b: Block) -> fast.Inserter:
    return fast.Inserter(b, LOCATION)


def uses(value: SSAValue) -> list[tuple[Operation, int]]:
    return [(use.operation, use.index) for use in value.uses]


def check_links(b: Block) -> None:
    """Forward and backward links agree, and every use is in the list of its value."""
    forward = list(b.ops)
    backward: list[Operation] = []
    op = b.last_op
    while op is not None:
        backward.append(op)
        op = op.prev_op
    assert forward == backward[::-1]
    for op in forward:
        assert op.parent is b
        for index, operand in enumerate(op.operands):
            assert (op, index) in uses(operand)
    b.verify()


def same_fields(ours: Operation, public: Operation) -> None:
    """The same fields are set, to values of the same types."""
    names = set(fast.fields_of(public)) | set(fast.fields_of(ours))
    for name in names - {"parent", "_prev_op", "_next_op"}:
        left, right = getattr(ours, name), getattr(public, name)
        assert type(left) is type(right), name


def test_insert_value():
    b, other = block(), block()
    properties: dict[str, Any] = {"prop1": StringAttr("x")}
    result = at_end(b).value(AnyOp, (b.args[0], b.args[0]), i32, properties)
    public = AnyOp.create(
        operands=[other.args[0], other.args[0]],
        result_types=[i32],
        properties={"prop1": StringAttr("x")},
        location=LOCATION,
    )
    other.add_op(public)
    assert result is result.op.results[0]
    assert (result.type, result.index) == (i32, 0)
    same_fields(result.op, public)
    check_links(b)
    assert sorted(i for _, i in uses(b.args[0])) == [0, 1]


def test_insert_op_and_values():
    b = block()
    first = at_end(b).step(AnyOp, (b.args[1],), {})
    results = at_end(b).results(AnyOp, (), [i32, i64, i32], {})
    same_fields(first, AnyOp.create(operands=[block().args[1]], location=LOCATION))
    assert [(r.type, r.index) for r in results] == [(i32, 0), (i64, 1), (i32, 2)]
    same_fields(results[0].op, AnyOp.create(result_types=[i32, i64, i32], location=LOCATION))
    check_links(b)


def test_insert_terminator():
    b, first, second = block(), Block(), Block()
    region = Region([b, first, second])
    op = at_end(b).terminator(AnyTerminator, (b.args[0],), (first, second, first), {})
    assert list(op.successors) == [first, second, first]
    assert sorted(use.index for use in first.uses) == [0, 2]
    assert {use.operation for use in second.uses} == {op}
    public = AnyTerminator.create(
        operands=[block().args[0]],
        successors=[Block(), Block(), Block()],
        location=LOCATION,
    )
    same_fields(op, public)
    check_links(b)
    assert region.blocks[0] is b


def test_operations_that_are_passed_on_look_as_others_do():
    b, seen = block(), list[tuple[Any, ...]]()

    def look(receiver: object, op: Any) -> None:
        assert receiver is b
        assert op.location is LOCATION
        assert [r.owner for r in op.results] == [op] * len(op.results)
        seen.append((*op.operands, *(r.type for r in op.results), op.properties.get("prop1")))

    passer = fast.Passer(b, LOCATION)
    passer.receiver, passer.handlers = b, {AnyOp: look}
    word = StringAttr("x")
    first, second = b.args
    result = passer.value(AnyOp, (first,), i32, {"prop1": word})
    assert passer.last == (result,)
    results = passer.results(AnyOp, [first, second], [i32, i64])
    assert tuple(results) == passer.last
    passer.step(AnyOp, (result,))
    assert seen == [
        (first, i32, word),
        (first, second, i32, i64, None),
        (result, None),
    ]
    assert list(b.ops) == []
    assert uses(first) == []
    known = weakref.ref(result.owner)
    gc.disable()
    try:
        del result, results, seen[2]
        passer.step(AnyOp)
        assert known() is None, "freed without the collector"
    finally:
        gc.enable()


def test_take_relink_and_drop():
    b = block()
    ops = [at_end(b).step(AnyOp, (b.args[0],), {}) for _ in range(4)]
    for op in fast.take_operations(b):
        if op is ops[1]:
            fast.drop(op)
        else:
            fast.relink(b, op)
    assert list(b.ops) == [ops[0], ops[2], ops[3]]
    assert {op for op, _ in uses(b.args[0])} == {ops[0], ops[2], ops[3]}
    check_links(b)


def test_replace_by():
    b = block()
    old = at_end(b).value(AnyOp, (b.args[0],), i32, {})
    user = at_end(b).step(AnyOp, (old,), {})
    taken = fast.take_operations(b)
    first = next(taken)
    new = at_end(b).step(AnyOp, (b.args[1],), {})
    fast.replace_by(first, new)
    for op in taken:
        fast.relink(b, op)
    assert user.operands[0] is new.results[0]
    assert new.results[0].op is new
    assert uses(b.args[0]) == []
    check_links(b)


def test_replace_value():
    b = block()
    values = [at_end(b).value(AnyOp, (), i32, {}) for _ in range(2)]
    user = at_end(b).step(AnyOp, (values[0], values[1], values[0]), {})
    fast.replace_value(values[0], values[1])
    assert list(user.operands) == [values[1]] * 3
    assert uses(values[0]) == []
    check_links(b)


@pytest.mark.parametrize("existing", [0, 2])
@pytest.mark.parametrize("moved", [0, 3])
def test_splice_front(existing: int, moved: int):
    b, prelude = block(), Block()
    later = [at_end(b).step(AnyOp, (), {}) for _ in range(existing)]
    earlier = [at_end(prelude).step(AnyOp, (), {}) for _ in range(moved)]
    fast.splice_front(b, prelude)
    assert list(b.ops) == earlier + later
    assert prelude.is_empty
    check_links(b)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_move_from(first: int):
    b, target = block(), Block()
    operations = [at_end(b).value(AnyOp, (b.args[0],), i32, {}).owner for _ in range(3)]
    fast.move_from([*b.ops][first], target)
    assert [*b.ops, *target.ops] == operations
    assert len([*b.ops]) == first
    check_links(b)
    check_links(target)


def test_block_arguments():
    b = block()
    added = fast.add_block_argument(b, i64)
    public = block()
    expected = public.insert_arg(i64, 2)
    assert added.block is b
    assert {**vars(added), "block": None} == {**vars(expected), "block": None}
    fast.set_block_arguments(b, [b.args[1], added])
    assert [(a.index, a.type) for a in b.args] == [(0, i64), (1, i64)]
    b.verify()


@pytest.mark.parametrize(("value", "bits"), [(5, 32), (-1, 64), (2**64 - 1, 64), (3, 8)])
def test_integer_attr(value: int, bits: int):
    made = fast.integer_attr(value, bits)
    assert made == IntegerAttr(value, bits)
    assert made is fast.integer_attr(value, bits)
    made.verify()


def test_blocks_of_a_region():
    blocks = [Block(), Block(), Block()]
    assert fast.blocks_of(Region(blocks)) == blocks
    assert fast.blocks_of(Region()) == []


@pytest.mark.parametrize("dropped", [0, 1, 2])
def test_a_dropped_operation_leaves_the_other_uses(dropped: int):
    block = Block(arg_types=[i32])
    (value,) = block.args
    users = [AnyOp.create(operands=[value]) for _ in range(3)]
    block.add_ops(users)
    for op in fast.take_operations(block):
        if op is users[dropped]:
            fast.drop(op)
        else:
            fast.relink(block, op)
    left = [op for op in users if op is not users[dropped]]
    assert {use.operation for use in value.uses} == {*left}
    for op in left:
        value.remove_use(op._operand_uses[0])  # pyright: ignore[reportPrivateUsage]
    assert value.first_use is None


def test_locations():
    made = fast.Locations("a.wasm").at(1234)
    public = FileLineColLoc(StringAttr("a.wasm"), IntAttr(0), IntAttr(1234))
    assert made == public
    assert hash(made) == hash(public)
    assert str(made) == str(public)
    assert fast.wasm_offset(made) == 1234
    assert fast.wasm_offset(AnyOp.create().location) is None


def test_locations_of_inlined_operations():
    at = fast.Locations("a.wasm").at
    once = fast.inlined_at(at(30), at(20))
    twice = fast.inlined_at(once, at(10))
    assert fast.wasm_place(at(30)) == 30
    assert (fast.wasm_place(once), fast.wasm_offset(once)) == ((30, 20), 20)
    assert (fast.wasm_place(twice), fast.wasm_offset(twice)) == ((30, 20, 10), 10)
    nowhere = AnyOp.create().location
    assert fast.wasm_place(fast.inlined_at(nowhere, at(10))) == 10  # its function is not known


def test_copied_operations_are_those_that_are_cloned():
    """Also where a value is used before the operation that makes it, in the order of the blocks."""
    region = Region([Block(arg_types=[i32, i64]), Block()])
    first, second = region.blocks
    made = AnyOp.create(result_types=[i32], attributes={"a": i32})
    user = AnyOp.create(operands=[made.results[0], first.args[1]], result_types=[i64])
    first.add_op(user)
    first.add_op(AnyTerminator(operands=[first.args[0]], successors=[second]))
    second.add_op(made)
    second.add_op(AnyTerminator(operands=[user.results[0]], successors=[second]))
    copy = Region([Block(arg_types=[i32, i64]), Block()])
    blocks = dict(zip(region.blocks, copy.blocks, strict=True))
    values: dict[SSAValue, SSAValue] = dict(zip(first.args, copy.blocks[0].args, strict=True))
    located: list[fast.LocationAttr] = []

    def locate(location: fast.LocationAttr) -> fast.LocationAttr:
        located.append(location)
        return LOCATION

    every = [(op, blocks[block]) for block in region.blocks for op in block.ops]
    fast.copy_operations(every, values, blocks, locate)
    for block in copy.blocks:
        check_links(block)
    copied = [op for block in copy.blocks for op in block.ops]
    assert [op.location for op in copied] == [LOCATION] * 4
    assert located == [op.location for op, _ in every]
    assert copied[0].operands[0] is copied[2].results[0]
    assert [use.operation for use in copied[2].results[0].uses] == [copied[0]]
    assert str(AnyOp(regions=[copy])) == str(AnyOp(regions=[region]))
    copied[2].attributes["a"] = i64
    assert made.attributes["a"] == i32


def test_reading_fast():
    b = block()
    op = at_end(b).step(AnyOp, (b.args[1], b.args[0]), {})
    assert list(fast.operands_of(op)) == list(op.operands)
    assert list(fast.users_of(b.args[0])) == uses(b.args[0])
    value = at_end(b).value(AnyOp, (), i32, {})
    assert fast.result_of(value.op) is value.op.results[0] is value


def test_dense_values():
    array = DenseArrayBase.from_list(i32, [1, 0, 7])
    assert fast.dense_values(array) == array.get_values() == (1, 0, 7)
    op = AnyOp.create(properties={"operandSegmentSizes": array})
    assert fast.segment_sizes(op) == (1, 0, 7)


def test_public_changes_work_afterwards():
    """What was built fast can be edited, cloned and erased by xDSL."""
    b = block()
    value = at_end(b).value(AnyOp, (b.args[0],), i32, {})
    user = at_end(b).step(AnyOp, (value,), {})
    clone = user.clone()
    b.insert_op_after(clone, user)
    user.operands[0] = b.args[0]
    clone.detach()
    clone.drop_all_references()
    value.op.detach()
    value.op.erase()
    check_links(b)
    assert list(b.ops) == [user]


def test_blocks_and_arguments_are_those_of_the_public_way():
    region, public = Region(), Region()
    for _ in range(2):
        ours, theirs = fast.make_block(), Block(arg_types=[i32, i64])
        arguments = [fast.add_block_argument(ours, t) for t in (i32, i64)]
        fast.append_block(region, ours)
        public.add_block(theirs)
        assert [*ours.args] == arguments
        assert [(a.type, a.index, a.owner) for a in ours.args] == [
            (a.type, a.index, ours) for a in theirs.args
        ]
        at_end(ours).terminator(AnyTerminator, (arguments[0],), [ours])
        theirs.add_op(AnyTerminator(operands=[theirs.args[0]], successors=[theirs]))
    assert [*region.blocks] == [*reversed([*reversed(region.blocks)])]
    assert len(region.blocks) == len(public.blocks) == 2
    assert all(b.parent is region for b in region.blocks)
    region.verify()
    assert AnyOp(regions=[region]).is_structurally_equivalent(AnyOp(regions=[public]))


# --- operations that are only to be looked at ---


def test_unplaced_operations_say_what_the_public_ones_do():
    values = block().args
    result = fast.result_of(AnyOp(result_types=[i32]))
    op: Operation = fast.unplaced_operation(AnyOp, values, [result], {"p": i64}, LOCATION)
    assert [value.first_use for value in values] == [None, None]
    public = AnyOp.create(
        operands=values, result_types=[i32], properties={"p": i64}, location=LOCATION
    )
    assert [*op.operands] == [*fast.operands_of(op)] == [*values]
    assert op.result_types == public.result_types
    assert (op.properties, op.attributes) == (public.properties, public.attributes)
    assert (op.location, [*op.regions], op.parent) == (public.location, [], None)


# --- attributes ---


@pytest.mark.parametrize("bits", [1, 8, 32, 64, 128])
def test_integers_are_those_of_xdsl(bits: int):
    half = 1 << (bits - 1)
    for value in {0, 1, -1, half - 1, half, -half, 2 * half - 1}:
        assert fast.integer_attr(value, bits) == IntegerAttr(value, bits)
        assert hash(fast.integer_attr(value, bits)) == hash(IntegerAttr(value, bits))
        fast.integer_attr(value, bits).verify()
    for value in (2 * half, -half - 1):
        with pytest.raises(ValueError, match="does not fit"):
            fast.integer_attr(value, bits)


def test_symbols_are_those_of_xdsl():
    reference = fast.symbol_attr(StringAttr("f"))
    assert reference == SymbolRefAttr("f")
    reference.verify()


# --- the end of IR ---


def graph() -> Operation:
    """A region with everything that refers to something else."""
    first, second = block(), block()
    region = Region([first, second])
    value = AnyOp(operands=[first.args[0], first.args[0]], result_types=[i32, i64])
    user = AnyOp(operands=[value.results[0], value.results[0], first.args[1]])
    inner = AnyOp(regions=[Region([Block([AnyOp(operands=[value.results[1]])])])])
    first.add_ops([value, user, inner])
    first.add_op(AnyTerminator(operands=[value.results[0]], successors=[second, first, second]))
    second.add_op(AnyTerminator(operands=[value.results[1]], successors=[second]))
    return AnyOp(regions=[region])


def parts_of(op: Operation) -> list[weakref.ref[Any]]:
    """Every object of the IR in an operation."""
    found: list[Any] = []
    for each in op.walk():
        found += [each, *each.results, *each.regions]
        for region in each.regions:
            for b in region.blocks:
                found += [b, *b.args, *b.uses, *(use for a in b.args for use in a.uses)]
        found += [use for result in each.results for use in result.uses]
    return [weakref.ref(part) for part in found]


def test_what_is_dismantled_is_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        op = graph()
        parts = parts_of(op)
        fast.dismantle(op)
        del op
        assert [type(part()) for part in parts if part() is not None] == []
    finally:
        gc.enable()


def test_a_value_with_very_many_uses_is_dismantled():
    """Uses of one value are a list, which is freed one after the other."""
    b = block()
    at = at_end(b)
    for _ in range(200_000):
        at.step(AnyOp, (b.args[0],))
    first = weakref.ref(b.first_op)
    region = Region(b)
    del b, at
    fast.dismantle_region(region)
    assert first() is None

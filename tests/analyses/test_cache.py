"""Results are kept for a pass over a function, and not for the next."""

from __future__ import annotations

from typing import Any

import pytest
from xdsl.context import Context
from xdsl.ir import Operation

from wasmdialect import Config, Engine, Module
from wasmdialect.analyses import ControlFlow, Dominators, analysis, forget
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass
from wasmdialect.passes.pipeline import PassFailure

TEXT = "(module (func $f) (func $g))"
calls: list[str] = []


def mine(op: Operation) -> int:
    assert isinstance(op, wasmir.FuncOp)
    calls.append(op.sym_name.data)
    return len(calls)


class Asking(FunctionPass):
    name = "asking"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        first = analysis(mine, function)
        assert analysis(mine, function) == first
        assert analysis(Dominators, function) is analysis(Dominators, function)
        assert analysis(ControlFlow, function) is analysis(ControlFlow, function)


class Keeping(Asking):
    name = "keeping"
    preserves = (mine,)


class Changing(Asking):
    name = "changing"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        first = analysis(mine, function)
        kept = analysis(Dominators, function)
        forget(function, keep=[Dominators])
        assert analysis(mine, function) != first
        assert analysis(Dominators, function) is kept


def called(*passes: Any) -> list[str]:
    calls.clear()
    Module(Engine(Config(jobs=0, passes={"wasmir-end": passes})), TEXT)
    return [*calls]


def test_each_pass_gets_fresh_results():
    assert called(Asking, Asking) == ["f", "g", "f", "g"]


def test_results_that_a_pass_preserves_are_there_for_the_next_one():
    assert called(Keeping, Asking) == ["f", "g"]
    assert called(Keeping, Asking, Asking) == ["f", "g", "f", "g"]


def test_a_function_that_has_changed_is_forgotten():
    assert called(Changing) == ["f", "f", "g", "g"]


def test_nothing_is_kept_outside_of_passes():
    op: Any = Module(Engine(Config(jobs=0)), TEXT).function("f").at("wasmir-end").op
    function: wasmir.FuncOp = op
    calls.clear()
    assert analysis(mine, function) != analysis(mine, function)
    forget(function)


def test_nothing_is_left_after_a_pass_that_fails():
    from wasmdialect.analyses import cache

    class Failing(Asking):
        name = "failing"

        def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
            analysis(mine, function)
            raise ValueError

    try:
        called(Failing)
    except Exception as error:
        assert "failing" in str(error)
    assert cache._known.results is None  # pyright: ignore[reportPrivateUsage]


class Lying(FunctionPass):
    """Says that it preserves dominators, and makes IR that needs them to be found wrong."""

    name = "lying"
    preserves = (ControlFlow, Dominators)

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        analysis(Dominators, function)
        blocks = [*function.body.blocks]
        if len(blocks) == 1:
            return
        branch, constant = blocks[0].last_op, blocks[1].first_op
        assert isinstance(branch, wasmir.BrIfOp)
        assert isinstance(constant, wasmir.I32ConstOp)
        add = wasmir.I32AddOp(constant.result, constant.result)
        add.location = constant.location
        blocks[0].insert_op_before(add, branch)


def test_verification_uses_nothing_that_a_pass_preserves():
    text = """(module (func $f (param i32) (result i32)
        (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2)))))"""
    with pytest.raises(
        PassFailure, match=r"the IR that lying left does not verify: .*wasmir\.i32\.add"
    ):
        Module(Engine(Config(jobs=0, verify="each", passes={"wasmir-end": [Lying]})), text)

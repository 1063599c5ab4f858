"""The mandatory passes as one walk: what the comparison with the passes one by one
(tests/lowering/test_written.py) does not see."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntAttr, ModuleOp, UnitAttr
from xdsl.passes import ModulePass

import wasmdialect
from wasmdialect import Config
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.unit import emit_texts
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import dismantle
from wasmdialect.passes.insert_stack_limit_checks import InsertStackLimitChecks
from wasmdialect.passes.pipeline import PassFailure

ACCESS = """(module (memory 1) (table 1 funcref)
  (func (export "f") (param i32) (drop (i32.load offset=4 (local.get 0))))
  (func (export "g") (param i32) (call_indirect (param i32) (local.get 0) (i32.const 0))))"""


def session_of(**settings: Any) -> CompileSession:
    binary = bytes(wasmdialect.wat2wasm(ACCESS))
    return CompileSession(binary, "m.wasm", CompileSettings.of(Config(opt_level=0, **settings)))


def written(session: CompileSession, change: Callable[[Any], None] = lambda op: None) -> ModuleOp:
    """A unit after its functions have been written, with a pass before that changes operations."""

    class Change(ModulePass):
        name = "change"
        scope = "function"

        def apply(self, ctx: Context, op: ModuleOp) -> None:
            for each in op.walk():
                change(each)

    session.passes = (Change(), *session.passes)
    module = session.import_functions([*session.source.body_sizes])
    functions = session.run_passes(module, write_for=0)
    assert functions
    assert not any(isinstance(op, llvm.FuncOp) for op in module.ops)
    return module


def without_fence(op: Any) -> None:
    if isinstance(op, wasmir.LoadOp):
        op.properties["plain"] = UnitAttr()


def without_offset(op: Any) -> None:
    if isinstance(op, wasmir.LoadOp):
        op.properties["offset"] = IntAttr(4)


def without_number(op: Any) -> None:
    if isinstance(op, wasmir.ConstOp):
        del op.properties["value"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_fence, "'insert-vmctx-loads' failed: .* is on the wrong side of a"),
        (without_offset, "'insert-vmctx-loads' failed: AttributeError"),
        (without_number, "'wasmvm-to-llvm' failed: KeyError"),
    ],
)
def test_an_error_names_the_pass_that_it_would_be_in(change: Callable[[Any], None], message: str):
    with pytest.raises(PassFailure, match=message):
        written(session_of(), change)


def checks(session: CompileSession) -> list[bool]:
    """Whether each function checks the stack."""
    module = session.import_functions([0, 1])
    texts, _ = emit_texts(module, session.settings, 0, session.run_passes(module, write_for=0))
    return ["@llvm.stacksave" in text.text for text, _ in texts if "function[" in text.symbols[0]]


def test_the_stack_is_checked_where_something_is_called():
    session = session_of()
    assert checks(session) == [False, True]
    session.passes = tuple(
        InsertStackLimitChecks(every_function=True) if isinstance(p, InsertStackLimitChecks) else p
        for p in session.passes
    )
    assert checks(session) == [True, True]


def test_nothing_is_left_for_the_collector():
    kept: list[weakref.ref[Any]] = []

    def keep(op: Any) -> None:
        kept.append(weakref.ref(op))

    session = session_of()
    gc.collect()
    gc.disable()
    try:
        dismantle(written(session, keep))
        session.passes = ()
        assert len(kept) > 8
        assert [op for ref in kept if isinstance(op := ref(), wasmir.WasmOp)] == []
    finally:
        gc.enable()

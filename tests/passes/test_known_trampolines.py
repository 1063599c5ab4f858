"""Trampolines that are written at once have the text of one like them that was written before, if there
is one, and each text is what it would be without."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from xdsl.dialects import llvm
from xdsl.ir import Operation

from wasmdialect import Config, wat2wasm
from wasmdialect.codegen import unit
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import Target
from wasmdialect.lowering import emit
from wasmdialect.lowering.emit import CodeText
from wasmdialect.lowering.emit_function import EMITTERS, FunctionEmitter
from wasmdialect.passes import at_once

FUNCTIONS = """
  (func $f (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 3)))
  (func $g (export "g") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "h") (param i64 externref) (result f32 i64 v128 i32)
    (f32.const 1) (local.get 0) (v128.const i64x2 1 2) (i32.const 4))
  (func (export "i") (param i64 externref))
  (func (export "j"))"""
LOOP = """
  (func (export "loop") (param $p i32) (result i32) (local $i i32)
    (loop
      (i32.store (local.get $p) (local.get $i))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (i32.const 0))"""
TAIL_CALLS = """
  (func (export "tail") (param i32) (result i32) (return_call $f (local.get 0)))
  (func (export "long") (param i64) (result i32) (return_call $f (i32.const 0)))"""
THROW = """(tag $e)
  (func (export "throw") (param i32) (result i32) (throw $e))"""
CASES: list[tuple[str, dict[str, Any]]] = [
    (FUNCTIONS, {"opt_level": 2}),
    (FUNCTIONS, {"opt_level": 0}),
    (FUNCTIONS, {"debug_checks": True}),
    # The declarations of callees differ, and the layouts of the VMContext.
    ("(global (mut i32) (i32.const 1)) (table 9 funcref)" + FUNCTIONS + LOOP, {}),
    (FUNCTIONS + TAIL_CALLS, {}),
    (THROW + FUNCTIONS, {}),
    (THROW + FUNCTIONS, {"debug_checks": True}),
]
"""What the texts of trampolines depend on differs between them."""


def session_of(functions: str, settings: dict[str, Any]) -> CompileSession:
    binary = bytes(wat2wasm(f"(module (memory 1) {functions})"))
    return CompileSession(binary, "m.wasm", CompileSettings.of(Config(**settings)))


def written_of(session: CompileSession) -> tuple[Any, list[llvm.FuncOp]]:
    module = session.import_functions([*session.source.body_sizes], session.source.signatures)
    return module, session.run_passes(module, write_for=session.settings.level)


def texts_of(session: CompileSession) -> list[CodeText]:
    module, written = written_of(session)
    texts, _ = unit.emit_texts(module, session.settings, session.settings.level, written)
    return [text for text, _ in texts]


@pytest.fixture(autouse=True)
def cold() -> None:
    emit.TWINS.clear()


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The symbols of the trampolines that are not taken from others."""
    symbols: list[str] = []
    lower = at_once.lower_trampoline

    def note(source: Any, *others: Any) -> llvm.FuncOp:
        symbols.append(source.sym_name.data)
        return lower(source, *others)

    monkeypatch.setattr(at_once, "lower_trampoline", note)
    return symbols


def test_texts_are_those_without_others(monkeypatch: pytest.MonkeyPatch):
    sessions = [session_of(*case) for case in CASES]
    with monkeypatch.context() as patch:
        patch.setattr(emit, "MAX_TWIN_SIZE", 0)
        expected = [texts_of(session) for session in sessions]
    assert not emit.TWINS
    for order in (1, -1, 1):
        for session, texts in [*zip(sessions, expected, strict=True)][::order]:
            assert texts_of(session) == texts


def test_texts_differ_between_the_cases():
    """Otherwise the test above would show little."""
    different = {
        frozenset(t.text for t in texts_of(session_of(*case)) if "_to_wasm" in t.symbols[0])
        for case in CASES
    }
    assert len(different) == len(CASES)


def _note_stack_save(f: FunctionEmitter, op: Operation) -> None:
    f.lines.append("  ; noted\n")
    EMITTERS[op.__class__](f, op)


def _other_attributes(target: Target, *, branch_protection: bool) -> str:
    return 'uwtable "noted"'


@pytest.mark.parametrize(
    ("of", "name", "value"),
    [
        (Target, "emitters", {llvm.StackSaveOp: _note_stack_save}),
        (unit, "code_attributes", _other_attributes),
    ],
    ids=["emitters", "attributes"],
)
def test_another_target(of: object, name: str, value: object, monkeypatch: pytest.MonkeyPatch):
    session = session_of(FUNCTIONS, {})
    expected = texts_of(session)
    with monkeypatch.context() as patch:
        patch.setattr(of, name, value)
        texts = texts_of(session)
    assert all("noted" in t.text for t in texts if "_to_wasm" in t.symbols[0])
    assert texts_of(session) == expected


def test_functions_of_equal_type_share_a_text(lowered: list[str]):
    session = session_of(FUNCTIONS, {})
    texts = {text.symbols: text.text for text in texts_of(session)}
    for kind in ("array", "native"):
        symbols = [
            (f"wasm[0]::{kind}_to_wasm_trampoline[{i}]", f"wasm[0]::function[{i}]")
            for i in range(5)
        ]
        assert texts[symbols[0]] is texts[symbols[1]]
        assert len({texts[s] for s in symbols}) == 4
    assert len([s for s in lowered if "_to_wasm" in s]) == 8
    lowered.clear()
    texts_of(session)
    assert not any("_to_wasm" in s for s in lowered)


def test_nothing_of_a_unit_stays():
    session = session_of(FUNCTIONS, {})
    module, written = written_of(session)
    alive = [weakref.ref(op) for op in (module, *written)]
    unit.emit_texts(module, session.settings, session.settings.level, written)
    assert emit.TWINS
    del module, written
    gc.collect()
    assert not any(ref() for ref in alive)


def test_few_and_short_texts_stay(monkeypatch: pytest.MonkeyPatch):
    session = session_of(FUNCTIONS, {})
    expected = texts_of(session)
    monkeypatch.setattr(emit, "MAX_TWINS", 3)
    emit.TWINS.clear()
    assert texts_of(session) == expected
    assert 0 < len(emit.TWINS) <= 3
    monkeypatch.setattr(emit, "MAX_TWIN_SIZE", 100)
    emit.TWINS.clear()
    assert texts_of(session) == expected
    assert not emit.TWINS

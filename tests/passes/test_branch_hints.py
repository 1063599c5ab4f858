"""Hints of a module from its sections to the code: they change nothing that can be observed, only what
is inlined, what passes take for rare, and the weights that LLVM is given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fuzz_traps import enable_features, first_difference, observe
from lowering.test_written import session_of, texts_of
from random_hints import encode_frequencies, with_random_hints
from trap_modules import trap_module

import wasmdialect
from wasmdialect import Config, Engine, wat2wasm
from wasmdialect.analyses import Frequencies
from wasmdialect.api.compile import compile_wasm
from wasmdialect.codegen.compiler import Compilation, start_run
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.branch_hints import hint_of
from wasmdialect.object.artifact import read_artifact
from wasmdialect.passes.base import defined_functions
from wasmdialect.wasm.encode import encode_custom
from wasmdialect.wasm.hints import INSTRUCTION_FREQUENCY
from wasmdialect.wasm.inline_plan import SMALL, TINY

LIKELY, UNLIKELY = '(@metadata.code.branch_hint "\\01")', '(@metadata.code.branch_hint "\\00")'
BODY = "(global.set 0 (i32.add (global.get 0) (local.get 0)))" * 12
TEXT = f"""(module (global (mut i32) (i32.const 0))
  (func $work (param i32) {BODY})
  (func $tiny (param i32) (global.set 0 (local.get 0)))
  (func (export "f") (param i32) (result i32)
    (loop $again
      H (if (i32.and (local.get 0) (i32.const 1))
        (then (call $work (local.get 0)) (call $tiny (local.get 0))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (global.get 0))
  (func (export "g") (param i32) (call $work (local.get 0))))"""


def text(hint: str) -> str:
    return TEXT.replace("H ", hint)


def plan(binary: bytes, **settings: Any) -> Any:
    return start_run(binary, CompileSettings.of(Config(opt_level=2, **settings)), "m", 0, None).plan


def sections_at_the_end(frequencies: dict[int, dict[int, int]]) -> bytes:
    return bytes(wat2wasm(text(""))) + encode_custom(
        INSTRUCTION_FREQUENCY, encode_frequencies(frequencies)
    )


def test_a_cold_call_in_a_loop_is_replaced_only_if_the_callee_is_tiny():
    assert plan(bytes(wat2wasm(text("")))) == {2: (0, 1)}
    assert plan(bytes(wat2wasm(text(LIKELY)))) == {2: (0, 1)}
    assert plan(bytes(wat2wasm(text(UNLIKELY)))) == {2: (1,)}
    sizes = start_run(bytes(wat2wasm(text(""))), CompileSettings.of(Config()), "m", 0, None)
    of = sizes.session.source.body_sizes
    assert of[1] <= TINY < SMALL < of[0]


@pytest.mark.parametrize("hint", [LIKELY, UNLIKELY, ""])
def test_the_pass_alone_makes_the_same_plan(hint: str):
    session = CompileSession(
        bytes(wat2wasm(text(hint))), "m.wat", CompileSettings.of(Config()), "wasmir-inline"
    )
    module = session.import_everything()
    session.run_passes(module)
    called = [
        op.callee.root_reference.data
        for op in [*defined_functions(module)][2].walk()
        if isinstance(op, wasmir.CallOp)
    ]
    assert called == (["work"] if hint == UNLIKELY else [])


def test_frequencies_of_calls_decide_too():
    binary = bytes(wat2wasm(text("")))
    at = binary.rindex(b"\x20\x00\x10\x00\x0b") + 2 - _body_of(binary, 3)
    assert plan(sections_at_the_end({3: {at: 40}})) == {2: (0, 1), 3: (0,)}
    assert plan(sections_at_the_end({3: {at: 127}})) == {2: (0, 1), 3: (0,)}
    assert plan(sections_at_the_end({3: {at: 32}})) == {2: (0, 1)}


def _body_of(binary: bytes, index: int) -> int:
    return start_run(binary, CompileSettings.of(Config()), "m", 0, None).session.source.body(index)[
        0
    ]


def function(hint: str) -> wasmir.FuncOp:
    session = CompileSession(bytes(wat2wasm(text(hint))), "m.wat", CompileSettings.of(Config()), "")
    return [*defined_functions(session.import_everything())][2]


def test_the_importer_notes_hints_at_branches():
    def hints(hint: str) -> list[bool | None]:
        return [hint_of(op) for op in function(hint).walk() if isinstance(op, wasmir.BrIfOp)]

    assert hints("") == [None, None]
    assert hints(LIKELY) == [True, None]
    assert hints(UNLIKELY) == [False, None]


def test_frequencies_follow_hints():
    def of_call(hint: str) -> float:
        f = function(hint)
        (block,) = {op.parent for op in f.walk() if isinstance(op, wasmir.CallOp)}
        assert block is not None
        return Frequencies(f).of(block)

    assert of_call("") == pytest.approx(5)
    assert of_call(LIKELY) == pytest.approx(9.9, rel=0.01)
    assert of_call(UNLIKELY) == pytest.approx(0.1, rel=0.02)


def test_a_hint_of_the_end_of_a_loop_changes_no_frequency():
    found: list[list[float]] = []
    for hint in ("", LIKELY, UNLIKELY):
        looping = f"(module (func (param i32) (loop (local.get 0) {hint} br_if 0)))"
        session = CompileSession(
            bytes(wat2wasm(looping)), "m.wat", CompileSettings.of(Config()), ""
        )
        (f,) = defined_functions(session.import_everything())
        assert any(hint_of(op) is not None for op in f.walk()) == bool(hint)
        frequencies = Frequencies(f)
        found.append([frequencies.of(block) for block in f.body.blocks])
    assert found[0] == found[1] == found[2]


def compiled(source: str | bytes, store: Any = False, **settings: Any) -> Compilation:
    binary = bytes(wat2wasm(source)) if isinstance(source, str) else source
    config = Config(**{"jobs": 0, "opt_level": 2, "cache": store, **settings})
    return compile_wasm(config, binary, "m.wasm")


def test_code_without_hints_is_what_it_was_without_sections():
    plain = bytes(wat2wasm(text("")))
    empty = plain + encode_custom("metadata.code.branch_hint", b"\0")
    malformed = plain + encode_custom("metadata.code.branch_hint", b"\1\2\1\1\1\7")
    codes = [
        bytes(read_artifact(compiled(each).artifact).text) for each in (plain, empty, malformed)
    ]
    assert codes[0] == codes[1] == codes[2]


def test_the_hints_of_a_function_are_in_its_key_and_in_no_other():
    def misses(hint: str) -> list[str]:
        compilation = compiled(text(hint), store, inlining=False)
        return [r.symbol for r in compilation.log if not r.cached and "function[" in r.symbol]

    store = MemoryStore()
    assert len(misses("")) == 4
    assert misses("") == []
    assert misses(UNLIKELY) == ["wasm[0]::function[2]"]
    assert misses(LIKELY) == ["wasm[0]::function[2]"]
    assert misses(UNLIKELY) == []


@pytest.mark.parametrize(
    ("hint", "weights"), [(LIKELY, "i32 2000, i32 1"), (UNLIKELY, "i32 1, i32 2000"), ("", "")]
)
def test_llvm_gets_weights_of_hinted_branches_only(hint: str, weights: str):
    """Whether the text is written at once or from operations."""
    for write in (False, True):
        texts, _ = texts_of(session_of(bytes(wat2wasm(text(hint)))), write=write)
        llvm = "".join(each.text for each, _ in texts)
        assert llvm.count("!prof") == (1 if hint else 0)
        assert not hint or f'!{{!"branch_weights", {weights}}}' in llvm


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("level", [0, 2, 3])
def test_wrong_hints_change_nothing(number: int, level: int):
    module = trap_module(11, number)
    hinted = replace(module, binary=with_random_hints(module.binary, str(number)))
    settings: dict[str, Any] = {"opt_level": level, "jobs": 0}
    config = Config(**settings)
    enable_features(config)
    expected = [*observe(wasmdialect, Engine(config), module)]
    assert first_difference(observe(wasmdialect, Engine(config), hinted), expected) is None

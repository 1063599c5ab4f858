"""What the parent of workers knows of a module, without the compiler, is what the compiler says."""

from __future__ import annotations

from typing import Any

import pytest

from wasmdialect import Config, wat2wasm
from wasmdialect.codegen.plain_session import PlainSession, is_plain
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings

MODULE = """(module $m
  (type $t (func (param i32) (result i32)))
  (import "a" "b" (func $imported (type $t)))
  (memory (export "memory") 1) (data (i32.const 8) "bytes")
  (table 2 funcref) (elem (i32.const 0) $imported $f)
  (func $f (export "f") (type $t) (call $imported (local.get 0)))
  (func (export "g") (param f64 i64) (loop (br_if 0 (i32.const 0)))))"""
SETTINGS: list[dict[str, Any]] = [
    {},
    {"opt_level": 3, "bounds": "explicit", "traps": "relaxed"},
    {"consume_fuel": True, "epoch_interruption": True, "canonicalize_nans": True},
    {"relaxed_simd_deterministic": True, "debug_checks": True},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["defaults", "choices", "passes", "flags"])
def test_both_sessions_say_the_same(settings: dict[str, Any]):
    binary = bytes(wat2wasm(MODULE))
    given = CompileSettings.of(Config(**settings))
    assert is_plain(binary, given.config)
    plain, whole = PlainSession(binary, given), CompileSession(binary, "m.wasm", given)
    for session in (plain, whole):
        assert session.function_scoped
        assert not session.objects
        assert session.pass_inputs() is None
    assert plain.pipeline == whole.pipeline
    assert plain.pass_digests() == whole.pass_digests()
    assert plain.provenance() == whole.provenance()
    assert plain.request(binary, "m.wasm") == whole.request(binary, "m.wasm")
    ours, theirs = plain.source, whole.source
    assert ours.signatures == theirs.signatures
    assert ours.body_sizes == theirs.body_sizes
    assert ours.describe(guarded=True) == theirs.describe(guarded=True)
    assert ours.declarations_digest() == theirs.declarations_digest()
    for index in range(3):
        assert ours.name_of(index) == theirs.name_of(index)
        assert ours.signature_of(index) == theirs.signature_of(index)


@pytest.mark.parametrize("inserted", ["insert-tier-checks{period=7}", "enter-loop{loop=0}"])
def test_a_worker_sets_up_the_passes_of_a_session_with_one_more(inserted: str):
    binary = bytes(wat2wasm(MODULE))
    settings = CompileSettings.of(Config(bounds="explicit"))
    _, _, _, plain, *_ = PlainSession(binary, settings).with_pass(inserted, 0).request(binary, "m")
    opened = CompileSession(binary, "m.wasm", CompileSettings.from_plain(plain))
    expected = CompileSession(binary, "m.wasm", settings).with_pass(inserted, 0)
    assert opened.passes == expected.passes
    assert opened.settings.level == expected.settings.level == 0


@pytest.mark.parametrize(
    "settings", [{"at": {"wasmir-end": "wasmir-dce"}}, {"pipeline": ""}, {"load": ("mine.py",)}]
)
def test_sessions_with_passes_of_the_user_are_not_plain(settings: dict[str, Any]):
    assert not is_plain(b"\0asm", Config(**settings))


def test_ir_is_not_plain():
    assert not is_plain(b"builtin.module {}", Config())

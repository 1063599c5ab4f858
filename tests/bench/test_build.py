"""Builds of a variant: the same code in other places, which does the same."""

from __future__ import annotations

import random

import pytest

from wasmdialect import Config, Engine, Module, wat2wasm
from wasmdialect.bench.build import Builder, build_artifacts, build_modules, layouts
from wasmdialect.object.artifact import read_artifact

TEXT = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (table funcref (elem $a $b $c))
  (func $a (export "a") (result i32) (i32.const 1))
  (func $b (export "b") (result i32) (i32.add (call $a) (i32.const 1)))
  (func $c (export "c") (result i32)
    (i32.add (call $b) (call_indirect (result i32) (i32.const 1)))))"""
WASM = bytes(wat2wasm(TEXT))
PLACES = layouts(6, random.Random(1))


def test_layouts_are_by_the_seed_and_at_all_distances_from_a_cache_line():
    assert layouts(6, random.Random(1)) == PLACES != layouts(6, random.Random(2))
    assert {place.padding for place in layouts(50, random.Random(3))} == {0, 16, 32, 48}


@pytest.mark.parametrize("build", [build_artifacts, build_modules])
def test_layouts_of_a_build_differ_and_are_the_same_the_next_time(build: Builder):
    first, again = (build(WASM, "m.wasm", Config(jobs=0), PLACES) for _ in range(2))
    assert first.binaries == again.binaries
    assert first.code == again.code
    assert len(set(first.binaries)) > 3
    assert first.code_bytes > 0


def test_functions_of_an_artifact_are_in_another_order_in_each_layout():
    build = build_artifacts(WASM, "m.wasm", Config(jobs=0, padding=64), PLACES)
    artifacts = [read_artifact(binary) for binary in build.binaries]
    assert len({tuple(f.symbol for f in artifact.functions) for artifact in artifacts}) > 1
    for place, artifact in zip(PLACES, artifacts, strict=True):
        assert next(iter(artifact.functions)).offset == 64 + place.padding
        assert artifact.engine.settings["shuffle_layout"] == place.seed


def test_functions_of_a_module_are_in_another_order_and_do_the_same():
    build = build_modules(WASM, "m.wasm", Config(jobs=0), PLACES)
    for binary in build.binaries:
        Module.validate(Engine(), binary)
        module = Module(Engine(Config(jobs=0)), binary)
        assert [export.name for export in module.exports] == ["a", "b", "c"]
    again = build_artifacts(build.binaries[0], "m.wasm", Config(jobs=0), PLACES[:1])
    straight = build_artifacts(build.binaries[3], "m.wasm", Config(jobs=0), PLACES[:1])
    assert again.code_bytes == straight.code_bytes


def test_a_config_is_not_changed_by_building():
    config = Config(jobs=0, padding=3)
    build_artifacts(WASM, "m.wasm", config, PLACES)
    assert (config.padding, config.shuffle_layout, config.compilation) == (3, None, None)

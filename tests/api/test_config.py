"""The attributes of wasmtime-py's Config: each is honoured, or refused with one error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import wasmtime

import wasmdialect
from wasmdialect import Config, Engine, Linker, Module, Store, Trap, WasmtimeError, wat2wasm
from wasmdialect._wasmtime_settings import FeatureSwitch, Fixed, WasmtimeSettings

USES = {
    "wasm_threads": "(memory 1 1 shared)",
    "wasm_tail_call": "(func (return_call 0))",
    "wasm_reference_types": "(func (param externref))",
    "wasm_simd": "(func (param v128))",
    "wasm_bulk_memory": '(memory 1) (data "a")',
    "wasm_multi_value": "(func (result i32 i32) (i32.const 0) (i32.const 0))",
    "wasm_multi_memory": "(memory 1) (memory 1)",
    "wasm_memory64": "(memory i64 1)",
    "wasm_relaxed_simd": "(func unreachable (drop (i8x16.relaxed_swizzle)))",
    "wasm_exceptions": "(tag)",
    "wasm_function_references": "(type $t (func)) (func (param (ref null $t)))",
    "wasm_gc": "(type (struct))",
    "wasm_wide_arithmetic": "(func (result i64 i64) (i64.mul_wide_s (i64.const 1) (i64.const 2)))",
    "wasm_custom_page_sizes": "(memory 1 (pagesize 1))",
}
"""A module for each switch that needs what it switches."""

BY_KIND = {
    kind: [name for name, item in vars(WasmtimeSettings).items() if isinstance(item, kind)]
    for kind in (FeatureSwitch, Fixed)
}


def test_every_attribute_of_wasmtime_is_one_here():
    theirs = {name for name in dir(wasmtime.Config) if not name.startswith("_")}
    assert theirs - set(dir(Config)) == {"close", "ptr"}
    assert BY_KIND[FeatureSwitch] == [*USES]


@pytest.mark.parametrize("name", USES)
def test_a_switch_decides_what_modules_may_use(name: str):
    wasm = bytes(wat2wasm(USES[name]))
    engines = {value: Engine(Config()) for value in (True, False)}
    for value, engine in engines.items():
        setattr(engine.config, name, value)
        assert getattr(engine.config, name) is value
    Module.validate(engines[True], wasm)
    with pytest.raises(WasmtimeError):
        Module.validate(engines[False], wasm)
    for module in (wasm, USES[name]):
        with pytest.raises(WasmtimeError) as caught:
            Module(engines[False], module)
        assert "not supported yet" not in str(caught.value)
    setattr(engines[False].config, name, True)
    Module.validate(engines[False], wasm)


def test_switches_keep_each_other():
    config = Config(features="wasm-2.0")
    config.wasm_simd = False
    config.wasm_threads = True
    config.wasm_simd = True
    assert config.features == "wasm-2.0,threads"
    assert (config.wasm_simd, config.wasm_threads, config.wasm_gc) == (True, True, False)


def test_features_have_one_spelling_each():
    spellings = ["simd, wasm-2.0 ,", "wasm-2.0", "wasm-2.0,-simd,simd"]
    assert {Config(features=text).features for text in spellings} == {"wasm-2.0"}
    assert Config(features="").features == "wasm-3.0"
    assert Config(features="wasm-3.0,threads,custom-descriptors").features == (
        "wasm-3.0,threads,custom-descriptors"
    )
    proposals = "legacy-exceptions,threads,custom-page-sizes,wide-arithmetic,custom-descriptors"
    assert Config(features=proposals).features == "all"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, 3) for name in (*BY_KIND[FeatureSwitch], *BY_KIND[Fixed])),
        ("wasm_component_model", True), ("wasm_component_model_map", True),
        ("wasm_component_model_implements", True), ("wasm_stack_switching", True),
        ("strategy", "winch"), ("strategy", "nonexistent"), ("gc_support", False),
        ("signals_based_traps", False), ("memory_init_cow", True), ("memory_guard_size", 65536),
        ("memory_reservation", 1 << 20), ("memory_reservation_for_growth", 1 << 20),
        ("cranelift_opt_level", "fast"), ("cranelift_debug_verifier", 1),
        ("native_unwind_info", 1), ("cranelift_nan_canonicalization", 1),
        ("wasm_relaxed_simd_deterministic", 1), ("parallel_compilation", 1), ("profiler", "vtune"),
        ("target", "not-a-real-target"), ("target", 3), ("cache", "cache.toml"), ("cache", __file__),
        ("features", "simd,nonsense"), ("features", 3), ("consume_fuel", "yes"),
    ],
)  # fmt: skip
def test_refused_values(name: str, value: Any):
    config = Config()
    with pytest.raises(WasmtimeError, match=f"^{name}[ :]") as caught:
        setattr(config, name, value)
    assert isinstance(caught.value, TypeError)  # as which wasmtime-py raises a wrong type
    assert config == Config()


def test_flags_of_cranelift_are_refused():
    with pytest.raises(WasmtimeError, match="preserve_frame_pointers"):
        Config().cranelift_flag_enable("preserve_frame_pointers")
    with pytest.raises(WasmtimeError, match="opt_level"):
        Config().cranelift_flag_set("opt_level", "speed")


@pytest.mark.parametrize("name", ["wasm_simdd", "cranelift", "opt_levels"])
def test_unknown_attributes_are_errors(name: str):
    config: Any = Config()
    with pytest.raises(AttributeError, match=name):
        setattr(config, name, True)
    with pytest.raises(TypeError):
        Config(**{name: True})


@pytest.mark.parametrize(
    ("name", "value", "setting", "expected"),
    [
        ("cranelift_opt_level", "none", "opt_level", 0),
        ("cranelift_opt_level", "speed_and_size", "opt_level", 2),
        ("cranelift_debug_verifier", True, "verify", "each"),
        ("cranelift_debug_verifier", False, "verify", "none"),
        ("native_unwind_info", False, "unwind_info", False),
        ("cranelift_nan_canonicalization", True, "canonicalize_nans", True),
        ("wasm_relaxed_simd_deterministic", True, "relaxed_simd_deterministic", True),
        ("parallel_compilation", False, "jobs", 1),
        ("parallel_compilation", True, "jobs", None),
    ],
)
def test_other_names_of_settings(name: str, value: Any, setting: str, expected: Any):
    config = Config()
    setattr(config, name, value)
    assert getattr(config, setting) == expected


def test_a_cache_in_a_new_folder(tmp_path: Path):
    config = Config(cache=tmp_path / "new", jobs=0)
    Module(Engine(config), '(module (func (export "f")))')
    assert (tmp_path / "new").is_dir()


def test_wat2wasm_reads_proposals_as_wasmtime_does():
    for text in USES.values():
        assert bytes(wasmdialect.wat2wasm(text)) == bytes(wasmtime.wat2wasm(text))


@pytest.mark.parametrize(
    ("settings", "fits"),
    [({}, True), ({"max_wasm_stack": 512 * 1024}, False)],
    ids=["default", "that of -O2"],
)
def test_the_default_stack_has_room_for_frames_without_optimization(
    settings: dict[str, int], fits: bool
):
    """At `-O0` each value that is needed after a call has its own place in the frame: here 100."""
    loads = "".join(f"(i64.load offset={8 * n} (local.get 0))" for n in range(100))
    body = f"{loads} (call 0 (i32.sub (local.get 0) (i32.const 1))) {'i64.add ' * 100}"
    text = (
        '(module (func (export "f") (param i32) (result i64)'
        f" (if (result i64) (local.get 0) (then {body}) (else (i64.const 0)))) (memory 1))"
    )
    engine = Engine(Config(opt_level=0, jobs=0, **settings))  # pyright: ignore[reportArgumentType]
    store = Store(engine)
    call: Any = Linker(engine).instantiate(store, Module(engine, text)).exports(store)["f"]
    if fits:
        assert call(store, 1000) == 0
        return
    with pytest.raises(Trap, match="call stack exhausted"):
        call(store, 1000)

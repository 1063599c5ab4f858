"""The processor that code is compiled for: by default, by name, in artifacts, and checked on load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli.commands import check_error, run

from wasmdialect import Config, Engine, Instance, Module, Store, WasmtimeError
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import TargetError, host_target, parse_target
from wasmdialect.object.artifact import read_artifact
from wasmdialect.runtime import host_cpu
from wasmdialect.wasm.text import wat2wasm

MADD = wat2wasm("""(module (func (export "f") (param v128 v128 v128) (result v128)
  (f64x2.relaxed_madd (local.get 0) (local.get 1) (local.get 2))))""")


def artifact_for(cpu: Any) -> Any:
    settings = CompileSettings.of(Config(cpu=cpu))
    return read_artifact(compile_module(bytes(MADD), settings, jobs=1).artifact)


def test_native_is_the_default_where_code_runs():
    assert parse_target(None) == parse_target(None, "native") == host_target()
    assert CompileSettings.of(Config()).target == host_target()


def test_levels_include_those_before():
    levels = [parse_target(None, f"x86-64-v{n}") for n in (2, 3, 4)]
    features = [{*level.features.split(",")} for level in levels]
    assert features[0] < features[1] < features[2]
    assert "+fma" in features[1] - features[0]
    assert "+avx512f" in features[2] - features[1]
    assert parse_target(None, "base") == levels[0]
    assert parse_target("x86_64-unknown-linux-gnu") == levels[0]
    assert [level.cpu for level in levels] == ["x86-64-v2", "x86-64-v3", "x86-64-v4"]


def test_versions_of_arms_architecture_include_those_before():
    base, *later = (
        parse_target("aarch64-unknown-linux-gnu", cpu) for cpu in ("base", "armv8.1-a", "armv8.4-a")
    )
    assert (base.cpu, base.features) == ("generic", "")
    first, second = ({*level.features.split(",")} for level in later)
    assert {level.cpu for level in later} == {"generic"}
    assert first == {"+crc", "+lse", "+rdm"}
    assert first < second


@pytest.mark.parametrize(
    ("triple", "cpu", "message"),
    [
        ("aarch64-unknown-linux-gnu", "native", "not one of aarch64"),
        (
            *("aarch64-unknown-linux-gnu", "x86-64-v3"),
            "x86-64-v3 is not a processor of aarch64: use base or armv8.1-a or armv8.4-a$",
        ),
        (None, "armv8.1-a", "not a processor of x86_64: use base or x86-64-v2 or"),
        ("riscv64-unknown-linux-gnu", "armv8.1-a", "not a processor of riscv64: use base$"),
        ("sparc-unknown-linux-gnu", None, "unknown target"),
    ],
)
def test_other_processors_are_refused(triple: str, cpu: str | None, message: str):
    with pytest.raises(TargetError, match=message):
        parse_target(triple, cpu)


def test_unknown_names_are_refused():
    with pytest.raises(WasmtimeError, match="cpu: 'pentium' is not one of"):
        Config(cpu="pentium")


def test_code_depends_on_the_processor_and_only_levels_with_fma_round_once():
    base, v3 = artifact_for("base"), artifact_for("x86-64-v3")
    assert (base.engine.cpu, v3.engine.cpu) == ("x86-64-v2", "x86-64-v3")
    assert "+fma" in v3.engine.features
    assert base.text != v3.text


@pytest.mark.parametrize("cpu", ["base", "x86-64-v2", "native"])
def test_every_processor_name_runs(cpu: Any):
    engine = Engine(Config(cpu=cpu))
    store = Store(engine)
    f: Any = Instance(store, Module(engine, bytes(MADD)), []).exports(store)["f"]
    assert f(store, 0x4000 << 112 | 0x4000 << 48, 0x4000 << 112 | 0x4000 << 48, 0) == (
        0x4010 << 112 | 0x4010 << 48
    )


def test_a_processor_without_the_features_is_named_on_load(monkeypatch: pytest.MonkeyPatch):
    engine = Engine()
    settings = CompileSettings.of(Config(cpu="x86-64-v3"))
    artifact = compile_module(bytes(MADD), settings, jobs=1).artifact
    flags = frozenset({"popcnt", "pni", "ssse3", "sse4_1", "sse4_2", "avx"})
    monkeypatch.setattr(host_cpu, "_flags", [flags])
    with pytest.raises(WasmtimeError, match=r"compiled for x86-64-v3; .* lacks avx2, .*fma"):
        Module.deserialize(engine, artifact)


def test_command(tmp_path: Path):
    (tmp_path / "m.wasm").write_bytes(MADD)
    assert run(tmp_path, "wasmdialect", "compile", "m.wasm").returncode == 0
    first = read_artifact((tmp_path / "m.cwasm").read_bytes())
    assert (first.engine.cpu, first.engine.features) == (
        "x86-64-v2",
        parse_target(None, "base").features,
    )
    done = run(tmp_path, "wasmdialect", "compile", "m.wasm", "--cpu", "native", "-o", "n.cwasm")
    assert done.returncode == 0, done.stderr
    second = read_artifact((tmp_path / "n.cwasm").read_bytes())
    assert second.engine.cpu == host_target().cpu
    done = run(
        tmp_path, "wasmdialect", "compile", "m.wasm", "--cpu", "native",
        "--target", "aarch64-unknown-linux-gnu",
    )  # fmt: skip
    check_error(done, 1, "the native processor is not one of aarch64")
    arguments = "--invoke", "f", "1", "2", "3"
    done = run(tmp_path, "wasmdialect", "run", "--cpu", "base", "m.wasm", *arguments)
    assert done.stdout == "v128:0x" + "0" * 31 + "3\n"

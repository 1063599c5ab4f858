"""Recorded functions have the text of the graph, byte for byte; functions are recorded only where
nobody looks at the stage of `llvm`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from spec.scripts import features_of, read_script
from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr, i32
from xdsl.passes import ModulePass

import wasmdialect
from wasmdialect import Config
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings, Level
from wasmdialect.codegen.unit import emit_texts
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.llvm_builder import LLVMBuilder
from wasmdialect.lowering.emit import CodeText
from wasmdialect.lowering.recorded import RecordedFunction
from wasmdialect.wasm.features import parse_features
from wasmdialect.wasm.wast import DefineModule, parse_script

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = (
    "address.wast",
    "br_table.wast",
    "conversions.wast",
    "f32.wast",
    "address64.wast",
    "i64.wast",
    "memory_copy.wast",
    "proposals/threads/atomic.wast",
    "proposals/wide-arithmetic/wide-arithmetic.wast",
    "relaxed_dot_product.wast",
    "return_call_indirect.wast",
    "return_call_ref.wast",
    "simd_conversions.wast",
    "simd_load8_lane.wast",
    "simd_load_splat.wast",
    "simd_splat.wast",
    "table_grow.wast",
    "throw_ref.wast",
    "try_table.wast",
)
"""Every lowering file is in one of them."""
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "explicit, together": {"bounds": "explicit", "opt_level": 3, "consume_fuel": True},
    "aarch64": {"target": "aarch64-unknown-linux-gnu", "canonicalize_nans": True},
    "s390x": {"target": "s390x-unknown-linux-gnu", "traps": "relaxed"},
}


def texts_of(
    session: CompileSession, *, record: bool
) -> tuple[list[tuple[CodeText, Level]], list[dict[str, Any]]]:
    """The texts of all functions and trampolines."""
    module = session.import_functions([*session.source.body_sizes], session.source.signatures)
    recorded = session.run_passes(module, record=record)
    assert record or not recorded
    assert all(isinstance(f, RecordedFunction) for f in recorded)
    config = session.settings.config
    return emit_texts(module, session.settings, config.opt_level, recorded)


def session_of(binary: bytes, **settings: Any) -> CompileSession:
    return CompileSession(binary, "m.wasm", CompileSettings.of(Config(**settings)))


def check_same(session: CompileSession) -> int:
    graph, recorded = (texts_of(session, record=record) for record in (False, True))
    assert recorded == graph
    return len(graph[0])


@pytest.mark.parametrize("configuration", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
@pytest.mark.parametrize("name", ["kernels.wasm", "simd.wat"])
def test_programs(name: str, configuration: dict[str, Any]):
    data = (EXAMPLES / name).read_bytes()
    binary = data if name.endswith("wasm") else bytes(wasmdialect.wat2wasm(data.decode()))
    if "s390x" in configuration.get("target", "") and name == "simd.wat":
        configuration = {**configuration, "relaxed_simd_deterministic": True}
    assert check_same(session_of(binary, **configuration)) > 0


@pytest.mark.parametrize("name", SCRIPTS)
def test_modules_of_the_test_suite(testsuite: Path, name: str):
    count = 0
    features = features_of(name)
    for command in parse_script(read_script(testsuite, name)):
        if isinstance(command, DefineModule):
            binary = command.module.to_binary(parse_features(features))
            for bounds in ("guard", "explicit"):
                count += check_same(session_of(binary, features=features, bounds=bounds))
    assert count > 0


class InLLVM(ModulePass):
    """Adds operations in their final form."""

    name = "in-llvm"
    scope = "function"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if isinstance(function, wasmir.FuncOp) and not function.is_declaration:
                b = LLVMBuilder.at_start(function.entry)
                slot = b.stack_slot(16)
                value = b.value(llvm.AddOp, (b.constant(3, 32), b.constant(4, 32)), i32)
                b.insert(llvm.StoreOp(value, slot, alignment=4, ordering=7))
                loaded = b.insert(llvm.LoadOp(slot, i32))
                loaded.attributes["alignment"] = IntegerAttr(4, 64)
                asm = llvm.InlineAsmOp("nop", "", [loaded.results[0]], [])
                b.insert(asm).attributes["note"] = StringAttr("x")


def test_operations_of_passes_are_kept():
    session = session_of((EXAMPLES / "kernels.wasm").read_bytes())
    at = next(i for i, p in enumerate(session.passes) if p.name == "insert-stack-limit-checks")
    session.passes = (*session.passes[:at], InLLVM(), *session.passes[at:])
    assert check_same(session) > 0
    texts, _ = texts_of(session, record=True)
    functions = [text.text for text, _ in texts if "::function[" in text.symbols[0]]
    assert len(functions) == len(session.source.body_sizes)
    assert all("store atomic i32" in text and "load i32" in text for text in functions)


@pytest.mark.parametrize(
    "settings", [{"verify": "ends"}, {"verify": "each"}, {"at": {"llvm-end": "cse"}}], ids=str
)
def test_not_recorded_where_somebody_looks(settings: dict[str, Any]):
    session = session_of((EXAMPLES / "kernels.wasm").read_bytes(), **settings)
    module = session.import_functions([1])
    assert session.run_passes(module, record=True) == []
    assert any(isinstance(op, llvm.FuncOp) and op.body.blocks for op in module.ops)


def test_not_recorded_for_an_observer():
    session = session_of((EXAMPLES / "kernels.wasm").read_bytes())
    module = session.import_functions([1])
    seen: list[str] = []

    def observe(text: str, module: ModuleOp, seconds: float) -> None:
        seen.append(text)

    assert session.run_passes(module, observe, record=True) == []
    assert seen[-1].startswith("wasmvm-to-llvm")

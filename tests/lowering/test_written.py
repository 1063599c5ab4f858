"""Functions that are written while they are lowered have the text of the graph, up to the numbers of
values, labels, symbols and metadata; they are written only where nobody looks at the stage of
`llvm`."""

from __future__ import annotations

import re
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
from wasmdialect.codegen.llvm import llvm as binding
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings, Level
from wasmdialect.codegen.unit import emit_texts
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.llvm_builder import LLVMBuilder
from wasmdialect.lowering.emit import CodeText
from wasmdialect.lowering.emit_function import WrittenFunction
from wasmdialect.passes.pipeline import PassFailure, Verify
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
    "relaxed": {"traps": "relaxed"},
    "explicit": {"bounds": "explicit", "opt_level": 1, "consume_fuel": True},
    "aarch64": {"target": "aarch64-unknown-linux-gnu", "canonicalize_nans": True},
    "s390x": {"target": "s390x-unknown-linux-gnu", "traps": "relaxed"},
}


def texts_of(
    session: CompileSession, *, write: bool
) -> tuple[list[tuple[CodeText, Level]], list[dict[str, Any]]]:
    """The texts of all functions and trampolines."""
    module = session.import_functions([*session.source.body_sizes], session.source.signatures)
    written = session.run_passes(module, write_for=session.settings.level if write else None)
    assert bool(written) == write
    assert all(isinstance(f, WrittenFunction) for f in written)
    return emit_texts(module, session.settings, session.settings.level, written)


def session_of(binary: bytes, **settings: Any) -> CompileSession:
    return CompileSession(binary, "m.wasm", CompileSettings.of(Config(**settings)))


NAME = re.compile(r"""[%@$]"?[\w.]+"?|^[\w.]+(?=:)""", re.MULTILINE)


def canonical(text: str) -> str:
    """A text with names by order of appearance; LLVM numbers the metadata and the attributes."""
    printed = re.sub(" *;.*", "", str(binding.parse_assembly(text, binding.create_context())))
    names: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        known = match[0].strip('%$@"')
        if known.startswith(("llvm.", "x86.")):
            return match[0]
        return names.setdefault(known, f"n{len(names)}")

    return NAME.sub(name, printed)


def check_same(session: CompileSession) -> int:
    graph, written = (texts_of(session, write=write) for write in (False, True))
    assert written[1] == graph[1]
    for (ours, our_level), (theirs, level) in zip(written[0], graph[0], strict=True):
        assert our_level == level
        assert (ours.base, ours.symbols[0]) == (theirs.base, theirs.symbols[0])
        assert sorted(ours.symbols) == sorted(theirs.symbols)
        assert ours.widest == theirs.widest
        assert canonical(ours.text) == canonical(theirs.text)
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


CASTS = """(module (memory 1)
  (func (result i32) (i32.reinterpret_f32 (f32.reinterpret_i32 (i32.const 7))))
  (func (param i32) (result i64)
    (i64.reinterpret_f64 (select (f64.const 1) (f64.const 2) (local.get 0))))
  (func (param i32) (result v128)
    (i8x16.add (i8x16.splat (i32.load8_u (local.get 0)))
               (i8x16.splat (i32.extend8_s (local.get 0))))))"""


def test_casts_of_constants_and_extensions_that_are_taken_back():
    session = session_of(bytes(wasmdialect.wat2wasm(CASTS)))
    assert check_same(session) > 0
    texts, _ = texts_of(session, write=True)
    assert any("zext i8" not in t.text and "load volatile i8" in t.text for t, _ in texts)


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
                asm = llvm.InlineAsmOp("nop", "r", [loaded.results[0]], [])
                b.insert(asm).attributes["note"] = StringAttr("x")


def test_operations_of_passes_are_kept():
    session = session_of((EXAMPLES / "kernels.wasm").read_bytes())
    at = next(i for i, p in enumerate(session.passes) if p.name == "insert-stack-limit-checks")
    session.passes = (*session.passes[:at], InLLVM(), *session.passes[at:])
    assert check_same(session) > 0
    texts, _ = texts_of(session, write=True)
    functions = [text.text for text, _ in texts if "::function[" in text.symbols[0]]
    assert len(functions) == len(session.source.body_sizes)
    assert all("store atomic i32" in text and "load i32" in text for text in functions)


def test_not_written_where_a_pass_looks():
    session = session_of((EXAMPLES / "kernels.wasm").read_bytes(), at={"llvm-end": "cse"})
    module = session.import_functions([1])
    assert session.run_passes(module, write_for=2) == []
    assert any(isinstance(op, llvm.FuncOp) and op.body.blocks for op in module.ops)


class Invalid(ModulePass):
    """Makes a constant that does not verify where it has been lowered."""

    name = "invalid"
    scope = "function"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if isinstance(function, wasmir.FuncOp) and not function.is_declaration:
                b = LLVMBuilder.at_start(function.entry)
                b.value(llvm.AddOp, (b.constant(3, 32), b.constant(4, 64)), i32)


@pytest.mark.parametrize("verify", ["ends", "each"])
def test_the_graph_is_verified_and_the_text_is_that_without_verification(verify: Verify):
    binary = (EXAMPLES / "kernels.wasm").read_bytes()
    session = session_of(binary, verify=verify)
    assert texts_of(session, write=True) == texts_of(session_of(binary), write=True)
    at = next(i for i, p in enumerate(session.passes) if p.name == "wasmvm-to-llvm")
    session.passes = (*session.passes[:at], Invalid(), *session.passes[at:])
    with pytest.raises(PassFailure, match="does not verify"):
        texts_of(session, write=True)


ONLY_FOR_PASSES = ("!tbaa", "!invariant.load", "fence ", '!"wasm"')


@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_only_llvms_passes_read_is_written_for_them_only(level: Level):
    session = session_of((EXAMPLES / "kernels.wasm").read_bytes(), opt_level=level)
    texts, _ = texts_of(session, write=True)
    everything = "".join(text.text for text, _ in texts)
    assert "@llvm.ubsantrap" in everything
    written = {word: word in everything for word in ONLY_FOR_PASSES}
    assert written == dict.fromkeys(ONLY_FOR_PASSES, level > 0)


def test_not_written_for_an_observer():
    session = session_of((EXAMPLES / "kernels.wasm").read_bytes())
    module = session.import_functions([1])
    seen: list[str] = []

    def observe(text: str, module: ModuleOp, seconds: float) -> None:
        seen.append(text)

    assert session.run_passes(module, observe, write_for=2) == []
    assert seen[-1].startswith("wasmvm-to-llvm")

"""Whole modules back to WebAssembly: what passes add, what is kept, what is refused, sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import wasmtime
from spec.scripts import features_of, read_script

import wasmdialect
from wasmdialect import Config, to_wasm
from wasmdialect.api.wast import run_commands
from wasmdialect.codegen.exported import to_wasm as to_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import host_target
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_custom
from wasmdialect.wasm.text import wat2wasm
from wasmdialect.wasm.wast import parse_script

MODULE = """(module
  (import "env" "base" (func $base (result i32)))
  (func $twice (export "twice") (param $x i32) (result i32)
    (i32.add (i32.add (local.get $x) (local.get $x)) (call $base)))
  (func $four (export "four") (param i32) (result i32) (call $twice (call $twice (local.get 0)))))
"""
ADDING = '''
from dataclasses import dataclass
from xdsl.dialects.builtin import i64
from wasmdialect.passes.base import FunctionPass, WasmBuilder

@dataclass(frozen=True)
class Adding(FunctionPass):
    """Counts calls, adds them up in a global, and calls an import."""
    name = "adding"

    def declare(self, declarations):
        declarations.add_counter("calls")
        level = declarations.add_global("level", "i64", init=5)
        seen = declarations.add_import("env", "seen", ("i32",), ())
        return declarations.global_symbol(level), declarations.function_symbol(seen)

    def apply_to_function(self, ctx, function):
        level, seen = self.declared
        b = WasmBuilder.before(function.entry.first_op)
        b.count("calls")
        b.global_set(level, b.i64_add(b.global_get(level, i64), b.i64_const(2)))
        b.call(seen, [function.entry.args[0]])
'''
CONTROL = (
    "block.wast",
    "br.wast",
    "br_if.wast",
    "br_table.wast",
    "if.wast",
    "loop.wast",
    "labels.wast",
    "local_tee.wast",
    "br_on_null.wast",
    "br_on_non_null.wast",
    "return_call_indirect.wast",
    "try_table.wast",
    "throw_ref.wast",
    "legacy/try_catch.wast",
    "linking.wast",
    "elem.wast",
    "global.wast",
)


@pytest.mark.parametrize("name", CONTROL)
def test_scripts_pass_with_modules_that_went_there_and_back(testsuite: Path, name: str):
    """The rest of the suite: `tools/spec_table.py --round-trip`."""
    features = features_of(name)
    settings = CompileSettings(host_target(), Config(opt_level=0, features=features))
    there = CompileSettings.of(Config(pipeline="wasmir-gvn,wasmir-dce", features=features))
    commands = parse_script(read_script(testsuite, name))
    changed: list[bytes] = []

    def change(binary: bytes) -> bytes:
        changed.append(binary)
        return bytes(to_module(binary, "module.wasm", there).binary)

    assert run_commands(commands, settings, 0, None, change).failures == []
    assert changed


def test_what_a_pass_adds_is_in_the_module(tmp_path: Path):
    file = tmp_path / "adding.py"
    file.write_text(ADDING)
    exported = to_wasm(MODULE, Config(pipeline="adding", load=(str(file),)))
    seen: list[int] = []
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    linker = wasmtime.Linker(engine)
    i32 = wasmtime.ValType.i32()
    linker.define_func("env", "base", wasmtime.FuncType([], [i32]), lambda: 1)
    linker.define_func("env", "seen", wasmtime.FuncType([i32], []), seen.append)
    exports = linker.instantiate(store, wasmtime.Module(engine, bytes(exported))).exports(store)
    assert exports["four"](store, 10) == 43
    assert exports["counter.calls"].value(store) == 3
    assert seen == [10, 10, 21]
    names = decode_module(bytes(exported)).names
    # The new import comes before the functions, whose indices have moved.
    assert names.functions == {0: "base", 1: "seen", 2: "twice", 3: "four"}
    assert names.globals == {0: "level", 1: "calls"}
    assert names.locals == {2: {0: "x"}}


def test_custom_sections_about_code_are_dropped():
    kept, dropped = "producers", (".debug_info", "sourceMappingURL", "reloc.CODE")
    binary = bytes(wat2wasm(MODULE))
    binary += b"".join(encode_custom(name, b"x") for name in (kept, *dropped))
    sections = decode_module(bytes(to_wasm(binary))).custom_sections
    assert [s.name for s in sections] == ["name", kept]
    assert bytes(sections[1].bytes) == b"x"


def test_functions_that_only_bodies_refer_to_are_declared():
    text = """builtin.module {
      wasmir.func @g() { wasmir.return }
      wasmir.func @f() -> i32 {
        %r = wasmir.ref.func @g : !wasmir.ref<func>
        %n = wasmir.ref.is_null %r : !wasmir.ref<func>
        wasmir.return %n : i32
      }
      wasmir.export "f" @f
    }"""
    exported = decode_module(bytes(to_wasm(text)))
    assert [segment.functions for segment in exported.elements] == [(0,)]


def test_an_operation_without_form_is_named_with_its_pass(tmp_path: Path):
    file = tmp_path / "trapping.py"
    file.write_text(
        "from dataclasses import dataclass\n"
        "from wasmdialect.passes.base import FunctionPass, WasmBuilder\n"
        "from wasmdialect.dialects import wasmvm\n"
        "@dataclass(frozen=True)\n"
        "class P(FunctionPass):\n"
        "    name = 'guards'\n"
        "    def apply_to_function(self, ctx, function):\n"
        "        b = WasmBuilder.before(function.entry.first_op)\n"
        "        b.load_field(b.vmctx(), 'vmctx.limits')\n"
    )
    with pytest.raises(wasmdialect.WasmtimeError) as caught:
        to_wasm(MODULE, Config(pipeline="guards", load=(str(file),)))
    message = str(caught.value)
    assert "wasmvm.vmctx has no form in WebAssembly; the pass guards made it" in message
    assert "in function 1 (twice)" in message


@pytest.mark.parametrize(
    ("source", "config", "message"),
    [
        (b"\0asm\1", Config(), "unexpected end"),
        ("(module (func (result i32)))", Config(), "type mismatch"),
        (MODULE, Config(pipeline="insert-vmctx-loads"), "lowered from wasmir by insert-vmctx"),
        (MODULE, Config(at={"wasmvm-end": "wasmir-dce"}), "no way from wasmvm-end back"),
        ("builtin.module { wasmir.func @f() }", Config(), "no body, and is not imported"),
    ],
)
def test_bad_input_is_one_error(source: Any, config: Config, message: str):
    with pytest.raises(wasmdialect.WasmtimeError, match=message) as caught:
        to_wasm(source, config)
    assert "\n" not in str(caught.value).split("|")[0].strip()


def test_deep_nesting_does_not_recurse():
    depth = 3000
    blocks = "block " * depth + "local.get 0 br_if 0 " + "end " * depth
    loops = "loop " * depth + "local.get 0 br_if 0 " + "end " * depth
    text = f"(module (func (param i32) {blocks}) (func (param i32) {loops}))"
    assert len(to_wasm(text, Config(pipeline="wasmir-dce"))) < 200


def test_many_cases_and_long_chains_are_linear():
    """A chain of 20,000 operations, right-deep and left-deep, and a `br_table` of 5,000 ways."""
    chain = "local.get 0 " * 20_000 + "i32.add " * 19_999
    ways = 5000
    table = "block " * ways + f"local.get 0 br_table {' '.join(map(str, range(ways)))} "
    table += "".join(f"end i32.const {n} return " for n in range(ways - 1)) + "end i32.const 7"
    text = f"(module (func (param i32) (result i32) {chain})" + (
        f'(func (export "f") (param i32) (result i32) {table}))'
    )
    exported = to_wasm(text)
    store = wasmtime.Store()
    instance = wasmtime.Instance(store, wasmtime.Module(store.engine, bytes(exported)), [])
    assert [instance.exports(store)["f"](store, n) for n in (0, 4321, 10_000)] == [0, 4321, 7]


@pytest.mark.parametrize("name", ["kernels.wasm"])
def test_sizes_are_those_of_the_originals(name: str):
    binary = (Path(__file__).parents[2] / "examples" / name).read_bytes()
    code = [
        sum(len(f.code.bytes) for f in decode_module(b).functions if f.code is not None)
        for b in (binary, bytes(to_wasm(binary)))
    ]
    assert code[1] <= 1.1 * code[0]

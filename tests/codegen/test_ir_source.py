"""A module that is IR: written by hand, printed at any stage, changed by passes as a whole."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wasmdialect import Config, Engine, Instance, Linker, Module, Store, Trap, WasmtimeError
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.errors import WorkerError
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import host_target
from wasmdialect.lowering.emit import EmitError
from wasmdialect.passes.registry import PassError
from wasmdialect.wasm.text import wat2wasm

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SETTINGS = CompileSettings(host_target(), Config(opt_level=0))
HAND_WRITTEN = """\
wasmir.memory @m i32 min 1 page 16
wasmir.data @greeting "hello" in @m { %0 = wasmir.i32.const 8  wasmir.return %0 : i32 }
wasmir.func @add_at(%at: i32, %n: i32) -> i32 {
  %old = wasmir.i32.load8_u @m[%at]
  %new = wasmir.i32.add %old, %n
  wasmir.return %new : i32
}
wasmir.export "add_at" @add_at
"""
EVERYTHING = r"""
(module $nämed
  (import "env" "g" (global $g i32))
  (import "env" "f" (func $f (param i32)))
  (import "env" "h" (global i64))
  (type $unused (func (param f64)))
  (memory (export "memory") 1 4)
  (table $t 4 funcref)
  (elem $active (i32.const 1) $own $f)
  (elem $passive funcref (ref.func $own) (ref.null func))
  (elem declare func 3)
  (data $text (i32.const 3) "abc\ff")
  (data $more "passive")
  (global $count (export "count") (mut i32) (i32.add (global.get $g) (i32.const 2)))
  (global $ref funcref (ref.func $own))
  (func $"own \u{e9}" (export "\u{e9}") (param i32) (result i32)
    (global.set $count (i32.add (global.get $count) (local.get 0)))
    (call_indirect (type $unused) (f64.const 1.5) (i32.const 0))
    (i32.load offset=4 (local.get 0)))
  (func $own (memory.init $more (i32.const 0) (i32.const 0) (i32.const 7)) (data.drop $more))
  (func (table.init $t $passive (i32.const 0) (i32.const 0) (i32.const 2)) (elem.drop $passive)
    (drop (ref.func 3)))
  (start $own))
""".replace("$nämed", '$"nämed"')


@pytest.fixture(scope="module")
def roundtrip() -> Any:
    """tools/roundtrip_ir.py."""
    path = ROOT / "tools" / "roundtrip_ir.py"
    spec = importlib.util.spec_from_file_location("roundtrip_ir", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def instance_of(text: str, **settings: Any) -> tuple[Store, Any]:
    engine = Engine(Config(jobs=0, cache=False, opt_level=0, **settings))
    store = Store(engine)
    return store, Instance(store, Module(engine, text), []).exports(store)


# --- by hand ---


def test_ten_lines_by_hand_run():
    store, exports = instance_of(HAND_WRITTEN)
    assert exports["add_at"](store, 9, 1) == ord("e") + 1
    with pytest.raises(Trap, match="add_at"):
        exports["add_at"](store, 65536, 1)


@pytest.mark.parametrize("command", ["run", "compile", "explore", "bench"])
def test_commands_take_ir(tmp_path: Path, command: str):
    file = tmp_path / "hand.mlir"
    file.write_text(HAND_WRITTEN)
    arguments = {
        "run": ["--invoke", "add_at", "8", "1"],
        "compile": ["-o", str(tmp_path / "out.cwasm")],
        "explore": ["--func", "add_at", "-o", str(tmp_path / "out.html")],
        "bench": ["--invoke", "add_at", "--seconds", "0.1", "--layouts", "2", "8", "1"],
    }[command]
    done = subprocess.run(
        [BIN / "wasmdialect", command, file, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = {
        "run": "i32:105\n",
        "compile": "",
        "explore": "out.html",
        "bench": "add_at(8, 1) of",
    }
    assert expected[command] in done.stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("i32.add %old", "i64.add %old"), "used with type i64"),
        (("@m[%at]", "@n[%at]"), "names @n, which is not declared as wasmir.memory"),
        (('"add_at" @add_at', '"x" @nothing'), "which is not declared"),
        (("in @m {", "in @add_at {"), "not declared as wasmir.memory"),
        (("%old, %n", "%new, %n"), "uses a value before it is defined"),
        (("min 1 page", "min 3 max 2 page"), "limits that it cannot have"),
        (("%0 = wasmir.i32.const 8", '%0 = wasmir.f32.const "0x1"'), "(f32|Expected)"),
        (("wasmir.export", 'wasmir.export "add_at" @add_at\nwasmir.export'), "exported twice"),
        (("wasmir.export", "wasmir.start @add_at\nwasmir.export"), "parameters or results"),
        (("wasmir.export", "wasmir.func @f() -> ()\nwasmir.export"), "@f has no body"),
        (("wasmir.export", "wasmir.global @g i32\nwasmir.export"), "no initial value"),
        (("wasmir.export", "no.such.op\nwasmir.export"), "is not a module"),
        (("@add_at(%at", "@m(%at"), "Redefinition of symbol"),
        (("i32.load8_u @m", "i32.load8_u @m // "), "is not a module"),
        (
            ("-> i32 {", f"-> i32 attributes {{a = {'[' * 3000}{']' * 3000}}} {{"),
            "nested too deeply",
        ),
    ],
)
def test_what_is_wrong_by_hand_is_one_error(change: tuple[str, str], message: str):
    text = HAND_WRITTEN.replace(*change)
    assert text != HAND_WRITTEN
    with pytest.raises(WasmtimeError, match=message):
        instance_of(text)


def test_an_operation_that_no_pass_lowers_is_named():
    with pytest.raises(EmitError, match=r"func\.func is not lowered"):
        instance_of("func.func @f() { func.return }\n" + HAND_WRITTEN)


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("%x = wasmir.call @own(%n) : (i32) -> i64", r"\(i64\) as results, not \(i32\)"),
        ("%x = wasmir.global.get @g : i64", "has i64 as result, not i32"),
        ("wasmir.global.set @g, %n : i32", "writes @g, a constant"),
        ("%x = wasmir.memory.size @m : i64", "has i64 as result, not i32"),
        ("%x = wasmir.table.get @t[%n : i32] : !wasmir.ref<null extern>", "as result, not"),
        ("wasmir.data.drop @t", "names @t, which is not declared as wasmir.data"),
        ("%x = wasmir.ref.func @m : !wasmir.ref<null func>", "not declared as"),
    ],
)
def test_operations_have_the_types_of_what_they_name(op: str, message: str):
    text = f"""
      wasmir.memory @m i32 min 1 page 16
      wasmir.table @t !wasmir.ref<null func> i32 min 1
      wasmir.global @g i32 {{ %0 = wasmir.i32.const 5  wasmir.return %0 : i32 }}
      wasmir.func @own(%n: i32) -> i32 {{
        {op}
        wasmir.return %n : i32
      }}
    """
    with pytest.raises(WasmtimeError, match=message):
        instance_of(text)


# --- printed and read back ---


def test_artifacts_through_printed_ir_are_the_same_bytes(roundtrip: Any):
    assert roundtrip.roundtrip(bytes(wat2wasm(EVERYTHING)), SETTINGS, jobs=0) == {}


@pytest.mark.parametrize("name", ["imports.wast", "elem.wast", "names.wast", "float_exprs.wast"])
def test_artifacts_of_the_test_suite_through_printed_ir(roundtrip: Any, testsuite: Path, name: str):
    settings = CompileSettings(host_target(), Config(opt_level=0))
    for place, wasm in [*roundtrip.modules_of(testsuite / name)][::4]:
        try:
            assert roundtrip.roundtrip(wasm, settings, jobs=0) == {}, place
        except roundtrip.UnsupportedError:
            continue


def test_a_unit_prints_a_function_as_the_whole_module_does():
    session = CompileSession(bytes(wat2wasm(EVERYTHING)), "m.wasm", SETTINGS)
    whole = {str(op) for op in session.import_everything().ops if op.name == "wasmir.func"}
    for index in session.source.body_sizes:
        unit = session.import_functions([index])
        (alone,) = (op for op in unit.ops if op.name == "wasmir.func" and op.body.blocks)  # pyright: ignore
        assert str(alone) in whole


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bounds": "explicit"}, "lowered with insert-vmctx-loads, and is to be compiled with"),
        ({"debug_checks": True}, "lowered with insert-trampolines, and is to be compiled with"),
        ({"epoch_interruption": True}, "lowered without insert-epoch-checks"),
        ({"canonicalize_nans": True}, "lowered without canonicalize-nans"),
        ({"at": {"wasmir-end": "wasmir-dce"}}, "past wasmir-end"),
    ],
)
def test_ir_that_was_lowered_with_other_settings_is_refused(
    roundtrip: Any, settings: dict[str, Any], message: str
):
    """Else code without bounds checks would run on a memory without a guard."""
    wasm = bytes(wat2wasm("(module (memory 1) (func))"))
    text = roundtrip.print_stage(wasm, SETTINGS, "insert-vmctx-loads,insert-trampolines")
    with pytest.raises(PassError, match=message):
        compile_module(
            text, CompileSettings(host_target(), Config(opt_level=0, **settings)), jobs=0
        )


def test_a_unit_is_not_a_module(roundtrip: Any):
    session = CompileSession(bytes(wat2wasm("(module (func) (func))")), "m.wasm", SETTINGS)
    unit = str(session.import_functions([0]))
    with pytest.raises(WasmtimeError, match="a part of a module"):
        instance_of(unit)


def test_workers_do_not_parse_ir_again(monkeypatch: pytest.MonkeyPatch):
    """Parsing is slow, and takes most of the memory; LLVM needs only the texts."""

    def unusable(*_: object) -> tuple[str, ...]:
        return ("session", "is not opened")

    monkeypatch.setattr("wasmdialect.codegen.plain_session.Session.request", unusable)
    compile_module(HAND_WRITTEN.encode(), SETTINGS, jobs=1)
    with pytest.raises(WorkerError):  # it would have been noticed
        compile_module(bytes(wat2wasm("(module (func))")), SETTINGS, jobs=1)


# --- passes that change declarations ---

CHANGES = """
from xdsl.dialects.builtin import BytesAttr, FunctionType, StringAttr, SymbolRefAttr, UnitAttr, i32
from xdsl.ir import Block, Region
from xdsl.parser import Parser
from xdsl.passes import ModulePass


class Change(ModulePass):
    name = "change"

    def apply(self, ctx, op):
        text = '''
          wasmir.global @answer mut i32 { %0 = wasmir.i32.const 42  wasmir.return %0 : i32 }
          wasmir.data @added "xyz" in @memory0 { %0 = wasmir.i32.const 64  wasmir.return %0 : i32 }
          wasmir.func @ask() -> i32 {
            %0 = wasmir.global.get @answer : i32
            %1 = wasmir.i32.const 64
            %2 = wasmir.i32.load8_u @memory0[%1]
            %3 = wasmir.i32.add %0, %2
            wasmir.return %3 : i32
          }
          wasmir.export "ask" @ask
        '''
        added = Parser(ctx, text).parse_module()
        first = op.body.block.first_op
        for new in [*added.ops]:
            new.detach()
            op.body.block.insert_op_before(new, first)
        for old in [*op.ops]:
            if getattr(old, "sym_name", None) == StringAttr("gone"):
                old.detach()
                old.erase()
"""
CHANGED = """
(module
  (func $gone)
  (memory 1)
  (data "0123456789")
  (func (export "init") (result i32)
    (memory.init 0 (i32.const 0) (i32.const 2) (i32.const 4))
    (i32.load (i32.const 0))))
"""


@pytest.mark.parametrize("point", ["wasmir-start", "wasmir-end"])
@pytest.mark.parametrize("level", [0, 2, 3])
def test_the_artifact_follows_a_pass_that_changes_declarations(
    tmp_path: Path, point: str, level: int
):
    (tmp_path / "change.py").write_text(CHANGES)
    engine = Engine(
        Config(
            load=(str(tmp_path / "change.py"),),
            at={point: "change"},
            opt_level=level,
            cache=str(tmp_path / "cache"),
        )
    )
    for _ in range(2):  # the second time from the cache
        store = Store(engine)
        exports: Any = Linker(engine).instantiate(store, Module(engine, CHANGED)).exports(store)
        assert exports["ask"](store) == 42 + ord("x")
        assert exports["init"](store) == int.from_bytes(b"2345", "little")


def test_removing_a_declaration_after_lowering_is_refused(tmp_path: Path):
    """The numbers of the others are in the functions."""
    only_removes = CHANGES.replace("for new in [*added.ops]", "for new in []")
    (tmp_path / "change.py").write_text(only_removes)
    config = Config(
        load=(str(tmp_path / "change.py"),), at={"wasmvm-end": "change"}, jobs=0, cache=False
    )
    with pytest.raises(Exception, match=r"no wasmir\.func with index 0"):
        Module(Engine(config), CHANGED)

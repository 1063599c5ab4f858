"""`Module.function` and `Module.functions`: IR at a stage, as text, operations and HTML."""

from __future__ import annotations

import html
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from api.test_pass_objects import (
    TEXT,
    Bad,
    CountCalls,
    Entries,
    MulToConstant,
    Seen,
    Spoil,
    Whole,
    ir_of,
)
from xdsl.dialects import llvm

import wasmdialect
from wasmdialect import Config, Engine, Module, WasmtimeError
from wasmdialect.api.functions import find, inspect_module
from wasmdialect.codegen.llvm import CodegenError
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import wasm_offset
from wasmdialect.passes.pipeline import PassFailure
from wasmdialect.passes.registry import PassError

MODULE = """
(module
  (import "env" "host" (func $host (param i32)))
  (func $g (export "again") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 8)))
  (func $f (export "f") (param i32) (result i32) (i32.add (call $g (local.get 0)) (i32.const 1)))
  (func))
"""


def module(*passes: Any, text: str | bytes = MODULE, **settings: Any) -> Module:
    given: dict[str, Any] = {"jobs": 0, "passes": {"wasmir-end": passes}, **settings}
    return Module(Engine(Config(**given)), text)


# --- finding a function


@pytest.mark.parametrize("which", ["g", 1, "1", "again"])
def test_a_function_is_found_by_name_index_and_export(which: str | int):
    found = module().function(which)
    assert (found.index, found.name, found.is_imported) == (1, "g", False)
    assert repr(found) == "<function 1 (g)>"


def test_all_functions_are_listed_by_index():
    functions = module().functions
    assert [(f.index, f.name) for f in functions] == [(0, "host"), (1, "g"), (2, "f"), (3, "func3")]
    assert [f.is_imported for f in functions] == [True, False, False, False]
    assert repr(functions[0]) == "<function 0 (host), imported>"


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("hh", "there is no function 'hh'"),
        ("agian", "there is no function 'agian'; did you mean 'again'"),
        (4, "there is no function 4: the module has 4"),
        (-1, "there is no function -1: the module has 4"),
    ],
)
def test_a_function_that_there_is_not(which: str | int, message: str):
    with pytest.raises(WasmtimeError, match=message):
        module().function(which)


@pytest.mark.parametrize("which", [None, True, 1.0, b"f"])
def test_what_names_no_function(which: Any):
    with pytest.raises(TypeError, match="the name, an export or the index of a function"):
        module().function(which)


def test_an_imported_function_has_no_ir():
    host = module().function("host")
    for look in (
        lambda: host.wat,
        lambda: host.llvm,
        lambda: host.asm,
        lambda: host.at("wasmir-end"),
        lambda: host.before("wasmvm-to-llvm"),
        lambda: host.after(0),
    ):
        with pytest.raises(WasmtimeError, match=r"function 0 \(host\) is imported: it has no body"):
            look()


def test_an_artifact_has_no_ir():
    made = module()
    loaded = Module.deserialize(Engine(Config(jobs=0, opt_level=2)), made.serialize())
    with pytest.raises(WasmtimeError, match="loaded from an artifact, which has no IR"):
        loaded.function("f")
    with pytest.raises(WasmtimeError, match="loaded from an artifact, which has no IR"):
        _ = loaded.functions


# --- stages


def test_points_are_after_the_passes_that_are_added_there():
    f = module(MulToConstant(30), at={"wasmir-start": "wasmir-dce,wasmir-dce"}).function("g")
    start, end = f.at("wasmir-start"), f.at("wasmir-end")
    assert "wasmir.i32.mul" in str(start)
    assert "wasmir.i32.mul" not in str(end)
    assert "wasmir.i32.const 30" in str(end)
    assert isinstance(end.op, wasmir.FuncOp)
    assert str(end).startswith("wasmir.func")
    assert repr(end) == "<IR at wasmir-end: 3 operations in wasmir.func>"
    assert [op.name for op in end.ops][-1] == "wasmir.return"
    assert isinstance(f.at("llvm-end").op, llvm.FuncOp)


@pytest.mark.parametrize("way", ["default", "module scope", "IR"])
def test_every_point_and_pass_can_be_looked_at(way: str):
    passes = (MulToConstant, Whole) if way == "module scope" else (MulToConstant,)
    made = module(*passes, text=ir_of(MODULE) if way == "IR" else MODULE)
    for function in made.functions[1:]:
        names: list[str] = []
        for point in ("wasmir-start", "wasmir-end", "wasmvm-end", "llvm-end"):
            at = function.at(point)
            assert at.module.is_ancestor(at.op)
            names.append(at.op.name)
        assert names == ["wasmir.func", "wasmir.func", "wasmir.func", "llvm.func"]
        assert made.pipeline is not None
        texts = [str(function.before(0))]
        for number in range(made.pipeline.count(",") + 1):
            assert str(function.before(number)) == texts[-1]
            texts.append(str(function.after(number)))
        assert texts[-1] == str(function.at("llvm-end"))


def test_a_point_of_wasmvm_has_what_the_abi_adds():
    at = module(CountCalls()).function("f").at("wasmvm-end")
    assert any(isinstance(op, wasmvm.LoadFieldOp) for op in at.ops)
    assert any(isinstance(op, wasmvm.FuncOp) for op in at.module.ops)  # a trampoline


def test_passes_by_name_text_and_number():
    f = module(MulToConstant(1), Seen(), MulToConstant(2)).function("g")
    assert "wasmir.i32.mul" not in str(f.before("seen"))
    assert f.after("mul-to-constant{limit=1}").stage == "after mul-to-constant{limit=1}"
    assert str(f.after(0)) == str(f.before("mul-to-constant{limit=2}"))
    with pytest.raises(PassError, match="several times, with numbers 0 and 2: give one of these"):
        f.after("mul-to-constant")
    with pytest.raises(PassError, match=r"pass 'mul' is not in the pipeline \(0: mul-to-constant"):
        f.after("mul")
    for number in (-1, 50):
        with pytest.raises(PassError, match=f"no pass number {number} in the pipeline"):
            f.before(number)


def test_an_unknown_point():
    with pytest.raises(PassError, match=r"no point 'wasmir-ende' .*did you mean 'wasmir-end'"):
        module().function("f").at("wasmir-ende")


def test_a_point_that_ir_is_past(tmp_path: Path):
    (tmp_path / "m.wat").write_text(MODULE)
    command = [Path(sys.executable).parent / "wasm-opt-py", "m.wat", "-p", "insert-vmctx-loads"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    f = module(text=done.stdout, passes={}).function("f")
    for point in ("wasmir-start", "wasmir-end"):
        with pytest.raises(PassError, match=f"past {point}: insert-vmctx-loads has lowered it"):
            f.at(point)
    assert isinstance(f.at("wasmvm-end").op, wasmir.FuncOp)


def test_a_pipeline_instead_of_the_default_one():
    f = module(passes={}, pipeline="wasmir-gvn").function("g")
    assert f.at("wasmir-start").stage == "at wasmir-start"
    assert str(f.at("wasmir-end")) == str(f.after("wasmir-gvn"))


def test_fuel_comes_after_the_end_of_wasmir():
    f = module(consume_fuel=True).function("g")
    assert "wasmir.operators" in str(f.at("wasmir-end"))
    assert "wasmir.operators" not in str(f.at("wasmvm-end"))


# --- texts


@pytest.mark.parametrize("jobs", [0, 1])
def test_text_llvm_and_assembly(jobs: int):
    made = module(MulToConstant(12345), jobs=jobs)
    g = made.function("g")
    assert g.wat.startswith("(func $g")
    assert "define" in g.llvm
    assert "12345" in g.llvm
    assert "12345" in g.asm
    assert "ret" in g.asm
    assert "function[2]" not in g.llvm
    assert isinstance(g.llvm, str)


def test_ir_has_no_text_format():
    with pytest.raises(WasmtimeError, match="from IR or from a pass"):
        _ = module(text=ir_of(TEXT)).function("f").wat


def test_a_module_with_whole_passes_shows_one_function():
    assert "function[1]" not in module(Whole, text=TEXT).function("g").llvm


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_escaped_and_refers_to_nothing():
    name = '<img src="x" onerror=alert(1)>&amp;'
    text = f'(module (func (export "{name.replace(chr(34), chr(92) + "22")}") (nop)))'
    function = module(text=text).functions[0]
    for shown in (function.at("wasmir-end"), function.wat, function.llvm, function.asm):
        page: str = shown._repr_html_()  # pyright: ignore[reportPrivateUsage]
        parser = _Tags()
        parser.feed(page)
        assert set(parser.tags) <= {"div", "b", "pre", "span"}
        assert all(line in parser.text for line in str(shown).splitlines())
        assert "http" not in page
    assert html.escape("->") in module().function("g").at("wasmir-end")._repr_html_()  # pyright: ignore[reportPrivateUsage]


def test_html_has_the_offsets_of_operations():
    shown = module().function("g").at("wasmir-end")
    page: str = shown._repr_html_()  # pyright: ignore[reportPrivateUsage]
    offsets = {wasm_offset(op.location) for op in shown.ops} - {None}
    assert len(offsets) > 1
    assert all(f"{offset:#x}<" in page for offset in offsets)


# --- the module stays as it is


def test_what_is_changed_in_a_copy_changes_nothing():
    made = module()
    f = made.function("f")
    before = str(f.at("wasmir-end"))
    for op in reversed(f.at("wasmir-end").ops):
        op.detach()
    assert str(f.at("wasmir-end")) == before


def test_reports_of_looking_are_not_those_of_compiling():
    p = Seen()
    made = module(MulToConstant(3), p)
    reports = [*made.reports]
    made.function("g").at("wasmir-end")
    assert p.names == ["g", "f", "func3", "g"]
    assert made.reports == reports
    assert module().reports == []


def test_the_ir_is_of_the_settings_the_module_was_made_with():
    config = Config(jobs=0, passes={"wasmir-end": [MulToConstant(3)]})
    engine = Engine(config)
    made = Module(engine, TEXT)
    config.passes = {}
    config.opt_level = 3
    assert "const 3" in str(made.function("g").at("wasmir-end"))


def test_a_module_from_the_cache_can_be_looked_at():
    store: Any = Entries()
    for _ in range(2):
        made = module(passes={}, at={"wasmir-end": "wasmir-gvn"}, cache=store, jobs=1)
        assert "wasmir.i32.mul" in str(made.function("g").after("wasmir-gvn"))


def test_a_pass_that_fails_while_one_looks():
    made = module(Bad, compilation="lazy", jobs=1, inlining=False)  # else f needs what is made of g
    assert made.is_lazy
    g = made.function("g")
    assert "wasmir.i32.mul" in str(g.before("bad"))
    assert str(made.function("f").after("bad"))
    with pytest.raises(PassFailure, match="no such rule") as raised:
        g.after("bad")
    Path(raised.value.details.rpartition("reproducer: ")[2].strip()).unlink()


@pytest.mark.parametrize("jobs", [0, 1])
def test_what_llvm_refuses_is_an_error_here_too(jobs: int):
    """In a worker if there are any: LLVM may abort."""
    config = Config(passes={"llvm-end": [Spoil]}, jobs=jobs)
    g = find(inspect_module(config, TEXT), "g")
    assert "trunc" in g.llvm
    with pytest.raises(CodegenError, match="invalid cast opcode"):
        _ = g.asm


# --- completion


def test_dir_lists_the_api():
    program = "import wasmdialect; print(*dir(wasmdialect))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert {*wasmdialect.__all__, "__version__"} <= {*done.stdout.split()}


def test_tab_completes_names_that_are_loaded_on_demand():
    program = (
        "import rlcompleter, wasmdialect\n"
        "complete = rlcompleter.Completer({'wasmdialect': wasmdialect}).complete\n"
        "print(*(complete('wasmdialect.Wasm', n) for n in range(2)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["wasmdialect.WasmException(", "wasmdialect.WasmtimeError("]

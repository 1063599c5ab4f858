"""`Config(passes=...)`: passes as objects of this process, wherever their classes were defined."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp, i64
from xdsl.passes import ModulePass

from wasmdialect import Config, Engine, Instance, Linker, Module, Store, WasmtimeError
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import Declarations, FunctionPass, WasmBuilder, report
from wasmdialect.passes.pipeline import PassFailure
from wasmdialect.passes.registry import PassError
from wasmdialect.passes.wasmir_dce import WasmIRDCE

TEXT = """
(module
  (func $g (export "g") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 8)))
  (func $f (export "f") (param i32) (result i32) (i32.add (call $g (local.get 0)) (i32.const 1))))
"""
LIMIT = 100


@dataclass(frozen=True)
class MulToConstant(FunctionPass):
    name = "mul-to-constant"

    limit: int = 7

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.I32MulOp):
                report(op, "replaced", limit=self.limit)
                b = WasmBuilder.before(op)
                b.replace(op, b.i32_const(self.limit))


@dataclass(frozen=True)
class MulToLimit(FunctionPass):
    name = "mul-to-limit"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.I32MulOp):
                report(op, "limit")
                b = WasmBuilder.before(op)
                b.replace(op, b.i32_const(LIMIT))


@dataclass(frozen=True)
class Seen(FunctionPass):
    name = "seen"

    names: list[str] = field(default_factory=list[str])

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        self.names.append(function.sym_name.data)


@dataclass(frozen=True)
class CountCalls(FunctionPass):
    name = "count-calls"

    counter: str = "calls"

    def declare(self, declarations: Declarations) -> str:
        declarations.add_counter(self.counter)
        return f"{self.counter} of {len(declarations.functions)}"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        report(function, "declared", value=self.declared)
        WasmBuilder.at_start(function.entry).count(self.counter)


@dataclass(frozen=True)
class Bad(FunctionPass):
    name = "bad"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        for op in function.body.walk():
            if isinstance(op, wasmir.I32MulOp):
                raise KeyError("no such rule")


class Whole(ModulePass):
    name = "whole"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in [*op.walk()]:
            if isinstance(function, wasmir.I32MulOp):
                b = WasmBuilder.before(function)
                b.replace(function, b.i32_const(5))


def engine(*passes: Any, point: Any = "wasmir-end", **settings: Any) -> Engine:
    return Engine(Config(passes={point: passes}, **settings))


def call(module: Module, made: Engine) -> Any:
    store = Store(made)
    f: Any = Instance(store, module, []).exports(store)["f"]
    return f(store, 3)


WAYS: dict[str, Any] = {
    "in this process": {"jobs": 0},
    "with workers": {"jobs": 2, "compilation": "eager"},
    "lazily": {"jobs": 2, "compilation": "lazy"},
    "across functions": {"jobs": 1, "opt_level": 3},
    "from IR": {"jobs": 1},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("p", "result"),
    [(MulToConstant, 8), (MulToConstant(limit=40), 41), (Whole, 6), (WasmIRDCE, 25)],
    ids=["class", "object", "module scope", "of the package"],
)
def test_a_pass_object_runs(p: Any, result: int, way: str):
    made = engine(p, **WAYS[way])
    text = ir_of(TEXT) if way == "from IR" else TEXT
    module = Module(made, text)
    assert module.is_lazy == (way == "lazily" and p is not Whole)
    assert call(module, made) == result


def ir_of(text: str) -> bytes:
    done = subprocess.run(
        [Path(sys.executable).parent / "wasm-opt-py", "-f", "wat"],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout


def test_passes_run_in_order_after_those_of_at():
    made = engine(
        Seen,
        MulToConstant(limit=1),
        MulToConstant(limit=2),
        at={"wasmir-end": "wasmir-dce"},
        jobs=0,
    )
    module = Module(made, TEXT)
    assert module.pipeline is not None
    assert module.pipeline.startswith(
        "wasmir-dce,seen,mul-to-constant{limit=1},mul-to-constant{limit=2},wasmir-wide-multiply,"
    )
    assert [r["limit"] for r in module.reports] == [1]


def test_every_point_takes_objects():
    points = ("wasmir-start", "wasmir-end", "wasmvm-end", "llvm-end")
    seen = {point: Seen() for point in points}
    made = Engine(Config(passes={point: [p] for point, p in seen.items()}, jobs=1))
    assert call(Module(made, TEXT), made) == 25
    for point in points[:3]:
        assert seen[point].names == ["g", "f"]
    assert seen["llvm-end"].names == []  # no function of wasmir has a body there


CELL = """
import sys
from wasmdialect import *
exec(compile('''
from wasmdialect.passes.base import FunctionPass, WasmBuilder
from wasmdialect.dialects import wasmir

class InACell(FunctionPass):
    name = "in-a-cell"
    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.I32MulOp):
                b = WasmBuilder.before(op)
                b.replace(op, b.i32_const(30))
''', "<ipython-input-1>", "exec"), globals())
engine = Engine(Config(passes={"wasmir-end": [InACell]}, jobs=2, cache=sys.argv[1]))
store = Store(engine)
module = Module(engine, sys.argv[2])
print(Instance(store, module, []).exports(store)["f"](store, 3))
module.serialize()
"""


def test_a_class_of_a_notebook_cell(tmp_path: Path):
    """There is no file that a worker could import; nothing of the program runs again."""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", CELL, tmp_path, TEXT],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("31\n", "")


# --- state


def test_an_object_of_two_modules_knows_what_it_declared_in_each():
    p = CountCalls()
    made = engine(p, jobs=1, compilation="lazy")
    first, second = Module(made, TEXT), Module(made, "(module (func) (func) (func))")
    second.compile_all()
    first.compile_all()
    assert {r["value"] for r in first.reports} == {"calls of 2"}
    assert {r["value"] for r in second.reports} == {"calls of 3"}
    assert p.declared is None


def test_counters_of_an_object():
    made = engine(CountCalls("mine"), jobs=1)
    store = Store(made)
    instance = Linker(made).instantiate(store, Module(made, TEXT))
    f: Any = instance.exports(store)["f"]
    f(store, 1)
    assert instance.counters() == {"mine": 2}


def test_what_an_object_collects_is_there():
    p = Seen()
    Module(engine(p, jobs=2, compilation="eager"), TEXT)
    assert p.names == ["g", "f"]


def test_reports_of_two_threads_are_not_mixed():
    barrier = threading.Barrier(2, timeout=60)

    class Meet(FunctionPass):
        name = "meet"

        def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
            for number in range(3):
                barrier.wait()
                report(function, "met", number=number)

    modules: dict[str, Module] = {}

    def compile_(name: str) -> None:
        text = f"(module (func ${name}))"
        modules[name] = Module(engine(Meet(), jobs=1), text)

    threads = [threading.Thread(target=compile_, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, module in modules.items():
        assert [(r["function"], r["number"]) for r in module.reports] == [
            (name, n) for n in range(3)
        ]


# --- the cache


class Entries(dict[str, bytes]):
    """A store."""

    def insert(self, key: str, value: bytes) -> None:
        self[key] = value


@pytest.mark.parametrize("jobs", [0, 1])
def test_a_function_is_found_until_the_pass_changes(
    jobs: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    ran: list[str] = []

    def counting(self: object, ctx: object, op: object) -> None:
        ran.append("x")

    # A pass of the package, so that counting is no part of the digest.
    monkeypatch.setattr(WasmIRDCE, "apply", counting)
    store: Any = Entries()

    def compile_(p: Any) -> tuple[int, list[Any]]:
        ran.clear()
        config = Config(
            passes={"wasmir-end": [p, WasmIRDCE]}, jobs=jobs, cache=store, compilation="eager"
        )
        module = Module(Engine(config), TEXT)
        return len(ran), [r["kind"] for r in module.reports]

    first, reports = compile_(MulToLimit())
    assert first > 0
    assert compile_(MulToLimit()) == (0, reports)  # which come from the cache
    monkeypatch.setattr(sys.modules[__name__], "LIMIT", 101)
    assert compile_(MulToLimit())[0] > 0
    assert compile_(MulToLimit()) == (0, reports)
    assert compile_(MulToConstant(3))[0] > 0
    assert compile_(MulToConstant(4))[0] > 0
    assert compile_(MulToConstant(3))[0] == 0
    assert not [r for r in caplog.records if "not cached" in r.message]


@pytest.mark.parametrize("jobs", [0, 1])
def test_a_pass_that_may_change_is_not_cached_and_the_log_says_so(
    jobs: int, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "wasmdialect")
    store: Any = Entries()
    p = Seen()
    for number in (1, 2):
        Module(engine(p, jobs=jobs, cache=store, compilation="eager"), TEXT)
        assert p.names == ["g", "f"] * number
    assert "functions are not cached after pass seen: a list can change" in caplog.text


def test_a_global_that_changes_between_module_and_call(monkeypatch: pytest.MonkeyPatch):
    """The code is made with the new value: it must not be found for the old one."""
    store: Any = Entries()
    lazily = {"jobs": 1, "cache": store, "compilation": "lazy"}
    made = engine(MulToLimit(), **lazily)
    module = Module(made, TEXT)
    monkeypatch.setattr(sys.modules[__name__], "LIMIT", 500)
    assert call(module, made) == 501
    monkeypatch.undo()
    made = engine(MulToLimit(), **lazily)
    assert call(Module(made, TEXT), made) == 101


def test_an_artifact_names_its_objects():
    from wasmdialect.object.artifact import read_engine

    artifact = bytes(Module(engine(MulToConstant(9), Seen(), jobs=1), TEXT).serialize())
    first, second = read_engine(artifact).passes[:2]
    assert first["text"] == "mul-to-constant{limit=9}"
    assert len(first["digest"]) == 64
    assert second == {"text": second["text"], "digest": ""}  # it is not known
    assert second["text"].startswith("seen")


# --- errors


class NoName(FunctionPass):
    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        pass


class Impostor(NoName):
    name = "wasmvm-to-llvm"


@dataclass(frozen=True)
class Needy(NoName):
    name = "needy"
    limit: int


class Unfinished(FunctionPass):
    name = "unfinished"


@pytest.mark.parametrize(
    ("passes", "message"),
    [
        ([MulToConstant], r"is not a map of points to lists of passes"),
        ({"wasmir-end": MulToConstant}, r"is not a list of passes \(at wasmir-end\)"),
        ({"wasmir-end": "wasmir-dce"}, r"'wasmir-dce' is not a list of passes"),
        ({3: [MulToConstant]}, "3 is not text"),
        ({"wasmir-end": ["wasmir-dce"]}, "'wasmir-dce' is text, and not a pass: .* `at`"),
        ({"wasmir-end": [3]}, "3 is not a pass: an object or a class"),
        ({"wasmir-end": [int]}, "<class 'int'> is not a pass"),
        ({"wasmir-end": [NoName]}, "NoName has no name: it needs a class attribute `name`"),
        ({"wasmir-end": [NoName()]}, "NoName has no name"),
        ({"wasmir-end": [Needy]}, "Needy needs options, so give an object: .*'limit'"),
        ({"wasmir-end": [Unfinished]}, "Unfinished is not a whole pass: .* apply_to_function"),
        ({"wasmir-end": [Impostor()]}, "Impostor has the name of a built-in pass"),
    ],
)
def test_what_is_not_a_list_of_passes(passes: Any, message: str):
    with pytest.raises(WasmtimeError, match=f"^passes: .*{message}"):
        Config(passes=passes)


def test_an_unknown_point():
    with pytest.raises(PassError, match=r"no point 'wasmir-ende' .* did you mean 'wasmir-end'"):
        Module(engine(MulToConstant, point="wasmir-ende"), TEXT)


def test_a_pipeline_and_objects():
    with pytest.raises(PassError, match="`passes` extends the default pipeline"):
        Module(engine(MulToConstant, pipeline="wasmir-dce"), TEXT)


def shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize("way", WAYS)
def test_a_pass_that_raises(way: str):
    made = engine(Bad, **WAYS[way])
    text = ir_of(TEXT) if way == "from IR" else TEXT
    with pytest.raises(PassFailure, match="pass 'bad' failed: KeyError: 'no such rule'") as raised:
        call(Module(made, text), made)
    assert isinstance(raised.value.__cause__, KeyError)  # with its frames, for a debugger
    text = shown(raised.value)
    assert 'raise KeyError("no such rule")' in text
    assert re.search(r"it was at wasmir\.i32\.mul .*in @g", text)
    path = Path(re.findall(r"reproducer: (.*)", text)[-1])
    command = path.read_text().splitlines()[1]
    path.unlink()
    assert f"--load {__file__} -p 'bad," in command


def test_the_reproducer_of_a_pass_of_a_file(tmp_path: Path):
    """Its command fails in the same way."""
    file = tmp_path / "mine.py"
    file.write_text(
        "import sys\nfrom wasmdialect import *\nfrom wasmdialect.passes.base import FunctionPass\n"
        "class Mine(FunctionPass):\n"
        "    name = 'mine'\n"
        "    def apply_to_function(self, ctx, function):\n"
        "        raise KeyError('no such rule')\n"
        "if __name__ == '__main__':\n"
        f"    Module(Engine(Config(passes={{'wasmir-end': [Mine]}})), {TEXT!r})\n"
    )
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    path = Path(re.findall(r"reproducer: (.*)", done.stderr)[-1])
    command = path.read_text().splitlines()[1].removeprefix("// ")
    again = subprocess.run(
        f"{Path(sys.executable).parent}/{command}",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    path.unlink()
    assert again.returncode == 1
    assert "pass 'mine' failed: KeyError: 'no such rule'" in again.stderr
    for found in re.findall(r"reproducer: (.*)", again.stderr):
        Path(found).unlink()


@dataclass(frozen=True)
class Spoil(FunctionPass):
    """Makes IR that LLVM refuses."""

    name = "spoil"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in [*op.walk()]:
            if isinstance(each, llvm.MulOp):
                cast = llvm.TruncOp(each.lhs, i64)
                cast.location = each.location
                assert each.parent is not None
                each.parent.insert_op_before(cast, each)

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        raise AssertionError


class SpoilWhole(Spoil):
    scope = "module"  # pyright: ignore


@pytest.mark.parametrize("p", [Spoil, SpoilWhole])
@pytest.mark.parametrize("jobs", [0, 2])
def test_what_llvm_refuses_is_explained(p: Any, jobs: int):
    with pytest.raises(PassFailure, match=r"LLVM refuses .* pass 'spoil' made of function 0 \(g\)"):
        Module(engine(p, point="llvm-end", jobs=jobs), TEXT)


def test_a_worker_that_dies_of_the_code_of_an_object(monkeypatch: pytest.MonkeyPatch):
    """It is tried at lower levels; no worker can run the pass to explain it."""
    from wasmdialect.codegen.crashes import CompileCrash
    from wasmdialect.codegen.process import Worker

    send = Worker.send

    def die(self: Worker, *request: Any) -> None:
        send(self, *request)
        if request[0] == "texts":
            os.kill(self.pid, signal.SIGKILL)

    monkeypatch.setattr(Worker, "send", die)
    with pytest.raises(CompileCrash, match="fails at every level"):
        Module(engine(MulToConstant, jobs=1), TEXT)
    monkeypatch.undo()
    made = engine(MulToConstant, jobs=1)
    assert call(Module(made, TEXT), made) == 8

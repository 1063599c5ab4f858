"""Workers: one that dies costs a retry or one clear error; errors come through as themselves."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from wasmdialect import Config, Engine, Linker, Module, Store, WasmtimeError
from wasmdialect.codegen import pool
from wasmdialect.codegen.crashes import CompileCrash
from wasmdialect.passes.pipeline import PassFailure
from wasmdialect.passes.registry import PassError

TEXT = '(module (func $good (export "f") (result i32) (i32.const 3)) (func $bad))'
DEADLY = """
import os
from wasmdialect.passes.base import FunctionPass

class Deadly(FunctionPass):
    name = "deadly"

    def apply_to_function(self, ctx, function):
        if function.sym_name.data == "bad":
            {}
"""


def engine(tmp_path: Path, action: str) -> Engine:
    file = tmp_path / "deadly.py"
    file.write_text(DEADLY.format(action))
    return Engine(Config(jobs=1, load=(str(file),), at={"wasmir-end": "deadly"}))


def test_worker_that_dies(tmp_path: Path):
    with pytest.raises(CompileCrash, match="bad"):
        Module(engine(tmp_path, "os.abort()"), TEXT)
    assert Module(Engine(Config(jobs=1)), TEXT).exports  # the pool lives on


def test_worker_that_dies_once(tmp_path: Path):
    """A death that is not the function's fault: everything is compiled in the end."""
    flag = tmp_path / "died"
    action = f"os.path.exists({str(flag)!r}) or (open({str(flag)!r}, 'w').close(), os.abort())"
    made = engine(tmp_path, action)
    store = Store(made)
    exports = Linker(made).instantiate(store, Module(made, TEXT)).exports(store)
    assert exports["f"](store) == 3  # pyright: ignore[reportCallIssue]


def test_worker_that_is_killed_while_idle():
    Module(Engine(Config(jobs=1)), TEXT)
    for worker in pool.shared_pool(1).idle:
        os.kill(worker.pid, signal.SIGKILL)
    assert Module(Engine(Config(jobs=1)), TEXT).exports


def test_pass_that_raises(tmp_path: Path):
    with pytest.raises(PassFailure, match="my mistake") as caught:
        Module(engine(tmp_path, "raise ValueError('my mistake')"), TEXT)
    reproducer = Path(re.findall(r"reproducer: (.*)", caught.value.details)[0])
    assert "wasmir.func" in reproducer.read_text()
    reproducer.unlink()


@pytest.mark.parametrize("jobs", [0, 1])
def test_errors_of_modules(jobs: int):
    with pytest.raises(WasmtimeError, match=r"type mismatch.*function 1 at line 1, column 35"):
        Module(Engine(Config(jobs=jobs)), "(module (func) (func (i32.const 1)))")


def test_unknown_pass():
    with pytest.raises(PassError, match="did you mean 'wasmir-dce'"):
        Module(Engine(Config(pipeline="wasmir-dcf")), TEXT)


MODULE_PASS = """
from dataclasses import dataclass
from xdsl.passes import ModulePass
from wasmdialect.dialects import wasmir

@dataclass(frozen=True)
class Rename(ModulePass):
    name = "whole"
    factor: int = 1

    def declare(self, declarations):
        self_index = declarations.add_global("answers", "i64", init=40)
        declarations.add_counter("seen")

    def apply(self, ctx, module):
        functions = [op for op in module.ops if isinstance(op, wasmir.FuncOp)]
        assert len(functions) == 2, functions
        for op in functions[0].body.walk():
            if isinstance(op, wasmir.op_class("i32.const")):
                from xdsl.rewriter import Rewriter
                new = wasmir.op_class("i32.const")(3 * self.factor)
                new.location = op.location
                Rewriter.replace_op(op, new)
"""


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_module_pass(tmp_path: Path, jobs: int):
    """A pass over the whole module sees every function, and can have options and declare things."""
    file = tmp_path / "whole.py"
    file.write_text(MODULE_PASS)
    made = Engine(Config(jobs=jobs, load=(str(file),), at={"wasmir-end": "whole{factor=7}"}))
    store = Store(made)
    instance = Linker(made).instantiate(store, Module(made, TEXT))
    assert instance.exports(store)["f"](store) == 21  # pyright: ignore[reportCallIssue]
    assert instance.counters() == {"seen": 0}

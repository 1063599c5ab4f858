"""What LLVM refuses: the error names the function, the operation and the pass, and nothing aborts."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasmdialect import Config, Engine, Module
from wasmdialect.cli.wasm_opt_py import WasmOptPy
from wasmdialect.codegen.llvm import CodegenError
from wasmdialect.lowering.emit import EmitError
from wasmdialect.passes.pipeline import PassFailure

TEXT = """
(module
  (func (export "g"))
  (func $f (export "f") (param i32) (result i32)
    (i32.add (i32.const 1)
      (if (result i32) (local.get 0)
        (then (i32.mul (local.get 0) (i32.const 8)))
        (else (i32.const 7))))))
"""
PASSES = """
from dataclasses import dataclass
from typing import ClassVar
from xdsl.dialects import llvm
from xdsl.dialects.builtin import FloatAttr, f64, i64
from xdsl.passes import ModulePass
from wasmdialect.passes.base import FunctionPass

class Fine(FunctionPass):
    name = "fine"

    def apply_to_function(self, ctx, function):
        pass

@dataclass(frozen=True)
class OnMul(ModulePass):
    scope: ClassVar[str] = "function"

    def apply(self, ctx, module):
        for op in list(module.walk()):
            if isinstance(op, llvm.MulOp):
                self.spoil(op)

@dataclass(frozen=True)
class BadCast(OnMul):
    name = "bad-cast"

    def spoil(self, op):
        cast = llvm.TruncOp(op.lhs, i64)
        cast.location = op.location
        op.parent.insert_op_before(cast, op)

@dataclass(frozen=True)
class BadOrder(OnMul):
    '''What uses the product comes before it: LLVM aborts on that if there are debug locations.'''
    name = "bad-order"

    def spoil(self, op):
        last = op.parent.parent.blocks[-1]
        op.detach()
        last.insert_op_before(op, last.last_op)

@dataclass(frozen=True)
class BadCastOfAll(BadCast):
    name = "bad-cast-of-all"
    scope: ClassVar[str] = "module"

@dataclass(frozen=True)
class Library(OnMul):
    name = "library"

    def spoil(self, op):
        one = llvm.ConstantOp.create(properties={"value": FloatAttr(1.0, 64)}, result_types=[f64])
        op.parent.insert_ops_before([one, llvm.FSinOp(one)], op)
"""


@pytest.fixture
def passes(tmp_path: Path) -> Path:
    file = tmp_path / "passes.py"
    file.write_text(PASSES)
    return file


def compile_with(passes: Path, name: str, jobs: int) -> None:
    config = Config(
        jobs=jobs, cache=False, verify="none", load=(str(passes),),
        at={"wasmir-end": "fine", "llvm-end": f"fine,{name},fine"},
    )  # fmt: skip
    Module(Engine(config), TEXT)


@pytest.mark.parametrize("jobs", [0, 1])
@pytest.mark.parametrize(
    ("name", "message", "operation"),
    [
        ("bad-cast", "invalid cast opcode for cast from 'i32' to 'i64'", "llvm.trunc"),
        ("bad-cast-of-all", "invalid cast opcode for cast from 'i32' to 'i64'", "llvm.trunc"),
        ("bad-order", "Instruction does not dominate all uses!", "llvm.mul"),
    ],
)
def test_function_operation_and_pass_are_named(
    passes: Path, name: str, message: str, operation: str, jobs: int
):
    with pytest.raises(PassFailure) as caught:
        compile_with(passes, name, jobs)
    failure = caught.value
    assert str(failure) == f"LLVM refuses what pass '{name}' made of function 1 (f): {message}"
    assert failure.pass_name == name
    assert f"it was at {operation} (offset 0x" in failure.details
    reproducer = Path(failure.details.rpartition("reproducer: ")[2].strip())
    assert "wasmir.i32.mul" in reproducer.read_text()
    reproducer.unlink()


def test_wasm_opt_py_does_not_abort(passes: Path, tmp_path: Path):
    module = tmp_path / "m.wat"
    module.write_text(TEXT)
    options = ["--load", str(passes), "--at", "llvm-end=bad-order", "--verify", "none", "-t", "obj"]
    with pytest.raises(CodegenError, match=r"LLVM refuses function .*function\[1\]: Instruction"):
        WasmOptPy([str(module), *options, "-o", str(tmp_path / "m.o")]).run()


def test_an_operation_that_cannot_be_written_names_its_function(passes: Path):
    with pytest.raises(
        EmitError, match=r"llvm.intr.sin cannot be compiled: .*\(in @.*function\[1\]"
    ):
        compile_with(passes, "library", 0)

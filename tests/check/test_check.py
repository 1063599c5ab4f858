"""Comparisons beyond the planted bugs: what is left out, the host, machine code, wrong machine code."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasmdialect import Config, wat2wasm
from wasmdialect.check.run import Finding, Request, check
from wasmdialect.check.stages import Pipeline
from wasmdialect.interpreter import NotInterpreted

HEAD = """
from xdsl.dialects import llvm
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder, defined_functions
from xdsl.passes import ModulePass
from wasmdialect.dialects.llvm_builder import LLVMBuilder
"""
ADD = """(module (func $f (export "f") (param i32 i32) (result i32)
  (i32.add (local.get 0) (local.get 1))))"""


def request_of(**changes: object) -> Request:
    """A request, natively too."""
    values = {"calls": None, "inputs": 20, "seed": 0, "steps": 20_000, "timeout": 60.0}
    return Request(**{**values, "bisect": False, "native": True, **changes})  # pyright: ignore[reportArgumentType]


def checked(
    module: str, folder: Path, text: str = "", request: Request | None = None, **config: object
) -> tuple[Finding | None, list[str]]:
    """What a check finds and says; `text` defines passes."""
    if text:
        path = folder / "passes.py"
        path.write_text(HEAD + text)
        config["load"] = [str(path)]
    settings = Config(opt_level=0, **config)  # pyright: ignore[reportArgumentType]
    data = bytes(wat2wasm(module)) if module.startswith("(") else module.encode()
    said: list[str] = []
    pipeline = Pipeline(data, "m.wasm", settings)
    return check(pipeline, request or request_of(), said.append), said


EVERYTHING = """(module
  (import "env" "f" (func $host (param i32 f32) (result i64)))
  (import "env" "memory" (memory 1)) (import "env" "table" (table 4 funcref))
  (import "env" "global" (global $g (mut f64))) (import "env" "tag" (tag $t (param i32)))
  (elem (i32.const 0) $double)
  (func $double (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
  (func (export "host") (param i32 f32) (result i64)
    (i64.store (i32.const 16) (call $host (local.get 0) (local.get 1))) (i64.load (i32.const 16)))
  (func (export "indirect") (param i32 i32) (result i32)
    (call_indirect (param i32) (result i32) (local.get 0) (local.get 1)))
  (func (export "throw") (param i32) (throw $t (local.get 0)))
  (func (export "float") (param f64 f64) (result f64)
    (global.set $g (f64.div (local.get 0) (local.get 1))) (global.get $g))
  (func (export "vector") (param v128) (result v128) (f32x4.sqrt (local.get 0)))
  (func (export "reference") (param externref funcref) (result i32) (ref.is_null (local.get 1)))
  (func (export "grow") (param i32) (result i32) (memory.grow (i32.and (local.get 0) (i32.const 3))))
  (func $loop (export "loop") (param i32) (if (i32.eqz (local.get 0)) (then (loop (br 0)))))
  (func $deep (export "deep") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))))"""


def test_machine_code_and_interpreter_agree_on_every_kind_of_state(tmp_path: Path):
    general = "wasmir-canonicalize,wasmir-gvn,wasmir-dce"
    found, said = checked(EVERYTHING, tmp_path, pipeline=general)
    assert found is None
    assert said[1].startswith("not made, as they would take too long: ")
    assert said[2].startswith("left out, without end or too deep: loop(0)")
    assert said[-2:] == [
        "without passes: the same in machine code",
        "with all passes: the same in machine code",
    ]


def test_a_loop_without_end_that_a_pass_makes(tmp_path: Path):
    text = """
class Wrong(FunctionPass):
    name = "wrong"
    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.BrIfOp):
                op.operands[0] = WasmBuilder.before(op).i32_const(1)
"""
    source = """(module (func $count (export "f") (param i32) (result i32) (local i32)
      (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (br_if 0 (i32.lt_u (local.get 1) (i32.const 9)))) (local.get 1)))"""
    found, _ = checked(source, tmp_path, text, pipeline="wrong")
    assert found is not None
    assert "it ran for more than" in found.difference
    assert found.function == "count"


def test_state_and_calls_of_the_host_are_compared(tmp_path: Path):
    text = """
class Wrong(FunctionPass):
    name = "wrong"
    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.{op}):
                op.detach(); op.erase()
"""
    source = """(module (import "env" "f" (func $h (param i32))) (memory $m 1)
      (global $g (mut i32) (i32.const 0)) (table $t 2 funcref)
      (func $k (export "k")) (func (export "f") (param i32) {body}))"""
    for op, body, difference in (
        ("StoreOp", "(i32.store (i32.const 0) (local.get 0))", "memory @m is different"),
        (
            "GlobalSetOp",
            "(global.set $g (local.get 0))",
            "global @g is different: -1 before, 0 after",
        ),
        ("TableSetOp", "(table.set $t (i32.const 0) (ref.func $k))", "table @t is different"),
        ("CallOp", "(call $h (local.get 0))", "env::f(0) of the host is called only before"),
    ):
        request = request_of(native=False)
        module = source.format(body=body)
        found, _ = checked(module, tmp_path, text.format(op=op), request, pipeline="wrong")
        assert found is not None
        assert difference in found.difference
        assert found.suspect is not None
        assert found.suspect.explanation.startswith("does not run after the pass")


def test_a_bug_in_a_pass_over_a_later_stage_is_found_in_machine_code(tmp_path: Path):
    text = """
class Harmless(FunctionPass):
    name = "harmless"
    def apply_to_function(self, ctx, function):
        pass

class Wrong(FunctionPass):
    name = "wrong"
    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.I32AddOp):
                b = WasmBuilder.before(op)
                b.replace(op, b.i32_sub(*op.operands))
"""
    found, said = checked(ADD, tmp_path, text, at={"wasmir-end": "harmless", "wasmvm-end": "wrong"})
    assert found is not None
    assert (found.cause, found.engine) == ("pass wrong", "machine code")
    assert said[-1] == "with all passes: differs in machine code"


def test_machine_code_that_crashes_does_not_take_the_check_with_it(tmp_path: Path):
    text = """
class Wrong(ModulePass):
    name = "wrong"
    def apply(self, ctx, module):
        for function in module.ops:
            if isinstance(function, llvm.FuncOp) and function.body.blocks:
                first = function.body.block.first_op if len(function.body.blocks) == 1 else None
                if first is None:
                    continue
                leave = "mov $$9, %edi; mov $$231, %eax; syscall"  # exit_group(9)
                asm = llvm.InlineAsmOp(leave, "~{memory}", [], [], has_side_effects=True)
                function.body.block.insert_op_before(asm, first)
"""
    found, _ = checked(ADD, tmp_path, text, at={"llvm-end": "wrong"})
    assert found is not None
    assert found.difference.endswith("no result: the process ended with exit code 9 after")


def test_a_lowered_module_is_refused(tmp_path: Path):
    from wasmdialect.codegen.session import CompileSession
    from wasmdialect.codegen.settings import CompileSettings

    settings = CompileSettings.of(Config())
    session = CompileSession(
        bytes(wat2wasm(ADD)), "m", settings, "insert-vmctx-loads{bounds=guard traps=exact}"
    )
    module = session.import_everything()
    session.run_passes(module)
    with pytest.raises(NotInterpreted, match="has been lowered"):
        checked(str(module), tmp_path)


def test_a_start_function_that_traps_is_compared_too(tmp_path: Path):
    source = """(module (func $s (drop (i32.div_u (i32.const 1) (i32.const 0)))) (start $s)
      (func (export "f")))"""
    text = """
class Wrong(FunctionPass):
    name = "wrong"
    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if isinstance(op, wasmir.I32DivUOp):
                WasmBuilder.before(op).replace(op, op.operands[0])
"""
    found, said = checked(source, tmp_path, text, request_of(native=False), pipeline="wrong")
    assert said[1] == (
        "nothing can be called: the instantiation ends with trap: integer divide by zero"
    )
    assert found is not None
    assert found.call == "the instantiation"
    assert (found.function, found.difference) == (
        "s",
        "trap: integer divide by zero before, no trap after",
    )


def test_builtins_that_a_pass_calls_are_not_what_the_module_does(tmp_path: Path):
    text = """
class Watch(FunctionPass):
    name = "watch"
    def declare(self, declarations):
        return declarations.add_builtin("seen", ("i32",), ("i32",))
    def apply_to_function(self, ctx, function):
        WasmBuilder.at_start(function.entry).call(self.declared, [function.entry.args[0]])
"""
    assert checked(ADD, tmp_path, text, pipeline="watch")[0] is None

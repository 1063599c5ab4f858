"""Operations of a `--load` file with a method `to_llvm`: intrinsics, assembly, blocks, and mistakes.
Nothing that LLVM refuses ends a process."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from lowering.test_written import EXAMPLES, check_same, session_of, texts_of

import wasmdialect
from wasmdialect import Config, Engine, Instance, Module, Store, Trap, TrapCode
from wasmdialect.codegen.guarded import ChildError, is_risky, run_guarded
from wasmdialect.codegen.llvm import (
    CodegenError,
    _target_machine,  # pyright: ignore[reportPrivateUsage]
    compile_object,
    llvm,
)
from wasmdialect.codegen.target import host_target
from wasmdialect.passes.pipeline import PassFailure

TEXT = """(module
  (func $f (export "f") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $g (export "g") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"""

LOADED = """
from dataclasses import dataclass
from xdsl.dialects import llvm
from xdsl.dialects.builtin import StringAttr, f32, i32, i64
from xdsl.ir import Dialect
from xdsl.irdl import (
    IRDLOperation, irdl_op_definition, operand_def, prop_def, result_def, traits_def, var_operand_def,
    var_result_def,
)
from xdsl.traits import IsTerminator
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import RunsInPlace
from wasmdialect.passes.base import FunctionPass, WasmBuilder


def reverse(b, value):
    return b.intrinsic("llvm.bitreverse.i32", [value], i32)

def nothing(b, value):
    b.inline_asm("nop")
    b.intrinsic("llvm.prefetch.p0", [b.vmctx, *(b.constant(n, 32) for n in (0, 3, 1))])
    return value

def swap(b, value):
    return b.inline_asm("bswap $0", "=r,0", [value], i32, side_effects=False)

def intel(b, value):
    return b.inline_asm("lea $0, [$1 + 4*$1]", "=r,r", [value], i32, intel=True)

def halves(b, value):
    pair = llvm.LLVMStructType.from_type_list([i32, i32])
    both = b.inline_asm(
        "mov $2, $0; shr $$4, $0; mov $2, $1; and $$15, $1", "=&r,=&r,r,~{flags}", [value], pair
    )
    shifted = b.value(llvm.ShlOp, [b.extract(both, 0, i32), b.constant(16, 32)], i32)
    return b.value(llvm.OrOp, [shifted, b.extract(both, 1, i32)], i32)

def memory(b, value):
    slot = b.stack_slot(16)
    b.inline_asm("movl $1, ($0)", "r,r,~{memory}", [slot, value])
    return b.load(slot, i32, 4, "stack")

def blocks(b, value):
    small, end = b.new_block(), b.new_block([i32])
    large = b.cold_block()
    b.cond_br(b.icmp("ult", value, b.constant(10, 32)), small, large)
    b.begin(small)
    b.br(end, [b.constant(50, 32)])
    b.begin(large)
    b.br(end, [value])
    b.begin(end)
    return [end.args[0]]

def traps(b, value):
    b.trap_if(b.icmp("eq", value, b.constant(0, 32)), 7)
    return value

def fails(b, value):
    return 1 // 0

def nothing_returned(b, value):
    pass

def too_many(b, value):
    return [value, value]

def wrong_type(b, value):
    return b.constant(1, 64)

def number(b, value):
    return 7

def constructed(b, value):
    return llvm.AddOp(value, value).res

def created(b, value):
    return b.insert(llvm.AddOp.create(operands=[value, value], result_types=[i32])).res

def ended(b, value):
    b.unreachable()
    return value

def mnemonic(b, value):
    b.inline_asm("nop")
    return b.inline_asm("bogus $0", "=r,0", [value], i32)

def constraint(b, value):
    return b.inline_asm("", "=r,z", [value], i32)

def register(b, value):
    return b.inline_asm("", "={nosuch},0", [value], i32)

def unknown(b, value):
    return b.intrinsic("llvm.nosuch.i32", [value], i32)

def signature(b, value):
    return b.intrinsic("llvm.x86.sse42.crc32.32.8", [value], i32)

def library(b, value):
    return b.value(llvm.BitcastOp, [b.intrinsic(
        "llvm.sin.f32", [b.value(llvm.BitcastOp, [value], f32)], f32)], i32)

def outside(b, value):
    b.inline_asm("call malloc", "~{memory}")
    return value

def escape(b, value):
    b.inline_asm(".globl x; x: nop; .section .x; .byte 1; .text")
    return value


@irdl_op_definition
class OwnOp(IRDLOperation):
    name = "own.op"
    how = prop_def(StringAttr)
    values = var_operand_def(i32)
    results_ = var_result_def(i32)
    traits = traits_def(RunsInPlace())

    def to_llvm(self, b, *values):
        return globals()[self.how.data](b, *values)


@irdl_op_definition
class LeaveOp(IRDLOperation):
    name = "own.leave"
    how = prop_def(StringAttr)
    value = operand_def(i32)
    traits = traits_def(RunsInPlace(), IsTerminator())

    def to_llvm(self, b, value):
        if self.how.data == "leave":
            b.return_([reverse(b, value)])


OWN = Dialect("own", [OwnOp, LeaveOp])


@dataclass(frozen=True)
class UseOwn(FunctionPass):
    name = "use-own"
    how: str

    def apply_to_function(self, ctx, function):
        for op in [*function.body.walk()]:
            if not isinstance(op, wasmir.I32MulOp):
                continue
            how = {"how": StringAttr(self.how)}
            b = WasmBuilder.before(op)
            if self.how in ("leave", "stay"):
                end = op.parent.last_op
                b.insert(LeaveOp.create(operands=[op.lhs], properties=how))
                for gone in (end, op):
                    gone.detach()
                    gone.erase()
            else:
                own = OwnOp.create(operands=[op.lhs], result_types=[i32], properties=how)
                b.replace(op, b.insert(own).results[0])
"""


@pytest.fixture
def loaded(tmp_path: Path) -> str:
    file = tmp_path / "own.py"
    file.write_text(LOADED)
    return str(file)


def module_of(loaded: str, how: str, **settings: Any) -> Module:
    settings = {"load": (loaded,), "cache": False, "at": at_end(how), **settings}
    return Module(Engine(Config(**settings)), TEXT)


def at_end(how: str) -> dict[str, str]:
    return {"wasmir-end": f'use-own{{how="{how}"}}'}


def call(module: Module, argument: int, name: str = "f") -> int:
    store = Store(Engine())
    function: Any = Instance(store, module, []).exports(store)[name]
    return function(store, argument)


RESULTS = {
    "reverse": (5, -0x60000000),
    "nothing": (5, 5),
    "swap": (5, 5 << 24),
    "intel": (5, 25),
    "halves": (0x57, 0x50007),
    "memory": (7, 7),
    "blocks": (5, 50),
    "leave": (5, -0x60000000),
}


@pytest.mark.parametrize("how", RESULTS)
def test_results_as_text_and_as_a_graph(loaded: str, how: str):
    argument, result = RESULTS[how]
    at = at_end(how)
    for settings in ({"opt_level": 3}, {"opt_level": 0, "at": {**at, "llvm-end": "cse"}}):
        module = module_of(loaded, how, jobs=0, **settings)
        assert call(module, argument) == result
        assert call(module, argument, "g") == argument + 1
    session = session_of(bytes(wasmdialect.wat2wasm(TEXT)), load=(loaded,), at=at, verify="each")
    assert check_same(session) > 2


def test_a_trap_is_one_of_the_instruction(loaded: str):
    module = module_of(loaded, "traps", jobs=0)
    assert call(module, 3) == 3
    with pytest.raises(Trap) as caught:
        call(module, 0)
    assert caught.value.trap_code == TrapCode.INTEGER_DIVISION_BY_ZERO
    assert caught.value.frames[0].func_name == "f"


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("fails", "ZeroDivisionError"),
        ("nothing_returned", r"own.op returned \(\); its results are \(i32\)"),
        ("too_many", r"own.op returned \(i32, i32\)"),
        ("wrong_type", r"own.op returned \(i64\)"),
        ("number", r"own.op returned \(7\)"),
        ("constructed", r"built with the methods of its builder, as in b.value"),
        ("created", r"built with the methods of its builder, as in b.value"),
        ("ended", "own.op has ended its block: begin another one"),
        ("stay", "own.leave has not ended its block"),
    ],
)
def test_mistakes_in_the_method_name_the_operation(loaded: str, how: str, message: str):
    with pytest.raises(PassFailure, match=message) as caught:
        module_of(loaded, how, jobs=0)
    assert "it was at own." in caught.value.details
    remove_reproducer(caught.value)


REFUSED = {
    "mnemonic": "<inline asm>:1:2: invalid instruction mnemonic 'bogus'",
    "constraint": "unknown asm constraint 'z'",
    "register": "couldn't allocate output register for constraint '{nosuch}'",
    "unknown": "unknown intrinsic 'llvm.nosuch.i32'",
    "signature": "invalid intrinsic signature",
    "library": "its code refers to 'sinf', and there is no library for it",
    "outside": "its code refers to 'malloc', and there is no library for it",
    "escape": "invalid CFI advance_loc expression",
}


@pytest.mark.parametrize(("how", "jobs"), [*((how, 0) for how in REFUSED), ("mnemonic", 1)])
def test_what_llvm_ends_the_process_on_is_one_error(loaded: str, how: str, jobs: int):
    with pytest.raises(PassFailure) as caught:
        module_of(loaded, how, jobs=jobs)
    refused = "LLVM refuses what pass 'use-own' made of function 0 (f): "
    assert str(caught.value).startswith(refused)
    assert REFUSED[how] in str(caught.value).removeprefix(refused)
    op = "inline_asm" if how in ("mnemonic", "constraint", "register", "outside", "escape") else ""
    assert f"it was at llvm.{op or 'call_intrinsic'} (offset 0x" in caught.value.details
    remove_reproducer(caught.value)


def remove_reproducer(failure: PassFailure) -> None:
    found = re.search(r"reproducer: (.*)", failure.details)
    if found is not None:
        Path(found[1]).unlink()


def test_an_edit_of_the_method_is_noticed(tmp_path: Path, loaded: str):
    module = module_of(loaded, "reverse", cache=tmp_path / "cache")
    assert call(module, 5) == RESULTS["reverse"][1]
    Path(loaded).write_text(LOADED.replace("llvm.bitreverse.i32", "llvm.ctpop.i32"))
    assert call(module_of(loaded, "reverse", cache=tmp_path / "cache"), 5) == 2


def test_llvm_itself_ends_the_process_on_assembly():
    """Why there are forks: the first one here has none inside of it."""
    text = """target triple = "x86_64-unknown-linux-gnu"
define void @s0() {
  call void asm sideeffect "bogus", ""()
  ret void
}
"""
    assert is_risky(text)
    assert not is_risky(text.replace("asm sideeffect", "@llvm.ctpop.i32"))

    def compile_here() -> bytes:
        machine = _target_machine(host_target(), 0)
        return machine.emit_object(llvm.parse_assembly(text, llvm.create_context()))

    with pytest.raises(ChildError, match=r"^error: <inline asm>:1:2: invalid instruction mnemonic"):
        run_guarded(compile_here)
    with pytest.raises(CodegenError, match="invalid instruction mnemonic"):
        compile_object(text, host_target(), 0)


def say_and_end() -> bytes:
    os.write(2, b"nobody")
    os._exit(1)


def die() -> bytes:
    os.kill(os.getpid(), 9)
    return b""


def test_a_fork_returns_its_result_or_what_it_printed():
    assert run_guarded(lambda: b"") == b""
    assert run_guarded(lambda: bytes(1 << 20)) == bytes(1 << 20)
    with pytest.raises(ChildError, match=r"^nobody$"):
        run_guarded(say_and_end)
    with pytest.raises(ChildError, match=r"^it ended with status -9$"):
        run_guarded(die)
    with pytest.raises(ChildError, match=r"^integer division or modulo by zero$"):
        run_guarded(lambda: bytes(1 // 0))
    before = len(os.listdir("/proc/self/fd"))
    run_guarded(lambda: b"x")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("name", ["kernels.wasm", "simd.wat"])
def test_the_lowering_itself_needs_no_forks(name: str):
    data = (EXAMPLES / name).read_bytes()
    binary = data if name.endswith("wasm") else bytes(wasmdialect.wat2wasm(data.decode()))
    for target in (None, "aarch64-unknown-linux-gnu"):
        texts, _ = texts_of(session_of(binary, target=target), write=True)
        lines = [line for text, _ in texts for line in text.text.splitlines()]
        assert [line for line in lines if is_risky(line)] == []

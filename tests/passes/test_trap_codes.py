"""Trap codes that passes declare: names and messages for the host, in every way a module is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import wasmtime
from interpreter.running import call
from passes.instrumented import (
    WAYS,
    Exported,
    instantiated,
    interpreted,
    made,
    settings,
    write_pass,
)

from wasmdialect import Engine, Instance, Module, Trap, WasmtimeError
from wasmdialect.abi.trap_table import PASS_TRAPS, PassTrap
from wasmdialect.abi.traps import TrapCode
from wasmdialect.cli.objdump_command import to_plain
from wasmdialect.interpreter.errors import NotInterpreted, Trapped
from wasmdialect.object.code_file import read_code_file
from wasmdialect.passes.pipeline import PassFailure

STORES = """(module (memory (export "memory") 1)
  (func (export "f") (param i32) (result i32)
    (i32.store (i32.const 4) (local.get 0))
    (i32.add (local.get 0) (i32.const 1))))
"""
DECLARE = "return d.add_trap_code('too-large', 'the argument is too large')"
TRAP_IF = """
b = WasmBuilder.before(function.entry.last_op)
b.trap_if(b.i32_gt_u(function.entry.args[0], b.i32_const(10)), self.declared)
"""
TRAP = """
b = WasmBuilder.before(function.entry.last_op)
is_large = b.i32_gt_u(function.entry.args[0], b.i32_const(10))
go_on, trap = b.split(), b.new_block()
b.br_if(is_large, trap, go_on)
b.begin(trap)
b.trap(self.declared)
"""
TOO_LARGE = PassTrap(PASS_TRAPS[0], "too-large", "the argument is too large", "added")


@pytest.mark.parametrize("apply", [TRAP_IF, TRAP])
@pytest.mark.parametrize("way", WAYS)
def test_a_trap_of_a_pass_has_its_name_and_message(way: str, apply: str, tmp_path: Path):
    store, _, exports = made(way, write_pass(tmp_path, DECLARE, apply), STORES).instantiate()
    assert exports["f"](store, 10) == 11
    with pytest.raises(Trap) as stopped:
        exports["f"](store, 11)
    assert stopped.value.trap_code == TOO_LARGE
    assert (
        stopped.value.reason == "wasm trap: the argument is too large (too-large of pass 'added')"
    )
    assert [frame.func_index for frame in stopped.value.frames] == [0]
    assert exports["memory"].read(store, 4, 5) == b"\x0b"  # what was stored before is there


@pytest.mark.parametrize("apply", [TRAP_IF, TRAP])
def test_a_trap_of_a_pass_in_the_interpreter_and_in_exported_modules(apply: str, tmp_path: Path):
    file = write_pass(tmp_path, DECLARE, apply)
    instance = interpreted(file, STORES)
    assert call(instance, "f", 3) == [4]
    with pytest.raises(Trapped, match="the argument is too large") as stopped:
        call(instance, "f", 11)
    assert stopped.value.code == TOO_LARGE
    exported = Exported(file, STORES)
    exports = exported.exports()
    assert exports["f"](exported.store, 3) == 4
    with pytest.raises(wasmtime.Trap) as trap:
        exports["f"](exported.store, 11)
    assert trap.value.trap_code == wasmtime.TrapCode.UNREACHABLE


def test_every_code_that_passes_can_declare_arrives(tmp_path: Path):
    count = PASS_TRAPS[1] - PASS_TRAPS[0] + 1
    file = write_pass(
        tmp_path,
        f"return [d.add_trap_code(f't{{n}}', f'message {{n}}') for n in range({count})]",
        "for n, code in enumerate(self.declared):\n"
        "    b.trap_if(b.i32_eq(function.entry.args[0], b.i32_const(n)), code)",
    )
    store, _, exports = made("eager", file, STORES).instantiate()
    for number in range(count):
        with pytest.raises(Trap, match=f"message {number} "):
            exports["f"](store, number)
    assert exports["f"](store, count) == count + 1


def test_each_module_has_its_own_trap_codes(tmp_path: Path):
    """Two modules give the same code other meanings, and one calls the other."""
    inner = write_pass(tmp_path, DECLARE, TRAP_IF)
    engine = Engine(settings(inner))
    store, _, exports = made("eager", inner, STORES).instantiate()
    (tmp_path / "other").mkdir()
    other = write_pass(
        tmp_path / "other",
        "return d.add_trap_code('negative', 'the argument is negative')",
        "b.trap_if(b.i32_lt_s(function.entry.args[0], b.i32_const(0)), self.declared)",
    )
    engine = Engine(settings(other))
    calls = Module(
        engine,
        """(module (import "m" "f" (func $f (param i32) (result i32)))
          (func (export "g") (param i32) (result i32) (call $f (local.get 0))))""",
    )
    calling: Any = Instance(store, calls, [exports["f"]]).exports(store)["g"]
    with pytest.raises(Trap, match="too-large of pass"):
        calling(store, 11)
    with pytest.raises(Trap, match="the argument is negative"):
        calling(store, -1)


def test_later_passes_keep_a_trap(tmp_path: Path):
    file = write_pass(tmp_path, DECLARE, TRAP_IF)
    passes = "added,wasmir-canonicalize,wasmir-gvn,wasmir-dce"
    config = settings(file, at={"wasmir-end": passes})
    store, exports = instantiated(config, STORES)
    f: Any = exports["f"]
    with pytest.raises(Trap, match="too-large"):
        f(store, 11)


def test_artifacts_and_objdump_say_what_a_pass_trap_is(tmp_path: Path):
    file = write_pass(tmp_path, DECLARE, TRAP_IF)
    code = read_code_file(bytes(Module(Engine(settings(file)), STORES).serialize()))
    assert code.artifact is not None
    assert code.artifact.info.trap_codes == [TOO_LARGE]
    plain: Any = to_plain(code, [*code.functions])
    assert "too-large (added)" in str(plain)


def test_a_code_that_no_pass_declared_is_no_bug_of_ours(tmp_path: Path):
    file = write_pass(tmp_path, "pass", "b.trap_if(b.i32_const(1), 77)")
    store, _, exports = made("eager", file, STORES).instantiate()
    with pytest.raises(WasmtimeError, match="trapped with code 77, which no pass declared"):
        exports["f"](store, 1)
    with pytest.raises(NotInterpreted, match="no pass declared the trap code 77"):
        call(interpreted(file, STORES), "f", 1)


def test_a_code_of_webassembly_keeps_its_name(tmp_path: Path):
    """Also the one whose number is 0."""
    for code in (TrapCode.STACK_OVERFLOW, TrapCode.INTEGER_OVERFLOW):
        file = write_pass(tmp_path, "pass", f"b.trap_if(b.i32_const(1), {int(code)})")
        store, _, exports = made("eager", file, STORES).instantiate()
        with pytest.raises(Trap) as stopped:
            exports["f"](store, 1)
        assert stopped.value.trap_code is code
        with pytest.raises(Trapped) as trapped:
            call(interpreted(file, STORES), "f", 1)
        assert trapped.value.code is code


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        ("[d.add_trap_code('a', 'b') for _ in '12']", "trap code 'a' is declared twice"),
        ("d.add_trap_code('', 'b')", "a trap code needs a name and a message"),
        ("d.add_trap_code('a', '')", "a trap code needs a name and a message"),
        (
            "[d.add_trap_code(str(n), 'b') for n in range(65)]",
            "passes can declare 64 trap codes, not more",
        ),
    ],
)
def test_trap_codes_that_cannot_be_are_errors_of_the_pass(
    declare: str, message: str, tmp_path: Path
):
    with pytest.raises(PassFailure, match=message) as failure:
        made("eager", write_pass(tmp_path, declare, "pass"), STORES)
    assert failure.value.pass_name == "added"

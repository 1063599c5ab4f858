"""Functions of the host that passes call, bound by their names."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
import wasmtime
from interpreter.running import call
from passes.instrumented import WAYS, Exported, interpreted, made, write_pass
from xdsl.ir import Block

from wasmdialect import (
    Caller,
    Engine,
    Instance,
    Linker,
    Memory,
    Module,
    Store,
    WasmtimeError,
)
from wasmdialect import types as wt
from wasmdialect.abi.builtins import PASS_BUILTINS
from wasmdialect.interpreter import HostFunction, LinkFailure
from wasmdialect.passes.base import WasmBuilder
from wasmdialect.wasm.declared import DeclaredFunction

TEXT = """(module
  (memory (export "memory") 1)
  (func (export "f") (param i32) (result i32) (i32.add (call $g (local.get 0)) (i32.const 1)))
  (func $g (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3))))
"""
DECLARE = "return d.add_builtin('change', ('i32', 'f64'), ('i32',)), d.add_builtin('done')"
APPLY = """
change, done = self.declared
(parameter,) = function.entry.args
(changed,) = b.call(change, [parameter, b.f64_const(0x3FF8000000000000)])
parameter.replace_uses_with_if(changed, lambda use: use.operation is not changed.owner)
b.call(done)
"""
"""Every function uses the changed value of its parameter, so the results are used, too."""


def add_ten(number: int, _: float) -> int:
    return number + 10


def nothing() -> None:
    pass


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_pass(tmp_path, DECLARE, APPLY)


@pytest.mark.parametrize("way", WAYS)
def test_a_pass_calls_a_function_that_is_bound_by_name(way: str, file: Path):
    seen: list[Any] = []

    def change(number: int, fixed: float) -> int:
        seen.append((number, fixed))
        return number + 10

    store, _, exports = made(way, file, TEXT).instantiate(
        change=change, done=lambda: seen.append("done")
    )
    del change
    gc.collect()
    assert exports["f"](store, 5) == (5 + 10 + 10) * 3 + 1
    assert seen == [(5, 1.5), "done", (15, 1.5), "done"]


def test_a_builtin_gets_its_caller_and_its_exception_leaves_the_program(file: Path):
    engine, module = made("eager", file, TEXT)
    linker, store = Linker(engine), Store(engine)

    def change(caller: Caller, number: int, _: float) -> int:
        memory = caller["memory"]
        assert isinstance(memory, Memory)
        memory.write(caller, b"seen", number)
        return number

    def done() -> None:
        raise KeyError("stop here")

    linker.define_builtin("change", change, access_caller=True)
    linker.define_builtin("done", done)
    exports: Any = linker.instantiate(store, module).exports(store)
    with pytest.raises(KeyError, match="stop here"):
        exports["f"](store, 7)
    assert exports["memory"].read(store, 7, 11) == b"seen"


@pytest.mark.parametrize("way", ["eager", "lazy", "saved"])
def test_an_unbound_builtin_names_the_pass_that_added_it(way: str, file: Path):
    program = made(way, file, TEXT)
    with pytest.raises(WasmtimeError) as caught:
        program.instantiate(done=print)
    assert str(caught.value) == (
        "unknown import: `wasmdialect.builtin::change` has not been defined; pass 'added' added it:"
        " bind it with `Linker.define_builtin('change', function)`; commands bind a function of a"
        " --load file that is marked with `@builtin`"
    )
    with pytest.raises(WasmtimeError, match=r"imports, found 0 .pass 'added' added `change`"):
        Instance(Store(program.engine), program.module, [])


def test_a_missing_import_that_a_pass_added_names_the_pass(tmp_path: Path):
    file = write_pass(tmp_path, "return d.add_import('env', 'see')", "b.call(self.declared)")
    message = "`env::see` has not been defined; pass 'added' added it$"
    with pytest.raises(WasmtimeError, match=message):
        made("eager", file, TEXT).instantiate()


def test_binding_twice_or_something_else_is_refused():
    linker = Linker(Engine())
    linker.define_builtin("once", print)
    with pytest.raises(WasmtimeError, match="builtin `once` defined twice"):
        linker.define_builtin("once", print)
    linker.allow_shadowing = True
    linker.define_builtin("once", repr)
    with pytest.raises(TypeError, match="expected a function for builtin 'x', got 3"):
        linker.define_builtin("x", 3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="expected the name of a builtin, got 3"):
        linker.define_builtin(3, print)  # pyright: ignore[reportArgumentType]


def test_what_is_bound_by_name_is_not_an_unknown_import(file: Path):
    engine, module = made("eager", file, TEXT)
    for default in (False, True):
        linker, store = Linker(engine), Store(engine)
        linker.define_builtin("change", add_ten)
        if default:
            linker.define_unknown_imports_as_default_values(store, module)
        else:
            linker.define_builtin("done", nothing)
            linker.define_unknown_imports_as_traps(module)
        call_f: Any = linker.instantiate(store, module).exports(store)["f"]
        assert call_f(store, 5) == 76


def test_results_of_a_builtin_have_the_declared_types(file: Path):
    store, _, exports = made("eager", file, TEXT).instantiate(
        change=lambda *_: "text", done=nothing
    )
    with pytest.raises(TypeError):
        exports["f"](store, 1)


def test_the_interpreter_has_builtins_as_imports(file: Path):
    with pytest.raises(LinkFailure, match="builtin::change`, which pass 'added' added"):
        interpreted(file, TEXT)
    change = HostFunction(
        wt.func_def_type((wt.I32, wt.F64), (wt.I32,)), lambda *values: [add_ten(*values)]
    )
    done = HostFunction(wt.func_def_type((), ()), lambda *_: [])
    imports = {(PASS_BUILTINS, "change"): change, (PASS_BUILTINS, "done"): done}
    assert call(interpreted(file, TEXT, imports), "f", 5) == [76]


def test_builtins_are_imports_of_the_exported_module(file: Path):
    exported = Exported(file, TEXT)
    i32, f64 = wasmtime.ValType.i32(), wasmtime.ValType.f64()
    change = wasmtime.FuncType([i32, f64], [i32])
    define = exported.linker.define_func
    define(PASS_BUILTINS, "change", change, add_ten)
    define(PASS_BUILTINS, "done", wasmtime.FuncType([], []), nothing)
    assert exported.exports()["f"](exported.store, 5) == 76
    # Here, they are bound by name again, without the pass.
    engine = Engine()
    here, store = Linker(engine), Store(engine)
    here.define_builtin("change", add_ten)
    here.define_builtin("done", nothing)
    exports: Any = here.instantiate(store, Module(engine, exported.binary)).exports(store)
    assert exports["f"](store, 5) == 76


def test_a_call_without_types_of_results_that_are_not_numbers_is_refused():
    function = DeclaredFunction(0, "get", None, None, (), (), ("externref",))
    with pytest.raises(ValueError, match="@get returns externref, which is not a number"):
        WasmBuilder(Block()).call(function)

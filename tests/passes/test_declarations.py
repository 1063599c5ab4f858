"""What a pass declares: it can use it in every function, keep it, and see the module it adds to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from xdsl.context import Context
from xdsl.parser import Parser

from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Linker,
    Module,
    Store,
    Trap,
    ValType,
)
from wasmdialect.abi.layout import Counts, VMContextLayout
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.importer.declarations import import_declarations
from wasmdialect.passes.ir_declarations import IRDeclarations
from wasmdialect.passes.pipeline import PassFailure, run_declare
from wasmdialect.passes.registry import PassRegistry
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.text import wat2wasm

BIN = Path(sys.executable).parent
EXAMPLES = Path(__file__).parents[2] / "examples"
STORES = """
(module
  (memory (export "memory") 1)
  (func $helper (param i32) (i32.store8 offset=1 (local.get 0) (i32.const 7)))
  (func (export "f") (param i32)
    (i32.store (local.get 0) (i32.const 5))
    (call $helper (local.get 0))))
"""
MODULE = """
(module
  (import "env" "tick" (func $tick (param i64)))
  (import "env" "level" (global $level i32))
  (memory $heap (export "memory") (export "again") 1 2)
  (table $t 3 funcref)
  (global $count (mut f64) (f64.const 0))
  (func $main (export "run") (param i32 f32) (result i64) (i64.const 1))
  (func))
"""


def engine(load: Path, at: str, **settings: Any) -> Engine:
    settings = {"jobs": 0, "cache": False, **settings}
    return Engine(Config(load=(str(load),), at={"wasmir-end": at}, **settings))  # pyright: ignore[reportArgumentType]


def instantiate(made: Engine, text: str) -> tuple[Store, Instance]:
    store = Store(made)
    return store, Linker(made).instantiate(store, Module(made, text))


def loaded(path: Path, name: str) -> Any:
    registry = PassRegistry()
    registry.load_file(str(path))
    return registry.find(name)()


def declarations_of(text: str) -> IRDeclarations:
    return IRDeclarations(import_declarations(decode_module(wat2wasm(text)), "module.wat"))


# --- what a pass declared can be used in every unit ---


@pytest.mark.parametrize(("jobs", "level"), [(0, 0), (1, 2), (0, 3)])
def test_a_function_pass_calls_an_import_that_it_declared(jobs: int, level: int):
    made = engine(EXAMPLES / "trace_stores.py", "trace-stores", jobs=jobs, opt_level=level)
    store, linker = Store(made), Linker(made)
    seen: list[tuple[int, int]] = []
    host = FuncType([ValType.i32(), ValType.i32()], [])

    def note(address: int, size: int) -> None:
        seen.append((address, size))

    linker.define(store, "trace", "store", Func(store, host, note))
    exports = linker.instantiate(store, Module(made, STORES)).exports(store)
    exports["f"](store, 16)  # pyright: ignore[reportCallIssue]
    assert seen == [(16, 4), (16, 1)]


NEEDS = """
from xdsl.dialects.builtin import SymbolRefAttr, i32
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass

class UseEverything(FunctionPass):
    name = "use-everything"

    def declare(self, declarations):
        added = declarations.global_symbol(declarations.add_global("my count", "i32", init=40))
        return added, declarations.exports["bump"].symbol, declarations.memories[0].symbol

    def apply_to_function(self, ctx, function):
        variable, bump, memory = self.declared
        if function.sym_name.data == bump:
            return
        place = {"variable": SymbolRefAttr(variable)}
        old = wasmir.GlobalGetOp.create(properties=dict(place), result_types=[i32])
        sum = wasmir.CallOp(bump, [old], [i32])
        write = wasmir.GlobalSetOp.create(properties=dict(place), operands=[sum.results[0]])
        size = wasmir.MemorySizeOp(SymbolRefAttr(memory))
        function.entry.insert_ops_before([old, sum, write, size], function.entry.first_op)
"""


def test_a_function_pass_refers_to_what_no_body_of_its_unit_did(tmp_path: Path):
    """A global it declared, and a function and a memory that are in the module."""
    file = tmp_path / "needs.py"
    file.write_text(NEEDS)
    text = """(module (memory 1)
      (func (export "bump") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
      (func (export "f")))"""
    store, instance = instantiate(engine(file, "use-everything"), text)
    instance.exports(store)["f"](store)  # pyright: ignore[reportCallIssue]


def test_a_reference_to_nothing_names_the_pass(tmp_path: Path):
    file = tmp_path / "typo.py"
    file.write_text(
        NEEDS.replace("self.declared", "'stroe', 'stroe', 'stroe'").replace(
            "use-everything", "typo"
        )
    )
    text = (
        '(module (memory 1) (func (export "bump") (param i32) (result i32) (local.get 0)) (func))'
    )
    with pytest.raises(PassFailure, match="'typo' refers to @stroe, which nothing declares"):
        Module(engine(file, "typo"), text)


def test_a_call_with_other_types_than_the_function_has_is_refused(tmp_path: Path):
    file = tmp_path / "wrong.py"
    source = (EXAMPLES / "trace_stores.py").read_text()
    file.write_text(source.replace("op.address_operand, ", ""))
    with pytest.raises(PassFailure, match=r"@store has type \(i32, i32\) -> \(\), and is called"):
        Module(engine(file, "trace-stores"), STORES)


# --- what declare returned ---


KEEPS = """
from wasmdialect.passes.base import FunctionPass, report

class Keeps(FunctionPass):
    name = "keeps"

    def declare(self, declarations):
        object.__setattr__(self, "seen", len(declarations.functions))
        return declarations.add_global("kept", "i64").index

    def apply_to_function(self, ctx, function):
        report(function, "kept", index=self.declared, seen=self.seen)
"""


def test_wasm_opt_py_applies_the_pass_object_that_declared(tmp_path: Path):
    """From Wasm, and from the IR that it printed, where what was declared is found again."""
    (tmp_path / "keeps.py").write_text(KEEPS)
    (tmp_path / "m.wat").write_text("(module (global i32 (i32.const 1)) (func))")
    for source, output in (("m.wat", "m.mlir"), ("m.mlir", "again.mlir")):
        done = subprocess.run(
            [BIN / "wasm-opt-py", source, "--load", "keeps.py", "-p", "keeps", "-o", output],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert '"kind": "kept", "index": 1, "seen": 1' in done.stderr, done.stderr
    assert (tmp_path / "m.mlir").read_text() == (tmp_path / "again.mlir").read_text()


# --- what declare sees ---


def test_a_pass_sees_the_declarations_of_the_module():
    declarations = declarations_of(MODULE)
    tick, main, last = declarations.functions
    assert (tick.symbol, tick.imported, tick.params, tick.exports) == (
        "tick", ("env", "tick"), ("i64",), (),
    )  # fmt: skip
    assert (main.index, main.name, main.params, main.results, main.exports) == (
        1, "main", ("i32", "f32"), ("i64",), ("run",),
    )  # fmt: skip
    assert (last.name, last.symbol, last.imported) == (None, "func2", None)
    level, count = declarations.globals
    assert (level.imported, level.type, level.mutable) == (("env", "level"), "i32", False)
    assert (count.symbol, count.type, count.mutable) == ("count", "f64", True)
    (memory,), (table,) = declarations.memories, declarations.tables
    assert (memory.exports, memory.minimum, memory.maximum) == (("memory", "again"), 1, 2)
    assert (table.symbol, table.element_type, table.minimum, table.maximum) == (
        "t", "funcref", 3, None,
    )  # fmt: skip
    assert declarations.exports == {"memory": memory, "again": memory, "run": main}


def test_a_pass_sees_what_was_declared_before():
    for look_first in (False, True):
        declarations = declarations_of(MODULE)
        if look_first:
            assert len(declarations.functions) == 3
        added = declarations.add_import("host", "tick", (), ("i32",))
        assert declarations.functions[added.index] == added
        assert (added.imported, added.results) == (("host", "tick"), ("i32",))
        assert added.symbol == declarations.function_symbol(added)
        variable = declarations.add_global("g", "f32")
        assert declarations.globals[variable.index] == variable
        assert (variable.type, variable.symbol) == ("f32", declarations.global_symbol(variable))


def test_ir_is_seen_like_the_module_it_came_from():
    settings = CompileSettings.of(Config())
    session = CompileSession(wat2wasm(MODULE), "m.wat", settings)
    printed = str(session.import_everything())
    read = IRDeclarations(Parser(session.context, printed).parse_module())
    direct = declarations_of(MODULE)
    for kind in ("functions", "globals", "memories", "tables", "exports"):
        assert getattr(read, kind) == getattr(direct, kind)


# --- fields ---


@pytest.mark.parametrize("level", [0, 2, 3])
def test_a_field_is_written_by_the_pass_and_read_by_the_host(level: int):
    made = engine(EXAMPLES / "last_store.py", "last-store", opt_level=level)
    store, instance = instantiate(made, STORES)
    field = instance.fields["last_store"]
    assert (field.value, list(instance.fields)) == (0, ["last_store"])
    call = instance.exports(store)["f"]
    call(store, 24)  # pyright: ignore[reportCallIssue]
    assert (field.value, field.bytes) == (24, b"\x18\0\0\0")
    with pytest.raises(Trap):
        call(store, 1 << 20)  # pyright: ignore[reportCallIssue]
    assert field.value == 1 << 20  # what was stored before the trap is there
    field.value = -2
    assert field.bytes == b"\xfe\xff\xff\xff"
    with pytest.raises(ValueError, match="the field has 4 bytes, not 3"):
        field.bytes = b"abc"
    with pytest.raises(OverflowError):
        field.value = 1 << 32
    with pytest.raises(KeyError):
        instance.fields["other"]


def test_an_access_that_does_not_fit_its_field_is_refused(tmp_path: Path):
    file = tmp_path / "narrow.py"
    source = (EXAMPLES / "last_store.py").read_text()
    file.write_text(source.replace("size=4, alignment=4", "size=2, alignment=2"))
    with pytest.raises(
        PassFailure, match="'last_store' has size 2 and alignment 2, and is accessed"
    ):
        Module(engine(file, "last-store"), STORES)


# --- many of them ---


class _Counted(list[Any]):
    """Notes how often it is gone through."""

    walks = 0

    def __iter__(self) -> Any:
        type(self).walks += 1
        return super().__iter__()


def test_declaring_does_not_go_through_what_is_declared_already():
    """Otherwise many counters, globals or imports take the square of their number."""
    declarations = declarations_of(MODULE)
    declared: ModuleDeclarations = declarations._declared  # pyright: ignore[reportPrivateUsage]
    declared.spaces = {cls: _Counted(space) for cls, space in declared.spaces.items()}
    declared.fields = _Counted(declared.fields)
    assert declared.symbols
    _Counted.walks = 0
    for number in range(10):
        declarations.add_counter(f"counter {number}")
        declarations.add_global(f"global {number}", "i32")
        declarations.add_import("env", f"function {number}", ("i32",) * number, ())
    assert _Counted.walks == 0


def test_units_share_the_layout_of_many_fields(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Otherwise each unit pays for every counter again."""
    file = tmp_path / "many.py"
    file.write_text(
        "from wasmdialect.passes.base import FunctionPass\n"
        "class Many(FunctionPass):\n"
        "    name = 'many'\n"
        "    def declare(self, declarations):\n"
        "        for n in range(3): declarations.add_counter(f'c{n}')\n"
        "    def apply_to_function(self, ctx, function): pass\n"
    )
    made: list[VMContextLayout] = []
    real = VMContextLayout.__init__

    def count(self: VMContextLayout, counts: Counts) -> None:
        made.append(self)
        real(self, counts)

    monkeypatch.setattr(VMContextLayout, "__init__", count)
    settings = CompileSettings.of(Config(load=(str(file),), at={"wasmir-end": "many"}))
    session = CompileSession(wat2wasm(MODULE), "m.wat", settings)
    for index in (1, 2, 1, 2):
        session.run_passes(session.import_functions([index]))
    assert len(made) == 1


# --- what goes wrong in declare ---


FAILS = """
from wasmdialect.passes.base import FunctionPass

class Fails(FunctionPass):
    name = "fails"

    def declare(self, declarations):
        {}

    def apply_to_function(self, ctx, function):
        pass
"""


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("declarations.exports['nothing']", "KeyError: 'nothing'"),
        ("[declarations.add_counter('twice') for _ in '12']", "field 'twice' is declared twice"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return self.declare(declarations)", "RecursionError"),
    ],
)
def test_what_declare_raises_is_a_failure_of_the_pass(tmp_path: Path, action: str, message: str):
    file = tmp_path / "fails.py"
    file.write_text(FAILS.format(action))
    with pytest.raises(PassFailure, match=f"pass 'fails' failed: .*{message}") as caught:
        Module(engine(file, "fails"), "(module (func))")
    details = caught.value.details
    assert f'{file}", line 8' in details
    assert "wasmdialect/codegen" not in details
    reproducer = Path(details.rpartition("reproducer: ")[2].strip())
    assert "-p fails" in reproducer.read_text() or "-p 'fails" in reproducer.read_text()
    # The reproducer fails again.
    context = PassRegistry().make_context()

    module = Parser(context, reproducer.read_text()).parse_module()
    with pytest.raises(PassFailure, match=message):
        run_declare(loaded(file, "fails"), IRDeclarations(module))
    reproducer.unlink()


@pytest.mark.parametrize("action", ["raise SystemExit(3)", "self.apply_to_function(ctx, function)"])
def test_an_exit_or_endless_recursion_in_apply_is_a_failure_of_the_pass(
    tmp_path: Path, action: str
):
    file = tmp_path / "fails.py"
    file.write_text(
        FAILS.format("pass").replace("function):\n        pass", f"function):\n        {action}")
    )
    with pytest.raises(
        PassFailure, match=r"pass 'fails' failed: (SystemExit|RecursionError)"
    ) as caught:
        Module(engine(file, "fails"), "(module (func))")
    assert len(caught.value.details.splitlines()) < 60
    Path(caught.value.details.rpartition("reproducer: ")[2].strip()).unlink()


def test_ctrl_c_in_a_pass_is_not_taken_for_a_failure(tmp_path: Path):
    file = tmp_path / "fails.py"
    file.write_text(FAILS.format("raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        Module(engine(file, "fails"), "(module (func))")


# --- dialects of a file ---

DIALECT = """
from xdsl.dialects.builtin import i32
from xdsl.ir import Dialect
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def
from wasmdialect.passes.base import FunctionPass

@irdl_op_definition
class NoteOp(IRDLOperation):
    name = "mine.note"
    value = operand_def(i32)
    assembly_format = "$value attr-dict"

MINE = Dialect("mine", [NoteOp], [])

class Note(FunctionPass):
    name = "note"

    def apply_to_function(self, ctx, function):
        assert ctx.get_optional_op("mine.note") is NoteOp
        note = NoteOp(operands=[function.entry.args[0]])
        function.entry.insert_op_before(note, function.entry.first_op)
"""


def test_ir_with_the_dialect_of_a_file_reads_back(tmp_path: Path):
    (tmp_path / "mine.py").write_text(DIALECT)
    (tmp_path / "m.wat").write_text("(module (func (param i32)))")
    options = ["--load", "mine.py", "--print-between-passes"]
    outputs: list[str] = []
    for source, passes in (("m.wat", ["-p", "note"]), ("out0.mlir", [])):
        output = f"out{len(outputs)}.mlir"
        done = subprocess.run(
            [BIN / "wasm-opt-py", source, *options, *passes, "-o", output],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        outputs.append((tmp_path / output).read_text())
    assert "mine.note %0" in outputs[0]
    assert outputs[0] == outputs[1]


def test_two_dialects_of_one_name_are_refused(tmp_path: Path):
    from wasmdialect.passes.registry import PassError

    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text(DIALECT)
    second.write_text(DIALECT)
    registry = PassRegistry()
    registry.load_file(str(first))
    registry.load_file(str(first))  # the same file again is nothing new
    with pytest.raises(PassError, match=r"second.py: there is a dialect 'mine' in another --load"):
        registry.load_file(str(second))
    second.write_text(DIALECT.replace('Dialect("mine"', 'Dialect("arith"'))
    with pytest.raises(PassError, match=r"there is a dialect 'arith' in an installed package"):
        PassRegistry().load_file(str(second))
    second.write_text("from xdsl.dialects.arith import Arith\n" + DIALECT)
    registry = PassRegistry()
    registry.load_file(str(second))  # using an installed one is fine
    assert set(registry.dialects) == {"mine"}
    context: Context = registry.make_context()
    assert context.get_optional_op("mine.note") is not None

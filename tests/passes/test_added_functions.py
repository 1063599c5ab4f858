"""Functions that passes add: bodies of every form, called from rewritten code in every way a module is
made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
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

from wasmdialect import Config, Engine, Instance, Linker, Module, Store, Trap, wat2wasm
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder, defined_functions
from wasmdialect.passes.pipeline import PassFailure

STORES = """(module (memory (export "memory") 1)
  (func $g (export "f") (param i32) (result i32)
    (i32.store (i32.const 4) (local.get 0))
    (i32.add (local.get 0) (i32.const 1))))
"""
BUILT = """
def build(b, x):
    b.i32_store(d.memories[0], b.i32_const(8), x)
    b.return_([b.i32_mul(x, b.i32_const(10))])

return d.add_function("tenfold", build, ["i32"], ["i32"])
"""
IN_BLOCKS = """
def build(b, x):
    b.i32_store(d.memories[0], b.i32_const(8), x)
    small, large = b.new_block(), b.new_block()
    b.br_if(b.i32_lt_u(x, b.i32_const(100)), small, large)
    b.begin(large)
    b.unreachable()
    b.begin(small)
    b.return_([b.i32_mul(x, b.i32_const(10))])

return d.add_function("tenfold", build, ["i32"], ["i32"])
"""
TEXT = '''
return d.add_function("tenfold", """
wasmir.func @any_name(%x: i32) -> i32 {
  %eight = wasmir.i32.const 8
  wasmir.i32.store @memory0[%eight], %x
  %ten = wasmir.i32.const 10
  %r = wasmir.i32.mul %x, %ten
  wasmir.return %r : i32
}""")
'''
SNIPPET = """(module
  (import "wasmdialect.module" "memory" (memory 0))
  (memory $own 1) (data (memory $own) (i32.const 16) "\\0a")
  (table 1 funcref) (elem (i32.const 0) $times)
  (type $binary (func (param i32 i32) (result i32)))
  (global $factor (mut i32) (i32.const 0))
  (func $times (type $binary) (i32.mul (local.get 0) (local.get 1)))
  (func (export "tenfold") (param i32) (result i32)
    (i32.store (i32.const 8) (local.get 0))
    (global.set $factor (i32.load8_u $own (i32.const 16)))
    (call_indirect (type $binary) (local.get 0) (global.get $factor) (i32.const 0)))
  (func (export "unused") (unreachable)))
"""
COPY = """
function = d.body(d.functions[0])
b = WasmBuilder.before(function.entry.last_op)
b.i32_store(d.memories[0], b.i32_const(8), function.entry.args[0])
(ten,) = [b.i32_mul(function.entry.args[0], b.i32_const(10))]
function.entry.last_op.operands[0] = ten
return d.add_function("tenfold", function)
"""
CALL = """
last = function.entry.last_op
b = WasmBuilder.before(last)
last.operands[0], = b.call(self.declared, last.operands)
"""
FORMS = {
    "built": BUILT,
    "built in blocks": IN_BLOCKS,
    "text": TEXT,
    "wat": f"return d.add_function('tenfold', {SNIPPET!r})",
    "binary": f"from wasmdialect import wat2wasm\n"
    f"return d.add_function('tenfold', bytes(wat2wasm({SNIPPET!r})))",
    "a changed copy": COPY,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["built", "wat"])
def test_code_calls_a_function_of_a_pass(form: str, way: str, tmp_path: Path):
    store, _, exports = made(way, write_pass(tmp_path, FORMS[form], CALL), STORES).instantiate()
    assert exports["f"](store, 3) == 40
    assert exports["memory"].read(store, 4, 9) == b"\3\0\0\0\4"


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_a_body_everywhere(form: str, tmp_path: Path):
    file = write_pass(tmp_path, FORMS[form], CALL)
    store, _, exports = made("eager", file, STORES).instantiate()
    assert exports["f"](store, 3) == 40
    assert call(interpreted(file, STORES), "f", 3) == [40]
    exported = Exported(file, STORES)
    assert exported.exports()["f"](exported.store, 3) == 40


def test_a_pass_as_an_object_adds_a_function():
    class Tenfold(FunctionPass):
        name = "tenfold"

        def declare(self, declarations: Any) -> Any:
            def build(b: WasmBuilder, x: Any) -> None:
                b.return_([b.i32_mul(x, b.i32_const(10))])

            return declarations.add_function("tenfold", build, ["i32"], ["i32"])

        def apply_to_function(self, ctx: Any, function: wasmir.FuncOp) -> None:
            last = function.entry.last_op
            assert last is not None
            (result,) = WasmBuilder.before(last).call(self.declared, [*last.operands])
            last.operands[0] = result

    store, exports = instantiated(Config(passes={"wasmir-end": [Tenfold()]}, cache=False), STORES)
    assert exports["f"](store, 3) == 40


# --- names, backtraces, exports, what is shown


@pytest.mark.parametrize("way", ["eager", "lazy", "saved"])
def test_a_function_of_a_pass_is_in_backtraces_by_its_name(way: str, tmp_path: Path):
    file = write_pass(tmp_path, IN_BLOCKS, CALL)
    store, _, exports = made(way, file, STORES).instantiate()
    with pytest.raises(Trap) as stopped:
        exports["f"](store, 100)
    frames = [(f.func_name, f.func_index, f.module_offset) for f in stopped.value.frames]
    assert [frame[:2] for frame in frames] == [("tenfold", 1), ("g", 0)]
    assert frames[0][2] is None  # it is not in the module


def test_the_host_calls_an_exported_function_of_a_pass(tmp_path: Path):
    declare = BUILT.replace("return d", "ten = d") + "\nd.add_export('tenfold', ten)\nreturn ten"
    file = write_pass(tmp_path, declare, CALL)
    store, _, exports = made("lazy", file, STORES).instantiate()
    assert exports["tenfold"](store, 7) == 70
    exported = Exported(file, STORES)
    assert exported.exports()["tenfold"](exported.store, 7) == 70


def test_a_function_of_a_pass_is_shown_at_every_stage(tmp_path: Path):
    module = Module(Engine(settings(write_pass(tmp_path, BUILT, CALL))), STORES)
    function = module.function("tenfold")
    assert "wasmir.i32.mul" in str(function.at("wasmir-end"))
    assert "mul i32" in function.llvm
    assert "imul" in function.asm or "lea" in function.asm
    with pytest.raises(Exception, match="it is not from WebAssembly, but from IR or from a pass"):
        _ = function.wat


# --- which passes see it

COUNTING = """
class {cls}(FunctionPass):
    name = "{name}"

    def apply_to_function(self, ctx, function):
        report(function.entry.first_op, "seen", name=function.sym_name.data)
"""


def test_passes_after_the_one_that_adds_a_function_see_it(tmp_path: Path):
    file = write_pass(tmp_path, BUILT, f'report(b.i32_const(0).owner, "seen")\n{CALL}')
    classes = [COUNTING.format(cls=name, name=name.lower()) for name in ("Before", "After")]
    file.write_text(file.read_text() + "".join(classes))
    config = settings(file, at={"wasmir-start": "before", "wasmir-end": "added,after"})
    module = Module(Engine(config), STORES)
    seen = {(row["pass"], row["function"]) for row in module.reports}
    assert seen == {("before", "g"), ("added", "g"), ("after", "g"), ("after", "tenfold")}


@pytest.mark.parametrize("point", ["wasmir-start", "wasmvm-end", "llvm-end"])
def test_a_function_is_lowered_wherever_the_pass_is(point: str, tmp_path: Path):
    """What comes after the pass in the pipeline is not all that a function has to go through."""
    declare = BUILT.replace("return d", "ten = d") + "\nd.add_export('tenfold', ten)"
    file = write_pass(tmp_path, declare, "pass")
    file.write_text(file.read_text().replace("b = WasmBuilder.at_start(function.entry)", "pass"))
    config = settings(file, at={point: "added"})
    store, exports = instantiated(config, STORES)
    exports = exports
    assert exports["tenfold"](store, 4) == 40


def test_two_passes_add_functions_of_the_same_name(tmp_path: Path):
    """Each calls its own."""
    file = write_pass(tmp_path, BUILT, CALL)
    other = (
        file.read_text()
        .replace("class Added", "class Other")
        .replace('"added"', '"other"')
        .replace("b.i32_const(10)", "b.i32_const(7)")
    )
    file.write_text(file.read_text() + other)
    config = settings(file, at={"wasmir-end": "added,other"})
    store, exports = instantiated(config, STORES)
    f = exports["f"]
    assert f(store, 3) == 4 * 10 * 7 * 7  # the second works in the function of the first, too


# --- read back


def test_a_printed_module_has_the_function_once(tmp_path: Path):
    file = write_pass(tmp_path, FORMS["wat"], CALL)
    compiled = CompileSettings.of(settings(file))
    session = CompileSession(bytes(wat2wasm(STORES)), "m.wasm", compiled, "added")
    text = str(session.import_everything()).encode()
    again = CompileSession(text, "m.mlir", compiled, "added")
    module = again.import_everything()
    again.run_passes(module)
    names = [function.sym_name.data for function in defined_functions(module)]
    assert names == ["g", "tenfold", "tenfold.times"]
    calls = [op for op in module.walk() if isinstance(op, wasmir.CallOp)]
    assert len(calls) == 1
    store, exports = instantiated(settings(file), text)
    assert exports["f"](store, 3) == 40


# --- the cache


def test_code_of_a_file_that_changed_is_not_taken_from_the_cache(tmp_path: Path):
    snippet = tmp_path / "tenfold.wat"
    snippet.write_text(SNIPPET)
    file = write_pass(
        tmp_path,
        "from pathlib import Path\n"
        "return d.add_function('tenfold', Path(__file__).with_name('tenfold.wat'))",
        CALL,
    )
    store = MemoryStore()
    for factor, result in ((10, 40), (9, 36), (10, 40)):
        snippet.write_text(
            SNIPPET.replace("\\0a", f"\\{factor:02x}").replace("$times (type", "$times (type")
        )
        for _ in "12":
            user, exports = instantiated(settings(file, cache=store), STORES)
            assert exports["f"](user, 3) == result


# --- what a snippet imports

PRINTS = """(module
  (import "env" "print" (func $print (param i32)))
  (func (export "f") (param i32) (result i32) (call $print (i32.const 1)) (local.get 0)))
"""


def test_a_snippet_shares_imports_of_the_module_and_brings_others(tmp_path: Path):
    snippet = """(module
      (import "env" "print" (func $print (param i32)))
      (import "env" "other" (func $other (param i32)))
      (import "wasmdialect.builtin" "seen" (func $seen (param i32)))
      (func (export "log") (param i32) (result i32)
        (call $print (local.get 0)) (call $other (local.get 0)) (call $seen (local.get 0))
        (local.get 0)))"""
    file = write_pass(tmp_path, f"return d.add_function('log', {snippet!r})", CALL)
    program = made("eager", file, PRINTS)
    assert [(i.module, i.name) for i in program.module.imports] == [
        ("env", "print"),
        ("env", "other"),
        ("wasmdialect.builtin", "seen"),
    ]
    printed: list[tuple[str, int]] = []

    def note(name: str) -> Callable[[int], None]:
        return lambda value: printed.append((name, value))

    store, linker = Store(program.engine), Linker(program.engine)
    i32: Any = program.module.imports[0].type
    for name in ("print", "other"):
        linker.define_func("env", name, i32, note(name))
    linker.define_builtin("seen", note("seen"))
    exports: Any = linker.instantiate(store, program.module).exports(store)
    assert exports["f"](store, 5) == 5
    assert printed == [("print", 1), ("print", 5), ("other", 5), ("seen", 5)]


def test_a_loop_of_a_snippet_is_interrupted_as_those_of_the_module(tmp_path: Path):
    snippet = '(func (export "spin") (param i32) (result i32) (loop (br 0)) (unreachable))'
    file = write_pass(tmp_path, f"return d.add_function('spin', {snippet!r})", CALL)
    engine = Engine(settings(file, consume_fuel=True))
    store = Store(engine)
    store.set_fuel(1000)
    exports: Any = Instance(store, Module(engine, STORES), []).exports(store)
    with pytest.raises(Trap, match="all fuel consumed"):
        exports["f"](store, 1)


# --- refusals


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("'(func'", "its body: .*"),
        (
            '\'(func (export "g")) (func (export "h"))\'',
            "no function or export 'f' .*@func0, @func1",
        ),
        ("'(module)'", r"no function or export 'f' \(its functions: none\)"),
        ("'(func (result i32))'", "type mismatch"),
        ("'(func $s) (start $s)'", "it has a start function"),
        (
            '\'(import "m" "m" (memory 1)) (func (drop (i32.load (i32.const 0))))\'',
            "it imports memory m::m: .* 'wasmdialect.module'",
        ),
        (
            '\'(import "wasmdialect.module" "x" (global $x i32)) (func (drop (global.get $x)))\'',
            "it imports global 'x' of the module, which has none of this type",
        ),
        (
            '\'(import "wasmdialect.module" "memory" (memory i64 1))'
            " (func (drop (i32.load (i64.const 0))))'",
            "it imports memory 'memory' of the module, which has none of this type",
        ),
        (
            '\'(import "wasmdialect.module" "memory" (memory 1)) (data (i32.const 0) "x") (func)\'',
            "it has a data segment for a memory of the module",
        ),
        ("'(tag $e) (func (throw $e))'", "it uses exceptions, which the module does not"),
        ("'wasmir.func @f() { wasmir.odd }'", "its body is not a function of wasmir: .*"),
        (
            "'wasmir.func @f() { %0 = wasmir.global.get @nothing : i32 wasmir.return }'",
            "it refers to @nothing, which nothing declares",
        ),
        ("'wasmir.func @f() { %0 = wasmir.i32.const 1 }'", "it does not verify: .*terminator"),
        ("lambda b: None", "it does not verify: .*"),
        ("b'\\x00asm'", "its body: .*"),
        ("b'\\xff\\xfe'", "not a function of wasmir"),
        ("__import__('pathlib').Path('f.wat')", "not an absolute path; .*with_name"),
        ("__import__('pathlib').Path('/nowhere/f.wat')", "No such file"),
    ],
)
def test_what_cannot_be_added_is_an_error_of_the_pass(body: str, message: str, tmp_path: Path):
    file = write_pass(tmp_path, f"d.add_function('f', {body})", "pass")
    with pytest.raises(
        PassFailure, match=f"(?s)function 'f' cannot be added: .*{message}"
    ) as failure:
        made("eager", file, STORES)
    assert failure.value.pass_name == "added"


def test_a_function_is_added_once(tmp_path: Path):
    file = write_pass(tmp_path, "[d.add_function('f', '(func)') for _ in '12']", "pass")
    with pytest.raises(PassFailure, match="function 'f' cannot be added: there is one already"):
        made("eager", file, STORES)


def test_types_are_for_functions_that_build_only(tmp_path: Path):
    file = write_pass(tmp_path, "d.add_function('f', '(func)', ['i32'])", "pass")
    with pytest.raises(PassFailure, match="it says itself what its parameters and results are"):
        made("eager", file, STORES)


def test_a_lowered_module_gets_no_functions(tmp_path: Path):
    file = write_pass(tmp_path, "d.add_function('f', '(func)')", "pass")
    plain = CompileSettings.of(Config(jobs=0, cache=False))
    session = CompileSession(bytes(wat2wasm(STORES)), "m.wasm", plain, "insert-vmctx-loads")
    module = session.import_everything()
    session.run_passes(module)
    compiled = CompileSettings.of(settings(file, at={"wasmvm-end": "added"}))
    with pytest.raises(PassFailure, match="the module has been lowered from wasmir by insert-v"):
        CompileSession(str(module).encode(), "m.mlir", compiled)


# --- declaring and exceptions


def test_a_module_that_catches_without_tags_keeps_catching_after_a_pass_that_declares(
    tmp_path: Path,
):
    """Declarations are numbered without looking at bodies, which alone say that it catches."""
    catches = """(module (import "m" "t" (func $t)) (func (export "f") (result i32)
      (block $h (try_table (catch_all $h) (call $t)) (return (i32.const 1))) (i32.const 2)))"""
    throws = '(module (tag $e) (func (export "t") (throw $e)))'
    file = write_pass(tmp_path, "d.add_counter('x')", "b.count('x')")
    engine = Engine(settings(file))
    store, linker = Store(engine), Linker(engine)
    thrower = linker.instantiate(store, Module(engine, throws))
    linker.define(store, "m", "t", thrower.exports(store)["t"])
    exports: Any = linker.instantiate(store, Module(engine, catches)).exports(store)
    assert exports["f"](store) == 2

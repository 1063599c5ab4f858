"""Memories, tables, data and exports that passes declare, and use in functions."""

from __future__ import annotations

from pathlib import Path

import pytest
from interpreter.running import call
from passes.instrumented import WAYS, Exported, interpreted, made, write_pass

from wasmdialect import Config, wat2wasm
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.passes.pipeline import PassFailure

STORES = """(module
  (memory (export "memory") 1)
  (func (export "f") (param i32)
    (i32.store (local.get 0) (i32.const 5))
    (i32.store8 offset=9 (local.get 0) (i32.const 7))))
"""
SHADOW = """
shadow = d.add_memory('shadow', 1, 2)
d.add_data('greeting', b'shadow', shadow, 1000)
d.add_export('shadow', shadow)
size = d.add_global('size', 'i32', init=3)
d.add_export('size', size)
return shadow, size
"""
NOTE_STORES = """
shadow, size = self.declared
for op in [*function.body.walk()]:
    if isinstance(op, wasmir.StoreLike):
        b = WasmBuilder.before(op)
        place = b.i32_add(op.address_operand, b.i32_const(op.static_offset))
        b.i32_store8(shadow, place, b.i32_const(op.bytes))
        b.global_set(size, b.i32_add(b.global_get(size, i32), b.i32_const(op.bytes)))
"""


@pytest.mark.parametrize("way", WAYS)
def test_a_pass_writes_to_a_memory_of_its_own(way: str, tmp_path: Path):
    file = write_pass(tmp_path, SHADOW, NOTE_STORES)
    store, _, exports = made(way, file, STORES).instantiate()
    exports["f"](store, 16)
    shadow = exports["shadow"]
    assert (shadow.size(store), shadow.type(store).limits.max) == (1, 2)
    assert shadow.read(store, 16, 26) == bytes([4, 0, 0, 0, 0, 0, 0, 0, 0, 1])
    assert shadow.read(store, 1000, 1006) == b"shadow"
    assert exports["size"].value(store) == 8
    shadow.write(store, b"\x55", 0)
    assert exports["memory"].read(store, 0, 1) == b"\0"


def test_a_memory_of_a_pass_in_the_interpreter_and_in_exported_modules(tmp_path: Path):
    file = write_pass(tmp_path, SHADOW, NOTE_STORES)
    instance = interpreted(file, STORES)
    call(instance, "f", 16)
    shadow = instance.entities["shadow"].bytes
    assert (bytes(shadow[16:26]), bytes(shadow[1000:1006])) == (b"\4\0\0\0\0\0\0\0\0\1", b"shadow")
    exported = Exported(file, STORES)
    exports = exported.exports()
    exports["f"](exported.store, 16)
    assert exports["shadow"].read(exported.store, 16, 26) == b"\4\0\0\0\0\0\0\0\0\1"
    assert exports["shadow"].read(exported.store, 1000, 1006) == b"shadow"
    assert exports["size"].value(exported.store) == 8


TARGETS = """(module
  (func $one (param i32) (result i32) (i32.const 1))
  (func (export "two") (param i32) (result i32) (local.get 0)))
"""
LAST = """
d.add_export('one', d.functions[0])
table = d.add_table('last', 'funcref', 2)
d.add_export('last', table)
return table
"""
NOTE_FUNCTION = """
me = b.ref_func(function.sym_name.data, wasmir.FUNCREF)
b.table_set(self.declared, b.i32_const(function.index_value), me)
"""


@pytest.mark.parametrize("way", WAYS)
def test_a_pass_exports_a_function_and_notes_functions_in_a_table(way: str, tmp_path: Path):
    file = write_pass(tmp_path, LAST, NOTE_FUNCTION)
    store, _, exports = made(way, file, TARGETS).instantiate()
    last = exports["last"]
    assert (last.size(store), last.get(store, 0), last.get(store, 1)) == (2, None, None)
    assert (exports["one"](store, 3), exports["two"](store, 3)) == (1, 3)
    assert (last.get(store, 0)(store, 9), last.get(store, 1)(store, 9)) == (1, 9)


def test_a_table_of_a_pass_in_exported_modules(tmp_path: Path):
    exported = Exported(write_pass(tmp_path, LAST, NOTE_FUNCTION), TARGETS)
    exports, store = exported.exports(), exported.store
    assert exports["two"](store, 3) == 3
    assert exports["last"].get(store, 1)(store, 9) == 9
    assert exports["last"].get(store, 0).value is None


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        ("d.add_memory('m', 3, 2)", "memory 'm' cannot have the limits 3 and 2"),
        ("d.add_memory('m', 65537)", "memory 'm' cannot have the limits 65537 and None"),
        ("d.add_memory('m', -1)", "memory 'm' cannot have the limits -1 and None"),
        (
            "d.add_table('t', 'i32', 3)",
            "'t' cannot have elements of type 'i32'; use one of funcref",
        ),
        (
            "d.add_table('t', 'externref', 1, 1 << 32)",
            "'t' cannot have the limits 1 and 4294967296",
        ),
        ("d.add_export('f', d.memories[0])", "the module has an export 'f' already"),
        (
            "[d.add_export('g', d.memories[0]) for _ in '12']",
            "the module has an export 'g' already",
        ),
        (
            "d.add_data('d', bytes(9), d.memories[0], 65528)",
            "9 bytes at 65528 of the 65536 of memory",
        ),
        ("d.add_data('d', b'', d.memories[0], -1)", "data 'd' does not fit: 0 bytes at -1"),
    ],
)
def test_what_cannot_be_declared_is_refused(declare: str, message: str, tmp_path: Path):
    with pytest.raises(PassFailure, match=message):
        made("eager", write_pass(tmp_path, declare, "pass"), STORES)


def test_data_at_the_end_of_a_memory_fits(tmp_path: Path):
    declare = "d.add_data('d', b'the end!', d.memories[0], 65528)"
    store, _, exports = made("eager", write_pass(tmp_path, declare, "pass"), STORES).instantiate()
    assert exports["memory"].read(store, 65528, 65536) == b"the end!"


def test_ir_that_has_the_additions_already_gets_none_twice(tmp_path: Path):
    """The printed module goes through the same pass again, which finds what it added."""
    file = write_pass(tmp_path, SHADOW + "d.add_builtin('b')", "pass")
    settings = CompileSettings.of(Config(load=(str(file),)))
    texts = [bytes(wat2wasm(STORES))]
    for _ in range(2):
        session = CompileSession(texts[-1], "m", settings, "added")
        module = session.import_everything()
        session.run_passes(module)
        texts.append(str(module).encode())
    assert texts[1] == texts[2]

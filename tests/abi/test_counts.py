"""`Counts` is computed in one function, from what the compiler and the loader know of a module."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wasmdialect import Config, Engine, Module
from wasmdialect.abi.layout import Counts
from wasmdialect.dialects.declared import (
    ModuleDeclarations,
    count_declarations,
    number_declarations,
)
from wasmdialect.importer.declarations import import_declarations
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.text import wat2wasm

TEXT = """(module
  (import "m" "a" (func $a)) (import "m" "b" (func $b (param i32)))
  (import "m" "t" (table 1 funcref)) (import "m" "m" (memory 1))
  (import "m" "g" (global $g i32)) (import "m" "h" (global (mut f64)))
  (import "m" "i" (global i64))
  (table 2 externref) (table 3 funcref) (memory 1) (memory 2 3)
  (global i32 (i32.const 1)) (global funcref (ref.func $b))
  (func (export "f") (drop (ref.func $own))) (func $own) (elem declare func $own))"""


def test_compiler_and_loader_count_the_same():
    module = Module(Engine(Config(jobs=0, opt_level=0)), TEXT)
    declarations = import_declarations(decode_module(wat2wasm(TEXT)), "test.wat")
    number_declarations(declarations)
    counted = count_declarations(ModuleDeclarations(declarations))
    assert module.loaded.layout.counts == counted
    assert counted == Counts(
        imported_functions=2,
        imported_tables=1,
        imported_memories=1,
        imported_globals=3,
        defined_tables=2,
        defined_memories=2,
        owned_memories=2,
        defined_globals=2,
        escaping_functions=3,
    )


FACTS = st.lists(st.booleans(), max_size=6)


@given(FACTS, FACTS, st.lists(st.tuples(st.booleans(), st.booleans()), max_size=6), FACTS)
def test_each_declaration_is_counted_once(
    functions: list[bool],
    tables: list[bool],
    memories: list[tuple[bool, bool]],
    globals: list[bool],
):
    counts = Counts.of(
        functions=iter(functions),
        tables=iter(tables),
        memories=iter(memories),
        globals=iter(globals),
        escaping_functions=5,
        tags=2,
        extra_fields=[["calls", 8, 8]],
    )
    assert counts.imported_functions == functions.count(True)
    assert (counts.imported_tables, counts.defined_tables) == (
        tables.count(True),
        tables.count(False),
    )
    assert (counts.imported_globals, counts.defined_globals) == (
        globals.count(True),
        globals.count(False),
    )
    assert counts.imported_memories + counts.defined_memories == len(memories)
    assert counts.owned_memories == memories.count((False, False))
    assert counts.defined_memories - counts.owned_memories == memories.count((False, True))
    assert (counts.escaping_functions, counts.extra_fields) == (5, (("calls", 8, 8),))

"""The offsets in a VMContext are those that Wasmtime 12.0.0 compiles into its code, and those of the
reference's formula, for random module shapes."""

from __future__ import annotations

import random
import re
from typing import Any

import capstone
import pytest

from wasmdialect import wat2wasm
from wasmdialect.abi.layout import Counts, VMContextLayout
from wasmdialect.dialects.declared import ModuleDeclarations, count_declarations
from wasmdialect.importer.declarations import import_declarations
from wasmdialect.object.code_file import CodeFile, read_code_file
from wasmdialect.wasm.decode import decode_module

SHAPES = 200
_IMPORT_TYPES = {"func": "", "table": "1 funcref", "memory": "1", "global": "(mut i64)"}


def shape_text(rng: random.Random) -> tuple[str, dict[str, tuple[str, int, str]]]:
    """A module, and for each export that looks at the context: region, entry and field."""
    functions, tables, globals_ = rng.randrange(5), rng.randrange(3), rng.randrange(5)
    memories = int(rng.random() < 0.3)
    kinds = ["func"] * functions + ["table"] * tables + ["memory"] * memories
    kinds += ["global"] * globals_
    rng.shuffle(kinds)
    text = ""
    for position, kind in enumerate(kinds):
        number = kinds[:position].count(kind)
        text += f'(import "m" "{kind}" ({kind} $i{kind}{number} {_IMPORT_TYPES[kind]}))\n'
    defined_tables, defined_globals = rng.randrange(4), rng.randrange(6)
    memory = memories == 0 and rng.random() < 0.6
    parts = [f"(module {text}"]
    parts += [f"(table $t{i} 5 funcref)" for i in range(defined_tables)]
    parts += ["(memory $m0 1)"] if memory else []
    parts += [f"(global $g{i} (mut i64) (i64.const 0))" for i in range(defined_globals)]
    probes: dict[str, tuple[str, int, str]] = {}

    def probe(name: str, body: str, place: tuple[str, int, str], result: str = "") -> None:
        probes[name] = place
        parts.append(f'(func (export "{name}") {result} {body})')

    for i in range(functions):
        place = ("imported_functions", i, "wasm_call")
        probe(f"call{i}", f"(call $ifunc{i}) (call $ifunc{i})", place)
    for i in range(tables):
        place = ("imported_tables", i, "from")
        probe(f"itable{i}", f"(table.size $itable{i})", place, "(result i32)")
    for i in range(defined_tables):
        place = ("tables", i, "current_elements")
        probe(f"table{i}", f"(table.size $t{i})", place, "(result i32)")
    if memories:
        probe("imemory", "(memory.size)", ("imported_memories", 0, "from"), "(result i32)")
    if memory:
        place = ("owned_memories", 0, "current_length")
        probe("memory", "(memory.size)", place, "(result i32)")
    for i in range(globals_):
        place = ("imported_globals", i, "from")
        probe(f"iglobal{i}", f"(global.get $iglobal{i})", place, "(result i64)")
    for i in range(defined_globals):
        probe(f"global{i}", f"(global.get $g{i})", ("globals", i, "value"), "(result i64)")
    parts.append(")")
    return "\n".join(parts), probes


def displacements(code: CodeFile, symbol: str) -> set[int]:
    """Every displacement in an operand of a function."""
    (function,) = [f for f in code.functions if f.symbol == symbol]
    content = bytes(code.text[function.offset : function.offset + function.size])
    machine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    return {
        int(number, 0)
        for _, _, _, operands in machine.disasm_lite(content, 0)
        for number in re.findall(r"\[r\w+ \+ (\w+)\]", operands)
    }


def formula(counts: Counts) -> dict[str, int]:
    """docs/abi.md, "VMContext", written out once more."""
    tables = 72 + 32 * counts.imported_functions + 16 * counts.imported_tables
    tables += 24 * counts.imported_memories + 8 * counts.imported_globals
    memories = tables + 16 * counts.defined_tables
    owned = memories + 8 * counts.defined_memories
    globals_ = (owned + 16 * counts.owned_memories + 15) // 16 * 16
    func_refs = globals_ + 16 * counts.defined_globals
    return {
        "tables": tables,
        "memories": memories,
        "owned_memories": owned,
        "globals": globals_,
        "func_refs": func_refs,
        "size": func_refs + 40 * counts.escaping_functions,
    }


@pytest.mark.parametrize("seed", range(SHAPES))
def test_offsets(oracle: Any, seed: int):
    text, probes = shape_text(random.Random(seed))
    wasm = bytes(wat2wasm(text))
    module = decode_module(wasm)
    declared = ModuleDeclarations(import_declarations(module, "m.wasm"))
    layout = VMContextLayout(count_declarations(declared))
    expected = formula(layout.counts)
    assert layout.size == expected.pop("size")
    assert {name: layout.region_offsets[name] for name in expected} == expected
    code = read_code_file(oracle.serialize(wasm))
    exports = {export.name: export.index for export in module.exports}
    for name, (region, entry, field) in probes.items():
        offset = layout.offset(region, entry, field)
        assert offset in displacements(code, f"wasm[0]::function[{exports[name]}]"), name

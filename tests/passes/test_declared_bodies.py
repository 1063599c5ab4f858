"""Functions with their blocks, which `declare` sees when it asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from passes.instrumented import WAYS, made, settings, write_pass

from wasmdialect import wat2wasm
from wasmdialect.api.compile import compile_wasm
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.passes.pipeline import PassFailure
from wasmdialect.wasm.errors import WasmError

TEXT = """(module (import "env" "unused" (global i32))
  (func $first (export "first") (param i32) (result i32) BODY)
  (func $second (export "second") (param i32) (result i32) (local.get 0)))
"""
STRAIGHT = TEXT.replace("BODY", "(local.get 0)").replace('(import "env" "unused" (global i32))', "")
BRANCHING = STRAIGHT.replace(
    "(result i32) (local.get 0))", "(result i32) (if (result i32) (local.get 0) (then (i32.const 5))"
    " (else (i32.const 6))))", 1,
)  # fmt: skip
NUMBER = """
first, total = {}, 0
for f in d.functions:
    body = d.body(f)
    first[f.index] = total
    total += 0 if body is None else len(body.body.blocks)
d.add_counters('blocks', total)
return first
"""
COUNT = """
for number, block in enumerate(function.body.blocks, self.declared[function.index_value]):
    WasmBuilder.at_start(block).count('blocks', index=number)
"""


@pytest.mark.parametrize("way", WAYS)
def test_blocks_are_numbered_through_all_functions(way: str, tmp_path: Path):
    file = write_pass(tmp_path, NUMBER, COUNT)
    store, instance, exports = made(way, file, BRANCHING).instantiate()
    assert (exports["first"](store, 0), exports["second"](store, 7)) == (6, 7)
    assert instance.fields["blocks"].buffer.tolist() == [1, 0, 1, 1, 1]


def test_code_is_not_found_again_for_a_module_with_other_functions(tmp_path: Path):
    """The second function is the same in both, but the number of its block is not."""
    file, store = write_pass(tmp_path, NUMBER, COUNT), MemoryStore()
    for text in (BRANCHING, STRAIGHT, BRANCHING):
        config = settings(file, cache=store)
        kept = compile_wasm(config, bytes(wat2wasm(text)), "m.wasm")
        fresh = compile_wasm(settings(file), bytes(wat2wasm(text)), "m.wasm")
        assert kept.artifact == fresh.artifact


def test_changing_a_body_in_declare_changes_nothing(tmp_path: Path):
    declare = """
for f in d.functions:
    function = d.body(f)
    WasmBuilder.before(function.entry.last_op).unreachable()
"""
    for is_ir in (False, True):
        file = write_pass(tmp_path, declare, "pass")
        text = BRANCHING
        if is_ir:
            compiled = CompileSettings.of(settings(file))
            session = CompileSession(bytes(wat2wasm(BRANCHING)), "m", compiled, "wasmir-dce")
            text = str(session.import_everything())
        store, _, exports = made("eager", file, text).instantiate()
        assert exports["first"](store, 1) == 5


def test_an_import_has_no_body_and_names_are_there(tmp_path: Path):
    text = """(module (import "env" "f" (func $host)) (func $mine (export "run")))"""
    declare = """
host, mine = d.functions
assert d.body(host) is None
assert d.body(mine).sym_name.data == d.body(1).sym_name.data == 'mine'
assert (mine.exports, host.imported) == (('run',), ('env', 'f'))
"""
    made("eager", write_pass(tmp_path, declare, "pass"), text)


def test_a_body_that_is_not_valid_is_an_error_of_the_module(tmp_path: Path):
    file = write_pass(tmp_path, NUMBER, COUNT)
    binary = bytes(wat2wasm(STRAIGHT)).replace(b"\x20\x00\x0b", b"\x20\x07\x0b", 1)
    with pytest.raises(WasmError, match="unknown local"):
        compile_wasm(settings(file), binary, "m.wasm")


def test_the_reproducer_of_a_hook_that_looked_at_bodies_has_them(tmp_path: Path):
    file = write_pass(tmp_path, "d.body(d.functions[0]); 1 / 0", "pass")
    with pytest.raises(PassFailure, match="ZeroDivisionError") as caught:
        made("eager", file, STRAIGHT)
    reproducer = Path(caught.value.details.rpartition("reproducer: ")[2].strip())
    text = reproducer.read_text()
    reproducer.unlink()
    assert text.count("wasmir.return") == 2

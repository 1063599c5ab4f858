"""The text format against wasm-tools (`wasmtime.wat2wasm`): the same bytes for every valid module of
the test-suite that is written as text."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime
from spec.scripts import read_script, scripts

from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_module
from wasmdialect.wasm.features import PROPOSALS, WASM_3_0
from wasmdialect.wasm.names import encode_names, read_names
from wasmdialect.wasm.text.syntax import Form, Item
from wasmdialect.wasm.wast import DefineModule, ModuleForm, ScriptModule, parse_script

DIFFERENT = {
    # wasm-tools does not use the type in `(rec (type $t (func)))` for a function that names no type;
    # the specification does: a group of one is the same as no group ("Text Format / Type Uses").
    ("type-rec.wast", 45),
    ("type-rec.wast", 185),
    ("type-rec.wast", 197),
    ("type-subtyping.wast", 344),
    ("type-subtyping.wast", 373),
    # It takes text that would be displayed in a misleading order for an attack.
    ("names.wast", 19),
}
"""By script and line, what is not compared."""

SKIPPED = ("legacy/", "proposals/custom-descriptors/")
"""Scripts that wasm-tools does not read."""


NAMES = [name for name in scripts() if not name.startswith(SKIPPED)]


@pytest.mark.parametrize("name", NAMES or ["i32.wast"])
def test_same_bytes(testsuite: Path, name: str):
    for command in parse_script(read_script(testsuite, name)):
        if not isinstance(command, DefineModule) or (name, command.line) in DIFFERENT:
            continue
        text = text_of(command.module)
        if text is not None:
            theirs = spec_names_only(bytes(wasmtime.wat2wasm(text)))
            assert command.module.to_binary() == theirs, f"line {command.line}"


def text_of(module: ScriptModule) -> str | None:
    """The text of a module; None for one in binary."""
    if module.form is ModuleForm.BINARY:
        return None
    if module.form is ModuleForm.QUOTE:
        return module.content.decode("utf-8", "surrogateescape")
    text, tree = module.source.text, module.tree
    if (tree.pos, tree.end) == (0, len(text)):
        return text  # the script is the module
    if not text.startswith("(module", tree.pos):
        return None  # `(` and `module` with comments or annotations between
    inside = [*tree.items, *(annotation for _, annotation in tree.annotations)]
    start = min((position(item) for item in inside), default=tree.end - 1)
    return f"(module {text[start : tree.end]}"


def position(item: Item) -> int:
    return item.pos if isinstance(item, Form) else item.start_pos or 0


def spec_names_only(binary: bytes) -> bytes:
    """Without the names that the specification has no place for: wasm-tools keeps those of
    parameters in function types, in subsection 12."""
    module = decode_module(binary, WASM_3_0 | PROPOSALS)
    for section in module.custom_sections:
        if section.name == "name":
            section.bytes = memoryview(encode_names(read_names(section.bytes)))
    module.custom_sections = [s for s in module.custom_sections if s.name != "name" or s.bytes]
    return encode_module(module)

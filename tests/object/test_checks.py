"""Artifacts whose parts do not fit together, with a right checksum, are refused by what is wrong."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from mutate_artifacts import seal

from wasmdialect import Config, Engine, Module
from wasmdialect.object.artifact import (
    SECTIONS,
    Artifact,
    ArtifactError,
    read_artifact,
)
from wasmdialect.object.cbor import read_cbor, write_cbor
from wasmdialect.object.code_file import read_code_file
from wasmdialect.object.elf import SHT_NOBITS, ElfFile
from wasmdialect.object.frame_check import check_frames
from wasmdialect.object.sections import NO_CALL, AddressMap, InlineMap, TableError, TrapTable
from wasmdialect.object.write import write_artifact
from wasmdialect.runtime.module import load_bytes

TEXT = """(module $m
  (import "m" "f" (func $import (param i32)))
  (import "m" "g" (global $base i32))
  (global $own (mut i32) (i32.add (global.get $base) (i32.const 1)))
  (global funcref (ref.func $f))
  (memory 1 2) (data (i32.const 4) "active") (data "passive")
  (table $t 2 4 funcref) (table 1 externref)
  (elem (table $t) (i32.const 0) func $f) (elem funcref (ref.func $f) (ref.null func))
  (func $f (export "f") (param i32) (result i32)
    (call $import (local.get 0)) (i32.div_u (i32.load (local.get 0)) (local.get 0)))
  (func $trap (unreachable)) (func (export "trap") (call $trap))
  (func $inner) (func $start (call $inner)) (start $start))"""


@pytest.fixture(scope="module")
def data() -> bytes:
    return bytes(
        Module(Engine(Config(jobs=0, opt_level=1, pipeline="wasmir-inline")), TEXT).serialize()
    )


def written(artifact: Artifact) -> bytes:
    return write_artifact(artifact, 4096)


def test_what_was_written_is_read(data: bytes):
    assert written(read_artifact(data)) == data


def assign(path: str, value: Any) -> Callable[[Any], None]:
    """Set something in the module information, by a path like `tables.0.minimum`."""
    *way, last = path.split(".")

    def change(info: Any) -> None:
        for step in way:
            info = info[int(step) if step.isdigit() else step]
        info[int(last) if last.isdigit() else last] = value

    return change


FUNC = [True, [], "func", [], []]
PLAIN_TRAP = {"code": 64, "name": "a", "message": "b", "added_by": "c"}

FORMS = [
    ("module_name", 5, "module_name: 5 is not text"),
    ("types", [[FUNC, 5]], "types: recursion group 0: 5 is not a list"),
    ("types.0.0", [True, []], "recursion group 0: .* is not a type"),
    ("types.0.0", [True, [], "func", []], "is not parameters and results"),
    ("types.0.0", [True, [], "func", ["i33"], []], "'i33' is not a value type"),
    ("types.0.0", [True, [], "func", [[True]], []], "is not a value type"),
    ("types.0.0", [True, [], "func", [[True, "odd"]], []], "'odd' is not a heap type"),
    ("types.0.0", [True, [], "func", [[True, 99]], []], "unknown type 99"),
    ("types.0.0", [True, [], "func", ["i8"], []], "'i8' is not a value type"),
    ("types.0.0", [True, [], "tuple", []], "'tuple' is not one of func, struct, array"),
    ("types.0.0", [True, [], "array"], "is not the element of an array"),
    ("types.0.0", [True, [], "struct", ["i8"]], "is not a field"),
    ("types.0.0", [True, [], "struct", [False, "i9"]], "'i9' is not the type of a field"),
    ("types.0.0", [1, [], "func", [], []], "1 is not true or false"),
    ("types.0.0", [True, [0], "func", [], []], "supertypes that it cannot have"),
    ("types.1.0", [True, [0], "func", ["f64"], []], "does not match its supertype"),
    ("signatures", [-1], "signatures: .* is not a list of numbers"),
    ("functions", [1 << 32], "functions: .* is not a list of numbers"),
    ("functions", {}, "functions: {} is not a list of numbers"),
    ("tables", None, "tables: None is not a list"),
    ("tables.0.minimum", -1, "tables: minimum: -1 is not an integer from 0"),
    ("tables.0.element", "i32", "tables: element: 'i32' is not a reference type"),
    ("tables.0.is_64", 1, "tables: is_64: 1 is not true or false"),
    ("tables.0.init", [["end", None]], "is not an instruction of a constant expression"),
    ("tables.0.init", [["i32.const"]], "is not an instruction of a constant expression"),
    ("tables.0.init", [["i32.const", -1]], "init: -1 is not an integer"),
    ("tables.0.init", [["ref.null", "odd"]], "init: 'odd' is not a heap type"),
    ("memories.0.minimum", True, "memories: minimum: True is not an integer"),
    ("memories.0.maximum", "1", "memories: maximum: '1' is not an integer"),
    ("memories.0.page_size_log2", 60, "page_size_log2: 60 is not one of 0, 16"),
    ("globals.0.type", "v127", "globals: type: 'v127' is not a value type"),
    ("imports.0.kind", "label", "imports: kind: 'label' is not one of"),
    ("exports.0.name", None, "exports: name: None is not text"),
    ("start", "x", "start: 'x' is not an integer"),
    ("elements.0.mode", "lazy", "elements: mode: 'lazy' is not one of"),
    ("data.sizes.0", -8, r"data: sizes: \[-8, 7\] is not a list of numbers"),
    ("extra_fields", [["x", 8]], "a field of the VMContext is not"),
    ("extra_fields", [["x", 8, 3]], "3 is not one of 1, 2, 4, 8, 16"),
    ("extra_fields", [["x", 0, 8]], "0 is not an integer from 1"),
    ("counters", [3], "counters: .* is not a list|3 is not text"),
    ("trap_codes", [PLAIN_TRAP | {"code": 9}], "9 is not an integer from 64"),
    ("trap_codes", [["a"]], "trap_codes: "),
    ("function_names", [[0, 0, 0]], "is not a list of numbers"),
]
"""What each value has to be."""

COMPUTED = {
    **{"sizes": [6, 7], "memories": [0, 0], "passive": [1], "offsets": [0, 0], "computed": [0]},
    "expressions": [[["i32.const", 4]]],
}
"""The data segments, with a general expression for an offset."""
LARGE = {
    **{"minimum": 1, "maximum": 2, "is_64": True, "shared": False, "guarded": False},
    "page_size_log2": 16,
}
RELATIONS = [
    ("functions.0", 99, "a function or tag has a type that is not one of a function"),
    (
        "types.0.0",
        [True, [], "struct"],
        "a function or tag has a type that is not one of a function",
    ),
    ("globals.1.init", [["ref.null", 99]], "unknown type 99"),
    ("tables.0.element", [False, "func"], "a table has no initial value"),
    ("signatures", [0, 0, 1, 2], "a function type is there twice"),
    ("function_starts", [0], "the places of the bodies"),
    ("imports.0.index", 77, "an imported func is not one of the module's"),
    ("imports.1.index", 1, "an imported global has the index of another one"),
    ("imports.1.kind", "memory", "an imported memory is not one|is an imported|initial value"),
    ("escaping.0", 99, "what escapes is not functions"),
    ("escaping", [1, 1], "what escapes is not functions"),
    ("func_ref_code", [0, 0], "func_ref_code is not for the functions"),
    ("type_trampolines", [0], "type_trampolines is not for the function types"),
    ("func_ref_code.0", 3, "a function is not in its place"),
    ("func_ref_code.2", 1 << 30, "a function is not in its place"),
    ("type_trampolines.1", 5, "a function is not in its place"),
    ("tables.0.maximum", 1, "a table has limits that it cannot have"),
    ("tables.0.maximum", 1 << 32, "a table has limits that it cannot have"),
    ("memories.0.minimum", 65537, "a memory has limits that it cannot have"),
    ("memories.0.is_64", True, "a memory has a guard that it cannot have|not of type i64"),
    ("globals.0.init", [["i32.const", 1]], "an imported global has an initial value"),
    ("globals.1.init", None, "a global has no initial value"),
    ("globals.1.init", [], "not of type i32"),
    ("globals.1.init", [["i32.const", 1], ["i32.const", 1]], "not of type i32"),
    ("globals.1.init", [["i64.const", 1]], "not of type i32"),
    ("globals.1.init", [["i32.const", 1], ["i32.add", None]], "i32.add .* other operands"),
    ("globals.1.init", [["i64.const", 1], ["i32.const", 1], ["i32.add", None]], "other operands"),
    ("globals.1.init", [["global.get", 1]], "refers to global 1"),
    ("globals.2.init", [["ref.func", 2]], "refers to function 2"),
    ("globals.2.init", [["ref.null", "extern"]], "not of type funcref"),
    ("tables.0.init", [["ref.func", 99]], "refers to function 99"),
    ("elements.0.table", 9, "an element segment is of another table"),
    ("elements.0.table", 1, "an element segment is of another table"),
    ("elements.0.offset", None, "a segment has no offset"),
    ("elements.0.offset", [["i64.const", 0]], "not of type i32"),
    ("elements.1.offset", [["i32.const", 0]], "an offset that it does not need"),
    ("elements.0.functions", None, "neither functions nor expressions"),
    ("elements.1.functions", [1], "neither functions nor expressions"),
    ("elements.0.functions", [2], "refers to function 2"),
    ("elements.0.type", [True, 0], "something else than functions"),
    ("elements.1.expressions", [[["ref.func", 2]]], "refers to function 2"),
    ("data.memories.0", 1, "a data segment is of a memory that is not there"),
    ("data.memories", [0], "a data segment has no memory, or no offset"),
    ("data.offsets", [4], "a data segment has no memory, or no offset"),
    ("data.offsets.1", 4, "a data segment has an offset that it does not need"),
    ("data.passive.0", 2, "a data segment is not there"),
    ("data.computed", [1], "a data segment is not there, or both passive and active"),
    ("data.expressions", [[["i32.const", 0]]], "a data segment has no offset"),
    ("data", COMPUTED | {"expressions": [[["i64.const", 0]]]}, "is not of type i32"),
    ("data", COMPUTED | {"memories": [1, 0]}, "a data segment is of a memory that is not there"),
    ("memories.0", LARGE, "a data segment has an offset of another type"),
    ("data.sizes.1", 8, "the data segments are not all of"),
    ("exports.0.index", 9, "the export 'f' is not one of the module's"),
    ("exports.0.index", 2, "the export 'f' cannot be called"),
    ("start", 2, "the start function cannot be called"),
    ("start", 1, "the start function cannot be called"),
    ("start", 99, "the start function cannot be called"),
    ("function_names", [99, 0, 0], "a name is of a function that is not there"),
    ("function_names", [0, 1], "a name is of a function that is not there"),
    ("function_names", [0, 0, 999], "a name is outside"),
    ("extra_fields", [["x", 8, 8], ["x", 8, 8]], "a field of the VMContext is there twice"),
    ("extra_fields", [["x", 1 << 31, 8]], "the VMContext would take"),
    ("trap_codes", 2 * [PLAIN_TRAP], "a trap code is there twice"),
    ("counters", ["x"], "a counter is not one of the VMContext's fields"),
]
"""What values have to do with each other."""


@pytest.mark.parametrize(("path", "value", "message"), FORMS + RELATIONS)
def test_module_information(data: bytes, path: str, value: Any, message: str):
    artifact = read_artifact(data)
    document: Any = artifact.info.document()
    assign(path, value)(document)

    class Info:
        def to_bytes(self) -> bytes:
            return write_cbor(document)

    artifact.info = Info()  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ArtifactError, match=message):
        load_bytes(written(artifact))


def test_exports_have_one_name_each(data: bytes):
    artifact = read_artifact(data)
    artifact.info.exports *= 2
    with pytest.raises(ArtifactError, match="an export is there twice"):
        load_bytes(written(artifact))


# --- what it was compiled for


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda e: e["settings"].update(cache="/somewhere"),
            "a key is missing or unknown: 'cache'",
        ),
        (lambda e: e["settings"].pop("bounds"), "a key is missing or unknown: 'bounds'"),
        (lambda e: e["settings"].update(opt_level=4), "settings: opt_level: 4 is not an integer"),
        (lambda e: e.update(settings=[]), "settings: .* is not a map"),
        (lambda e: e.update(passes=[{"text": "x"}]), "a key is missing or unknown: 'digest'"),
        (lambda e: e.update(triple=3), "triple: 3 is not text"),
        (lambda e: e.update(more=3), "a key is missing or unknown: 'more'"),
        (lambda e: e.update(version=3), "version: 3 is not text"),
        (lambda e: e.update(version="0.0"), "compiled by version 0.0, this is"),
        (lambda e: e.update(abi="0"), "compiled by a wasmdialect with another runtime ABI"),
        (lambda e: e.pop("abi"), "compiled by a wasmdialect with another runtime ABI"),
    ],
)
def test_engine(data: bytes, change: Callable[[Any], None], message: str):
    artifact = read_artifact(data)
    document: Any = read_cbor(artifact.engine.to_bytes())
    change(document)

    class Engine:
        def to_bytes(self) -> bytes:
            return write_cbor(document)

    artifact.engine = Engine()  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ArtifactError, match=message):
        load_bytes(written(artifact))


# --- the file


def patched(data: bytes, section: str, column: int, value: int) -> bytes:
    """The file with a field of a section header changed, and sealed again."""
    elf = ElfFile(data)
    number = [s.name for s in elf.sections].index(section)
    out = bytearray(data)
    offset, form = [(0, "I"), (4, "I"), (8, "Q"), (16, "Q"), (24, "Q"), (32, "Q")][column]
    struct.pack_into(f"<{form}", out, elf.header[5] + 64 * number + offset, value)
    return seal(bytes(out))


@pytest.mark.parametrize(
    ("section", "column", "value"),
    [
        (".rodata.wasm", 1, SHT_NOBITS),
        (".wasmdialect.info", 1, SHT_NOBITS),
        (".text", 2, 2),
        (".eh_frame", 2, 6),
        (".wasmtime.traps", 4, 64),
        (".rodata", 4, 4096),
        (".name.wasm", 0, 0),
        (".symtab", 1, 1),
    ],
)
def test_sections_that_are_not_where_they_belong(
    data: bytes, section: str, column: int, value: int
):
    with pytest.raises(ArtifactError, match="damaged artifact"):
        load_bytes(patched(data, section, column, value))


@pytest.mark.parametrize("at", [16, 18, 20, 24, 48, 52, 54, 58, 60, 62])
def test_a_header_of_another_kind(data: bytes, at: int):
    out = bytearray(data)
    out[at] += 1
    with pytest.raises(ArtifactError):
        load_bytes(seal(bytes(out)))


def test_sections_are_those_that_are_written(data: bytes):
    assert [s.name for s in ElfFile(data).sections[1:]] == [*SECTIONS]


# --- unwind tables: the C library's unwinder checks nothing


def entry(distance: int, start: int, size: int, rest: bytes = bytes(8)) -> bytes:
    body = struct.pack("<IiI", distance, start, size) + rest
    return struct.pack("<I", len(body)) + body


COMMON = bytes.fromhex("1400000000000000017a5200017810011b0c070890010000")
TEXT_SIZE = 4096


def frames(*entries: bytes, common: bytes = COMMON, end: bytes = bytes(4)) -> memoryview:
    return memoryview(common + b"".join(entries) + end)


def at(place: int, offset: int) -> int:
    """What an entry at a place says of a function at an offset."""
    return offset - TEXT_SIZE - place - 8


def test_unwind_entries_that_are_right():
    check_frames(frames(entry(28, at(24, 0), 16), entry(52, at(48, 16), 4080)), TEXT_SIZE)
    check_frames(memoryview(bytes(4)), TEXT_SIZE)


@pytest.mark.parametrize(
    "content",
    [
        memoryview(b""),
        memoryview(b"abc"),
        frames(end=b""),
        frames(end=b"\1\0\0\0"),
        frames(entry(28, at(24, 0), 16), end=b""),
        frames(entry(24, at(24, 0), 16)),  # of no common entry
        frames(entry(0xFFFF_FFF0, at(24, 0), 16)),
        frames(entry(28, at(24, -1), 16)),  # in front of the text
        frames(entry(28, at(24, 0), 5000)),  # behind it
        frames(entry(28, at(24, 0), 0xFFFF_FFFF)),
        frames(entry(28, at(24, 64), 16), entry(52, at(48, 0), 16)),  # not in order
        frames(entry(28, at(24, 0), 16, b"\1" + bytes(7))),  # with augmentation data
        frames(struct.pack("<I", 0xFFFF_FFFF) + bytes(16)),
        frames(struct.pack("<I", 0x7FFF_FFFC) + bytes(16)),
        frames(struct.pack("<I", 64) + bytes(16)),
        frames(struct.pack("<I", 2) + bytes(16)),
        frames(bytes(4) + entry(32, at(28, 0), 16)),  # an end in the middle
        frames(common=COMMON[:8] + b"\2" + COMMON[9:]),
        frames(common=COMMON[:9] + b"zPR\0" + COMMON[13:]),
        frames(common=COMMON[:16] + b"\x9b" + COMMON[17:]),
        frames(common=COMMON[:13] + b"\xff" * 11),
    ],
)
def test_unwind_entries_that_are_wrong(content: memoryview):
    with pytest.raises(TableError):
        check_frames(content, TEXT_SIZE)


def test_wrong_unwind_entries_are_not_registered(data: bytes, monkeypatch: pytest.MonkeyPatch):
    from wasmdialect.runtime import published

    monkeypatch.setattr(published, "register_frames", lambda *_: pytest.fail("registered"))
    artifact = read_artifact(data)
    artifact.eh_frame = bytes(artifact.eh_frame[:-4]) + b"\xff\xff\xff\xff"
    with pytest.raises(ArtifactError, match="the unwind table does not end"):
        load_bytes(written(artifact))


# --- what is read late is checked late, and always before it is used


@pytest.mark.parametrize("offsets", [[8, 4], [1 << 31]], ids=["order", "outside"])
def test_tables_that_are_not_in_order(data: bytes, offsets: list[int]):
    values = [1 for _ in offsets]
    artifact = read_artifact(data)
    artifact.address_map = AddressMap(offsets, values).to_bytes()
    module = load_bytes(written(artifact))
    with pytest.raises(ArtifactError, match="the address map is not in order"):
        module.frames_at(module.text_address, exact=True)
    with pytest.raises(ArtifactError, match="the address map is not in order"):
        read_code_file(written(artifact))
    artifact = read_artifact(data)
    artifact.traps = TrapTable(offsets, values).to_bytes()
    with pytest.raises(ArtifactError, match="the trap table is not in order"):
        read_code_file(written(artifact))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (InlineMap([8, 4], [0, 0], [1], [1], [NO_CALL]), "is not in order"),
        (InlineMap([4], [1], [1], [1], [NO_CALL]), "has calls that are not there"),
        (InlineMap([4], [0], [1], [1], [0]), "has calls that are not there"),  # inlined at itself
        (InlineMap([0], [0], [1], [0], [NO_CALL]), "no function is at 0x0"),
    ],
    ids=["order", "call", "circle", "callee"],
)
def test_inlined_calls_that_cannot_be(data: bytes, table: InlineMap, message: str):
    artifact = read_artifact(data)
    artifact.inlined = table.to_bytes()
    module = load_bytes(written(artifact))
    with pytest.raises(ArtifactError, match=message):
        module.frames_at(module.text_address, exact=True)


def test_a_function_that_the_module_does_not_have(data: bytes):
    artifact = read_artifact(data)
    first, *rest = artifact.functions
    artifact.functions = [type(first)("wasm[0]::function[99]", first.offset, first.size), *rest]
    module = load_bytes(written(artifact))
    with pytest.raises(ArtifactError, match=r"there is no wasm\[0\]::function\[99\]"):
        module.frames_at(module.text_address, exact=True)

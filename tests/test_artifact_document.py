"""docs/artifact.md says what is in the file: an artifact is decoded by the layouts on that page."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import pytest

from wasmdialect import Config, Engine, Module
from wasmdialect._records import field_names
from wasmdialect.object.artifact import EngineInfo, read_artifact
from wasmdialect.object.cbor import read_cbor
from wasmdialect.object.info import (
    ArtifactInfo,
    DataInfo,
    ElementInfo,
    ExportInfo,
    GlobalInfo,
    ImportInfo,
    MemoryInfo,
    TableInfo,
)
from wasmdialect.object.provenance import Provenance
from wasmdialect.object.sections import AddressMap, InlineMap, TrapTable

PAGE = (Path(__file__).parents[1] / "docs" / "artifact.md").read_text()
CODES = {"u8": "B", "u16": "H", "u32": "I", "i32": "i", "u64": "Q"}
ROW = re.compile(r"    (u8|u16|u32|u64|i32)(?: \* (\w+))? +(\w+)(?:  .*)?$", re.MULTILINE)
TEXT = """(module $named
  (import "m" "f" (func $import (param i32)))
  (memory 1) (data "bytes") (table 1 funcref) (elem (i32.const 0) $f)
  (func $f (export "f") (param i32) (result i32)
    (call $import (local.get 0))
    (i32.div_u (i32.load (local.get 0)) (local.get 0)))
  (func (export "g") (result f64) (f64.const 1.25))
  (func $h (param i32) (result i32) (i32.div_s (i32.const 7) (local.get 0)))
  (func $i (export "i") (param i32) (result i32) (call $h (local.get 0)))
  (func (export "j") (param i32) (result i32) (call $i (local.get 0))))
"""


def layout(after: str) -> list[tuple[str, str, str]]:
    """The rows of the first layout behind some words: type, count, name."""
    part = PAGE.partition(after)[2]
    assert part, after
    rows: list[tuple[str, str, str]] = []
    for line in part.splitlines():
        match = ROW.match(line)
        if match:
            rows.append((match[1], match[2] or "", match[3]))
        elif rows and not line.startswith("     "):
            break
    assert rows, after
    return rows


def decode(data: bytes, rows: list[tuple[str, str, str]]) -> tuple[dict[str, Any], int]:
    """Values by name, and how many bytes they took."""
    values: dict[str, Any] = {}
    position = 0
    for kind, count, name in rows:
        number = 1 if not count else int(count) if count.isdigit() else values[count]
        form = struct.Struct(f"<{number}{CODES[kind]}")
        found = form.unpack_from(data, position)
        values[name] = list(found) if count else found[0]
        position += form.size
    return values, position


@pytest.fixture(scope="module")
def data() -> bytes:
    return bytes(Module(Engine(Config(jobs=0, pipeline="wasmir-inline")), TEXT).serialize())


@pytest.fixture(scope="module")
def sections(data: bytes) -> dict[str, bytes]:
    """The content of every section, read by the page alone."""
    header, size = decode(data, layout("It starts with"))
    assert size == header["ehsize"] == 64
    rows = layout("and ends with the section headers")
    headers: list[dict[str, Any]] = []
    for number in range(header["shnum"]):
        row, size = decode(data[header["shoff"] + number * header["shentsize"] :], rows)
        assert size == header["shentsize"]
        headers.append(row)
    assert header["shoff"] + header["shnum"] * header["shentsize"] == len(data)
    names = headers[header["shstrndx"]]
    text = data[names["offset"] : names["offset"] + names["size"]]
    return {
        text[row["name"] :].split(b"\0")[0].decode(): data[row["offset"] :][: row["size"]]
        for row in headers
    }


def test_header(data: bytes):
    header, _ = decode(data, layout("It starts with"))
    assert header["ident"][:8] == [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0xC8]
    assert (header["type"], header["machine"], header["flags"]) == (1, 62, 1)


def test_sections_and_their_order(sections: dict[str, bytes]):
    table = PAGE.partition("## The sections, in this order")[2].partition("###")[0]
    documented = [
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\.[\w.]+)`", line.split("|")[1])
    ]
    assert list(sections) == ["", *documented]


def test_address_map(sections: dict[str, bytes]):
    content = sections[".wasmtime.addrmap"]
    values, size = decode(content, layout("### `.wasmtime.addrmap`"))
    assert size == len(content)
    read = AddressMap.read(memoryview(content))
    assert values["code_offsets"] == list(read.code_offsets)
    assert values["wasm_offsets"] == list(read.wasm_offsets)


def test_inlined(sections: dict[str, bytes]):
    content = sections[".wasmdialect.inlined"]
    values, size = decode(content, layout("### `.wasmdialect.inlined`"))
    assert size == len(content)
    read = InlineMap.read(memoryview(content))
    for name in ("code_offsets", "calls", "places", "callees", "outer"):
        assert values[name] == list(getattr(read, name)), name
    assert any(call != 0xFFFFFFFF for call in values["outer"])


def test_traps(sections: dict[str, bytes]):
    content = sections[".wasmtime.traps"]
    values, size = decode(content, layout("### `.wasmtime.traps`"))
    assert size == len(content)
    read = TrapTable.read(memoryview(content))
    assert values["code_offsets"] == list(read.code_offsets)
    assert values["codes"] == list(read.codes)


def test_symbols(data: bytes, sections: dict[str, bytes]):
    rows = layout("### Symbols")
    content, strings = sections[".symtab"], sections[".strtab"]
    found: list[tuple[str, int, int]] = []
    for at in range(24, len(content), 24):
        values, size = decode(content[at:], rows)
        assert size == 24
        assert values["info"] == 2
        name = strings[values["name"] :].split(b"\0")[0].decode()
        found.append((name, values["value"], values["size"]))
    assert found == [(f.symbol, f.offset, f.size) for f in read_artifact(data).functions]
    templates = re.findall(r"^    ((?:wasm|signatures)\[.*?\]::\S+)", PAGE, re.MULTILINE)
    assert len(templates) == 8
    numbers = [re.escape(t).replace("N", r"\d+").replace("S", r"\d+") for t in templates]
    patterns = [t.replace(r"P\->R", r"[\w,]*->[\w,]*") for t in numbers]
    for name, _, _ in found:
        assert any(re.fullmatch(pattern, name) for pattern in patterns), name


def keys(after: str) -> set[str]:
    """The keys in the first column of the table behind a heading."""
    part = PAGE.partition(after)[2].partition("\n#")[0]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {key for row in rows for key in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize(
    ("section", "cls", "extra"),
    [
        (".wasmdialect.engine", EngineInfo, set()),
        (".wasmdialect.info", ArtifactInfo, {"version"}),
        (".wasmdialect.provenance", Provenance, set()),
    ],
)
def test_cbor_sections(sections: dict[str, bytes], section: str, cls: Any, extra: set[str]):
    written = set(read_cbor(sections[section]))
    assert keys(f"### `{section}`") == written == {*field_names(cls)} | extra


@pytest.mark.parametrize(
    ("key", "cls"),
    [
        ("tables", TableInfo),
        ("memories", MemoryInfo),
        ("globals", GlobalInfo),
        ("imports", ImportInfo),
        ("exports", ExportInfo),
        ("elements", ElementInfo),
        ("data", DataInfo),
    ],
)
def test_parts_of_the_information(key: str, cls: Any):
    (row,) = re.findall(rf"^\| `{key}` \|(.*)\|$", PAGE, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", row))
    assert {*field_names(cls)} <= named

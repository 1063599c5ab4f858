"""The artifact's format, changed for the writer or the reader alone: every artifact is refused.

Sections and keys are taken from the tables, so that a new one is changed here too. (The contents of
`.text` and what it relies on are the contract of tests/abi/test_contract.py.)
"""

from __future__ import annotations

from typing import Any

import pytest

from wasmdialect import Config, Engine, Module
from wasmdialect._records import field_names
from wasmdialect._settings import ARTIFACT_GROUPS, in_groups
from wasmdialect.object import artifact as reader
from wasmdialect.object import info as info_module
from wasmdialect.object import write as writer
from wasmdialect.object.artifact import SECTIONS, ArtifactError, EngineInfo, read_artifact
from wasmdialect.object.cbor import read_cbor, write_cbor
from wasmdialect.object.info import (
    INFO_VERSION,
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
from wasmdialect.object.write import write_artifact
from wasmdialect.runtime.module import load_bytes

TEXT = """(module $named
  (import "m" "f" (func $f)) (global i32 (i32.const 1)) (memory 1) (data (i32.const 4) "bytes")
  (table 2 funcref) (elem (i32.const 0) func $f) (func (export "g") (result i32) (i32.const 1))
  (func $trap (unreachable)) (func (export "h") (call $trap)))"""

SETTINGS = [row.name for row in in_groups(*ARTIFACT_GROUPS)]


@pytest.fixture(scope="module")
def data() -> bytes:
    return bytes(
        Module(Engine(Config(jobs=0, opt_level=0, pipeline="wasmir-inline")), TEXT).serialize()
    )


# --- sections


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("column", [0, 1])
def test_type_and_flags_of_a_section(
    data: bytes, monkeypatch: pytest.MonkeyPatch, name: str, column: int
):
    row = list(SECTIONS[name])
    row[column] ^= 3
    monkeypatch.setattr(writer, "SECTIONS", {**SECTIONS, name: tuple(row)})
    with pytest.raises(ArtifactError):
        load_bytes(write_artifact(read_artifact(data), 4096))


@pytest.mark.parametrize("name", SECTIONS)
def test_name_of_a_section(data: bytes, monkeypatch: pytest.MonkeyPatch, name: str):
    rows = {f"{n}x" if n == name else n: row for n, row in SECTIONS.items()}
    monkeypatch.setattr(reader, "SECTIONS", rows)
    with pytest.raises(ArtifactError):
        load_bytes(data)


@pytest.mark.parametrize("at", range(len(SECTIONS) - 1))
def test_order_of_sections(data: bytes, monkeypatch: pytest.MonkeyPatch, at: int):
    names = [*SECTIONS]
    names[at : at + 2] = names[at + 1], names[at]
    monkeypatch.setattr(reader, "SECTIONS", {name: SECTIONS[name] for name in names})
    with pytest.raises(ArtifactError, match="its sections are not those of an artifact"):
        load_bytes(data)


@pytest.mark.parametrize(
    "constant", ["OSABI_WASMTIME", "FLAG_MODULE", "CHECKSUM_SIZE", "ENGINE_SECTION"]
)
def test_constants_of_the_file(data: bytes, monkeypatch: pytest.MonkeyPatch, constant: str):
    right: Any = getattr(reader, constant)
    other = f"{right}x" if isinstance(right, str) else right + 1
    monkeypatch.setattr(reader, constant, other)
    with pytest.raises(ArtifactError):
        load_bytes(data)


# --- keys of the descriptions

RECORDS: list[tuple[str, type[Any]]] = [
    ("", ArtifactInfo),
    *{
        "tables": TableInfo,
        "memories": MemoryInfo,
        "globals": GlobalInfo,
        "imports": ImportInfo,
        "exports": ExportInfo,
        "elements": ElementInfo,
        "data": DataInfo,
    }.items(),
]


@pytest.mark.parametrize(
    ("rows", "key"),
    [(rows, name) for rows, record in RECORDS for name in field_names(record)],
)
def test_key_of_the_module_information(data: bytes, rows: str, key: str):
    document: Any = read_cbor(read_artifact(data).info.to_bytes())
    part: Any = document[rows] if rows else document
    part = part[0] if isinstance(part, list) else part
    part[f"{key}x"] = part.pop(key)
    with pytest.raises(ValueError, match="a key is missing or unknown"):
        ArtifactInfo.from_bytes(write_cbor(document))


@pytest.mark.parametrize("key", [*field_names(EngineInfo), *SETTINGS])
def test_key_of_the_engine(data: bytes, key: str):
    document: Any = read_cbor(read_artifact(data).engine.to_bytes())
    part: dict[str, Any] = document["settings"] if key in SETTINGS else document
    part[f"{key}x"] = part.pop(key)
    with pytest.raises(ArtifactError):
        EngineInfo.from_bytes(write_cbor(document))


@pytest.mark.parametrize("key", field_names(Provenance))
def test_key_of_the_provenance(data: bytes, key: str):
    document: Any = read_cbor(read_artifact(data).provenance.to_bytes())
    document[f"{key}x"] = document.pop(key)
    with pytest.raises(ValueError, match="a key is missing or unknown"):
        Provenance.from_bytes(write_cbor(document))


@pytest.mark.parametrize("difference", [-1, 1])
def test_version_of_the_module_information(
    data: bytes, monkeypatch: pytest.MonkeyPatch, difference: int
):
    artifact = read_artifact(data)
    monkeypatch.setattr(info_module, "INFO_VERSION", INFO_VERSION + difference)
    other = write_artifact(artifact, 4096)
    monkeypatch.undo()
    with pytest.raises(ArtifactError, match="the module information is of another version"):
        load_bytes(other)

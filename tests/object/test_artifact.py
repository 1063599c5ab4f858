"""Artifacts: read back by pyelftools, damaged in every way, and their tables."""

from __future__ import annotations

import io
import struct

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect import Config, Engine, Module, WasmtimeError
from wasmdialect.abi.traps import TrapCode
from wasmdialect.object.artifact import ArtifactError, read_artifact
from wasmdialect.object.sections import (
    NO_CALL,
    AddressMap,
    InlineMap,
    TableError,
    TrapTable,
)

TEXT = """
(module $m
  (memory 1) (data "bytes") (table 1 funcref) (elem (i32.const 0) $f)
  (func $f (export "f") (param i32) (result i32)
    (i32.div_u (i32.load (local.get 0)) (local.get 0)))
  (func (export "g") (result f64) (f64.const 1.25)))
"""


@pytest.fixture(scope="module")
def data() -> bytes:
    return bytes(Module(Engine(Config(jobs=1)), TEXT).serialize())


def test_read_by_pyelftools(data: bytes):
    elf = ELFFile(io.BytesIO(data))
    assert (elf["e_type"], elf["e_machine"], elf.header["e_ident"]["EI_OSABI"]) == (
        "ET_REL",
        "EM_X86_64",
        200,
    )
    names = [section.name for section in elf.iter_sections()]
    assert names[0] == ""
    for name in (
        ".text",
        ".wasmtime.addrmap",
        ".wasmtime.traps",
        ".rodata.wasm",
        ".wasmdialect.info",
    ):
        assert name in names
    text = elf.get_section_by_name(".text")
    assert text["sh_addralign"] == 4096
    symbols = {
        s.name: (s["st_value"], s["st_size"])
        for s in elf.get_section_by_name(".symtab").iter_symbols()
        if s.name
    }
    ours = read_artifact(data)
    assert symbols == {f.symbol: (f.offset, f.size) for f in ours.functions}
    for start, size in symbols.values():
        assert start + size <= text["sh_size"]
    assert elf.get_section_by_name(".rodata.wasm").data() == b"bytes"


def test_traps_are_in_the_table(data: bytes):
    artifact = read_artifact(data)
    table = TrapTable.read(memoryview(artifact.traps))
    codes = {TrapCode(code) for code in table.codes}
    assert codes == {TrapCode.INTEGER_DIVISION_BY_ZERO, TrapCode.MEMORY_OUT_OF_BOUNDS}
    address_map = AddressMap.read(memoryview(artifact.address_map))
    for offset in table.code_offsets:
        assert address_map.look_up(offset) is not None


def test_the_same_bytes_again(data: bytes):
    assert bytes(Module(Engine(Config(jobs=0)), TEXT).serialize()) == data


@given(st.data())
def test_flipped_bits(data: bytes, draws: st.DataObject):
    damaged = bytearray(data)
    position = draws.draw(st.integers(0, len(data) * 8 - 1))
    damaged[position // 8] ^= 1 << position % 8
    with pytest.raises(ArtifactError):
        read_artifact(bytes(damaged))


@given(st.data())
def test_truncated(data: bytes, draws: st.DataObject):
    with pytest.raises(ArtifactError):
        read_artifact(data[: draws.draw(st.integers(0, len(data) - 1))])


@given(st.binary(max_size=300))
def test_anything(content: bytes):
    for prefix in (b"", b"\x7fELF", b"\x7fELF\2\1\1\xc8"):
        with pytest.raises(ArtifactError):
            read_artifact(prefix + content)


def test_the_api_reports_it(data: bytes):
    with pytest.raises(WasmtimeError, match="checksum"):
        Module.deserialize(Engine(), data[:-9] + b"x" + data[-8:])


OFFSETS = st.lists(st.integers(0, 2**32 - 2), unique=True).map(sorted)


@given(OFFSETS, st.randoms())
def test_address_map(offsets: list[int], random: object):
    wasm_offsets = [offset // 2 for offset in offsets]
    table = AddressMap.read(memoryview(AddressMap(offsets, wasm_offsets).to_bytes()))
    assert [*table.code_offsets] == offsets
    assert [*table.wasm_offsets] == wasm_offsets
    for offset in offsets:
        assert table.look_up(offset) == offset // 2


def test_inline_map():
    """A call at 300 was inlined at one at 200; 200 was inlined at 100."""
    table = InlineMap([4, 8, 12], [1, 0, NO_CALL], [200, 300], [250, 350], [NO_CALL, 0])
    table.check(16)
    read = InlineMap.read(memoryview(table.to_bytes()))
    assert [read.look_up(offset) for offset in (0, 4, 8, 12)] == [
        [],
        [(350, 300), (250, 200)],
        [(250, 200)],
        [],
    ]


@given(OFFSETS)
def test_trap_table(offsets: list[int]):
    codes = [offset % 16 for offset in offsets]
    table = TrapTable.read(memoryview(TrapTable(offsets, codes).to_bytes()))
    for offset in offsets:
        assert table.look_up(offset) == offset % 16
        if offset + 1 not in offsets:
            assert table.look_up(offset + 1) is None


@pytest.mark.parametrize("read", [AddressMap.read, InlineMap.read, TrapTable.read])
@pytest.mark.parametrize("content", [b"", b"\1", struct.pack("<I", 3), struct.pack("<I", 2**31)])
def test_malformed_tables(read: type, content: bytes):
    with pytest.raises(TableError):
        read(memoryview(content))

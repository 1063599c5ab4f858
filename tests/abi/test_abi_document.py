"""docs/abi.md says what the layout table says: its tables are read and compared with the code."""

from __future__ import annotations

import re
from pathlib import Path

from wasmdialect.abi.layout import REGIONS, STRUCTS, VMCONTEXT_HEADER
from wasmdialect.abi.trap_table import TRAPS

PAGE = (Path(__file__).parents[2] / "docs" / "abi.md").read_text()


def rows(first_header: str) -> list[list[str]]:
    """The cells of the rows of the table whose first column has this header."""
    _, found, rest = PAGE.partition(f"\n| {first_header} |")
    assert found
    table, _, _ = rest.partition("\n\n")
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def fields(text: str) -> list[tuple[str, int]]:
    """`name` offset, `name` offset, ..."""
    return [(name, int(offset)) for name, offset in re.findall(r"(\w+)`? (\d+)", text)]


def test_header():
    assert [(name, int(offset), int(size)) for name, offset, size in rows("field")] == [
        (f.name, f.offset, f.size) for f in VMCONTEXT_HEADER.fields
    ]


def test_regions():
    assert [(r[0], int(r[2]), fields(r[3])) for r in rows("region")] == [
        (region.name, region.stride, [(f.name, f.offset) for f in region.element.fields])
        for region in REGIONS
    ]


def test_structures():
    documented = rows("structure")
    elsewhere = {VMCONTEXT_HEADER.name, *(region.element.name for region in REGIONS)}
    assert {r[0] for r in documented} == {*STRUCTS} - elsewhere | {
        "func_ref",
        "memory",
        "table",
        "global",
    }
    for name, size, layout in documented:
        struct = STRUCTS[name]
        assert (int(size), fields(layout)) == (
            struct.size,
            [(f.name, f.offset) for f in struct.fields],
        )


def test_trap_codes():
    assert [
        (int(code), name, message.replace("`", "")) for code, name, message in rows("code")
    ] == [(trap.code, trap.name, trap.message.replace("`", "")) for trap in TRAPS.values()]

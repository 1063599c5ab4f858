"""docs/abi.md says what the layout table says: its tables are read and compared with the code."""

from __future__ import annotations

import re
from pathlib import Path

from wasmdialect.abi.layout import REGIONS, STRUCTS, VMCONTEXT_HEADER

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
    assert {r[0] for r in documented} == {
        "limits",
        "func_ref",
        "memory",
        "table",
        "host_context",
    }
    for name, size, layout in documented:
        struct = STRUCTS[name]
        assert (int(size), fields(layout)) == (
            struct.size,
            [(f.name, f.offset) for f in struct.fields],
        )

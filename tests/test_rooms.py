"""Every room of the package imports only what the table in docs/architecture.md allows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "wasmdialect"
EVERYWHERE = {path.stem for path in PACKAGE.glob("_*.py")}
"""Modules beside the rooms, which all of them may import."""
ROW = re.compile(r"\| `(\w+)` \| .* \| ([^|]+) \|")


def allowed_imports() -> dict[str, set[str]]:
    """Room to what it may import; `all above` and `all` are spelt out."""
    table: dict[str, set[str]] = {}
    for line in (ROOT / "docs" / "architecture.md").read_text().splitlines():
        match = ROW.match(line)
        if match is None:
            continue
        room, words = match[1], match[2].strip()
        if words == "all":
            table[room] = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
        elif words == "all above":
            table[room] = set(table)
        else:
            table[room] = set(re.findall(r"`([\w.]+)`", words))
    return table


ALLOWED = allowed_imports()


def imported_modules(path: Path) -> Iterator[str]:
    """Modules of this package that a file imports, also inside functions; not for type checking."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_room_is_in_the_table():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms == set(ALLOWED)


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_imports(room: str):
    wrong: list[str] = []
    for path in (PACKAGE / room).rglob("*.py"):
        for module in imported_modules(path):
            parts = module.split(".")
            if parts[0] != "wasmdialect" or len(parts) == 1 or parts[1] in (room, *EVERYWHERE):
                continue
            if parts[1] not in ALLOWED[room] and ".".join(parts[1:3]) not in ALLOWED[room]:
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert wrong == []


@pytest.mark.parametrize("room", ["abi", "object", "runtime", "types", "wasi", "wasm"])
@pytest.mark.parametrize("library", ["xdsl", "llvmlite"])
def test_rooms_without_xdsl_and_llvm(room: str, library: str):
    for path in (PACKAGE / room).rglob("*.py"):
        assert not any(module.split(".")[0] == library for module in imported_modules(path))

"""The documentation as a site: it builds without a warning, and its reference has everything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from reference_pages import EXAMPLES, pages

from wasmdialect.cli import main
from wasmdialect.dialects.llvm_ext import LLVM_EXT
from wasmdialect.dialects.wasmir import WASMIR
from wasmdialect.dialects.wasmvm import WASMVM
from wasmdialect.passes.registry import OWN_PASSES
from wasmdialect.wasm.instructions import INSTRUCTIONS

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return pages()


def test_the_site_builds_without_a_warning(tmp_path: Path):
    """A page that is in no menu, a link or an anchor that leads nowhere would be one."""
    command = [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "-d", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING  -" not in done.stderr
    start = (tmp_path / "index.html").read_text()
    assert 'href="first-pass.html"' in start
    # Within tables, in code: escaped for GitHub, but not here.
    assert r"\|" not in (tmp_path / "settings.html").read_text()
    listed = (tmp_path / "instructions.html").read_text()
    assert listed.count("<ol>") == len(
        re.findall("^1. ", (ROOT / "docs/instructions.md").read_text(), re.M)
    )


@pytest.mark.parametrize("dialect", [WASMIR, WASMVM, LLVM_EXT], ids=lambda d: d.name)
def test_every_operation_is_in_the_reference(made: dict[str, str], dialect: object):
    text = made[f"reference/{dialect.name}.md"]  # pyright: ignore
    missing = [op.name for op in dialect.operations if f"| `{op.name}` |" not in text]  # pyright: ignore
    assert not missing


def test_every_pass_command_instruction_and_example_is_in_the_reference(made: dict[str, str]):
    headings = {line for text in made.values() for line in text.splitlines() if line[:3] == "## "}
    names = [*OWN_PASSES, *(f"wasmdialect {name}" for name in main._COMMANDS), "wasm-opt-py"]
    names += [file.stem.replace("_", "-") for file in EXAMPLES.glob("*.py")]
    assert not {f"## {name}" for name in names} - headings
    rows = made["reference/instructions.md"]
    assert not [i.mnemonic for i in INSTRUCTIONS if f"| `{i.mnemonic}` |" not in rows]


def test_options_of_passes_have_their_defaults(made: dict[str, str]):
    assert "| `bounds` | `Literal['guard', 'explicit']` | `guard` |" in made["reference/passes.md"]


def test_rows_of_tables_have_as_many_cells_as_their_head(made: dict[str, str]):
    """A `|` in a cell would move what comes after it."""
    for path, text in made.items():
        for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
            cells = {len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(cells) == 1, path

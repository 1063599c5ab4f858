"""The tools can be imported: what they take from the package is still there."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"


@pytest.mark.parametrize("name", sorted(path.stem for path in TOOLS.glob("*.py")))
def test_every_tool_imports(name: str):
    assert importlib.import_module(name).__doc__

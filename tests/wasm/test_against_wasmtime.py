"""Mutated modules: Wasmtime's verdict on every one (`tools/fuzz_validation.py` compares as many as
one likes)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "fuzz_validation.py"


def test_same_verdicts(testsuite: Path, tmp_path: Path):
    """And a run that is stopped goes on where it was."""
    for count in (500, 1500):
        command = [sys.executable, TOOL, "--count", str(count), "--state", tmp_path / "state.json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{count} mutants" in done.stdout

"""Running the commands as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import processes

BIN = Path(sys.executable).parent


def run(
    folder: Path,
    program: str,
    *arguments: str | Path,
    stdin: str = "",
    environment: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    return processes.run(
        [BIN / program, *arguments],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=stdin,
        text=True,
        timeout=120,
    )


def check_error(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One message on standard error, no traceback, and this exit code."""
    assert done.returncode == code, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.lower().startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr, done.stderr

"""Wasmtime 12.0.0 as a fixture: the release whose compiled modules this project's are compared with."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("wasmtime12.py")


class Oracle:
    """A process with Wasmtime 12.0.0."""

    def __init__(self) -> None:
        packages = Path(sys.prefix) / "oracle"
        if not (packages / "wasmtime").is_dir():
            pytest.fail("wasmtime 12.0.0 is not installed: run `make venv`")
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(packages), "PYTHONWARNINGS": "ignore"},
            text=True,
        )

    def serialize(self, wasm: bytes) -> bytes:
        """What it compiles a module to."""
        return base64.b64decode(self._ask({"serialize": base64.b64encode(wasm).decode()}))

    def fuel(self, wasm: bytes, calls: list[tuple[str, list[Any]]]) -> list[tuple[int, bool]]:
        """The fuel that calls of exports use, and whether they trap."""
        answer = self._ask({"fuel": base64.b64encode(wasm).decode(), "calls": calls})
        return [(used, trapped) for used, trapped in answer]

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process with wasmtime 12.0.0 is gone"
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(60)
        finally:
            self._process.kill()
        self._process.stdout.close()


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    made = Oracle()
    yield made
    made.close()

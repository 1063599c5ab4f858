"""Fixtures of the tests that run the WebAssembly test-suite."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec.scripts import find_testsuite


@pytest.fixture(scope="session")
def testsuite() -> Path:
    folder = find_testsuite()
    if folder is None:
        pytest.skip("the WebAssembly test-suite is not here: set WASM_TESTSUITE to its folder")
    return folder

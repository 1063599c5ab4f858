"""What all tests share: hypothesis does not time examples, as machines are shared and noisy, and takes
the same ones in CI; the cache of compiled functions is not the user's; Ctrl-C is what it is in a
terminal, also in the background."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from processes import restore_signals
from spec.scripts import find_testsuite
from tiers_at_once import add_tiers_to_levels, improve_at_once

from wasmdialect._settings import SETTING_OF

settings.register_profile("wasmdialect", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("wasmdialect")

restore_signals()

_cache = tempfile.mkdtemp(prefix="wasmdialect-cache-")
os.environ["WASMDIALECT_CACHE_DIR"] = _cache
atexit.register(shutil.rmtree, _cache, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --lazy` compiles lazily, however small modules are, where a test does not say how;
    `pytest --tiers` also compiles again, and enters loops anew, as often as it can, whatever level a
    test asks for."""
    parser.addoption("--lazy", action="store_true", help="compile lazily")
    parser.addoption(
        "--tiers", action="store_true", help="compile lazily, and all that runs twice again at once"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Apply it."""
    if config.getoption("--lazy") or config.getoption("--tiers"):
        SETTING_OF["compilation"].make = lambda: "lazy"
    if config.getoption("--tiers"):
        improve_at_once()
        add_tiers_to_levels()


@pytest.fixture(scope="session")
def testsuite() -> Path:
    """The folder of the WebAssembly test-suite."""
    folder = find_testsuite()
    if folder is None:
        pytest.skip("the WebAssembly test-suite is not here: set WASM_TESTSUITE to its folder")
    return folder

"""A browser for the tests of pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from explore.browser import CHROMIUM, Browser, open_browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with open_browser() as browser:
        yield browser

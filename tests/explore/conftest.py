"""A browser for the tests of pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from explore.browser import CHROMIUM, Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    browser = Browser()
    yield browser
    browser.close()

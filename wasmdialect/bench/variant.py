"""A variant as it is asked for."""

from __future__ import annotations

from typing import NamedTuple

from wasmdialect._settings import Config


class Variant(NamedTuple):
    """What is built, and for which engine."""

    config: Config
    engine: str
    """A key of `engines.ENGINES`."""
    words: str
    """What distinguishes it, as it was written."""

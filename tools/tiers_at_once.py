"""Tiers without patience, for tests and fuzzers: what runs twice is compiled again before it goes on,
and every loop is entered anew after some iterations (docs/lazy.md, "Tiers")."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from wasmdialect.api import lazily
from wasmdialect.codegen import lazy as compiling
from wasmdialect.codegen import tiers
from wasmdialect.codegen.run import Run
from wasmdialect.codegen.tiers import BetterCode
from wasmdialect.runtime import lazy, store

go_on = BetterCode.go_on
"""What does not wait."""
_first_tier = tiers.first_tier


def _finish(better: BetterCode) -> None:
    go_on(better)
    while better.is_busy:
        time.sleep(0.001)
        go_on(better)


def improve_at_once(assign: Callable[[Any, str, Any], None] = setattr) -> None:
    """From now on, in this process, or as long as the assignments last."""
    assign(tiers, "PERIOD", 1)
    assign(lazily, "SAMPLES_BEFORE_COMPILER", 0)
    assign(store, "TIER_PERIOD", 0)
    assign(tiers, "PATIENCE", 0.0)
    assign(lazy, "FEWEST_SAMPLES", 1)
    assign(lazy, "CODE_PER_SAMPLE", 1 << 40)
    assign(BetterCode, "go_on", _finish)


def add_tiers_to_levels(assign: Callable[[Any, str, Any], None] = setattr) -> None:
    """From now on there are tiers where a level is asked for, too: code of the first one is replaced
    by code of that level."""
    assign(compiling, "first_tier", _first_tier_of_any_level)


def _first_tier_of_any_level(run: Run) -> Run | None:
    config = run.settings.config
    level, config.opt_level = config.opt_level, None
    try:
        return _first_tier(run)
    finally:
        config.opt_level = level

"""Showing what passes print."""

from __future__ import annotations

import sys


def show(text: str) -> None:
    """Write the output of passes to standard error."""
    if not text or sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison]
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # closed, or without a reader

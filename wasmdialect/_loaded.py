"""When this process loaded the package: source that has changed since is not what runs."""

from __future__ import annotations

import time

LOADED_AT = time.time_ns()
"""Nanoseconds since the epoch."""

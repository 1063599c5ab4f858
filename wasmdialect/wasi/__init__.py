"""WASI preview 1: what a command-line program sees of the world.

The functions (`wasmdialect.wasi.functions`) are loaded when a program calls the first of them.
"""

from __future__ import annotations

from wasmdialect.wasi.config import WasiConfig, WasiConfigError

__all__ = ["WasiConfig", "WasiConfigError"]

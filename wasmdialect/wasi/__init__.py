"""WASI preview 1: the system interface of command-line programs.

The functions (`wasmdialect.wasi.functions`) are loaded when a program calls the first of them.
"""

from __future__ import annotations

from wasmdialect.wasi.config import WasiConfig, WasiConfigError

__all__ = ["WasiConfig", "WasiConfigError"]

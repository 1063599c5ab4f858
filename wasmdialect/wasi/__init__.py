"""WASI preview 1: what a command-line program sees of the world."""

from __future__ import annotations

from wasmdialect.wasi.config import WasiConfig, WasiConfigError
from wasmdialect.wasi.functions import WasiContext

__all__ = ["WasiConfig", "WasiConfigError", "WasiContext"]

"""For each setting a value that is not its default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wasmdialect._forms import Integer, OneOf, OrNone, PowerOfTwo, Seconds, boolean
from wasmdialect._settings import Setting
from wasmdialect.passes.wasmir_dce import WasmIRDCE

BY_NAME: dict[str, Any] = {
    "pipeline": "wasmir-dce",
    "at": {"wasmir-end": "wasmir-dce"},
    "load": ("passes.py",),
    "passes": {"wasmir-end": (WasmIRDCE(),)},
    "target": "aarch64-unknown-linux-gnu",
    "cache": "folder",
    "call_counts": str(Path(__file__).with_name("no_calls.json")),
    "cpu": "base",
    "features": "wasm-2.0",
    "function_budget": 10,  # which every function is over
}


def other_value(row: Setting) -> Any:
    """A value of the setting that is not its default."""
    if row.name in BY_NAME:
        return BY_NAME[row.name]
    form = row.form.form if isinstance(row.form, OrNone) else row.form
    if form is boolean:
        return not row.default
    if isinstance(form, OneOf):
        return next(value for value in form.values if value != row.default)
    if isinstance(form, Integer):
        return form.low if row.default != form.low else form.low + 1
    if isinstance(form, PowerOfTwo):
        return form.high
    assert isinstance(form, Seconds), row.name
    return 1.5

"""The mandatory passes, as text: what the pipeline of some settings is, without loading any pass."""

from __future__ import annotations

from wasmdialect._settings import SETTINGS, Config

LOWERING_PASSES = (
    "canonicalize-nans",
    "insert-fuel",
    "insert-epoch-checks",
    "insert-vmctx-loads",
    "insert-trampolines",
    "insert-stack-limit-checks",
    "wasmvm-to-llvm",
)
"""The passes from wasmir to LLVM, in order: every program goes through them, through the first three
if a setting asks for it."""


def lowering_passes(config: Config) -> dict[str, str]:
    """The mandatory passes with their options as pipeline text, by name."""
    off = {row.enables for row in SETTINGS if row.enables and not getattr(config, row.name)}
    return {name: name + _options(name, config) for name in LOWERING_PASSES if name not in off}


def _options(pass_name: str, config: Config) -> str:
    """A pass's options from the settings, as pipeline text: choices, and flags that are on."""
    values = {row.name: getattr(config, row.name) for row in SETTINGS if row.option_of == pass_name}
    options = [
        f"{name}={'true' if value is True else value}"
        for name, value in values.items()
        if value is not False
    ]
    return f"{{{' '.join(options)}}}" if options else ""

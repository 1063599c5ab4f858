"""The mandatory passes and those that optimise by default, as text: what the pipeline of some settings
is, without loading any pass."""

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

OPTIMIZING_PASSES = (
    "wasmir-wide-multiply",
    "wasmir-direct-calls",
    "wasmir-inline",
    "wasmir-forward-loads",
    "wasmir-version-loops",
)
"""Passes of the default pipeline at levels 2 and 3, in order, each unless a setting switches it off.
They come after what counts operators, so that they change no count."""

_OPTIONS_IF_EXPLICIT = {"wasmir-version-loops": "{bounds=explicit}"}
"""The options of those passes that optimise in another way if bounds are compared."""


def default_passes(config: Config) -> dict[str, str]:
    """The passes of a program that the user adds none to, with their options as pipeline text, by
    name."""
    passes: dict[str, str] = {}
    for name, text in lowering_passes(config).items():
        if name == "insert-vmctx-loads":
            passes |= optimizing_passes(config)
        passes[name] = text
    return passes


def optimizing_passes(config: Config) -> dict[str, str]:
    """The passes of the default pipeline that only optimise, with their options as pipeline text, by
    name."""
    on = {row.optimizes for row in SETTINGS if row.optimizes and getattr(config, row.name)}
    options = _OPTIONS_IF_EXPLICIT if config.bounds == "explicit" else {}
    return {
        name: name + options.get(name, "")
        for name in OPTIMIZING_PASSES
        if name in on and config.level >= 2
    }


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

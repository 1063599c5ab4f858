"""`wasmdialect validate`: check modules."""

from __future__ import annotations

from pathlib import Path

import click

from wasmdialect._printable import printable
from wasmdialect.cli.errors import EXIT_BAD_INPUT, fail
from wasmdialect.cli.inputs import locate, read_bytes, to_module
from wasmdialect.cli.options import DEBUG_OPTION, FEATURES_OPTION, finish
from wasmdialect.cli.streams import say
from wasmdialect.wasm.features import Feature, parse_features


@click.command("validate")
@click.argument("files", nargs=-1, required=True)
@FEATURES_OPTION
@DEBUG_OPTION
def command(files: tuple[str, ...], features: str, debug: bool) -> None:
    """Check that each of FILES (.wasm or .wat) is a valid module. Silent if all are. A fault in a
    custom section is only a warning: engines ignore it.

    \b
    wasmdialect validate prog.wasm
    wasmdialect validate prog.wat --features threads,-simd
    """
    finish(lambda: max(validate(file, parse_features(features)) for file in files), debug=debug)


def validate(file: str, features: frozenset[Feature]) -> int:
    """Check a file; returns the exit code. Raises OSError."""
    from wasmdialect.wasm.custom_sections import check_custom_sections
    from wasmdialect.wasm.decode import decode_module
    from wasmdialect.wasm.errors import WasmError
    from wasmdialect.wasm.validate import validate_module

    data = read_bytes(file)
    try:
        module = to_module(data, Path(file).name, features)
        try:
            decoded = decode_module(module.binary, features)
            validate_module(decoded)
        except WasmError as error:
            raise locate(error, module) from None
    except WasmError as error:
        return fail(f"{printable(file)}: {error.in_context()}", EXIT_BAD_INPUT)
    try:
        check_custom_sections(decoded)
    except WasmError as error:
        say(f"warning: {printable(file)}: {locate(error, module).in_context()}")
    return 0

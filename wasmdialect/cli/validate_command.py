"""`wasmdialect validate`: check modules."""

from __future__ import annotations

from pathlib import Path

import click

from wasmdialect.cli.errors import EXIT_BAD_INPUT, fail
from wasmdialect.cli.inputs import locate, read_bytes, to_module
from wasmdialect.cli.options import DEBUG_OPTION, finish


@click.command("validate")
@click.argument("files", nargs=-1, required=True)
@DEBUG_OPTION
def command(files: tuple[str, ...], debug: bool) -> None:
    """Check that each of FILES (.wasm or .wat) is a valid module. Silent if all are.

    \b
    wasmdialect validate prog.wasm
    """
    finish(lambda: max(validate(file) for file in files), debug=debug)


def validate(file: str) -> int:
    """Check a file; returns the exit code. Raises OSError."""
    from wasmdialect.wasm.decode import decode_module
    from wasmdialect.wasm.errors import WasmError
    from wasmdialect.wasm.validate import validate_module

    data = read_bytes(file)
    try:
        module = to_module(data, Path(file).name)
        try:
            validate_module(decode_module(module.binary))
        except WasmError as error:
            raise locate(error, module) from None
    except WasmError as error:
        return fail(f"{file}: {error}", EXIT_BAD_INPUT)
    return 0

"""`wasmdialect reduce`: shrink a module while a command fails on it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
from pathlib import Path

import click

from wasmdialect._forms import Seconds
from wasmdialect._printable import printable
from wasmdialect.api.forms import is_mlir
from wasmdialect.cli.errors import EXIT_INTERRUPTED, UsageError, fail
from wasmdialect.cli.inputs import locate, read_bytes, to_source
from wasmdialect.cli.numbers import Number
from wasmdialect.cli.options import DEBUG_OPTION, FEATURES_OPTION, finish
from wasmdialect.cli.output import write_output
from wasmdialect.cli.streams import say


@click.command("reduce")
@click.argument("file")
@click.option(
    "--test",
    "command_line",
    metavar="CMD",
    required=True,
    help="The command that fails; {} in it is the file.",
)
@click.option("-o", "--output", metavar="OUT", help="Where to write (default: FILE.reduced.wasm).")
@click.option(
    "--timeout",
    type=Number(Seconds()),
    metavar="SECONDS",
    default=60.0,
    show_default=True,
    help="For the command; one that takes longer does not count as failing.",
)
@FEATURES_OPTION
@DEBUG_OPTION
def command(
    file: str, command_line: str, output: str | None, timeout: float, features: str, debug: bool
) -> None:
    """Shrink FILE while CMD fails as it does on FILE: with the same exit code, which is not 0.

    CMD is run by the shell. `{}` in it is the name of the module to test; without it, the name is
    added at the end. Every module it gets is valid. OUT is written whenever a smaller one is found;
    Ctrl-C leaves the smallest so far.

    \b
    wasmdialect reduce big.wasm --test 'wasmdialect check {} --load mine.py -p my-pass'
    wasmdialect reduce big.wasm --test './crashes.sh' -o small.wasm
    """
    finish(lambda: run(file, command_line, output, timeout, features), debug=debug)


def run(file: str, command_line: str, output: str | None, timeout: float, features: str) -> int:
    """Reduce, write, report; returns the exit code."""
    from wasmdialect.reduce.shrink import Reduction
    from wasmdialect.wasm.decode import decode_module
    from wasmdialect.wasm.errors import WasmError
    from wasmdialect.wasm.features import parse_features
    from wasmdialect.wasm.validate import validate_module

    out = f"{Path(file).stem}.reduced.wasm" if output is None else output
    if out.endswith((".wat", ".mlir")):
        raise UsageError(f"{out}: the output is a binary module; wasm-opt-py -t wat prints it")
    if out != "-" and os.path.exists(out) and os.path.exists(file) and os.path.samefile(out, file):
        raise UsageError(f"{out} is the input, which the reduction would replace: give another -o")
    module = to_source(read_bytes(file), Path(file).name, features)
    if is_mlir(module.binary):
        raise UsageError(f"{file} is IR, and only modules of Wasm are reduced")
    try:
        validate_module(decode_module(module.binary, parse_features(features)))
    except WasmError as error:
        raise locate(error, module) from None
    with tempfile.TemporaryDirectory(prefix="wasmdialect-reduce-") as folder:
        tests = _Tests(command_line, Path(folder), timeout)
        wanted = tests.status(module.binary)
        if wanted == 0:
            return fail(
                f"the command does not fail on {printable(file)}: there is nothing to reduce"
            )
        if wanted is None:
            return fail(f"the command does not end within {timeout:g} s on {printable(file)}")

        def on_better(binary: bytes) -> None:
            say(f"{len(binary)} bytes after {tests.count} runs of the command")
            if out != "-":
                write_output(out, binary)

        reduction = Reduction(
            *(module.binary, parse_features(features)),
            lambda binary: tests.status(binary) == wanted,
            on_better,
        )
        interrupted = False
        try:
            reduction.run()
        except KeyboardInterrupt:
            interrupted = True
    write_output(out, reduction.best)
    say(
        f"{'interrupted: ' if interrupted else ''}{printable(file)}, {len(module.binary)} bytes:"
        f" {len(reduction.best)} bytes are left, in {printable(out)}"
    )
    return EXIT_INTERRUPTED if interrupted else 0


class _Tests:
    """Runs the command on modules."""

    def __init__(self, command_line: str, folder: Path, timeout: float):
        self._file = folder / "module.wasm"
        name = shlex.quote(str(self._file))
        self._command = (
            command_line.replace("{}", name) if "{}" in command_line else f"{command_line} {name}"
        )
        self._timeout = timeout
        self.count = 0

    def status(self, binary: bytes) -> int | None:
        """The exit code of the command, or minus a signal; None if it takes too long."""
        self.count += 1
        self._file.write_bytes(binary)
        with subprocess.Popen(
            self._command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                return process.wait(self._timeout)
            except subprocess.TimeoutExpired:
                return None
            finally:
                if process.poll() is None:  # and what it has started
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)

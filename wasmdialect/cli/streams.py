"""Standard streams that are closed, full or without a reader."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from wasmdialect._printable import printable_lines


class _StandardOutput(io.FileIO):
    """A descriptor that remembers why it could not be written: the buffers above it may forget."""

    failure: OSError | None = None

    def write(self, b: Any, /) -> int:
        try:
            return super().write(b)
        except OSError as error:
            self.failure = error
            raise


class _StandardError(io.FileIO):
    """A descriptor that silently drops messages that nobody can read."""

    def write(self, b: Any, /) -> int:
        with suppress(OSError):
            return super().write(b)
        return len(b)


_output: _StandardOutput | None = None


def set_up_streams() -> None:
    """At the start of a command: replace closed standard streams by unusable ones, and notice when
    streams fail. Otherwise, the next opened file would become standard output. Reading and writing
    them fails, as it did (gnulib's `stdopen` does the same).
    """
    global _output
    for name, flags, mode in (
        ("stdin", os.O_WRONLY, "r"),
        ("stdout", os.O_RDONLY, "w"),
        ("stderr", os.O_RDONLY, "w"),
    ):
        if getattr(sys, name) is None:
            fd = os.open(os.devnull, flags)  # the lowest number that is free
            os.set_inheritable(fd, True)
            setattr(sys, name, open(fd, mode, closefd=False))  # noqa: SIM115 (as long as we live)
    _output = _StandardOutput(sys.stdout.fileno(), "wb", closefd=False)
    sys.stdout = _text_over(_output, sys.stdout)
    sys.stderr = _text_over(_StandardError(sys.stderr.fileno(), "wb", closefd=False), sys.stderr)


def _text_over(raw: io.FileIO, like: TextIO) -> io.TextIOWrapper:
    """A stream like `like`, over another file, and able to show any text."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=like.encoding,
        errors="backslashreplace",
        line_buffering=bool(like.line_buffering),
    )


def say(text: str) -> None:
    """Print on standard error, with control characters escaped."""
    print(printable_lines(text), file=sys.stderr, flush=True)


def standard_output_error() -> OSError | None:
    """Flush standard output; returns the reason if it cannot be written. Nothing more is written
    then."""
    try:
        sys.stdout.flush()
        failure = None if _output is None else _output.failure
    except OSError as error:
        failure = error
    if failure is None:
        return None
    _discard_output()
    return OSError(failure.errno, failure.strerror, "standard output")


def _discard_output() -> None:
    """Discard the contents of the buffers and all further output, so that Python does not try to write
    it at exit."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
        sys.stdout.flush()

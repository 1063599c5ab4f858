"""Output of passes: it goes to standard error, and is recorded with the function it was printed for.
The cache keeps it with the function, and it is printed again when the function is found there.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import sys
import threading
from collections.abc import Generator
from typing import Any, Protocol, TextIO, cast

from wasmdialect.codegen.lowered_unit import Printed
from wasmdialect.passes.base import listen_to_functions


class Output(Protocol):
    """Records the output while passes run."""

    def begin(self) -> None:
        """Forget the output."""
        ...

    def take(self) -> Printed:
        """The output since `begin`."""
        ...


class DescriptorOutput:
    """In a worker: everything written to descriptors 1 and 2, which are one file opened for appending,
    by Python, by C code, or by other processes."""

    def __init__(self) -> None:
        self._file = fcntl.fcntl(2, fcntl.F_DUPFD_CLOEXEC, 3)
        self._pieces: Printed = []
        self._start = 0
        self._function: int | None = None

    def begin(self) -> None:
        """Forget the output, and undo changes of a pass to the streams."""
        for descriptor in (1, 2):
            os.dup2(self._file, descriptor)
        if not _is_open(sys.stdout):
            sys.stdout = _stream(1)
        if not _is_open(sys.stderr):
            sys.stderr = _stream(2)
        self._pieces, self._function = [], None
        self._start = self._end()
        listen_to_functions(self._at)

    def take(self) -> Printed:
        """The output since `begin`."""
        self._at(None)
        listen_to_functions(None)
        return self._pieces

    def _at(self, function: int | None) -> None:
        end = self._end()
        if end > self._start:
            data = os.pread(self._file, end - self._start, self._start)
            self._pieces.append((self._function, data.decode("utf-8", "replace")))
        self._start, self._function = end, function

    def _end(self) -> int:
        for stream in (sys.stdout, sys.stderr):
            if _is_open(stream):
                with contextlib.suppress(OSError):
                    stream.flush()
        return os.fstat(self._file).st_size


def _is_open(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed


def _stream(descriptor: int) -> TextIO:
    binary = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(binary, "utf-8", "backslashreplace", write_through=True)


class StreamOutput:
    """In the process itself: the output of the compiling thread to `sys.stdout` and `sys.stderr`. Both
    go to standard error meanwhile."""

    def __init__(self) -> None:
        self._pieces: Printed = []
        self._function: int | None = None

    def begin(self) -> None:
        """Forget the output."""
        self._pieces, self._function = [], None
        listen_to_functions(self._at)

    def take(self) -> Printed:
        """The output since `begin`."""
        listen_to_functions(None)
        return self._pieces

    def _at(self, function: int | None) -> None:
        self._function = function

    def add(self, text: str) -> None:
        """Record output."""
        self._pieces.append((self._function, text))


class _Redirected:
    """Replaces a stream while passes run: output of a compiling thread goes to standard error and its
    `StreamOutput`, that of others to the original stream. All other attributes are the stream's
    own."""

    def __init__(self, stream: TextIO, errors: TextIO) -> None:
        self._stream = stream
        self._errors = errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a string."""
        output = _outputs.get(threading.get_ident())
        if output is None:
            return self._stream.write(text)
        output.add(text)
        return self._errors.write(text)

    def writelines(self, lines: list[str]) -> None:
        """Write strings."""
        for line in lines:
            self.write(line)


_outputs: dict[int, StreamOutput] = {}
"""By thread: the recorder of its output."""
_streams: list[TextIO] = []
"""`sys.stdout` and `sys.stderr` while they are redirected."""
_lock = threading.Lock()


def _after_fork_in_child() -> None:
    """The other threads are gone."""
    for thread in {*_outputs} - {threading.get_ident()}:
        del _outputs[thread]
    _restore()
    _lock.release()


os.register_at_fork(
    before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_after_fork_in_child
)


@contextlib.contextmanager
def printing_to_errors() -> Generator[StreamOutput]:
    """Send this thread's output to standard error inside the block."""
    thread = threading.get_ident()
    outer = _outputs.get(thread)
    output = StreamOutput()
    with _lock:
        if not _outputs and sys.stdout is not None and sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison]
            _streams[:] = [sys.stdout, sys.stderr]
            sys.stdout = cast(TextIO, _Redirected(sys.stdout, sys.stderr))
            sys.stderr = cast(TextIO, _Redirected(sys.stderr, sys.stderr))
        _outputs[thread] = output
    try:
        yield output
    finally:
        with _lock:
            if outer is None:
                del _outputs[thread]
            else:
                _outputs[thread] = outer
            _restore()


def _restore() -> None:
    if _outputs or not _streams:
        return
    # A stream that a pass, or another thread, has installed meanwhile stays.
    if isinstance(sys.stdout, _Redirected):
        sys.stdout = _streams[0]
    if isinstance(sys.stderr, _Redirected):
        sys.stderr = _streams[1]
    _streams.clear()

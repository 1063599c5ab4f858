"""A worker process: starting it, sending requests, and all the ways in which it can fail.
docs/workers.md describes the protocol. Nothing here waits: `codegen.pool` does, for many at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import marshal
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import IO, Any

from wasmdialect.codegen import worker
from wasmdialect.codegen.search_path import worker_path
from wasmdialect.codegen.worker import HEADER, MAGIC, encode_message
from wasmdialect.passes.notes import NOTES_DESCRIPTOR

Request = tuple[Any, ...]
Message = tuple[str, Any]
"""Kind and content of a worker's message."""

_CHUNK = 1 << 20
_SECONDS_TO_END = 1.0
"""Time limit for a process to end after it has closed its connection."""


class WorkerFailure(Exception):
    """A worker is gone or unusable: it died, was silent for too long, or sent nonsense."""

    def __init__(self, reason: str, printed: str = "", *, timed_out: bool = False):
        lines = printed.strip().splitlines()
        super().__init__(f"{reason}: {lines[-1]}" if lines else reason)
        self.printed = printed
        """Its output since its last message."""
        self.timed_out = timed_out


class WorkerStartError(WorkerFailure):
    """A worker could not be started."""


class Worker:
    """One worker process, and the data sent and received so far."""

    def __init__(self) -> None:
        """Start a process. Raises WorkerStartError."""
        self.session: object = None
        """Its open session, by identity."""
        self.is_ready = False
        """Whether it has answered the first request, which is sent on start."""
        self._number = 0
        self._incoming = bytearray()
        self._outgoing = memoryview(b"")
        self._read = 0
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.ExitStack() as on_error:
            try:
                self._errors = on_error.enter_context(tempfile.TemporaryFile(buffering=0))
                fcntl.fcntl(self._errors, fcntl.F_SETFL, os.O_APPEND)
                self._socket, theirs = socket.socketpair()
                on_error.enter_context(self._socket)
                with theirs:
                    self._socket.setblocking(False)
                    self._process = _start(theirs.fileno(), self._errors)
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                raise _start_error(error) from None
            on_error.pop_all()
        _alive.add(self)
        self.said_last = time.monotonic()
        """Time of the last message or request, in seconds of the monotonic clock."""
        self.send(sys.version, worker_path(with_program=False))

    @property
    def pid(self) -> int:
        """The process id; 0 in the child of a fork, which does not own the process."""
        return 0 if self._process is None else self._process.pid

    # --- asking ---

    def fileno(self) -> int:
        """The descriptor to wait for; -1 after `close`."""
        return self._socket.fileno()

    def send(self, *request: Any) -> None:
        """Send a request; `flush` sends the rest."""
        self._number += 1
        self._send(request)

    def answer(self, content: Any) -> None:
        """Answer a worker's question about its request."""
        self._send((content,))

    def _send(self, content: tuple[Any, ...]) -> None:
        assert not self._outgoing
        self._outgoing = memoryview(encode_message((self._number, *content)))
        self.said_last = time.monotonic()
        self.flush()

    @property
    def is_sending(self) -> bool:
        """Whether unsent data is left."""
        return len(self._outgoing) > 0

    def flush(self) -> None:
        """Send as much as possible now. A missing reader is noticed when receiving."""
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[self._socket.send(self._outgoing) :]
        except BlockingIOError:
            return
        except OSError:
            self._outgoing = memoryview(b"")

    # --- being answered ---

    def receive(self) -> Message | None:
        """The next message if it has arrived. Raises WorkerFailure."""
        message = self._take_message()
        if message is not None:
            return message
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            raise self._dead()
        self._incoming += data
        self.said_last = time.monotonic()
        return self._take_message()

    def _take_message(self) -> Message | None:
        if len(self._incoming) < HEADER.size:
            return None
        magic, length = HEADER.unpack_from(self._incoming)
        if magic != MAGIC:
            raise self._nonsense()
        end = HEADER.size + length
        if len(self._incoming) < end:
            return None
        try:
            number, kind, content = marshal.loads(memoryview(self._incoming)[HEADER.size : end])
        except (ValueError, EOFError, TypeError):
            raise self._nonsense() from None
        del self._incoming[:end]
        if number != self._number:
            raise WorkerFailure(
                f"a worker answered request {number}, and {self._number} was asked", self.printed()
            )
        return kind, content

    def _nonsense(self) -> WorkerFailure:
        return WorkerFailure(
            "a worker answered with something that is not a message", self.printed()
        )

    def _dead(self) -> WorkerFailure:
        if self._process is None:
            return WorkerFailure("the worker belongs to the process that this one was forked from")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS_TO_END)
        self._kill()
        status = self._process.wait()
        what = f"signal {-status}" if status < 0 else f"status {status}"
        return WorkerFailure(f"the worker died with {what}", self.printed())

    def check(self) -> None:
        """Check after a silence: raises WorkerFailure if the process is gone. (The connection
        may be open still, in a process that a pass has started.)"""
        if not self.is_alive():
            raise self._dead()

    def printed(self) -> str:
        """The output to its descriptors 1 and 2 since the last call."""
        end = os.fstat(self._errors.fileno()).st_size
        data = os.pread(self._errors.fileno(), end - self._read, self._read)
        self._read = end
        return data.decode("utf-8", "replace")

    def is_alive(self) -> bool:
        """Whether the process exists."""
        return self._process is not None and self._process.poll() is None

    # --- the end ---

    def forget_printed(self) -> None:
        """Between two requests: discard the known output."""
        self._errors.truncate(0)
        self._read = 0

    def close(self) -> None:
        """End the process, and the processes it started."""
        _alive.discard(self)
        self._socket.close()
        if self._process is not None:
            self._kill()
            self._process.wait()
        self._errors.close()

    def _kill(self) -> None:
        assert self._process is not None
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def leave_to_parent(self) -> None:
        """After a fork, in the child: the process belongs to the parent. Only our copies of the
        descriptors are closed, so that it sees when the parent is gone."""
        if self._process is not None:
            self._process.returncode = 0  # otherwise the garbage collector would wait for it
            self._process = None
        self._socket.close()
        self._errors.close()


def _start(connection: int, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    if not sys.executable:
        raise ValueError("sys.executable, the Python to start workers with, is empty")
    environment = {**os.environ}
    if sys.flags.ignore_environment:
        environment = {k: v for k, v in environment.items() if not k.startswith("PYTHON")}
    environment["PYTHONHASHSEED"] = "0"
    descriptors = [connection]
    with contextlib.ExitStack() as opened:
        with contextlib.suppress(OSError):  # messages about slow passes are not delayed
            notes = os.dup(2)
            opened.callback(os.close, notes)
            environment[NOTES_DESCRIPTOR] = str(notes)
            descriptors.append(notes)
        return subprocess.Popen(
            [sys.executable, *_interpreter_options(), worker.__file__, str(connection)],
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            pass_fds=descriptors,
            env=environment,
            process_group=0,  # Ctrl-C is for the parent; what passes start ends with it
        )


def _interpreter_options() -> list[str]:
    """Options for a worker's Python to behave like this one, except that it does not look for modules
    in the current directory, and that its output is not buffered. (Not -E and -I: a worker does get
    PYTHONHASHSEED.)"""
    options = ["-P", "-u"]
    flags = {"-s": sys.flags.no_user_site, "-S": sys.flags.no_site, "-B": sys.dont_write_bytecode}
    options += [option for option, is_on in flags.items() if is_on]
    options += ["-O"] * sys.flags.optimize
    for warning in sys.warnoptions:
        options += ["-W", warning]
    for name, value in sys._xoptions.items():  # pyright: ignore[reportPrivateUsage]
        options += ["-X", name if value is True else f"{name}={value}"]
    return options


def _start_error(error: Exception) -> WorkerStartError:
    described = f"[Errno {error.errno}] {error.strerror}" if isinstance(error, OSError) else error
    return WorkerStartError(f"a worker process cannot be started: {described}")


_alive: set[Worker] = set()
"""The workers of this process."""


def _after_fork_in_child() -> None:
    for alive in [*_alive]:
        alive.leave_to_parent()
    _alive.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)

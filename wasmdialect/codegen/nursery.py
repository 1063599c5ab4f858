"""The process that workers are forked from: it loads the compiler once, and does nothing else.
docs/workers.md says why, and `codegen.worker` is its program. Only `codegen.process` uses this.
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
from threading import RLock
from typing import IO, Any

from wasmdialect.codegen import worker
from wasmdialect.codegen.search_path import worker_path
from wasmdialect.passes.notes import NOTES_DESCRIPTOR

_SECONDS_TO_ANSWER = 10.0
"""Time limit for an answer, which takes a millisecond; the process may have been stopped."""
_SECONDS_TO_DIE = 1.0
"""Time limit for the process to end after it has closed its connection."""


class Nursery:
    """A process that forks workers, which are known by numbers. Workers of one nursery have the same
    environment, search path and interpreter options."""

    def __init__(self, facts: _Facts):
        """Start the process. Raises OSError, ValueError, SubprocessError."""
        self.facts = facts
        self.children: set[int] = set()
        """The numbers of the workers that have not been closed."""
        self._last = 0
        self._answers: dict[int, Any] = {}
        """Answers to requests that a signal handler has interrupted, by their numbers."""
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.ExitStack() as on_error:
            self._errors = on_error.enter_context(append_only_file())
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            on_error.enter_context(self._socket)
            with theirs:
                self._socket.settimeout(_SECONDS_TO_ANSWER)
                self._process = _start(theirs.fileno(), self._errors, facts)
            on_error.pop_all()
        _alive.add(self)
        _, _, _, path = facts
        with contextlib.suppress(OSError):  # it is gone: workers will say so
            self._socket.send(marshal.dumps((sys.version, path)))

    def fork(self, connection: int, errors: int) -> int:
        """Fork a worker, as soon as the compiler is loaded; returns its number. It has these
        descriptors for its connection and its output. Raises OSError."""
        descriptors = [connection, errors]
        with contextlib.ExitStack() as opened:
            with contextlib.suppress(OSError):  # messages about slow passes are not delayed
                notes = os.dup(2)
                opened.callback(os.close, notes)
                descriptors.append(notes)
            self._last += 1
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                socket.send_fds(self._socket, [marshal.dumps(("fork", self._last))], descriptors)
        self.children.add(self._last)
        return self._last

    def lives(self, number: int) -> bool:
        """Whether a worker that has said something exists."""
        return self.is_alive() and self._ask("lives", number) is True

    def end(self, number: int, grace: float) -> int | str | None:
        """End a worker that has said something, or has closed its connection, and what it has started;
        first wait for as many seconds for its own end. Returns its exit code (negative for a signal),
        why there was no process, or None if that is not known."""
        return self._ask("end", number, grace)

    def _ask(self, kind: str, number: int, *arguments: Any) -> Any:
        self._last += 1
        request = self._last
        try:
            self._socket.send(marshal.dumps((kind, number, request, *arguments)))
            while request not in self._answers:
                answered, answer = marshal.loads(self._socket.recv(worker.MOST))
                self._answers[answered] = answer
            return self._answers.pop(request)
        except (OSError, EOFError, ValueError, TypeError):
            # It is stopped, gone, or something else: nothing that it has promised counts.
            self._kill()
            return None

    def forget(self, number: int) -> None:
        """A worker has been closed; after the last one the process ends."""
        self.children.discard(number)
        if not self.children:
            self.close()

    def is_alive(self) -> bool:
        """Whether the process exists."""
        return self._process is not None and self._process.poll() is None

    def status_at_end(self) -> int | None:
        """The exit code, if the process has ended or is about to."""
        if self._process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_SECONDS_TO_DIE)
        return None

    def printed(self) -> str:
        """Its own output."""
        return os.pread(self._errors.fileno(), 1 << 20, 0).decode("utf-8", "replace")

    def close(self) -> None:
        """End the process."""
        _alive.discard(self)
        self._kill()
        self._socket.close()
        self._errors.close()

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def leave_to_parent(self) -> None:
        """After a fork, in the child: the process belongs to the parent."""
        if self._process is not None:
            self._process.returncode = 0  # otherwise the garbage collector would wait for it
            self._process = None
        self._socket.close()
        self._errors.close()


_Facts = tuple[dict[str, str], str, list[str], list[str]]
"""What workers are started with: the environment, Python, its options, the search path."""
_alive: set[Nursery] = set()
lock = RLock()
"""Held while a nursery is looked for, or asked something: several threads may compile, and a signal
handler may in between. A fork waits for it."""
os.register_at_fork(before=lock.acquire, after_in_parent=lock.release)


def append_only_file() -> IO[bytes]:
    """A file for the output of a process. Raises OSError."""
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - the caller closes it
    fcntl.fcntl(file, fcntl.F_SETFL, os.O_APPEND)
    return file


def find_nursery() -> Nursery:
    """A nursery for this process as it is now. The lock is held. Raises OSError, ValueError,
    SubprocessError."""
    facts = _facts()
    for nursery in _alive:
        if nursery.facts == facts and nursery.is_alive():
            return nursery
    return Nursery(facts)


def _facts() -> _Facts:
    if not sys.executable:
        raise ValueError("sys.executable, the Python to start workers with, is empty")
    environment = {**os.environ}
    if sys.flags.ignore_environment:
        environment = {k: v for k, v in environment.items() if not k.startswith("PYTHON")}
    environment.pop(NOTES_DESCRIPTOR, None)
    environment["PYTHONHASHSEED"] = "0"
    return environment, sys.executable, _interpreter_options(), worker_path(with_program=False)


def _start(connection: int, errors: IO[bytes], facts: _Facts) -> subprocess.Popen[bytes]:
    environment, python, options, _ = facts
    return subprocess.Popen(
        [python, *options, worker.__file__, str(connection)],
        stdin=subprocess.DEVNULL,
        stdout=errors,
        stderr=errors,
        pass_fds=[connection],
        env=environment,
        process_group=0,  # Ctrl-C is for the parent
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


def _after_fork_in_child() -> None:
    lock.release()
    for nursery in _alive:
        nursery.leave_to_parent()
    _alive.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)

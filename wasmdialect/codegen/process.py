"""A worker process: having it started, sending requests, and all the ways in which it can fail.
docs/workers.md describes the protocol. Nothing here waits: `codegen.pool` does, for many at once.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import socket
import subprocess
import time
from math import inf
from typing import Any

from wasmdialect.codegen import nursery
from wasmdialect.codegen.nursery import append_only_file, find_nursery
from wasmdialect.codegen.worker import HEADER, MAGIC, encode_message

Request = tuple[Any, ...]
Message = tuple[str, Any]
"""Kind and content of a worker's message."""

_CHUNK = 1 << 20
_SECONDS_TO_TRUST = 1.0
"""How long a process is taken to exist after it has been seen to: asking costs two switches between
processes, which have to wait for a processor while workers are busy."""
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
        """Whether it has answered the first request, which is to start."""
        self.pid = 0
        """The process id, once it is ready."""
        self._number = 1
        self._incoming = bytearray()
        self._outgoing = memoryview(b"")
        self._read = 0
        with contextlib.ExitStack() as on_error:
            try:
                self._errors = on_error.enter_context(append_only_file())
                self._socket, theirs = socket.socketpair()
                on_error.enter_context(self._socket)
                self._socket.setblocking(False)
                with theirs, nursery.lock:
                    self._nursery = find_nursery()
                    self._place = self._nursery.fork(theirs.fileno(), self._errors.fileno())
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                raise _start_error(error) from None
            on_error.pop_all()
        self._is_own = True
        """Whether it belongs to this process, not to the one that this was forked from."""
        _alive.add(self)
        self.said_last = time.monotonic()
        """Time of the last message or request, in seconds of the monotonic clock."""
        self._seen_last = -inf
        """When its process was last seen to exist."""

    def take_ready(self, pid: Any) -> None:
        """Take the answer to the first request."""
        self.is_ready = True
        self.pid = pid
        self._seen_last = time.monotonic()

    @property
    def is_starting(self) -> bool:
        """Whether it has not said yet that it is ready, nor has ended."""
        return not self.is_ready and self.fileno() >= 0 and self._is_silent()

    def _is_silent(self) -> bool:
        """Whether nothing has arrived from it, nor the end of its connection."""
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return not poll.poll(0)

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
        if not self._is_own:
            return WorkerFailure("the worker belongs to the process that this one was forked from")
        with nursery.lock:
            status = (
                self._nursery.end(self._place, _SECONDS_TO_END)
                if self._nursery.is_alive()
                else None
            )
            printed = self.printed()
            if status is None:  # the process that it was to be forked from, or was, is gone
                status, printed = self._nursery.status_at_end(), self._nursery.printed() + printed
        if isinstance(status, str):
            return WorkerFailure(f"a worker process cannot be started: {status}", printed)
        what = "unknown status" if status is None else f"status {status}"
        if status is not None and status < 0:
            what = f"signal {-status}"
        return WorkerFailure(f"the worker died with {what}", printed)

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
        """Whether the process exists, or is about to."""
        if not self._is_own:
            return False
        with nursery.lock:
            if not self.is_ready:
                return self._nursery.is_alive()
            lives = self._nursery.lives(self._place)
        self._seen_last = time.monotonic() if lives else -inf
        return lives

    def is_usable(self) -> bool:
        """Whether an idle worker can be asked something: as `is_alive`, but one that has been alive a
        moment ago, and has said nothing since, nor lost its parent, is not looked for again."""
        if time.monotonic() - self._seen_last > _SECONDS_TO_TRUST or not self._is_own:
            return self.is_alive()
        with nursery.lock:
            return (self._nursery.is_alive() and self._is_silent()) or self.is_alive()

    # --- the end ---

    def forget_printed(self) -> None:
        """Between two requests: discard the known output."""
        self._errors.truncate(0)
        self._read = 0

    def close(self) -> None:
        """End the process, and the processes it started. (One that is not ready yet ends as soon as it
        finds its connection closed.)"""
        _alive.discard(self)
        self._socket.close()
        if self._is_own:
            with nursery.lock:
                if self.is_ready and self._nursery.is_alive():
                    self._nursery.end(self._place, 0)
                self._nursery.forget(self._place)
        self._is_own = False
        self._errors.close()

    def leave_to_parent(self) -> None:
        """After a fork, in the child: the process belongs to the parent. Only our copies of the
        descriptors are closed, so that it sees when the parent is gone."""
        self._is_own = False
        self._socket.close()
        self._errors.close()


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

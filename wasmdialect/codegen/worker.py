"""The worker process: requests in, replies out. docs/workers.md describes the protocol.

LLVM aborts the process on some inputs, and a lock inside llvmlite keeps threads from compiling in
parallel; so compilation happens here. `codegen.nursery` runs this file by its path, and it receives
its search path from there before it imports anything of the package: the imports at the top are of the
standard library only. The process that is started loads the compiler, and forks workers.
"""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wasmdialect.codegen.cache import CompiledText
    from wasmdialect.codegen.lowered_unit import LoweredUnit
    from wasmdialect.codegen.settings import Level

HEADER = struct.Struct("<8sQ")
"""The header of a message: `MAGIC`, and the length of the `marshal`led tuple that follows."""
MAGIC = b"wasmdial"


def encode_message(message: tuple[Any, ...]) -> bytes:
    """A message as bytes. Raises ValueError for values that `marshal` cannot write."""
    data = marshal.dumps(message)
    return HEADER.pack(MAGIC, len(data)) + data


class Channel:
    """The worker's end of the connection."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._descriptor = descriptor

    def send(self, message: bytes) -> None:
        """Send an encoded message. Raises OSError if the other side is gone."""
        left = memoryview(message)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def receive(self) -> tuple[Any, ...]:
        """Receive one message. Raises EOFError if the other side is gone."""
        _, length = HEADER.unpack(self._read(HEADER.size))
        return marshal.loads(self._read(length))

    def _read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            part = os.read(self._descriptor, min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def end_with_parent(self) -> None:
        """Make this process end as soon as the other side is gone, whatever it is doing."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLRDHUP)

        def watch() -> None:
            poll.poll()
            os._exit(0)

        threading.Thread(target=watch, daemon=True).start()


MOST = 1 << 16
"""Bytes of the longest message about workers: numbers and a search path."""


def main() -> None:
    """Load the compiler, fork workers, and be one of them. The argument is the descriptor for requests
    of the parent about workers; it ends with the parent."""
    control = socket.socket(fileno=int(sys.argv.pop()))
    control.set_inheritable(False)
    start = control.recv(MOST)
    if not start:
        return
    version, path = marshal.loads(start)
    if version != sys.version:
        sys.exit(f"it is Python {sys.version}, and should be {version}")
    sys.path[:] = path
    gc.disable()
    _load_compiler()
    gc.freeze()  # none of it is garbage, ever
    gc.enable()
    channel = _fork_workers(control)
    if channel is not None:
        with contextlib.suppress(EOFError, OSError):
            channel.send(encode_message((1, "ok", os.getpid())))
            channel.end_with_parent()
            _serve(channel)


def _fork_workers(control: socket.socket) -> Channel | None:
    """Do what the parent asks for. Returns in each worker, with its connection; in this process, which
    has one thread only, when the parent is gone."""
    workers: dict[int, int | str] = {}
    while True:
        flags = socket.MSG_CMSG_CLOEXEC
        message, descriptors, _, _ = socket.recv_fds(control, MOST, _DESCRIPTORS, flags)
        if not message:
            return None
        kind, number, *arguments = marshal.loads(message)
        if kind == "fork":
            try:
                workers[number] = pid = os.fork()
                if pid == 0:
                    control.close()
                    return _become_worker(*descriptors)
                with contextlib.suppress(OSError):
                    os.setpgid(pid, pid)  # the worker does so, too
            except OSError as error:
                workers[number] = f"[Errno {error.errno}] {error.strerror}"
            for descriptor in descriptors:
                os.close(descriptor)
        else:
            request, *limits = arguments
            worker = workers.get(number, "it has ended before")
            if kind == "lives":
                known = _lives(worker)
            else:
                known = _end(worker, *limits)
                workers.pop(number, None)
            control.send(marshal.dumps((request, known)))


_DESCRIPTORS = 3
"""Descriptors that come with a request to fork, at most."""


def _become_worker(connection: int, errors: int, notes: int | None = None) -> Channel:
    from wasmdialect.passes.notes import NOTES_DESCRIPTOR

    os.setpgid(0, 0)  # what passes start ends with the worker
    os.dup2(errors, 1)
    os.dup2(errors, 2)
    os.close(errors)
    if notes is not None:
        os.environ[NOTES_DESCRIPTOR] = str(notes)
    return Channel(connection)


def _lives(pid: int | str) -> bool:
    """Whether a child exists that has not ended."""
    options = os.WEXITED | os.WNOWAIT | os.WNOHANG
    return isinstance(pid, int) and os.waitid(os.P_PID, pid, options) is None


def _end(pid: int | str, grace: float) -> int | str:
    """End a child, after so many seconds, and its group; returns its exit code. Nothing waits for it
    before, so no other process can get its number."""
    if isinstance(pid, str):
        return pid
    limit = time.monotonic() + grace
    while time.monotonic() < limit and _lives(pid):
        time.sleep(0.002)
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _load_compiler() -> None:
    """Import all modules of the compiler before a session adds the user's own folders to the search
    path."""
    from wasmdialect.dialects.late_formats import parsing_formats_late

    with parsing_formats_late():
        import wasmdialect.codegen.unit  # noqa: F401  # pyright: ignore[reportUnusedImport]
        from wasmdialect.passes.registry import OWN_PASSES, PassRegistry

        PassRegistry().make_context()
        for factory in OWN_PASSES.values():
            factory()


def _serve(channel: Channel) -> None:
    from wasmdialect.codegen.errors import error_to_plain
    from wasmdialect.codegen.garbage import relaxed_gc

    server = _Server(channel)
    with relaxed_gc():
        while True:
            server.number, kind, *arguments = channel.receive()
            try:
                reply = "ok", _REQUESTS[kind](server, *arguments)
                message = encode_message((server.number, *reply))
            except BaseException as error:  # also the SystemExit of a pass
                message = encode_message((server.number, "error", error_to_plain(error)))
            channel.send(message)
            server.free()


class _Server:
    """Carries out requests; keeps the module that the units belong to."""

    number = 0
    """The current request: every message says which one it belongs to."""

    def __init__(self, channel: Channel) -> None:
        from wasmdialect.codegen.printed import DescriptorOutput

        self._channel = channel
        self._session: Any = None
        self._output = DescriptorOutput()
        self._finished: list[Any] = []
        """The IR of the last unit."""

    def _tell(self, kind: str, content: Any) -> None:
        self._channel.send(encode_message((self.number, kind, content)))

    def open_session(
        self,
        binary: bytes,
        file: str,
        settings: dict[str, Any],
        path: list[str],
        folder: str,
        catches: bool | None,
    ) -> None:
        """Set the module of the next units, whose declarations the parent has checked, and the parent's
        search path and directory."""
        from wasmdialect.codegen.session import CompileSession
        from wasmdialect.codegen.settings import CompileSettings

        sys.path[:] = path
        with contextlib.suppress(OSError):  # it may have been removed
            os.chdir(folder)
        self._session = CompileSession(
            *(binary, file, CompileSettings.from_plain(settings)),
            catches=catches,
            earlier=self._session,  # tiers, and each loop that is entered, have one of their own
        )

    def unit(
        self,
        indices: tuple[int, ...],
        signatures: tuple[int, ...],
        level: Level,
        plan: dict[int, tuple[int, ...]],
        targets: dict[tuple[int, int], tuple[tuple[int, int], ...]],
    ) -> Any:
        """Compile functions of the module, with what is inlined and called where: `lowered`, the
        parent's answer, a `start` for the texts that LLVM compiles together and a `code` for each."""
        from wasmdialect.codegen.unit import compile_unit

        def missing(lowered: LoweredUnit) -> list[bool]:
            self._tell("lowered", lowered.to_plain())
            number, answer = self._channel.receive()
            assert number == self.number
            return answer

        self._session.plan, self._session.targets = plan, targets
        return compile_unit(
            self._session,
            indices,
            signatures=signatures,
            level=level,
            output=self._output,
            missing=missing,
            on_start=self._start,
            on_code=self._code,
            free=self._finished.append,
        )

    def free(self) -> None:
        """Take IR apart, after an answer: the parent goes on meanwhile."""
        from wasmdialect.dialects.fast import dismantle

        while self._finished:
            dismantle(self._finished.pop())

    def survey(self, indices: list[int]) -> Any:
        """Check bodies: the calls in each, None if one of them is not valid."""
        from wasmdialect.codegen.survey import calls_to_plain

        found = self._session.source.survey(indices)
        return None if found is None else calls_to_plain(found)

    def texts(self, texts: list[tuple[str, Level]], target: dict[str, str]) -> None:
        """Compile LLVM IR texts: a `start` for those compiled together, a `code` for each."""
        from wasmdialect.codegen.batch import compile_texts
        from wasmdialect.codegen.target import Target

        compile_texts(dict(enumerate(texts)), Target(**target), self._start, self._code)

    def _start(self, numbers: list[int]) -> None:
        self._tell("start", numbers)

    def _code(self, number: int, compiled: CompiledText) -> None:
        self._tell("code", (number, compiled.to_plain()))

    def verify(self, text: str) -> None:
        """Raise CodegenError if LLVM refuses a text."""
        from wasmdialect.codegen.llvm import verify_text

        verify_text(text)

    def explain(self, indices: tuple[int, ...] | None, signatures: tuple[int, ...]) -> None:
        """Raise PassFailure if LLVM refuses the code of one of these functions, or of any."""
        from wasmdialect.codegen.refusal import explain_refusal

        failure = explain_refusal(self._session, indices, signatures)
        if failure is not None:
            raise failure

    def stages(self, index: int) -> list[tuple[str, str, str]]:
        """A function at every stage."""
        from wasmdialect.codegen.stages import list_stages

        stages = list_stages(self._session, index)
        return [(stage.title, stage.text, stage.extension) for stage in stages]

    def listing(self, indices: tuple[int, ...]) -> list[tuple[Any, ...]]:
        """Functions at every stage, as lines with offsets."""
        from wasmdialect.codegen.listing import list_functions

        return [function.to_plain() for function in list_functions(self._session, indices)]

    def assembly(self, text: str, target: dict[str, str], level: Level) -> str:
        """Compile LLVM IR text to assembly."""
        from wasmdialect.codegen.llvm import compile_assembly
        from wasmdialect.codegen.target import Target

        return compile_assembly(text, Target(**target), level)

    def object(self, text: str, target: dict[str, str], level: Level) -> bytes:
        """Compile LLVM IR text to an object as LLVM writes it."""
        from wasmdialect.codegen.llvm import compile_object
        from wasmdialect.codegen.target import Target

        return compile_object(text, Target(**target), level)


_REQUESTS = {
    "session": _Server.open_session,
    "unit": _Server.unit,
    "survey": _Server.survey,
    "texts": _Server.texts,
    "verify": _Server.verify,
    "explain": _Server.explain,
    "stages": _Server.stages,
    "listing": _Server.listing,
    "assembly": _Server.assembly,
    "object": _Server.object,
}

if __name__ == "__main__":
    main()

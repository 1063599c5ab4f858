"""The worker process: `python -m wasmdialect.codegen.worker`, requests in, replies out.

LLVM aborts the process on some input, and one lock inside llvmlite keeps threads from compiling in
parallel; so compilation happens here. A message is 8 bytes of length and a `marshal`led tuple.
Before the reply there may be questions, `("missing", digests)`, which the parent answers with a list.
Whatever passes print goes to stderr.
"""

from __future__ import annotations

import marshal
import os
import struct
import sys
from collections.abc import Callable
from typing import IO, Any

LENGTH = struct.Struct("<Q")


def write_message(stream: IO[bytes], message: Any) -> None:
    """Send one message."""
    data = marshal.dumps(message)
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def read_message(stream: IO[bytes]) -> Any:
    """Receive one message. Raises EOFError if the other side is gone."""
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(header)
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return marshal.loads(data)


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    from wasmdialect.dialects.fast import relaxed_gc

    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def ask_missing(digests: list[str]) -> list[bool]:
        write_message(replies, ("missing", digests))
        return read_message(requests)

    server = _Server(ask_missing)
    with relaxed_gc():
        while True:
            try:
                request = read_message(requests)
            except EOFError:
                return
            write_message(replies, server.answer(request))


class _Server:
    """Answers requests; keeps the module that the units belong to."""

    def __init__(self, missing: Callable[[list[str]], list[bool]]) -> None:
        self._session: Any = None
        self._missing = missing

    def answer(self, request: tuple[Any, ...]) -> tuple[str, Any]:
        """`("ok", result)` or `("error", description)`."""
        from wasmdialect.codegen.errors import error_to_plain

        kind, *arguments = request
        try:
            return "ok", _REQUESTS[kind](self, *arguments)
        except Exception as error:
            return "error", error_to_plain(error)

    def open_session(self, binary: bytes, file: str, settings: dict[str, Any]) -> None:
        """The module that the next units belong to."""
        from wasmdialect.codegen.session import CompileSession
        from wasmdialect.codegen.settings import CompileSettings

        self._session = CompileSession(binary, file, CompileSettings.from_plain(settings))

    def unit(self, indices: tuple[int, ...], signatures: bool, level: Any) -> Any:
        """Compile functions of the module."""
        from wasmdialect.codegen.unit import compile_unit

        return compile_unit(
            self._session, indices, signatures=signatures, level=level, missing=self._missing
        ).to_plain()

    def texts(self, texts: list[str], target: dict[str, str], level: Any) -> Any:
        """Compile LLVM IR texts."""
        from wasmdialect.codegen.target import Target
        from wasmdialect.codegen.unit import compile_text

        return [compile_text(text, Target(**target), level).to_plain() for text in texts]

    def explain(self, indices: tuple[int, ...] | None, signatures: bool) -> None:
        """Raise PassFailure if LLVM refuses the code of one of these functions, or of any."""
        from wasmdialect.codegen.refusal import explain_refusal

        failure = explain_refusal(self._session, indices, signatures=signatures)
        if failure is not None:
            raise failure

    def stages(self, index: int) -> list[tuple[str, str, str]]:
        """A function at every stage."""
        from wasmdialect.codegen.stages import list_stages

        stages = list_stages(self._session, index)
        return [(stage.title, stage.text, stage.extension) for stage in stages]

    def object(self, text: str, target: dict[str, str], level: Any) -> bytes:
        """Compile LLVM IR text to an object as LLVM writes it."""
        from wasmdialect.codegen.llvm import compile_object
        from wasmdialect.codegen.target import Target

        return compile_object(text, Target(**target), level)


_REQUESTS = {
    "session": _Server.open_session,
    "unit": _Server.unit,
    "texts": _Server.texts,
    "explain": _Server.explain,
    "stages": _Server.stages,
    "object": _Server.object,
}

if __name__ == "__main__":
    main()

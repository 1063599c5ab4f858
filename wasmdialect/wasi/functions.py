"""Everything together: the context of a program, and its functions as a linker defines them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wasmdialect.wasi.files import FileFunctions
from wasmdialect.wasi.paths import PathFunctions
from wasmdialect.wasi.polling import PollFunctions
from wasmdialect.wasi.process import ProcessFunctions
from wasmdialect.wasi.signatures import SIGNATURES, ValueType
from wasmdialect.wasi.sockets import SocketFunctions


class WasiContext(ProcessFunctions, FileFunctions, PathFunctions, PollFunctions, SocketFunctions):
    """The state of a WASI program, and the functions it calls, as methods.

    Each takes the program's memory and the arguments, and returns an error number.
    """


@dataclass(frozen=True, slots=True)
class WasiFunction:
    """A function of `wasi_snapshot_preview1`."""

    params: tuple[ValueType, ...]
    result: ValueType | None
    method: Callable[..., Any]
    """Called with the context, the memory and the arguments."""


FUNCTIONS: Mapping[str, WasiFunction] = {
    name: WasiFunction(signature.params, signature.result, getattr(WasiContext, name))
    for name, signature in SIGNATURES.items()
}
"""All functions by name."""

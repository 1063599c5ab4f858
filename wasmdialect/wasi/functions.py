"""The context of a program, with the functions it calls. The functions are grouped into files by the
first word of their name, and a file is loaded on the first call of a function in it: most programs
read their environment when they start, and few use directories or sockets.
"""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.guest_memory import InstanceMemory
from wasmdialect.wasi.state import WasiFunctions, WasiState

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from wasmdialect.runtime.memory import LinearMemory
    from wasmdialect.wasi.config import WasiConfig


def _files() -> type[WasiFunctions]:
    from wasmdialect.wasi.files import FileFunctions

    return FileFunctions


def _paths() -> type[WasiFunctions]:
    from wasmdialect.wasi.paths import PathFunctions

    return PathFunctions


def _polling() -> type[WasiFunctions]:
    from wasmdialect.wasi.polling import PollFunctions

    return PollFunctions


def _process() -> type[WasiFunctions]:
    from wasmdialect.wasi.process import ProcessFunctions

    return ProcessFunctions


def _sockets() -> type[WasiFunctions]:
    from wasmdialect.wasi.sockets import SocketFunctions

    return SocketFunctions


_GROUPS = {"fd": _files, "path": _paths, "poll": _polling, "sock": _sockets}


class WasiContext:
    """The state of a WASI program, and the functions it calls."""

    def __init__(self, config: WasiConfig):
        self._state = WasiState(config)
        self._functions: dict[str, Callable[..., Any]] = {}

    def share(self) -> None:
        """From now on, several threads use the context."""
        self._state.descriptors.shared = True

    def call(self, name: str, memory: LinearMemory, arguments: tuple[int, ...]) -> Any:
        """Call a function by its name in `wasi_snapshot_preview1`; returns its error number, if it
        returns."""
        function = self._functions.get(name)
        if function is None:
            group = _GROUPS.get(name.partition("_")[0], _process)
            function = self._functions[name] = getattr(group()(self._state), name)
        return function(InstanceMemory(memory), *arguments)

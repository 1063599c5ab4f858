"""Compiled code that the process knows of: modules are found by an address in it, and what was made
known of a module is taken back when nothing refers to it any more.

Python collects a module wherever it allocates: also while another one is being published, in the very
thread that does it. So a module that is collected is put on a list, and unloaded when nothing else is
being done to the tables that both are in.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock, get_ident
from _weakref import ref  # `weakref.ref`, without the rest of `weakref`

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime import pages
from wasmdialect.runtime.native import native
from wasmdialect.runtime.unwinding import forget_frames, register_frames

if TYPE_CHECKING:
    from wasmdialect.runtime.module import LoadedModule

_modules: dict[int, tuple[int, ref[LoadedModule]]] = {}
"""By the start of its text: where that ends, and the module."""
_lock = allocate_lock()
_owner = 0
"""The thread that has the lock."""
_collected: list[tuple[int, int, int, int]] = []
"""What is to be unloaded: text, `.eh_frame` (0 for none), and address and size of the mapping."""


class _Published:
    """Lives as long as its module. Not used when Python ends: a thread may still run the code then."""

    def __init__(self, text: int, frames: int, mapping: int, size: int):
        self._memory = text, frames, mapping, size

    def __del__(self) -> None:
        if not sys.is_finalizing():
            _collected.append(self._memory)
            _unload_collected()


def publish(module: LoadedModule, end: int, frames: int, mapping: int, size: int) -> None:
    """Make the code of a module known, from its `text_address` to `end`, and how to unwind it by the
    `.eh_frame` at `frames` (0: none). Its memory, `size` bytes at `mapping`, is given back when the
    module is collected."""
    global _owner
    text = module.text_address
    with _lock:
        _owner = get_ident()
        try:
            native().register_code(text, end)
            _modules[text] = end, ref(module)
            if frames:
                register_frames(frames)
        finally:
            _owner = 0
    module.published = _Published(text, frames, mapping, size)
    _unload_collected()


def _unload_collected() -> None:
    global _owner
    while _collected and _owner != get_ident():
        with _lock:
            _owner = get_ident()
            try:
                while _collected:
                    _unload(*_collected.pop())
            finally:
                _owner = 0


def _unload(text: int, frames: int, mapping: int, size: int) -> None:
    native().unregister_code(text)
    del _modules[text]
    if frames:
        forget_frames(frames)
    pages.unmap(mapping, size)


def module_at(address: int) -> LoadedModule | None:
    """The module with an address in its text."""
    for start, (end, module) in [*_modules.items()]:
        if start <= address < end:
            return module()
    return None

"""Registered compiled code: modules are found by an address in it, and a module is unregistered when
nothing refers to it any more. Python may collect a module at any allocation, even while the same
thread is publishing another one. So a collected module is put on a list, and unloaded when nothing
else is changing the shared tables.
"""

from __future__ import annotations

import os
from _thread import allocate_lock, get_ident
from _weakref import ref  # `weakref.ref`, without the rest of `weakref`

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.native import native
from wasmdialect.runtime.ownership import WhenFreed
from wasmdialect.runtime.unwinding import forget_frames, register_frames

if TYPE_CHECKING:
    from wasmdialect.runtime.module import LoadedModule

_modules: dict[int, tuple[int, ref[LoadedModule]]] = {}
"""By the start of its text: where that ends, and the module."""
_lock = allocate_lock()
_owner = 0
"""The thread that has the lock."""
_collected: list[tuple[int, list[int], object]] = []
"""Modules to unload: text, the addresses of each `.eh_frame`, and the owner of the mapping."""


def _before_fork() -> None:
    global _owner
    _lock.acquire()
    _owner = get_ident()


def _after_fork() -> None:
    global _owner
    _owner = 0
    _lock.release()


# As `lock_across_forks`, and modules may be collected between the two.
os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


def publish(module: LoadedModule, end: int, frames: list[int], mapping: object) -> None:
    """Make the code of a module known, from its `text_address` to `end`, and how to unwind it by each
    `.eh_frame` at `frames`. `mapping`, the owner of its memory, is released when the module is
    collected."""
    global _owner
    text = module.text_address
    with _lock:
        _owner = get_ident()
        try:
            native().register_code(text, end)
            _modules[text] = end, ref(module)
            for address in frames:
                register_frames(address)
        finally:
            _owner = 0
    module.published = WhenFreed(lambda: _unload_later(text, frames, mapping))
    _unload_collected()


def publish_more(frames: list[int], address: int) -> None:
    """Make the `.eh_frame` at an address known, of more code of a module that was published with
    `frames`."""
    global _owner
    with _lock:
        _owner = get_ident()
        try:
            frames.append(address)
            register_frames(address)
        finally:
            _owner = 0
    _unload_collected()


def _unload_later(text: int, frames: list[int], mapping: object) -> None:
    _collected.append((text, frames, mapping))
    _unload_collected()


def _unload_collected() -> None:
    global _owner
    while _collected and _owner != get_ident():
        with _lock:
            _owner = get_ident()
            try:
                while _collected:
                    text, frames, mapping = _collected.pop()
                    _unload(text, frames)
                    del mapping  # it is unregistered: it may be unmapped
            finally:
                _owner = 0


def _unload(text: int, frames: list[int]) -> None:
    native().unregister_code(text)
    del _modules[text]
    for address in frames:
        forget_frames(address)


def module_at(address: int) -> LoadedModule | None:
    """The module with an address in its text."""
    for start, (end, module) in [*_modules.items()]:
        if start <= address < end:
            return module()
    return None

"""Compiled code that the process knows of: modules are found by an address in it, and what was made
known of a module is taken back when nothing refers to it any more.

Python collects a module wherever it allocates: also while another one is being published, in the very
thread that does it. So a module that is collected is put on a list, and unloaded when nothing else is
being done to the tables that both are in.
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
_collected: list[tuple[int, int, object]] = []
"""What is to be unloaded: text, `.eh_frame` (0 for none), and the owner of the mapping."""


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


def publish(module: LoadedModule, end: int, frames: int, mapping: object) -> None:
    """Make the code of a module known, from its `text_address` to `end`, and how to unwind it by the
    `.eh_frame` at `frames` (0: none). `mapping`, the owner of its memory, is let go when the module is
    collected."""
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
    module.published = WhenFreed(lambda: _unload_later(text, frames, mapping))
    _unload_collected()


def _unload_later(text: int, frames: int, mapping: object) -> None:
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
                    del mapping  # nothing is known of it any more: it may be unmapped
            finally:
                _owner = 0


def _unload(text: int, frames: int) -> None:
    native().unregister_code(text)
    del _modules[text]
    if frames:
        forget_frames(frames)


def module_at(address: int) -> LoadedModule | None:
    """The module with an address in its text."""
    for start, (end, module) in [*_modules.items()]:
        if start <= address < end:
            return module()
    return None

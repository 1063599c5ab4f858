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
    from collections.abc import Callable
    from typing import TypeVarTuple

    from wasmdialect.runtime.module import LoadedModule

    Arguments = TypeVarTuple("Arguments")

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


def publish(module: LoadedModule, end: int, frames: int, mapping: object) -> None:
    """Make the code of a module known, from its `text_address` to `end`, and how to unwind it by the
    `.eh_frame` at `frames` (0: none yet). `mapping`, the owner of its memory, is released when the
    module is collected."""
    text, registered = module.text_address, module.frames
    # First: after an exception anywhere below, what has been done is undone.
    module.published = WhenFreed(lambda: _unload_later(text, registered, mapping))
    _change(_register, module, end, frames)
    _unload_collected()


def publish_more(module: LoadedModule, frames: int) -> None:
    """Make known how to unwind more code of a published module, by the `.eh_frame` at `frames`."""
    _change(register_frames, module.frames, frames)
    _unload_collected()


def _change(work: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
    """Change the shared tables."""
    global _owner
    with _lock:
        try:
            _owner = get_ident()
            work(*arguments)
        finally:
            _owner = 0


def _register(module: LoadedModule, end: int, frames: int) -> None:
    text = module.text_address
    _modules[text] = end, ref(module)
    native().register_code(text, end)
    if frames:
        register_frames(module.frames, frames)


def _unload_later(text: int, registered: list[int], mapping: object) -> None:
    _collected.append((text, registered, mapping))
    _unload_collected()


def _unload_collected() -> None:
    while _collected and _owner != get_ident():
        _change(_unload_all)


def _unload_all() -> None:
    while _collected:
        text, registered, mapping = _collected.pop()
        _unload(text, registered)
        del mapping  # it is unregistered: it may be unmapped


def _unload(text: int, registered: list[int]) -> None:
    forget_frames(registered)
    if _modules.pop(text, None) is not None:
        native().unregister_code(text)


def module_at(address: int) -> LoadedModule | None:
    """The module with an address in its text."""
    for start, (end, module) in [*_modules.items()]:
        if start <= address < end:
            return module()
    return None

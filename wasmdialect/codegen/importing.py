"""Importing the compiler, or a part of it, when it is needed."""

from __future__ import annotations

import gc

from wasmdialect._locks import lock_across_forks
from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from _thread import LockType

_making = lock_across_forks()


class _Importing:
    """Importing the compiler. A fork waits for it: a child forked during another thread's import could
    never import it. The garbage collector would look at all the classes ten times over, and find
    nothing."""

    def __init__(self) -> None:
        self._lock: LockType | None = None
        self._is_first = False
        self._was_collecting = True

    def __enter__(self) -> None:
        lock = self._lock or self._make_lock()
        lock.acquire()
        self._was_collecting = gc.isenabled()
        gc.disable()

    def _make_lock(self) -> LockType:
        """The lock, made when it is needed first. `logging` has a lock of its own that a fork takes,
        and that the import of the compiler needs. So that a fork takes it after this one, it has to
        be there before; what only starts a saved program does not load it."""
        _making.acquire()
        if self._lock is not None:
            _making.release()
            return self._lock
        import logging

        logging.getLogger(__name__)
        self._lock = lock_across_forks()
        self._is_first = True  # a fork that waits for `_making` does not know of the other one
        return self._lock

    def __exit__(self, *_: object) -> None:
        if self._was_collecting:
            gc.enable()
        assert self._lock is not None
        self._lock.release()
        if self._is_first:
            self._is_first = False
            _making.release()


importing = _Importing()

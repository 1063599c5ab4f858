"""Importing the compiler, or a part of it, when it is needed."""

from __future__ import annotations

import gc
import logging

from wasmdialect._locks import lock_across_forks


class _Importing:
    """Importing the compiler. A fork waits for it: a child forked during another thread's import could
    never import it. The garbage collector would look at all the classes ten times over, and find
    nothing."""

    def __init__(self) -> None:
        self._lock = lock_across_forks()
        self._was_collecting = True

    def __enter__(self) -> None:
        self._lock.acquire()
        self._was_collecting = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._was_collecting:
            gc.enable()
        self._lock.release()


logging.getLogger(__name__)
# `logging` has a lock of its own that a fork takes, and that the import of the compiler needs. So that
# a fork takes it after the one below, it has to be there before.
importing = _Importing()

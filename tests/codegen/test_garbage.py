"""The collector's thresholds are the process's: whoever changes them gives them back."""

from __future__ import annotations

import gc
import threading

from wasmdialect.codegen.garbage import relaxed_gc


def test_relaxed_gc_gives_the_thresholds_back():
    before = gc.get_threshold()
    with relaxed_gc():
        assert gc.get_threshold() != before
        with relaxed_gc():
            pass
        assert gc.get_threshold() != before
    assert gc.get_threshold() == before


def test_threads_that_compile_at_once_give_the_thresholds_back():
    """The second one came in while the first one was inside, and goes last."""
    before = gc.get_threshold()
    inside, left = threading.Event(), threading.Event()

    def second() -> None:
        with relaxed_gc():
            inside.set()
            left.wait()

    thread = threading.Thread(target=second)
    with relaxed_gc():
        thread.start()
        inside.wait()
    left.set()
    thread.join()
    assert gc.get_threshold() == before

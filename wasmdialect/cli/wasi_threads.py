"""Threads of a WASI program (the proposal wasi-threads, as in Wasmtime): each is a new instance of the
module in a store of its own, on a thread of its own. All of them share an imported memory and the
descriptors of the program.

The program ends when `_start` returns, or when any of its threads exits or traps. Nothing can stop the
others then, so the process ends with it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any, NoReturn

from wasmdialect.api.linker import Linker
from wasmdialect.api.module import Module
from wasmdialect.api.shared_memory import SharedMemory
from wasmdialect.api.store import Store
from wasmdialect.api.types import FuncType, MemoryType, ValType
from wasmdialect.runtime.errors import WasmtimeError

SPAWN = ("wasi", "thread-spawn")
ENTRY_POINT = "wasi_thread_start"
MAX_THREAD_ID = (1 << 29) - 1
"""The other bits belong to the C library."""


class ProgramThreads:
    """The threads of a program."""

    def __init__(
        self,
        linker: Linker,
        module: Module,
        new_store: Callable[[], Store],
        exit_code: Callable[[Callable[[], None]], int],
    ):
        """Define `thread-spawn` and the shared memories that the module imports. `new_store` makes the
        store of a thread; `exit_code` runs something and returns the code to exit with after it.

        Raises WasmtimeError if the module cannot start threads.
        """
        self._linker, self._module = linker, module
        self._new_store, self._exit_code = new_store, exit_code
        self._ids = count(1)
        self._ending = threading.RLock()
        """Taken by the first thread that ends the process, and never released: others have nothing to
        report any more."""
        if any((item.module, item.name) == SPAWN for item in module.imports):
            self._check_entry_point()
            i32 = ValType.i32()
            linker.define_func(*SPAWN, FuncType([i32], [i32]), self._spawn)
        self._define_memories()

    def _check_entry_point(self) -> None:
        types = {export.name: export.type for export in self._module.exports}
        ty = types.get(ENTRY_POINT)
        if not isinstance(ty, FuncType):
            raise WasmtimeError(
                f"the module imports `wasi::thread-spawn`, but exports no function `{ENTRY_POINT}`"
            )
        if [str(t) for t in ty.params] != ["i32", "i32"] or ty.results:
            raise WasmtimeError(f"`{ENTRY_POINT}` must take two i32 and return nothing")

    def _define_memories(self) -> None:
        for item in self._module.imports:
            if not isinstance(item.type, MemoryType):
                continue
            if not item.type.shared:
                raise WasmtimeError(
                    f"the memory `{item.module}::{item.name}` is not shared: threads cannot use it"
                )
            memory = SharedMemory(self._linker.engine, item.type)
            self._linker.define(self._new_store(), item.module, item.name, memory)

    def _spawn(self, argument: int) -> int:
        """`thread-spawn`: the id of a new thread, negative if there cannot be one."""
        number = next(self._ids)
        if number > MAX_THREAD_ID:
            return -1
        thread = threading.Thread(target=self._run, args=(number, argument), daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no more
            return -1
        return number

    def _run(self, number: int, argument: int) -> None:
        """A thread: it ends by itself, or the process ends with it."""
        failed = True

        def run() -> None:
            nonlocal failed
            with self._new_store() as store:
                instance = self._linker.instantiate(store, self._module)
                entry: Any = instance.exports(store)[ENTRY_POINT]
                entry(store, number, argument)
            failed = False

        code = self._exit_code(self.ending(run))
        if failed:
            self.exit(code)

    def ending(self, work: Callable[[], None]) -> Callable[[], None]:
        """The same, except that an error ends the process: it is raised in the first thread only."""

        def run() -> None:
            try:
                work()
            except BaseException:
                self._ending.acquire()
                raise

        return run

    def exit(self, code: int) -> NoReturn:
        """End the process, with all threads; the first caller decides the code."""
        self._ending.acquire()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)

"""The Python interface of this process's native glue. docs/native.md describes the protocol."""

from __future__ import annotations

import builtins
import ctypes
import os
import sys

from wasmdialect._locks import lock_across_forks
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.builtins import BUILTIN_COUNT, BUILTINS
from wasmdialect.abi.layout import POINTER_SIZE
from wasmdialect.runtime import pages
from wasmdialect.runtime.host_cpu import checks_branch_targets
from wasmdialect.runtime.native.blob import map_blob, read_blob
from wasmdialect.runtime.native.code_ranges import CodeRanges
from wasmdialect.runtime.native.handlers import SignalHandlers
from wasmdialect.runtime.native.structures import THREAD_OFFSETS, THREAD_SIZE, tables_digest
from wasmdialect.runtime.native.threads import main_thread, stack_floor, stack_top
from wasmdialect.runtime.pages import libc
from wasmdialect.runtime.unwinding import register_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from wasmdialect.abi.builtins import ValueType
    from wasmdialect.runtime.native.blob import Blob

    Enter = Callable[[object, int, int, int, int, int, int], Any]
    """(state, STORE, function, callee and caller VMContext, slots, number of slots)"""

# Unsigned, and never c_void_p: a callback would get None for a null.
_CTYPES: Mapping[ValueType, Any] = {
    "i32": ctypes.c_uint32,
    "i64": ctypes.c_uint64,
    "ptr": ctypes.c_uint64,
}


class NativeUnavailableError(RuntimeError):
    """Compiled code cannot run on this operating system and processor."""


class NativeGlue:
    """Entering compiled code and leaving it, by return, trap, host error or Ctrl-C.

    There is one for the process: `native()`.
    """

    symbols: Mapping[str, int]
    """Addresses of everything the glue exports."""
    branch_targets: int
    """The protection of pages with branch protection, where there is one: PROT_BTI."""
    builtins_array: int
    """Address of the array of `BUILTIN_COUNT` functions for `vmctx.builtins`."""
    code_range: tuple[int, int]
    """The address range of its code and constants."""
    enter: Enter
    """Calls a function of the array convention, with the GIL released. All arguments but the first and
    the last are addresses. Returns None; if the function was left in another way, what
    `state.left(record)` returns, for the content of a `trap_record`."""
    callable: Callable[[tuple[bytes, object, Callable[..., Any]]], Callable[..., Any]]
    """Makes a Python callable of a function of a store: see @call_function in python.ll."""
    copy_template: Callable[[int, int], None]
    """Copies the TEMPLATE at an address to another address: see @copy_template in python.ll."""
    map_memory: Callable[[int, int, int, int, int], int]
    """Maps a linear memory with its guards, 0 if that is not possible: see @map_memory there."""
    running_store: Callable[[], Any]
    """Returns the `state` of the innermost call on this thread; RuntimeError outside of calls."""

    def __init__(self) -> None:
        blob = _read_blob()
        self.branch_targets = pages.PROT_BTI if checks_branch_targets() else 0
        self.symbols = map_blob(blob, self.branch_targets)
        base = self.symbols["eh_frame"] - blob.symbols["eh_frame"]
        self.code_range = (base, base + blob.writable_offset)
        register_frames([], self.symbols["eh_frame"])
        self.builtins_array = self.symbols["builtins"]
        synchronize = self.symbols.get("synchronize_code")
        self._synchronize_code = None if synchronize is None else _SYNCHRONIZE(synchronize)
        """Where the processor does not see by itself that code has been written."""
        self._kept: list[object] = []
        self._find_functions()
        self._find_objects()
        self._create_thread_key()
        self._code = CodeRanges(self.symbols)
        self._set_main_thread()
        self._handlers = SignalHandlers(self.symbols)
        ctypes.PYFUNCTYPE(None)(self.symbols["measure_signal_cost"])()
        self.enter = self._python_function("enter")
        self.callable = self._python_function("callable")
        self.copy_template = self._python_function("copy_template")
        self.map_memory = self._python_function("map_memory")
        self.running_store = self._python_function("running_store")
        os.register_at_fork(after_in_child=self._after_fork_in_child)

    def register_code(self, start: int, end: int) -> None:
        """Makes signals in start <= pc < end traps; ValueError if empty or overlapping."""
        self._code.register(start, end)

    def unregister_code(self, start: int) -> None:
        """Takes back `register_code`, before the memory goes; KeyError if there was none."""
        self._code.unregister(start)

    def make_executable(self, address: int, size: int, *, checks_branches: bool = False) -> None:
        """Make whole pages with code that has been written executable, and no longer writable;
        `checks_branches` says that it has landing instructions. Raises MemoryError."""
        protection = pages.PROT_READ | pages.PROT_EXEC
        pages.protect(address, size, protection | (self.branch_targets if checks_branches else 0))
        if self._synchronize_code is not None:
            self._synchronize_code(address, address + size)

    def set_builtin_callback(self, name: str, callback: Any) -> None:
        """Serves a builtin with `callback`, a ctypes function of `builtin_prototype(name)`.

        Until then calling the builtin is a trap of kind MISSING_BUILTIN. ValueError if the builtin is
        the glue's own, TypeError if the callback has another prototype.
        """
        if not isinstance(callback, builtin_prototype(name)):
            raise TypeError(f"the callback is not of the prototype of builtin {name!r}")
        index = BUILTINS[name].index
        address = ctypes.cast(callback, ctypes.c_void_p).value
        # For ever: another thread may be in it when it is replaced.
        self._kept.append(callback)
        _pointers(self.symbols["callbacks"])[index] = address
        _pointers(self.builtins_array)[index] = self.symbols[f"builtin.{name}"]

    def stack_words(self) -> ctypes.Array[ctypes.c_uint64]:
        """The words of the calling thread's stack, callers' frames included."""
        here: int = ctypes.CFUNCTYPE(ctypes.c_uint64)(self.symbols["stack_address"])()
        return (ctypes.c_uint64 * ((stack_top() - here) // 8)).from_address(here)

    def _find_functions(self) -> None:
        for name, address in self.symbols.items():
            library, _, function = name.partition(".")
            if library in _LIBRARIES:
                found = _LIBRARIES[library][function]
                _set_pointer(address, ctypes.cast(found, ctypes.c_void_p).value)

    def _find_objects(self) -> None:
        for name, address in self.symbols.items():
            kind, _, word = name.partition(".")
            if kind == "name":
                self._give(address, sys.intern(word))
            elif kind == "object" and hasattr(builtins, word):
                self._give(address, getattr(builtins, word))
        self._give(self.symbols["object.None"], None)
        self._give(self.symbols["object.new_thread"], self._new_thread)
        self._give(self.symbols["object.put_in_place"], self._put_handlers_in_place)
        _set_pointer(self.symbols["type_offset"], object.__basicsize__ - POINTER_SIZE)

    def _give(self, address: int, value: object) -> None:
        self._kept.append(value)
        _set_pointer(address, id(value))

    def _python_function(self, name: str) -> Any:
        return _new_python_function(self.symbols[f"method.{name}"], None, None)

    def _create_thread_key(self) -> None:
        self._key = ctypes.c_uint32.from_address(self.symbols["thread_key"])
        error: int = libc.pthread_key_create(ctypes.byref(self._key), libc.free)
        if error:
            raise OSError(error, "cannot create a key for thread-specific data")

    def _new_thread(self) -> None:
        """Make the THREAD of the calling thread; it is freed when the thread ends."""
        floor = stack_floor()
        memory = libc.calloc(1, THREAD_SIZE)
        if not memory:
            raise MemoryError("no memory for a thread that enters compiled code")
        ctypes.c_uint64.from_address(memory + THREAD_OFFSETS["stack_floor"]).value = floor
        if libc.pthread_setspecific(self._key, ctypes.c_void_p(memory)):
            libc.free(ctypes.c_void_p(memory))
            raise MemoryError("no memory for the data of a thread")

    def _put_handlers_in_place(self) -> None:
        self._handlers.put_in_place()

    def _set_main_thread(self) -> None:
        main = ctypes.c_uint64.from_address(self.symbols["main_thread"])
        main.value = main_thread()

    def _after_fork_in_child(self) -> None:
        self._code.reset_after_fork()
        self._handlers.reset_after_fork()
        self._set_main_thread()


def builtin_prototype(name: str) -> Any:
    """The ctypes function type for a builtin's callback: the address of the caller's VMContext,
    then the parameters of `abi/builtins.py`, all as unsigned integers.

    KeyError if there is no such builtin, ValueError if Python does not serve it. Making one a callback
    releases and takes the GIL; the callback must not raise: it sets `limits.pending_error`.
    """
    builtin = BUILTINS[name]
    if builtin.native:
        raise ValueError(f"builtin {name!r} is served by the native glue itself")
    result = None if builtin.result is None else _CTYPES[builtin.result]
    return ctypes.CFUNCTYPE(result, ctypes.c_uint64, *(_CTYPES[p] for p in builtin.params))


_LIBRARIES: Mapping[str, Any] = {"libc": libc, "python": ctypes.pythonapi}
"""Where the functions are that the glue calls, by the part of its symbols before the dot."""
libc.calloc.restype = ctypes.c_void_p
_SYNCHRONIZE = ctypes.PYFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint64)
_new_python_function = ctypes.PYFUNCTYPE(
    ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object
)(("PyCFunction_NewEx", ctypes.pythonapi))


def _set_pointer(address: int, value: int | None) -> None:
    ctypes.c_void_p.from_address(address).value = value


def _pointers(address: int) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * BUILTIN_COUNT).from_address(address)


def _read_blob() -> Blob:
    if sys.platform != "linux":
        raise NativeUnavailableError(f"compiled code runs on Linux only, not on {sys.platform}")
    machine = os.uname().machine
    try:
        blob = read_blob(machine)
    except FileNotFoundError:
        raise NativeUnavailableError(
            f"compiled code does not run on {machine} yet; compile for another target is possible"
        ) from None
    if blob.tables != tables_digest():
        raise NativeUnavailableError(
            "the native glue was built from other tables than this wasmdialect has: build it again with"
            " `python tools/build_native.py`"
        )
    return blob


_lock = lock_across_forks()
_glue: NativeGlue | None = None


def native() -> NativeGlue:
    """The glue of this process, set up by the first call.

    Raises NativeUnavailableError where compiled code cannot run, MemoryError without memory.
    """
    global _glue
    if _glue is None:
        with _lock:
            if _glue is None:
                _glue = NativeGlue()
    return _glue

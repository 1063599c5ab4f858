"""The Python interface of this process's native glue. docs/native.md describes the protocol."""

from __future__ import annotations

import ctypes
import os
import sys
from _thread import _local as thread_local  # pyright: ignore[reportPrivateUsage]

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.builtins import BUILTIN_COUNT, BUILTINS
from wasmdialect.runtime.locks import lock_across_forks
from wasmdialect.runtime.native.activation import Activation
from wasmdialect.runtime.native.blob import map_blob, read_blob
from wasmdialect.runtime.native.code_ranges import CodeRanges
from wasmdialect.runtime.native.handlers import SignalHandlers
from wasmdialect.runtime.native.structures import STATUS, tables_digest
from wasmdialect.runtime.native.threads import main_thread, stack_floor, stack_top
from wasmdialect.runtime.pages import libc
from wasmdialect.runtime.unwinding import register_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from wasmdialect.abi.builtins import ValueType
    from wasmdialect.runtime.native.activation import TrapRecord
    from wasmdialect.runtime.native.blob import Blob

    Enter = Callable[[int, int, int, int, int, int, int, int], int]
    """The glue's `enter`: activation, function, callee and caller VMContext, slots, number of slots,
    limits, max_wasm_stack. It releases the GIL and returns a `Status`."""

_RETURNED, _TRAPPED = STATUS["RETURNED"], STATUS["TRAPPED"]
_LIBC_PREFIX = "libc."
# Unsigned, and never c_void_p: a callback would get None for a null.
_CTYPES: Mapping[ValueType, Any] = {
    "i32": ctypes.c_uint32,
    "i64": ctypes.c_uint64,
    "ptr": ctypes.c_uint64,
}

NATIVE_CALL = 2**64 - 1
"""Instead of a number of slots: the function is of the native convention."""


class NativeUnavailableError(RuntimeError):
    """Compiled code cannot run on this operating system and processor."""


class _Thread(thread_local):  # `threading.local`, without the rest of `threading`
    """Data of a thread: free activations, one for each nesting level that the thread ever reached."""

    def __init__(self) -> None:
        self.stack_floor = stack_floor()
        self.activations: list[Activation] = []


class NativeGlue:
    """Entering compiled code and leaving it, by return, trap, host error or Ctrl-C.

    There is one for the process: `native()`.
    """

    symbols: Mapping[str, int]
    """Addresses of everything the glue exports."""
    builtins_array: int
    """Address of the array of `BUILTIN_COUNT` functions for `vmctx.builtins`."""
    code_range: tuple[int, int]
    """The address range of its code and constants."""
    enter: Enter
    """The entry itself, for those who bring their own activations."""

    def __init__(self) -> None:
        blob = _read_blob()
        self.symbols = map_blob(blob)
        base = self.symbols["eh_frame"] - blob.symbols["eh_frame"]
        self.code_range = (base, base + blob.writable_offset)
        register_frames(self.symbols["eh_frame"])
        self.builtins_array = self.symbols["builtins"]
        prototype = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_void_p] * 8)
        self.enter = prototype(self.symbols["enter"])
        self._threads = _Thread()
        self._callbacks: list[object] = []
        self._find_libc_functions()
        self._create_activation_key()
        self._code = CodeRanges(self.symbols)
        self._set_main_thread()
        self._handlers = SignalHandlers(self.symbols)
        os.register_at_fork(after_in_child=self._after_fork_in_child)

    def call(
        self,
        function: int,
        callee_vmctx: int,
        caller_vmctx: int,
        slots: int,
        slot_count: int,
        limits: int,
        max_wasm_stack: int,
    ) -> TrapRecord | None:
        """Calls a function of the array convention; returns None, or the record of the exit if it did
        not return. All arguments but `slot_count` and `max_wasm_stack` (bytes) are addresses; `limits`
        is the `VMRuntimeLimits` of the callee's store. With `NATIVE_CALL` for `slot_count` the
        function is of the native convention, and `slots` is a block of `runtime.typed_call`."""
        activations = self._threads.activations
        activation = activations.pop() if activations else Activation(self._threads.stack_floor)
        try:
            status = self.enter(
                activation.address,
                function,
                callee_vmctx,
                caller_vmctx,
                slots,
                slot_count,
                limits,
                max_wasm_stack,
            )
            if status == _RETURNED:
                return None
            if status == _TRAPPED:
                return activation.trap()
        finally:
            activations.append(activation)
        self._handlers.put_in_place()
        return self.call(
            function, callee_vmctx, caller_vmctx, slots, slot_count, limits, max_wasm_stack
        )

    def register_code(self, start: int, end: int) -> None:
        """Makes signals in start <= pc < end traps; ValueError if empty or overlapping."""
        self._code.register(start, end)

    def unregister_code(self, start: int) -> None:
        """Takes back `register_code`, before the memory goes; KeyError if there was none."""
        self._code.unregister(start)

    def set_builtin_callback(self, name: str, callback: Any) -> None:
        """Serves a builtin with `callback`, a ctypes function of `builtin_prototype(name)`.

        Until then calling the builtin is a trap of kind MISSING_BUILTIN. ValueError if the builtin is
        the glue's own, TypeError if the callback has another prototype.
        """
        if not isinstance(callback, builtin_prototype(name)):
            raise TypeError(f"the callback is not of the prototype of builtin {name!r}")
        index = BUILTINS[name].index
        address = ctypes.cast(callback, ctypes.c_void_p).value
        self._callbacks.append(
            callback
        )  # for ever: another thread may be in it when it is replaced
        _pointers(self.symbols["callbacks"])[index] = address
        _pointers(self.builtins_array)[index] = self.symbols[f"builtin.{name}"]

    def stack_words(self) -> ctypes.Array[ctypes.c_uint64]:
        """The words of the calling thread's stack, callers' frames included."""
        here: int = ctypes.CFUNCTYPE(ctypes.c_uint64)(self.symbols["stack_address"])()
        return (ctypes.c_uint64 * ((stack_top() - here) // 8)).from_address(here)

    def _find_libc_functions(self) -> None:
        for name, address in self.symbols.items():
            if name.startswith(_LIBC_PREFIX):
                function = getattr(libc, name.removeprefix(_LIBC_PREFIX))
                ctypes.c_void_p.from_address(address).value = ctypes.cast(
                    function, ctypes.c_void_p
                ).value

    def _create_activation_key(self) -> None:
        key = ctypes.c_uint32.from_address(self.symbols["activation_key"])
        error: int = libc.pthread_key_create(ctypes.byref(key), None)
        if error:
            raise OSError(error, "cannot create a key for thread-specific data")

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

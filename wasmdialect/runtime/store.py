"""Stores: what instances share, and entering and leaving compiled code.

A store holds the VMRuntimeLimits that its instances point to, the exception that a host call left
behind, the references it gave to Wasm, and everything that must live as long as compiled code may
use it.
"""

from __future__ import annotations

import ctypes
import struct
from _thread import allocate_lock

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import ARRAY_HOST_MAGIC, FUNC_REF, HOST_CONTEXT, RUNTIME_LIMITS
from wasmdialect.runtime.errors import Trap, WasmtimeError
from wasmdialect.runtime.module import backtrace
from wasmdialect.runtime.native import NATIVE_CALL, native
from wasmdialect.runtime.signatures import signature_id
from wasmdialect.runtime.values import pack, slots_at, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from wasmdialect.abi.traps import TrapCode
    from wasmdialect.runtime.instance import ModuleInstance
    from wasmdialect.runtime.memory import LinearMemory
    from wasmdialect.runtime.module import LoadedModule
    from wasmdialect.runtime.native import TrapRecord
    from wasmdialect.runtime.signatures import Signature
    from wasmdialect.runtime.typed_call import TypedCall

DEFAULT_MAX_WASM_STACK = 512 * 1024
"""Bytes of stack that Wasm may use (Wasmtime's default)."""

_PENDING = RUNTIME_LIMITS.field("pending_error").offset
_FUEL = RUNTIME_LIMITS.field("fuel_consumed").offset
_DEADLINE = RUNTIME_LIMITS.field("epoch_deadline").offset
_POINTER = ctypes.c_uint64
_FUNC_REF = struct.Struct("<QQQIxxxxQ")
assert _FUNC_REF.size == FUNC_REF.size


class HostFunction:
    """A Python function that Wasm can call: its host context and VMFuncRef in native memory."""

    def __init__(
        self, store: StoreState, signature: Signature, function: Callable[[int, Any], None]
    ):
        """`function` gets the caller's VMContext and the value slots, which it reads the arguments
        from and writes the results to."""
        self.store = store
        self.signature = signature
        self.function = function
        self._memory = ctypes.create_string_buffer(HOST_CONTEXT.size + FUNC_REF.size)
        self.context = ctypes.addressof(self._memory)
        self.func_ref = self.context + HOST_CONTEXT.size
        struct.pack_into("<IxxxxQ", self._memory, 0, ARRAY_HOST_MAGIC, self.func_ref)
        self.set_trampolines(0, 0)

    def set_trampolines(self, wasm_call: int, native_call: int) -> None:
        """Where Wasm and native callers enter; known when a module with the type is loaded."""
        _FUNC_REF.pack_into(
            self._memory,
            HOST_CONTEXT.size,
            native_call,
            _array_call_address(),
            wasm_call,
            signature_id(self.signature),
            self.context,
        )


class FunctionReference:
    """A function of a store, by the address of its VMFuncRef."""

    __slots__ = ("address", "array_call", "owner", "signature", "vmctx")

    def __init__(
        self, address: int, signature: Signature, array_call: int, vmctx: int, owner: object
    ):
        self.address = address
        self.signature = signature
        self.array_call = array_call
        self.vmctx = vmctx
        self.owner = owner
        """The instance or host function it belongs to."""


class StoreState:
    """Everything of a store that compiled code or another part of the runtime needs."""

    def __init__(
        self,
        max_wasm_stack: int = DEFAULT_MAX_WASM_STACK,
        epoch: ctypes.c_uint64 | None = None,
    ):
        """`max_wasm_stack` is in bytes; `epoch` is the engine's, and may change at any time."""
        self.max_wasm_stack = max_wasm_stack
        self._limits = ctypes.create_string_buffer(RUNTIME_LIMITS.size)
        self.limits = ctypes.addressof(self._limits)
        self._pending = ctypes.c_int64.from_address(self.limits + _PENDING)
        self._exception: BaseException | None = None
        self._epoch = ctypes.c_uint64() if epoch is None else epoch
        self.epoch = ctypes.addressof(self._epoch)
        self.fuel = ctypes.c_int64.from_address(self.limits + _FUEL)
        """Counts up from a negative number; there is none left from 0 on."""
        self._deadline = ctypes.c_uint64.from_address(self.limits + _DEADLINE)
        self.memories: list[LinearMemory] = []
        self.instances: list[ModuleInstance] = []
        self._modules: list[LoadedModule] = []
        self._functions: dict[int, FunctionReference] = {}
        self._hosts_without_trampolines: list[HostFunction] = []
        self._externs: list[Any] = [None]
        self._extern_handles: dict[int, int] = {}
        self._call = native().call

    def set_epoch_deadline(self, ticks: int) -> None:
        """Stop programs so many epochs from now. Any thread may call this."""
        self._deadline.value = self._epoch.value + ticks

    # --- modules and functions ---

    def use_module(self, module: LoadedModule) -> None:
        """Keep a module as long as the store; host functions of its types become callable."""
        if module in self._modules:
            return
        self._modules.append(module)
        waiting = self._hosts_without_trampolines
        self._hosts_without_trampolines = [h for h in waiting if not _provide(h, module)]

    def add_host_function(
        self, signature: Signature, function: Callable[[int, Any], None]
    ) -> FunctionReference:
        """Make a Python function callable from Wasm."""
        host = HostFunction(self, signature, function)
        _hosts[host.context] = host
        if not any(_provide(host, module) for module in self._modules):
            self._hosts_without_trampolines.append(host)
        reference = FunctionReference(
            host.func_ref, signature, _array_call_address(), host.context, host
        )
        self._functions[reference.address] = reference
        return reference

    def add_function(self, reference: FunctionReference) -> None:
        """Make a function of an instance known."""
        self._functions[reference.address] = reference

    def function_at(self, address: int) -> FunctionReference:
        """The function with its VMFuncRef at an address."""
        return self._functions[address]

    def close(self) -> None:
        """Forget the host functions; nothing of the store may be used afterwards."""
        for reference in self._functions.values():
            _hosts.pop(reference.vmctx, None)

    # --- references to Python objects ---

    def extern_handle(self, value: Any) -> int:
        """The reference that stands for a Python object in Wasm; equal for the same object."""
        if value is None:
            return 0
        known = self._extern_handles.get(id(value))
        if known is None:
            known = self._extern_handles[id(value)] = len(self._externs)
            self._externs.append(value)
        return known

    def extern_value(self, handle: int) -> Any:
        """The Python object that a reference stands for."""
        return self._externs[handle]

    # --- calling ---

    def call(self, function: FunctionReference, slots: Any) -> None:
        """Call a function with the arguments in `slots`, where its results will be.

        Raises Trap, KeyboardInterrupt, or what a host function raised.
        """
        record = self._call(
            function.array_call,
            function.vmctx,
            function.vmctx,
            ctypes.addressof(slots),
            function.signature.slot_count,
            self.limits,
            self.max_wasm_stack,
        )
        if record is not None:
            raise self._failure(record)

    def call_typed(
        self, function: FunctionReference, call: TypedCall, values: tuple[Any, ...]
    ) -> list[Any]:
        """Call a function of number types by the native convention; its results.

        Raises TypeError or OverflowError for a wrong argument, and what `call` raises.
        """
        native_call = _POINTER.from_address(function.address).value
        if not native_call:
            raise WasmtimeError("no loaded module has the trampoline that a typed call needs")
        block = call.block(values, function.vmctx)
        try:
            record = self._call(
                native_call,
                function.vmctx,
                function.vmctx,
                ctypes.addressof(block),
                NATIVE_CALL,
                self.limits,
                self.max_wasm_stack,
            )
            if record is not None:
                raise self._failure(record)
            return call.results(block)
        finally:
            call.give_back(block)

    def fail(self, error: BaseException) -> None:
        """A host function or builtin failed: compiled code will be left as soon as it returns."""
        self._exception = error
        self._pending.value = 1

    def _failure(self, record: TrapRecord) -> BaseException:
        """What to raise for how compiled code was left."""
        import signal

        from wasmdialect.abi.traps import TrapCode
        from wasmdialect.runtime.native.outcomes import TrapKind

        if record.kind is TrapKind.HOST_ERROR:
            return self._take_exception(record)
        # Only a signal names the very instruction; everything else gives return addresses.
        frames = backtrace(record.frames, first_is_exact=record.signal != 0)
        if record.kind is TrapKind.INTERRUPT:
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                return KeyboardInterrupt()
            return Trap.from_code(TrapCode.INTERRUPT, frames)
        code = self._trap_code(record)
        if code is None:
            return WasmtimeError(
                f"compiled code failed with signal {record.signal} at pc {record.pc:#x}"
                f" (address {record.fault_address:#x}): a bug of wasmdialect"
            )
        return Trap.from_code(code, frames)

    def _trap_code(self, record: TrapRecord) -> TrapCode | None:
        from wasmdialect.abi.traps import TRAP_CODES, TrapCode
        from wasmdialect.runtime.native.outcomes import TrapKind

        if record.kind is TrapKind.SIGNAL_SEGV:
            if any(memory.contains(record.fault_address) for memory in self.memories):
                return TrapCode.MEMORY_OUT_OF_BOUNDS
            return None
        return TRAP_CODES.get(record.code)

    def _take_exception(self, record: TrapRecord) -> BaseException:
        error, self._exception = self._exception, None
        frames = backtrace(record.frames, first_is_exact=False)
        if isinstance(error, Trap):
            error.add_frames(frames)
        assert error is not None
        return error

    # --- values ---

    def pack(self, slots: Any, types: Sequence[str], values: Sequence[Any]) -> None:
        """Write Python values into slots; references must be pointers already."""
        pack(slots, types, values, _as_pointer)

    def unpack(self, slots: Any, types: Sequence[str]) -> tuple[Any, ...]:
        """Read values from slots; references stay pointers."""
        return unpack(slots, types, _as_is)


def _as_pointer(value: Any, t: str) -> int:
    return value


def _as_is(value: int, t: str) -> Any:
    return value


def _provide(host: HostFunction, module: LoadedModule) -> bool:
    """Give a host function the trampolines of a module, if that has its type."""
    trampolines = module.trampolines(host.signature)
    if trampolines is None:
        return False
    _, wasm_to_array, native_to_array = trampolines
    host.set_trampolines(wasm_to_array, native_to_array)
    return True


# --- the one entry of compiled code into Python functions ---

_hosts: dict[int, HostFunction] = {}
"""Host functions by the address of their context."""

_ARRAY_CALL = ctypes.CFUNCTYPE(
    None, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64
)


def _call_host(callee: int, caller: int, slots: int, count: int) -> None:
    host = _hosts[callee]
    try:
        host.function(caller, slots_at(slots, count))
    except BaseException as error:
        host.store.fail(error)


_lock = allocate_lock()
_array_call: Any = None
_array_call_at = 0


def _array_call_address() -> int:
    """The address of the array_call of every host function. Made by the first use: a ctypes
    callback costs memory for good."""
    global _array_call, _array_call_at
    if _array_call is None:
        with _lock:
            if _array_call is None:
                callback = _ARRAY_CALL(_call_host)
                _array_call_at = ctypes.cast(callback, ctypes.c_void_p).value or 0
                _array_call = callback
    return _array_call_at

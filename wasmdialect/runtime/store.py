"""Stores: the shared state of instances, and entering and leaving compiled code.

A store holds the VMRuntimeLimits that its instances point to, the exception of a failed host call, the
references it gave to Wasm, and everything that must live as long as compiled code may use it.
docs/lifetimes.md describes the references and the checks.
"""

from __future__ import annotations

import ctypes
from _bisect import bisect_right, insort_right  # `bisect`, without its text
from _thread import get_ident
from types import MethodType

from wasmdialect._locks import lock_across_forks
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import (
    ARRAY_HOST_MAGIC,
    EPOCH,
    FUNC_REF,
    HOST_CONTEXT,
    TESTS_EXCEPTIONS,
    TIER_PERIOD,
    VALUE_SLOT_SIZE,
)
from wasmdialect.abi.tail_calls import MAX_SIZE
from wasmdialect.abi.trap_table import PASS_TRAPS
from wasmdialect.runtime.errors import ClosedError, Trap, WasmtimeError
from wasmdialect.runtime.exceptions import ExceptionHeap, Thrown
from wasmdialect.runtime.externs import ExternTable
from wasmdialect.runtime.module import backtrace
from wasmdialect.runtime.native import native, trap_record
from wasmdialect.runtime.native.records import (
    number_codes,
    pack_function,
    pack_host_function,
)
from wasmdialect.runtime.native.structures import PENDING
from wasmdialect.runtime.ownership import ANY_STORE, NO_LIMITS, NotCopied, StoreItem
from wasmdialect.runtime.packing import AlignedMemory, field_at, packer
from wasmdialect.runtime.published import module_at
from wasmdialect.runtime.store_memory import STORE_OFFSET, TRACE_OFFSET, StoreMemory
from wasmdialect.runtime.type_ids import type_id
from wasmdialect.runtime.values import pack, slots_at, unpack
from wasmdialect.types import FuncType, is_exception, is_extern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, NoReturn, TypeAlias, TypeVar, TypeVarTuple

    from wasmdialect.abi.trap_table import PassTrap
    from wasmdialect.abi.traps import TrapCode
    from wasmdialect.runtime.instance import GlobalCell, ModuleInstance
    from wasmdialect.runtime.memory import LinearMemory
    from wasmdialect.runtime.module import LoadedModule
    from wasmdialect.runtime.native import TrapRecord
    from wasmdialect.runtime.table import TableStorage
    from wasmdialect.runtime.tag import StoreTag
    from wasmdialect.types import DefType, RefType, ValType

    Arguments = TypeVarTuple("Arguments")
    Result = TypeVar("Result")

    HostCall: TypeAlias = "Callable[[StoreState, int, Any], None]"
    """Gets the running store, the caller's VMContext and the value slots, which it reads the arguments
    from and writes the results to. The store refers to it, so it must not refer to the store."""

    PutResults: TypeAlias = "Callable[[StoreState, Any, Any], None]"
    """Writes what a Python function returned to the value slots. Raises TypeError, OverflowError,
    WasmtimeError."""

DEFAULT_MAX_WASM_STACK = 512 * 1024
"""Bytes of stack that Wasm may use (Wasmtime's default)."""

_FIRST_PAGE = 4096
"""Bytes at address 0 that no program maps."""
_EPOCH_INTERVAL = 0.02
"""Seconds between two looks at the epoch while a program sleeps."""

_current_epoch_at = field_at(EPOCH, "current")
_pack_host_context = packer(HOST_CONTEXT, "magic", "flags", "func_ref", "state")
_pack_func_ref = packer(
    FUNC_REF, *("native_call", "array_call", "wasm_call", "type_index", "vmctx")
)
_HOST_ERROR = PENDING["HOST_ERROR"]


class HostFunction(NotCopied):
    """A Python function that Wasm can call: its host context, VMFuncRef and HOST_FUNCTION in native
    memory."""

    def __init__(
        self,
        type: DefType,
        function: HostCall,
        plain: tuple[Callable[..., Any], PutResults] | None,
        trampolines: tuple[int, int],
    ):
        """`plain` is called if all parameters and results are numbers: with these, and what it returns
        is converted, by the glue, or by the second function if it returns anything else.
        `trampolines` are the arguments of `set_trampolines`."""
        signature = type.composite
        assert isinstance(signature, FuncType)
        codes = None if plain is None else number_codes(type)
        record = pack_host_function(
            0 if plain is None or codes is None else id(plain[0]),
            len(signature.params),
            len(signature.results),
        ) + (codes or b"")
        self.type = type
        self.function = function
        self.plain = plain
        size = HOST_CONTEXT.size + FUNC_REF.size
        self.memory = ctypes.create_string_buffer(size + len(record))
        self.memory[size:] = record
        self.context = ctypes.addressof(self.memory)
        self.func_ref = self.context + HOST_CONTEXT.size
        _pack_host_context(
            self.memory,
            0,
            *(ARRAY_HOST_MAGIC, TESTS_EXCEPTIONS, self.func_ref, self.context + size),
        )
        self.set_trampolines(*trampolines)

    def set_trampolines(self, wasm_call: int, native_call: int) -> None:
        """The entry points for Wasm and native callers; 0 until a module with the type is loaded."""
        _pack_func_ref(
            self.memory,
            HOST_CONTEXT.size,
            native_call,
            native().symbols["call_host"],
            wasm_call,
            type_id(self.type),
            self.context,
        )


class FunctionReference(StoreItem):
    """A function of a store, by the address of its VMFuncRef, which is in `memory`."""

    __slots__ = ("address", "array_call", "memory", "signature", "store", "type", "vmctx")

    def __init__(
        self,
        store_id: object,
        store: int,
        memory: object,
        address: int,
        type: DefType,
        array_call: int,
        vmctx: int,
    ):
        self.store_id = store_id
        self.store = store
        """The address of the store's STORE, which lives as long as the store."""
        self.memory = memory
        self.address = address
        self.type = type
        assert isinstance(type.composite, FuncType)
        self.signature = type.composite
        self.array_call = array_call
        self.vmctx = vmctx

    def callable(self, in_python: Callable[..., Any]) -> Callable[..., Any]:
        """The function as one that Python calls with a store and the arguments. The glue converts
        numbers; `in_python`, which gets the reference too, makes all calls with anything else."""
        signature = self.signature
        codes = number_codes(self.type)
        if codes is None:
            return MethodType(in_python, self)
        record = pack_function(
            *(id(self.store_id), self.store, self.array_call, self.vmctx),
            *(len(signature.params), len(signature.results)),
        )
        return native().callable((record + codes, self, in_python))


class Epoch:
    """The counter that an engine increments to stop its programs, in memory that compiled code
    reads."""

    __slots__ = ("_memory", "address", "current")

    def __init__(self, number: int = 0) -> None:
        self._memory = ctypes.create_string_buffer(EPOCH.size)
        self.address = ctypes.addressof(self._memory)
        """Of the structure; valid as long as this object."""
        self.current = _current_epoch_at(self.address)
        self.current.value = number

    def __reduce__(self) -> tuple[type[Epoch], tuple[int]]:
        # A copy of an engine has a counter of its own.
        return Epoch, (self.current.value,)


class StoreState(NotCopied):
    """Everything of a store that compiled code or another part of the runtime needs."""

    def __init__(
        self,
        max_wasm_stack: int = DEFAULT_MAX_WASM_STACK,
        epoch: Epoch | None = None,
    ):
        """`max_wasm_stack` is in bytes; `epoch` is the engine's, and may change at any time."""
        self.id = object()
        """The mark of the store's items; `_CLOSED` for a closed store, the mark of no item."""
        self.max_wasm_stack = max_wasm_stack
        self.memory = memory = StoreMemory()
        self.limits = memory.limits = ctypes.addressof(memory)
        """The address of its VMRuntimeLimits."""
        self.native = self.limits + STORE_OFFSET
        """The address of its STORE."""
        memory.throw_trace = self.limits + TRACE_OFFSET
        memory.tier_countdown = TIER_PERIOD
        memory.max_wasm_stack = max_wasm_stack
        memory.is_open = 1
        self._tail_arguments: AlignedMemory | None = None
        self._exception: BaseException | None = None
        self._epoch = Epoch() if epoch is None else epoch
        self.epoch = self._epoch.address
        self.resource_limits = NO_LIMITS
        self.held = {"instance": 0, "memory": 0, "table": 0}
        """The number of instances created, and of memories and tables in them."""
        self.memories: list[LinearMemory] = []
        """Its own, and the shared ones that its instances import."""
        self.tables: list[TableStorage] = []
        self.globals: list[GlobalCell] = []
        """The host's. Those of instances belong to these."""
        self.instances: dict[int, ModuleInstance] = {}
        """By the address of their VMContext."""
        self.hosts: dict[int, HostFunction] = {}
        """By the address of their context."""
        self.externs = ExternTable()
        self._exceptions: ExceptionHeap | None = None
        self.thrown_as: Callable[[StoreState, int], Thrown] = _thrown
        """Makes the Python exception for one of Wasm, by its address."""
        self._modules: dict[LoadedModule, None] = {}
        self._addresses: list[int] = []
        """Of the instances, ascending."""
        self._functions: dict[int, FunctionReference] = {}
        """The host functions, by the address of their VMFuncRef."""
        self._barriers: dict[int, FunctionReference] = {}
        """By the address of the function that each one calls."""
        self._hosts_without_trampolines: list[HostFunction] = []
        self._enter = native().enter

    @property
    def state(self) -> StoreState:
        """Itself. The glue asks whatever stands for a store for it."""
        return self

    @property
    def exceptions(self) -> ExceptionHeap:
        """Its exceptions of Wasm: most stores have none."""
        if self._exceptions is None:
            with _lock:
                if self._exceptions is None:
                    self._exceptions = ExceptionHeap(self.memory)
        return self._exceptions

    def set_epoch_deadline(self, ticks: int) -> None:
        """Stop programs this many epochs from now. Any thread may call this. Raises ClosedError."""
        if self.id is _CLOSED:
            raise ClosedError("the store is closed")
        self.memory.epoch_deadline = self._epoch.current.value + ticks

    def check_epoch(self) -> float | None:
        """Called by what sleeps in a host function. Raises Trap if the deadline has passed; returns
        after how many seconds to call it again, None if there is no deadline."""
        deadline = self.memory.epoch_deadline
        if not deadline:
            return None
        if self._epoch.current.value >= deadline:
            raise Trap.named("INTERRUPT")
        return _EPOCH_INTERVAL

    # --- the guard ---

    def check(self, *items: StoreItem) -> None:
        """Raises WasmtimeError if the store is closed, if an item is not of this store, or if another
        thread uses the store."""
        if self.id is _CLOSED:
            raise ClosedError("the store is closed")
        for item in items:
            if item.store_id is not self.id and item.store_id is not ANY_STORE:
                raise WasmtimeError(
                    "object used with the wrong store: what belongs to one cannot be used in another"
                )
        user = self.memory.user
        if user and user != get_ident():
            raise _used_by_another_thread()

    def run(
        self,
        item: StoreItem | None,
        work: Callable[[*Arguments], Result],
        *arguments: *Arguments,
    ) -> Result:
        """Run `work` on an item of the store while other threads are kept out. A thread that is
        already in the store, in a host function, may nest.

        Raises what `check` and `work` raise.
        """
        if self.id is _CLOSED or (item is not None and item.store_id is not self.id):
            self.check(*(() if item is None else (item,)))
        thread, memory = get_ident(), self.memory
        # No calls from here to `try`, and none at the end: a signal handler may raise after any.
        outside = memory.user
        if outside == 0 or outside == thread:
            memory.user = thread
            try:
                return work(*arguments)
            finally:
                memory.user = outside
        raise _used_by_another_thread()

    def close(self) -> None:
        """Free all contents of the store. Views of its memories keep their pages.

        Raises WasmtimeError during a call in the store.
        """
        if self.memory.user == get_ident():
            raise WasmtimeError("the store cannot be closed during a call in it")
        if self.id is not _CLOSED:
            self.run(None, self._forget)

    def _forget(self) -> None:
        self.memory.is_open = 0
        self.id = _CLOSED
        for memory in self.memories:
            memory.release()
        self.externs.keep(set())
        if self._exceptions is not None:
            self._exceptions.forget()
        for owned in (self.memories, self.tables, self.globals, self._modules, self._addresses):
            owned.clear()
        for known in (self.instances, self.hosts, self._functions, self._barriers):
            known.clear()
        self._hosts_without_trampolines.clear()

    # --- modules and functions ---

    def use_module(self, module: LoadedModule) -> None:
        """Keep a module alive as long as the store; host functions of its types become callable."""
        if module in self._modules:
            return
        self._modules[module] = None
        waiting = self._hosts_without_trampolines
        self._hosts_without_trampolines = [h for h in waiting if not _provide(h, module)]

    def use_tail_arguments(self) -> None:
        """Make the memory for arguments of tail calls, for code that needs it and has not run yet."""
        if self._tail_arguments is None:
            self._tail_arguments = AlignedMemory(MAX_SIZE, VALUE_SLOT_SIZE)
            self.memory.tail_arguments = self._tail_arguments.address

    def add_host_function(
        self,
        type: DefType,
        function: HostCall,
        plain: tuple[Callable[..., Any], PutResults] | None = None,
    ) -> FunctionReference:
        """Make a Python function callable from Wasm."""
        trampolines = (0, 0)
        for module in self._modules:
            found = module.trampolines(type)
            if found is not None:
                trampolines = found[1:]
                break
        host = HostFunction(type, function, plain, trampolines)
        self.hosts[host.context] = host
        if not trampolines[0]:
            self._hosts_without_trampolines.append(host)
        reference = FunctionReference(
            *(self.id, self.native, host.memory, host.func_ref),
            *(type, native().symbols["call_host"], host.context),
        )
        self._functions[reference.address] = reference
        return reference

    def add_instance(self, instance: ModuleInstance) -> None:
        """Let an instance, and the memories that it defines, belong to the store."""
        instance.store_id = self.id
        self.instances[instance.vmctx] = instance
        insort_right(self._addresses, instance.vmctx)
        first = instance.module.layout.counts.imported_memories
        for index, memory in enumerate(instance.memories):
            if index >= first or memory.shared:
                self.add_memory(memory)

    def add_memory(self, memory: LinearMemory) -> None:
        """Let a memory belong to the store, unless it is shared: then the store uses it."""
        if memory.store_id is not ANY_STORE:
            memory.store_id = self.id
        if not memory.shared or memory not in self.memories:  # others are added once
            self.memories.append(memory)

    def add_table(self, table: TableStorage) -> None:
        """Let a table belong to the store."""
        table.store_id = self.id
        self.tables.append(table)

    def add_global(self, cell: GlobalCell) -> None:
        """Let a global belong to the store."""
        cell.store_id = self.id
        self.globals.append(cell)

    def add_tag(self, tag: StoreTag) -> None:
        """Let a tag belong to the store."""
        tag.store_id = self.id
        self.exceptions.tags[tag.address] = tag

    def function_at(self, address: int) -> FunctionReference:
        """The function with its VMFuncRef at an address."""
        known = self._functions.get(address)
        if known is not None:
            return known
        # No host function: it is in the last instance that starts below.
        vmctx = self._addresses[bisect_right(self._addresses, address) - 1]
        return self.instances[vmctx].function_at(address)

    # --- references to Python objects ---

    def collect_externs(self) -> None:
        """Release the Python objects that are not in any table or global. During a call, release none,
        since compiled code may hold any of them."""
        if self.memory.user != get_ident():
            self.run(None, self._collect_externs)

    def _collect_externs(self) -> None:
        used = {cell.bits() for cell in self._rooted_globals() if is_extern(cell.type)}
        for table in self._rooted_tables():
            if is_extern(table.element):
                used.update(table.references(0, table.size))
        if self._exceptions is not None:
            used |= self._exceptions.values_in(self.exception_roots(), is_extern)
        self.externs.keep(used)

    # --- calling ---

    def call(self, function: FunctionReference, slots: Any, caller: int = 0) -> None:
        """Call a function with the arguments in `slots`, where its results will be. A host function
        sees the instance with the VMContext `caller` as its caller, none if that is 0.

        Raises WasmtimeError if the function is not of this store, Trap, KeyboardInterrupt, or the
        exception of a host function.
        """
        if function.store_id is not self.id:
            self.check(function)
        vmctx, count = function.vmctx, function.signature.slot_count
        addresses = self.native, function.array_call, vmctx, caller or vmctx
        self._enter(self, *addresses, ctypes.addressof(slots), count)
        if self.memory.exception:  # by a host function, into its caller that did not call it
            raise self.take_thrown()

    def left(self, record: bytes) -> NoReturn:
        """Compiled code was left without returning. Raises what `call` raises."""
        raise self._failure(trap_record(record))

    def call_host(self, callee: int, caller: int, slots: int, count: int) -> None:
        """Call the host function of a context for compiled code. Raises what it raises."""
        self.hosts[callee].function(self, caller, slots_at(slots, count))

    def put_results(self, callee: int, caller: int, slots: int, count: int, returned: Any) -> None:
        """Write what the plain function of a context returned, which is not just numbers. Raises what
        its PutResults raises."""
        plain = self.hosts[callee].plain
        assert plain is not None
        plain[1](self, slots_at(slots, count), returned)

    def fail(self, error: BaseException, caller: int = 0) -> None:
        """A host function or builtin failed: compiled code is left as soon as it returns. But an
        exception of Wasm is thrown into the code to which a host function returns, if that tests for
        one. `caller` is the VMContext of its caller."""
        if isinstance(error, Thrown) and caller in self.instances and self._returns_to_tests():
            try:
                self.exceptions.throw(error.address_in(self), has_trace=bool(error.frames))
            except BaseException as second:
                error = second
            else:
                return
        self._exception = error
        self.memory.pending_error = _HOST_ERROR

    def _returns_to_tests(self) -> bool:
        """Whether the code that the host was called from tests for exceptions. After a tail call that
        is not the code of the caller."""
        module = module_at(self.memory.last_wasm_exit_pc)
        return module is not None and module.info.has_exceptions

    # --- exceptions of Wasm ---

    def take_thrown(self) -> Thrown:
        """The exception that was thrown, which is not thrown any more."""
        thrown = self.memory.exception
        error = self.thrown_as(self, thrown)
        error.add_frames(backtrace(self.exceptions.trace_of(thrown), first_is_exact=False))
        self.memory.exception = 0
        return error

    def exception_roots(self) -> Iterator[int]:
        """The references to exceptions in globals and tables."""
        for cell in self._rooted_globals():
            if is_exception(cell.type):
                yield cell.bits()
        for table in self._rooted_tables():
            if is_exception(table.element):
                yield from table.references(0, table.size)

    def _rooted_globals(self) -> Iterator[GlobalCell]:
        """Its globals, but not those that instances define and that cannot refer to anything Python
        or the exceptions have to keep."""
        yield from self.globals
        for instance in self.instances.values():
            yield from instance.rooted_globals()

    def _rooted_tables(self) -> Iterator[TableStorage]:
        """The same of tables."""
        yield from self.tables
        for instance in self.instances.values():
            yield from instance.rooted_tables()

    def barrier(self, function: FunctionReference) -> FunctionReference:
        """A function that calls another one, whose code does not test for exceptions, by a call of the
        host: exceptions that leave it end that call, and are thrown again."""
        known = self._barriers.get(function.address)
        if known is None:

            def call(store: StoreState, caller: int, slots: Any) -> None:
                store.call(function, slots, caller)

            known = self._barriers[function.address] = self.add_host_function(function.type, call)
        return known

    def _failure(self, record: TrapRecord) -> BaseException:
        """The exception for an exit from compiled code."""
        import signal

        from wasmdialect.abi.traps import TrapCode
        from wasmdialect.runtime.native.outcomes import TrapKind

        if record.kind is TrapKind.HOST_ERROR:
            return self._take_exception(record)
        # Only a signal gives the exact instruction; everything else gives return addresses.
        frames = backtrace(record.frames, first_is_exact=record.signal != 0)
        if record.kind is TrapKind.INTERRUPT:
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                return KeyboardInterrupt()
            return Trap.from_code(TrapCode.INTERRUPT, frames)
        code = self._trap_code(record)
        if code is None and _is_of_a_pass(record):
            return WasmtimeError(
                f"compiled code trapped with code {record.code}, which no pass declared: passes get"
                " theirs from `add_trap_code`"
            )
        if code is None:
            return WasmtimeError(
                f"compiled code failed with signal {record.signal} at pc {record.pc:#x}"
                f" (address {record.fault_address:#x}): a bug of wasmdialect"
            )
        return Trap.from_code(code, frames)

    def _trap_code(self, record: TrapRecord) -> TrapCode | PassTrap | None:
        from wasmdialect.abi.traps import TRAP_CODES, TrapCode
        from wasmdialect.runtime.native.outcomes import TrapKind

        if record.kind is TrapKind.SIGNAL_SEGV:
            if any(memory.contains(record.fault_address) for memory in self.memories):
                return TrapCode.MEMORY_OUT_OF_BOUNDS
            return _trap_of_null(record)
        return TRAP_CODES[record.code] if record.code in TRAP_CODES else _trap_of_pass(record)

    def _take_exception(self, record: TrapRecord) -> BaseException:
        error, self._exception = self._exception, None
        frames = backtrace(record.frames, first_is_exact=False)
        if isinstance(error, Trap):
            error.add_frames(frames)
        assert error is not None
        return error

    # --- values ---

    def pack(self, slots: Any, types: Sequence[ValType], values: Sequence[Any]) -> None:
        """Write Python values into slots; references must be pointers already."""
        pack(slots, types, values, _as_pointer)

    def unpack(self, slots: Any, types: Sequence[ValType]) -> tuple[Any, ...]:
        """Read values from slots; references stay pointers."""
        return unpack(slots, types, _as_is)


def _is_of_a_pass(record: TrapRecord) -> bool:
    """Whether a trap instruction has a code that passes may declare."""
    first, last = PASS_TRAPS
    return record.code is not None and first <= record.code <= last


def _trap_of_null(record: TrapRecord) -> TrapCode | None:
    """The trap code of an access that faulted because a field of null is not mapped."""
    from wasmdialect.abi.traps import TRAP_CODES

    if record.fault_address >= _FIRST_PAGE:
        return None
    module = module_at(record.pc)
    return None if module is None else TRAP_CODES.get(module.trap_code_at(record.pc))


def _trap_of_pass(record: TrapRecord) -> PassTrap | None:
    """The trap code with which a pass ended the program."""
    module = module_at(record.pc) if _is_of_a_pass(record) else None
    if module is not None:
        for trap in module.info.trap_codes:
            if trap.code == record.code:
                return trap
    return None


_CLOSED = object()
_lock = lock_across_forks()


def _used_by_another_thread() -> WasmtimeError:
    return WasmtimeError("the store is used by another thread; only one can use it at a time")


def running_store() -> StoreState:
    """The store whose code called a builtin or host function on this thread."""
    return native().running_store()


def _thrown(store: StoreState, address: int) -> Thrown:
    heap = store.exceptions
    return Thrown(heap.tag_of(address), heap.hold(address))


def _as_pointer(value: Any, t: RefType) -> int:
    return value


def _as_is(value: int, t: RefType) -> Any:
    return value


def _provide(host: HostFunction, module: LoadedModule) -> bool:
    """Give a host function the trampolines of a module, if that has its type."""
    trampolines = module.trampolines(host.type)
    if trampolines is None:
        return False
    _, wasm_to_array, native_to_array = trampolines
    host.set_trampolines(wasm_to_array, native_to_array)
    return True

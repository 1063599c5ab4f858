"""The builtins in Python, which compiled code calls in the runtime (`wasmdialect.abi.builtins`).

Each gets the calling instance and its arguments as unsigned integers. A failing one raises; its native
stub then leaves compiled code with the exception.
"""

from __future__ import annotations

from wasmdialect._locks import lock_across_forks
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import RUNTIME_LIMITS
from wasmdialect.runtime.errors import Trap
from wasmdialect.runtime.native import builtin_prototype, native
from wasmdialect.runtime.packing import field_at
from wasmdialect.runtime.published import module_at
from wasmdialect.runtime.store import running_store
from wasmdialect.runtime.type_ids import type_of_id
from wasmdialect.types import is_sub_def_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from wasmdialect.runtime.instance import ModuleInstance
    from wasmdialect.runtime.shared_memory import SharedLinearMemory

_exit_pc_at = field_at(RUNTIME_LIMITS, "last_wasm_exit_pc")
_FAILED = 0xFFFF_FFFF_FFFF_FFFF
_FAILED_32 = 0xFFFF_FFFF


def _memory_grow(instance: ModuleInstance, delta: int, memory: int) -> int:
    most = running_store().resource_limits.memory_size
    old = instance.memories[memory].grow(delta, most)
    return _FAILED if old is None else old


def _memory_init(
    instance: ModuleInstance, memory: int, segment: int, start: int, source: int, count: int
) -> None:
    instance.memory_init(memory, segment, start, source, count)


def _data_drop(instance: ModuleInstance, segment: int) -> None:
    instance.drop_data(segment)


def _table_init(
    instance: ModuleInstance, table: int, segment: int, start: int, source: int, count: int
) -> None:
    instance.table_init(table, segment, start, source, count)


def _elem_drop(instance: ModuleInstance, segment: int) -> None:
    instance.drop_element(segment)


def _table_copy(
    instance: ModuleInstance, to: int, source: int, start: int, source_start: int, count: int
) -> None:
    target, origin = instance.table(to), instance.table(source)
    if source_start + count > origin.size or start + count > target.size:
        raise Trap.named("TABLE_OUT_OF_BOUNDS")
    target.set_many(start, origin.references(source_start, count))


def _table_grow(instance: ModuleInstance, table: int, delta: int, init: int) -> int:
    most = running_store().resource_limits.table_elements
    old = instance.table(table).grow(delta, init, most)
    return _FAILED_32 if old is None else old


def _table_fill(instance: ModuleInstance, table: int, start: int, value: int, count: int) -> None:
    storage = instance.table(table)
    if start + count > storage.size:
        raise Trap.named("TABLE_OUT_OF_BOUNDS")
    storage.fill(start, count, value)


def _lazy_init(instance: ModuleInstance, table: int, index: int) -> int:
    return instance.table(table).get(index)


def _supertype(_: ModuleInstance, actual: int, expected: int) -> int:
    matches = is_sub_def_type(type_of_id(actual), type_of_id(expected))
    return expected if matches else actual


def _new_exception(_: ModuleInstance, size: int) -> int:
    store = running_store()
    return store.exceptions.allocate(size, store.exception_roots())


def _uncaught(_: ModuleInstance, address: int) -> None:
    module = module_at(address)
    if module is None or not module.info.has_exceptions:
        raise running_store().take_thrown()


def _exception_barrier(_: ModuleInstance, function: int) -> int:
    store = running_store()
    return store.barrier(store.function_at(function)).address


def _atomic_wait(size: int) -> Callable[..., int]:
    def wait(
        instance: ModuleInstance, memory: int, address: int, expected: int, timeout: int
    ) -> int:
        signed = timeout - (1 << 64) if timeout >> 63 else timeout
        check = running_store().check_epoch
        return _shared(instance, memory).wait(address, expected, size, signed, check)

    return wait


def _atomic_notify(instance: ModuleInstance, memory: int, address: int, count: int) -> int:
    return _shared(instance, memory).notify(address, count)


def _shared(instance: ModuleInstance, index: int) -> SharedLinearMemory:
    memory: Any = instance.memories[index]
    return memory


def _compile_lazily(instance: ModuleInstance, veneer: int) -> None:
    module: Any = instance.module
    module.compile_at(veneer)


def _tier_up(instance: ModuleInstance, loop: int) -> int:
    module: Any = instance.module
    address = module.tier_up(_exit_pc_at(running_store().limits).value, loop)
    return (address - instance.vmctx) % (1 << 64) if address else 0


def _out_of_gas(instance: ModuleInstance) -> None:
    raise Trap.named("OUT_OF_FUEL")


def _new_epoch(instance: ModuleInstance) -> int:
    raise Trap.named("INTERRUPT")


_BUILTINS: dict[str, Callable[..., int | None]] = {
    "memory32_grow": _memory_grow,
    "memory_init": _memory_init,
    "data_drop": _data_drop,
    "table_init": _table_init,
    "elem_drop": _elem_drop,
    "table_copy": _table_copy,
    "table_grow_func_ref": _table_grow,
    "table_grow_externref": _table_grow,
    "table_fill_func_ref": _table_fill,
    "table_fill_externref": _table_fill,
    "table_get_lazy_init_func_ref": _lazy_init,
    "supertype": _supertype,
    "new_exception": _new_exception,
    "uncaught": _uncaught,
    "exception_barrier": _exception_barrier,
    "memory_atomic_notify": _atomic_notify,
    "memory_atomic_wait32": _atomic_wait(4),
    "memory_atomic_wait64": _atomic_wait(8),
    "compile_lazily": _compile_lazily,
    "tier_up": _tier_up,
    "out_of_gas": _out_of_gas,
    "new_epoch": _new_epoch,
}

_lock = lock_across_forks()
_installed = False


def install_builtins() -> None:
    """Put the builtins into the process's array, once."""
    global _installed
    if _installed:
        return
    with _lock:
        if not _installed:
            for name, function in _BUILTINS.items():
                native().set_builtin_callback(name, builtin_prototype(name)(_serve(function)))
            _installed = True


def _serve(function: Callable[..., int | None]) -> Callable[..., Any]:
    def serve(vmctx: int, *arguments: int) -> int:
        store = running_store()
        try:
            return function(store.instances[vmctx], *arguments) or 0
        except BaseException as error:
            store.fail(error)
            return 0

    return serve

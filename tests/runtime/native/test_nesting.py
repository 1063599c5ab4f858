"""Compiled code that calls the host, which calls compiled code; builtins; host errors."""

import ctypes

import pytest
from compiled_code import HOST, Slots, Store, enter, name_of

from wasmdialect.abi.builtins import BUILTINS
from wasmdialect.abi.layout import RUNTIME_LIMITS
from wasmdialect.runtime.native import TrapRecord, builtin_prototype, native
from wasmdialect.runtime.native.outcomes import Pending, TrapKind

PENDING = RUNTIME_LIMITS.field("pending_error").offset // 8


@pytest.fixture
def store():
    return Store()


def names(trap: TrapRecord) -> list[str]:
    return [name_of(pc) for pc in trap.frames]


def test_host_function_returns(store):
    @HOST
    def host(callee: int, caller: int, slots: int, count: int) -> None:
        Slots.from_address(slots)[0] += count

    store.set_host(host)
    assert store.call("call_host", 5) is None
    assert store.slots[0] == 1007


@pytest.mark.parametrize("value", [Pending.HOST_ERROR, 17, 2**63])
def test_host_function_fails(store, value):
    store.set_host(HOST(lambda *_: store.set_pending(value)))
    trap = store.call("call_host")
    assert (trap.kind, trap.code, trap.signal) == (TrapKind.HOST_ERROR, None, 0)
    assert names(trap) == ["call_host"]
    assert store.limits[PENDING] == 0


def test_inner_trap_is_swallowed(store):
    inner: list[TrapRecord | None] = []
    store.set_host(HOST(lambda *_: inner.append(store.call("trap_deep", 2))))
    assert store.call("call_host") is None
    assert inner[0] is not None
    assert (inner[0].kind, inner[0].code) == (TrapKind.SIGNAL_ILL, 3)
    # The walk goes on beyond the host function.
    assert names(inner[0]) == ["descend"] * 3 + ["trap_deep", "call_host"]


def test_inner_trap_is_propagated(store):
    def host(*_: int) -> None:
        assert store.call("load", 1 << 20) is not None
        store.set_pending(Pending.HOST_ERROR)

    store.set_host(HOST(host))
    for _ in range(20_000):
        trap = store.call("call_host")
        assert trap.kind == TrapKind.HOST_ERROR
    assert names(trap) == ["call_host"]


def test_inner_host_error_is_swallowed(store):
    inner: list[TrapRecord | None] = []

    def host(*_: int) -> None:
        if inner:
            store.set_pending(Pending.HOST_ERROR)
            return
        inner.append(None)
        inner.append(store.call("call_host"))

    store.set_host(HOST(host))
    assert store.call("call_host") is None
    assert inner[1] is not None
    assert inner[1].kind == TrapKind.HOST_ERROR
    assert names(inner[1]) == ["call_host"] * 2


def call_directly(store: Store, host) -> TrapRecord | None:
    address = ctypes.cast(host, ctypes.c_void_p).value or 0
    return enter(address, store.address, 0, 0, 0, store.limits_address, 1 << 16)


def test_host_function_entered_directly(store):
    assert call_directly(store, HOST(lambda *_: None)) is None
    trap = call_directly(store, HOST(lambda *_: store.set_pending(Pending.HOST_ERROR)))
    assert (trap.kind, trap.frames) == (TrapKind.HOST_ERROR, ())
    assert store.limits[PENDING] == 0


def test_host_function_entered_directly_from_another(store):
    failing = HOST(lambda *_: store.set_pending(Pending.HOST_ERROR))
    inner: list[TrapRecord | None] = []
    store.set_host(HOST(lambda *_: inner.append(call_directly(store, failing))))
    assert store.call("call_host") is None
    assert inner[0] is not None
    assert inner[0].kind == TrapKind.HOST_ERROR


def test_note_is_left_to_the_code_outside(store):
    def host(*_: int) -> None:
        store.set_pending(Pending.INTERRUPT)
        assert store.call("empty") is None

    store.set_host(HOST(host))
    trap = store.call("call_host")
    assert (trap.kind, trap.signal) == (TrapKind.INTERRUPT, 0)
    assert names(trap) == ["call_host"]


def test_note_that_comes_too_late_is_forgotten(store):
    store.set_pending(Pending.INTERRUPT)
    assert store.call("empty") is None
    assert store.limits[PENDING] == 0


def test_backtrace_has_the_frames_of_one_store(store):
    other = Store()
    inner: list[TrapRecord | None] = []
    store.set_host(HOST(lambda *_: inner.append(other.call("call_host"))))
    other.set_host(HOST(lambda *_: inner.append(third.call("trap_explicitly"))))
    # The third call is again in the first one's store: another VMContext, the same limits.
    third = Store()
    third.vmctx[1] = store.limits_address
    third.limits_address = store.limits_address
    store.call("call_host")
    assert inner[0] is not None
    assert names(inner[0]) == ["trap_explicitly", "call_host"]
    assert inner[1] is None


def test_deep_nesting(store):
    depths: list[int] = []

    def host(*_: int) -> None:
        if len(depths) == 20:
            trap = store.call("trap_deep", 3)
            assert trap is not None
            depths.append(trap.frame_count)
            return
        depths.append(0)
        assert store.call("call_host") is None

    store.set_host(HOST(host))
    assert store.call("call_host") is None
    assert depths == [0] * 20 + [5 + 21]


def test_limits_are_restored(store):
    seen: list[list[int]] = []
    before = list(store.limits)

    def host(*_: int) -> None:
        outside = list(store.limits)
        store.call("trap_if_zero", 0)
        store.call("trap_if_zero", 1)
        seen.append(outside)
        assert list(store.limits) == outside

    store.set_host(HOST(host))
    assert store.call("call_host") is None
    assert list(store.limits) == before
    limit = seen[0][RUNTIME_LIMITS.field("stack_limit").offset // 8]
    assert limit != 0


# ---- Builtins --------------------------------------------------------------------------------


def test_builtin_without_callback(run_program):
    result = run_program("""
trap = store.call("grow")
print(trap.kind.name, [name_of(pc) for pc in trap.frames])
""")
    assert result.stdout == "MISSING_BUILTIN ['grow']\n", result.stderr


def test_builtin_arguments_and_result(store):
    calls: list[tuple[int, ...]] = []

    def grow(*arguments: int) -> int:
        calls.append(arguments)
        return -1 if len(calls) == 2 else 2**40

    callback = builtin_prototype("memory32_grow")(grow)
    native().set_builtin_callback("memory32_grow", callback)
    assert store.call("grow", 2**33) is None
    assert store.slots[0] == 2**40
    assert store.call("grow", 1) is None
    assert store.slots[0] == 2**64 - 1
    assert calls == [(store.address, 2**33, 5), (store.address, 1, 5)]


def test_builtin_with_six_arguments(store):
    calls: list[tuple[int, ...]] = []
    callback = builtin_prototype("table_copy")(lambda *arguments: calls.append(arguments))
    native().set_builtin_callback("table_copy", callback)
    assert store.call("copy_table") is None
    assert calls == [(store.address, 2**32 - 1, 2, 3, 4, 5)]


def test_builtin_with_wide_arguments(store):
    calls: list[tuple[int, ...]] = []

    def wait(*arguments: int) -> int:
        calls.append(arguments)
        return 2

    native().set_builtin_callback(
        "memory_atomic_wait64", builtin_prototype("memory_atomic_wait64")(wait)
    )
    assert store.call("wait64") is None
    assert store.slots[0] & 0xFFFF_FFFF == 2
    assert calls == [(store.address, 1, 2**33, 2**64 - 3, 2**64 - 1)]


def test_builtin_fails(store):
    def grow(*_: int) -> int:
        store.set_pending(Pending.HOST_ERROR)
        return 0

    native().set_builtin_callback("memory32_grow", builtin_prototype("memory32_grow")(grow))
    trap = store.call("grow", 1)
    assert trap.kind == TrapKind.HOST_ERROR
    assert names(trap) == ["grow"]
    assert store.limits[PENDING] == 0


def test_builtin_calls_compiled_code(store):
    inner: list[TrapRecord | None] = []

    def grow(*_: int) -> int:
        inner.append(store.call("trap_if_zero", 0))
        return 8

    native().set_builtin_callback("memory32_grow", builtin_prototype("memory32_grow")(grow))
    assert store.call("grow", 1) is None
    assert store.slots[0] == 8
    assert inner[0] is not None
    assert names(inner[0]) == ["trap_if_zero", "grow"]


def test_fill_and_copy(store):
    assert store.call("fill_and_copy") is None
    assert ctypes.string_at(store.memory, 151) == b"\xab" * 150 + b"\0"


def test_callback_must_have_the_prototype():
    with pytest.raises(TypeError, match="memory32_grow"):
        native().set_builtin_callback("memory32_grow", HOST(lambda *_: None))
    with pytest.raises(TypeError):
        native().set_builtin_callback("memory32_grow", lambda *_: 0)


@pytest.mark.parametrize("name", [b.name for b in BUILTINS.values() if b.native])
def test_native_builtins_have_no_callback(name):
    with pytest.raises(ValueError, match=name):
        builtin_prototype(name)


def test_unknown_builtin():
    with pytest.raises(KeyError):
        builtin_prototype("nothing")

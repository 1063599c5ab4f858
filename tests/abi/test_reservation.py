"""What lets compiled code leave bounds checks out: the compiler's limit and the runtime's mapping.

The farthest access that compiles without a check is made, in every width, and has to end in the
guard; then the contract is broken on one side only, which the same check has to notice.
"""

from __future__ import annotations

import pytest

import wasmdialect.runtime.memory as runtime_memory
from wasmdialect import Engine, Instance, Module, Store, TrapCode
from wasmdialect.abi import reservation
from wasmdialect.abi.reservation import GUARD_SIZE, RESERVATION, is_covered_by_guard
from wasmdialect.runtime import pages
from wasmdialect.runtime.errors import Trap, WasmtimeError
from wasmdialect.runtime.memory import LinearMemory, MemoryShape

WIDTHS = {
    1: "i32.load8_u",
    2: "i32.load16_u",
    4: "i32.load",
    8: "i64.load",
    16: "v128.load",
}


def inaccessible_bytes_after(memory: LinearMemory) -> int:
    """How far from the memory's first byte every page faults, from the kernel's own list."""
    end = memory.base + memory.length
    with open("/proc/self/maps") as maps:
        for line in maps:
            bounds, permissions, *_ = line.split()
            low, high = (int(part, 16) for part in bounds.split("-"))
            if low <= end < high and permissions.startswith("---"):
                end = high
    return end - memory.base


def check_guard(memory: LinearMemory) -> None:
    """Every access that is covered by the guard, at whatever i32 address, is inside the memory or in
    pages that fault."""
    farthest = 0xFFFF_FFFF + max(
        end for end in range(GUARD_SIZE - 2, GUARD_SIZE + 3) if is_covered_by_guard(end)
    )
    assert memory.base % memory_page() == 0
    assert farthest <= inaccessible_bytes_after(memory)


def memory_page() -> int:
    from wasmdialect.runtime.pages import PAGE_SIZE

    assert 1 << reservation.WASM_PAGE_LOG2 >= PAGE_SIZE
    return PAGE_SIZE


def test_covered_accesses_fault():
    check_guard(LinearMemory(MemoryShape(1, None)))


def test_largest_memory_is_the_reservation():
    memory = LinearMemory(MemoryShape(1, None))
    assert memory.grow(0xFFFF) == 1
    assert memory.length == RESERVATION == 1 << 32
    check_guard(memory)


@pytest.mark.parametrize("constant", ["RESERVATION", "GUARD_SIZE"])
def test_smaller_mapping_is_noticed(monkeypatch: pytest.MonkeyPatch, constant: str):
    """The runtime alone takes another number: the check above has to fail. A page that can be accessed
    follows the mapping: where another memory's guard does, the kernel shows both as one."""
    monkeypatch.setattr(runtime_memory, constant, 1 << 16)
    shape = MemoryShape(1, None)
    start, page = pages.reserve(shape.total + pages.PAGE_SIZE), pages.PAGE_SIZE
    can_access = pages.PROT_READ | pages.PROT_WRITE
    pages.protect(start + runtime_memory.GUARD_SIZE, shape.accessible, can_access)
    pages.protect(start + shape.total, page, can_access)
    try:
        with pytest.raises(AssertionError):
            check_guard(LinearMemory(shape, start=start))
    finally:
        pages.unmap(start + shape.total, page)


@pytest.mark.parametrize("bytes", WIDTHS)
@pytest.mark.parametrize("distance", [0, 1])
def test_farthest_access_traps(bytes: int, distance: int):
    """At the largest address, with the largest offset that needs no check and with one more."""
    offset = GUARD_SIZE - bytes + distance
    assert is_covered_by_guard(offset + bytes) == (distance == 0)
    text = (
        f'(module (memory 1) (func (export "f") (param i32)'
        f" (drop ({WIDTHS[bytes]} offset={offset} (local.get 0)))))"
    )
    engine = Engine()
    store = Store(engine)
    instance = Instance(store, Module(engine, text), [])
    for address in (-1, 0, 0xFFFF):
        with pytest.raises(Trap) as trap:
            instance.exports(store)["f"](store, address)
        assert trap.value.trap_code == TrapCode.MEMORY_OUT_OF_BOUNDS


def test_memory_without_a_guard_is_not_linked():
    """What the importing instance checks: the other half of the contract."""
    engine = Engine()
    store = Store(engine)
    importing = Module(engine, '(module (import "m" "m" (memory 1)))')
    exporting = Module(engine, '(module (memory (export "m") 1))')
    memory = Instance(store, exporting, []).exports(store)["m"]
    Instance(store, importing, [memory])
    memory.storage.shape.guarded = False
    with pytest.raises(WasmtimeError, match="guard"):
        Instance(store, importing, [memory])

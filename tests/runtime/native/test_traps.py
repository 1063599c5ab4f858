"""Traps out of compiled code: their records, backtraces, and the state they leave behind."""

import ctypes
import mmap
import signal
import threading
import time
from pathlib import Path

import pytest
from compiled_code import (
    ACCESSIBLE_MEMORY,
    ARCHITECTURE,
    ASSEMBLY,
    TRAP_SIGNAL,
    Slots,
    Store,
    build_native,
    compile_and_map,
    enter,
    functions,
    name_of,
)
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.runtime.native import native
from wasmdialect.runtime.native.blob import map_blob
from wasmdialect.runtime.native.code_ranges import CodeRanges
from wasmdialect.runtime.native.outcomes import TrapKind
from wasmdialect.runtime.native.structures import FRAME_CAPACITY


@pytest.fixture(scope="module")
def store():
    return Store()


def resident_kib() -> int:
    """Memory of its own. Pages of files do not count: a busy machine takes and returns them."""
    status = Path("/proc/self/status").read_text()
    rows = dict(line.split(":", 1) for line in status.splitlines())
    return sum(int(rows[name].split()[0]) for name in ("RssAnon", "VmSwap"))


def test_returns(store):
    assert store.call("trap_if_zero", 14) is None
    assert store.slots[0] == 42


def test_trap_instruction(store):
    trap = store.call("trap_if_zero", 0)
    assert trap is not None
    assert (trap.kind, trap.code, trap.signal) == (TrapKind.SIGNAL_ILL, 7, TRAP_SIGNAL)
    assert trap.frames == (trap.pc,)
    assert name_of(trap.pc) == "trap_if_zero"
    # ud1 eax, [eax + 7]; brk #0x5507
    code = {"x86_64": "670fb94007", "aarch64": "e0a02ad4"}[ARCHITECTURE.name]
    assert ctypes.string_at(trap.pc, len(code) // 2) == bytes.fromhex(code)


@pytest.mark.parametrize("code", [0, 1, 15, 32, 127, 128, 255])
def test_every_trap_code_is_found(store, code):
    addresses, extent = compile_and_map(f"""
declare void @llvm.ubsantrap(i8 immarg) cold noreturn nounwind
define dso_local void @f(ptr %vm, ptr %caller, ptr %slots, i64 %n) "frame-pointer"="all" {{
  call void @llvm.ubsantrap(i8 {code})
  unreachable
}}""")
    native().register_code(*extent)
    trap = enter(addresses["f"], store.address, 0, 0, 0, store.limits_address, 4096)
    native().unregister_code(extent[0])
    assert trap is not None
    assert trap.code == code


@pytest.mark.parametrize(
    "instruction",
    {"x86_64": ["0f0b", "670f0b", "660f0b"], "aarch64": ["00000000", "ffff0000"]}[
        ARCHITECTURE.name
    ],
)
def test_illegal_instruction_at_the_end_of_its_mapping(store, instruction):
    code = bytes.fromhex(instruction)
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_size_t
    libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
    page: int = libc.mmap(None, 8192, 7, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    libc.munmap(ctypes.c_void_p(page + 4096), ctypes.c_size_t(4096))
    function = page + 4096 - len(code)
    ctypes.memmove(function, code, len(code))
    native().register_code(page, page + 4096)
    trap = enter(function, store.address, 0, 0, 0, store.limits_address, 4096)
    native().unregister_code(page)
    assert trap is not None
    assert (trap.kind, trap.code, trap.pc) == (TrapKind.SIGNAL_ILL, None, function)
    # Without a frame of its own: the frame pointer is the entry code's, which is not walked.
    assert trap.frames == (function,)


def test_other_illegal_instruction_has_no_code(store):
    trap = store.call("illegal")
    assert (trap.kind, trap.code) == (TrapKind.SIGNAL_ILL, None)


@pytest.mark.skipif(ARCHITECTURE.name == "aarch64", reason="divisions do not trap on aarch64")
def test_division(store):
    trap = store.call("divide")
    assert (trap.kind, trap.signal) == (TrapKind.SIGNAL_FPE, signal.SIGFPE)


@given(st.integers(0, 2**32 - 1) | st.integers(ACCESSIBLE_MEMORY - 8, ACCESSIBLE_MEMORY + 8))
def test_memory_fault(store, index):
    trap = store.call("load", index)
    if index + 4 <= ACCESSIBLE_MEMORY:
        assert trap is None
        return
    assert trap is not None
    assert (trap.kind, trap.code, trap.signal) == (TrapKind.SIGNAL_SEGV, None, signal.SIGSEGV)
    # An access that begins inside is reported at the first byte outside.
    assert trap.fault_address - store.memory == max(index, ACCESSIBLE_MEMORY)


def test_backtrace(store):
    trap = store.call("trap_deep", 50)
    assert (trap.code, trap.frame_count) == (3, 52)
    assert [name_of(pc) for pc in trap.frames] == ["descend"] * 51 + ["trap_deep"]
    returns = set(trap.frames[1:-1])
    assert len(returns) == 1  # one call site
    assert all(pc - functions["descend"] > 0 for pc in returns)
    assert trap.pc not in returns


def test_backtrace_is_bounded(store):
    trap = store.call("trap_deep", 1000)
    assert trap.frame_count == 1002
    assert len(trap.frames) == FRAME_CAPACITY


@pytest.mark.parametrize("fp", [0, 8, 12345, 2**47 - 8, 2**64 - 8])
def test_wild_frame_pointer_is_not_followed(store, fp):
    trap = store.call("lose_frame", fp)
    assert (trap.fp, trap.frames) == (fp, (trap.pc,))


def test_explicit_trap(store):
    trap = store.call("trap_explicitly")
    assert (trap.kind, trap.code, trap.signal) == (TrapKind.EXPLICIT, 9, 0)
    assert [name_of(pc) for pc in trap.frames] == ["trap_explicitly"]


def test_processor_state_is_restored(store):
    addresses, extent = compile_and_map(f"""
define dso_local void @state(ptr %vm, ptr %caller, ptr %slots, i64 %n) {{
  call void asm sideeffect {ASSEMBLY["state"]}()
  ret void
}}""")

    def state() -> list[int]:
        slots = Slots()
        assert (
            enter(
                addresses["state"],
                store.address,
                0,
                ctypes.addressof(slots),
                2,
                store.limits_address,
                4096,
            )
            is None
        )
        direction_flag = 1 << 10
        return [slots[0] & ~0x3F, slots[1], slots[2] & direction_flag]

    before = state()
    assert before[0] not in (0x7F80, 0x3C0_0000)
    trap = store.call("spoil_state")
    assert trap.kind == TrapKind.SIGNAL_ILL
    assert state() == before
    assert extent[0] <= addresses["state"] < extent[1]


def test_many_traps(store):
    slots = Slots()
    trapped = sum(store.call_with("trap_if_zero", slots) is not None for _ in range(1000))
    before = resident_kib()
    trapped += sum(store.call_with("trap_if_zero", slots) is not None for _ in range(100_000))
    assert trapped == 101_000
    assert resident_kib() - before < 1024


def test_many_deep_traps_and_faults(store):
    before = resident_kib()
    for _ in range(5000):
        assert store.call("trap_deep", 50).frame_count == 52
        assert store.call("load", ACCESSIBLE_MEMORY).kind == TrapKind.SIGNAL_SEGV
    assert resident_kib() - before < 1024


def test_threads():
    results: list[int] = []

    def worker() -> None:
        store = Store()
        slots = Slots()
        right = 0
        for round_ in range(10_000):
            slots[0] = round_ & 1
            trap = store.call_with("trap_if_zero", slots)
            right += slots[0] == 3 if round_ & 1 else trap is not None and trap.code == 7
        results.append(right)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [10_000] * 4


def test_activations_of_ended_threads_are_freed(store):
    def worker() -> None:
        assert store.call("trap_if_zero", 0) is not None

    def run(count: int) -> None:
        for _ in range(count):
            thread = threading.Thread(target=worker)
            thread.start()
            thread.join()

    run(50)
    before = resident_kib()
    run(500)
    assert resident_kib() - before < 1024


def test_code_ranges_are_looked_up(store):
    # Many images, registered in another order than they lie in memory.
    ir = """
declare void @llvm.ubsantrap(i8 immarg) cold noreturn nounwind
define dso_local void @f(ptr %vm, ptr %caller, ptr %slots, i64 %n) {
  call void @llvm.ubsantrap(i8 5)
  unreachable
}"""
    architecture = build_native.ARCHITECTURES[0]
    blob = build_native.link(build_native.compile_object(ir, architecture), architecture)
    images = [map_function(blob) for _ in range(40)]
    ordered = images[::3] + images[1::3] + images[2::3]
    for start, end, _ in ordered:
        native().register_code(start, end)
    for start, _, _ in ordered[10:25]:
        native().unregister_code(start)
    for _, _, function in ordered[:10] + ordered[25:]:
        trap = enter(function, store.address, 0, 0, 0, store.limits_address, 4096)
        assert trap is not None
        assert trap.pc == function
    for start, _, _ in ordered[:10] + ordered[25:]:
        native().unregister_code(start)


def map_function(blob) -> tuple[int, int, int]:
    """Start and end of another copy of the code, and the function in it."""
    function = map_blob(blob)["f"]
    start = function - blob.symbols["f"]
    return start, start + blob.writable_offset, function


def test_code_ranges_must_not_overlap():
    glue = native()
    glue.register_code(0x1000, 0x2000)
    for start, end in [(0x1000, 0x2000), (0xFFF, 0x1001), (0x1FFF, 0x3000), (0x1800, 0x1900)]:
        with pytest.raises(ValueError, match="overlaps"):
            glue.register_code(start, end)
    with pytest.raises(ValueError, match="empty"):
        glue.register_code(0x3000, 0x3000)
    glue.register_code(0x2000, 0x3000)
    glue.register_code(0x800, 0x1000)
    for start in (0x1000, 0x2000, 0x800):
        glue.unregister_code(start)
    with pytest.raises(KeyError):
        glue.unregister_code(0x1000)


class FakeRanges:
    """The glue's side of the code ranges, with a reader that the test controls."""

    def __init__(self) -> None:
        self.readers = ctypes.c_int64(0)
        self.exchanged = threading.Event()
        self._exchange = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(self._exchange_ranges)
        self.ranges = CodeRanges(
            {
                "exchange_code_ranges": ctypes.cast(self._exchange, ctypes.c_void_p).value or 0,
                "code_range_readers": ctypes.addressof(self.readers),
            }
        )

    def _exchange_ranges(self, array: int) -> None:
        self._array = array
        self.exchanged.set()

    def current(self) -> list[int]:
        """The words that a reader would see now."""
        count = ctypes.c_uint64.from_address(self._array).value
        return list((ctypes.c_uint64 * (1 + 2 * count)).from_address(self._array))


def test_code_ranges_wait_for_readers():
    fake = FakeRanges()
    fake.readers.value = 1
    thread = threading.Thread(target=fake.ranges.register, args=(1, 2))
    thread.start()
    assert fake.exchanged.wait(5)
    thread.join(0.05)
    assert thread.is_alive()
    fake.readers.value = 0
    thread.join(5)
    assert not thread.is_alive()


def test_code_ranges_survive_an_interrupt(monkeypatch):
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    fake = FakeRanges()
    fake.readers.value = 1
    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fake.ranges.register(1, 2)
    assert fake.current() == [1, 1, 2]
    fake.readers.value = 0
    fake.ranges.register(2, 3)
    assert fake.current() == [2, 1, 2, 2, 3]


def test_code_ranges_after_fork():
    fake = FakeRanges()
    fake.readers.value = 1  # of a thread that is not there any more
    fake.ranges.reset_after_fork()
    fake.ranges.register(1, 2)
    assert fake.exchanged.is_set()


def test_code_ranges_change_while_others_trap(store):
    done = threading.Event()
    failures: list[object] = []

    def trapper() -> None:
        own = Store()
        while not done.is_set():
            trap = own.call("trap_if_zero", 0)
            if trap is None or trap.code != 7:
                failures.append(trap)

    threads = [threading.Thread(target=trapper) for _ in range(2)]
    for thread in threads:
        thread.start()
    for round_ in range(3000):
        native().register_code(0x1000 + round_, 0x1001 + round_)
    for round_ in range(3000):
        native().unregister_code(0x1000 + round_)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []

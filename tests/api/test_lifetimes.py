"""What docs/lifetimes.md promises: nothing is used after it is freed, and nothing is kept for ever."""

from __future__ import annotations

import copy
import ctypes
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from wasmdialect import (
    Caller,
    Config,
    Engine,
    Func,
    FuncType,
    Global,
    GlobalType,
    Instance,
    Limits,
    Linker,
    Memory,
    MemoryType,
    Module,
    Store,
    Table,
    TableType,
    Trap,
    ValType,
    WasiConfig,
    WasmtimeError,
)

I32, FUNCREF, EXTERNREF = ValType.i32(), ValType.funcref(), ValType.externref()
NOTHING = FuncType([], [])

EVERYTHING = """(module
  (type $t (func (result i32)))
  (memory (export "memory") 1 100)
  (table (export "table") 4 1000000 funcref)
  (global (export "global") (mut funcref) (ref.null func))
  (func (export "seven") (type $t) (i32.const 7))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow_table") (param i32) (result i32)
    (table.grow 0 (ref.null func) (local.get 0)))
  (func (export "take") (param funcref))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "trap") (unreachable))
  (func (export "spin") (loop (br 0))))"""

HOST = """(module
  (import "" "h" (func $h)) (func (export "run") (call $h)) (memory (export "memory") 1)
  (func (export "two") (result i32) (call $h) (i32.const 2)))"""


@cache
def engine() -> Engine:
    return Engine(Config(jobs=0, opt_level=0))


@cache
def module(text: str) -> Module:
    return Module(engine(), text)


class World:
    """A store with an instance of EVERYTHING."""

    def __init__(self) -> None:
        self.store = Store(engine())
        self.instance = Instance(self.store, module(EVERYTHING), [])
        self.exports: Any = self.instance.exports(self.store)

    def host(self, function: Callable[..., Any], access_caller: bool = False) -> Any:
        """The exports of HOST, with a Python function to call."""
        made = Func(self.store, NOTHING, function, access_caller)
        return Instance(self.store, module(HOST), [made]).exports(self.store)


@pytest.fixture
def world() -> World:
    return World()


wrong_store = pytest.raises(WasmtimeError, match=r"wrong store|another store")
closed = pytest.raises(WasmtimeError, match="the store is closed")
used = pytest.raises(WasmtimeError, match="used by another thread")

USES: dict[str, Callable[[Any, Any], Any]] = {
    "Func": lambda x, s: x["seven"](s),
    "Func.type": lambda x, s: x["seven"].type(s),
    "Memory.type": lambda x, s: x["memory"].type(s),
    "Memory.size": lambda x, s: x["memory"].size(s),
    "Memory.data_len": lambda x, s: x["memory"].data_len(s),
    "Memory.data_ptr": lambda x, s: x["memory"].data_ptr(s),
    "Memory.get_buffer_ptr": lambda x, s: x["memory"].get_buffer_ptr(s),
    "Memory.buffer": lambda x, s: x["memory"].buffer(s),
    "Memory.read": lambda x, s: x["memory"].read(s, 0, 4),
    "Memory.write": lambda x, s: x["memory"].write(s, b"1", 0),
    "Memory.grow": lambda x, s: x["memory"].grow(s, 1),
    "Memory.page_size": lambda x, s: x["memory"].page_size(s),
    "Memory.page_size_log2": lambda x, s: x["memory"].page_size_log2(s),
    "Table.type": lambda x, s: x["table"].type(s),
    "Table.size": lambda x, s: x["table"].size(s),
    "Table.get": lambda x, s: x["table"].get(s, 0),
    "Table.set": lambda x, s: x["table"].set(s, 0, None),
    "Table.grow": lambda x, s: x["table"].grow(s, 1, None),
    "Global.type": lambda x, s: x["global"].type(s),
    "Global.value": lambda x, s: x["global"].value(s),
    "Global.set_value": lambda x, s: x["global"].set_value(s, None),
    "Linker.define": lambda x, s: Linker(engine()).define(s, "a", "b", x["memory"]),
}
"""Everything that takes a store and something of a store."""

STORE_USES: dict[str, Callable[[Any], Any]] = {
    "Func": lambda s: Func(s, NOTHING, print),
    "Memory": lambda s: Memory(s, MemoryType(Limits(1, None))),
    "Table": lambda s: Table(s, TableType(FUNCREF, Limits(1, None)), None),
    "Global": lambda s: Global(s, GlobalType(I32, True), 1),
    "Instance": lambda s: Instance(s, module(EVERYTHING), []),
    "set_limits": lambda s: s.set_limits(),
    "set_wasi": lambda s: s.set_wasi(WasiConfig()),
    "gc": lambda s: s.gc(),
    "set_fuel": lambda s: s.set_fuel(1),
}


@pytest.mark.parametrize("use", USES)
def test_handle_of_another_store(world: World, use: str):
    with wrong_store:
        USES[use](world.exports, World().store)
    USES[use](world.exports, world.store)


@pytest.mark.parametrize("use", USES)
def test_handle_of_a_closed_store(world: World, use: str):
    world.store.close()
    with closed:
        USES[use](world.exports, world.store)
    with wrong_store:
        USES[use](world.exports, World().store)


@pytest.mark.parametrize("use", STORE_USES)
def test_closed_store(world: World, use: str):
    world.store.close()
    world.store.close()
    with closed:
        STORE_USES[use](world.store)


def test_exports_and_functions_of_a_closed_store(world: World):
    add = world.exports["add"]
    with wrong_store:
        add(World().store, 1, 2)
    with wrong_store:
        world.instance.exports(World().store)
    world.store.close()
    with closed:
        add(world.store, 1, 2)
    with closed:
        world.instance.exports(world.store)


def test_funcref_of_another_store_as_a_value(world: World):
    """A table, global, argument or result that held it would outlive what it points to."""
    other = World()
    foreign = other.exports["seven"]
    with wrong_store:
        world.exports["table"].set(world.store, 0, foreign)
    with wrong_store:
        world.exports["table"].grow(world.store, 1, foreign)
    with wrong_store:
        world.exports["global"].set_value(world.store, foreign)
    with wrong_store:
        world.exports["take"](world.store, foreign)
    with wrong_store:
        Table(world.store, TableType(FUNCREF, Limits(1, None)), foreign)
    with wrong_store:
        Global(world.store, GlobalType(FUNCREF, True), foreign)
    returns = Func(world.store, FuncType([], [FUNCREF]), lambda: foreign)
    with wrong_store:
        returns(world.store)
    assert world.exports["table"].size(world.store) == 4


@pytest.mark.parametrize(
    ("name", "what"),
    [("memory", "(memory 1)"), ("table", "(table 1 funcref)"), ("seven", "(func (result i32))")],
)
def test_import_from_another_store(world: World, name: str, what: str):
    importing = module(f'(module (import "a" "{name}" {what}))')
    other = World()
    with pytest.raises(WasmtimeError, match=f"`a::{name}` belongs to another store"):
        Instance(other.store, importing, [world.exports[name]])
    linker = Linker(engine())
    linker.define_instance(world.store, "a", world.instance)
    with wrong_store:
        linker.instantiate(other.store, importing)
    with wrong_store:
        linker.get(other.store, "a", name)
    linker.instantiate(world.store, importing)
    world.store.close()
    with wrong_store:
        linker.instantiate(other.store, importing)
    with closed:
        linker.instantiate(world.store, importing)


# --- views ---


def views(world: World) -> list[Any]:
    memory, store = world.exports["memory"], world.store
    memory.write(store, bytes(range(100)))
    array = memory.get_buffer_ptr(store, 90, 10)
    pointer = memory.data_ptr(store)
    return [
        memory.buffer(store)[10:],
        memoryview(memory.buffer(store))[10:20],
        array,
        memoryview(array).cast("B"),
        ctypes.cast(pointer, ctypes.POINTER(ctypes.c_ubyte * 10))[1],
        (ctypes.c_ubyte * 5).from_buffer(memory.buffer(store), 10),
    ]


@pytest.mark.parametrize("close", [True, False])
def test_views_keep_the_pages_that_they_show(close: bool):
    world = World()
    kept = views(world)
    if close:
        world.store.close()
    del world
    gc.collect()
    others = [World() for _ in range(5)]  # in the address space that would be free
    for view in kept:
        assert [*view[1:3]] == [11, 12]
        view[0] = 200
    assert all(w.exports["memory"].read(w.store, 0, 100) == bytes(100) for w in others)


def test_pages_go_with_the_last_view():
    before = mappings()
    world = World()
    kept = views(world)
    world.store.close()
    del world
    assert mappings() > before
    kept.clear()
    assert mappings() <= before


def test_view_after_growth(world: World):
    view = world.exports["memory"].buffer(world.store)
    world.exports["memory"].grow(world.store, 1)
    assert len(view) == 65536
    view[0] = 9
    assert world.exports["memory"].read(world.store, 0, 1) == b"\x09"


@pytest.mark.parametrize(
    ("size", "offset"),
    [(10, 65530), (65537, 0), (None, 1), (1, -1), (-1, 0), (1, 1 << 40), (1 << 40, 0)],
)
def test_buffer_outside_of_the_memory(world: World, size: int | None, offset: int):
    with pytest.raises(IndexError):
        world.exports["memory"].get_buffer_ptr(world.store, size, offset)
    assert len(world.exports["memory"].get_buffer_ptr(world.store, 10, 65526)) == 10
    assert len(world.exports["memory"].get_buffer_ptr(world.store, 0, 65536)) == 0


def test_parts_of_an_artifact_keep_its_mapping(tmp_path: Any):
    path = tmp_path / "m.cwasm"
    path.write_bytes(module(EVERYTHING).serialize())
    loaded = Module.deserialize_file(engine(), path)
    text = loaded.loaded.artifact.text
    expected = bytes(text)
    del loaded
    gc.collect()
    assert bytes(text) == expected


# --- closing ---


def test_closing_during_a_call(world: World):
    """It is refused, and the call goes on."""

    def close() -> None:
        with pytest.raises(WasmtimeError, match="cannot be closed during a call"):
            world.store.close()

    assert world.host(close)["two"](world.store) == 2
    assert world.exports["seven"](world.store) == 7


def test_closing_during_instantiation(world: World):
    start = module('(module (import "" "h" (func $h)) (start $h))')
    with pytest.raises(WasmtimeError, match="cannot be closed during a call"):
        Instance(world.store, start, [Func(world.store, NOTHING, world.store.close)])
    assert world.exports["seven"](world.store) == 7


def test_with_statement():
    with Store(engine()) as store:
        seven: Any = Instance(store, module(EVERYTHING), []).exports(store)["seven"]
        assert seven(store) == 7
    with closed:
        seven(store)


def test_closing_frees_host_functions_and_data():
    freed: list[str] = []

    class Resource:
        def use(self) -> None:
            pass

        def __del__(self) -> None:
            freed.append("freed")

    world = World()
    world.host(Resource().use)
    world.store.close()
    assert freed == ["freed"]


def test_caller_after_the_call(world: World):
    kept: list[Caller] = []
    world.host(kept.append, access_caller=True)["run"](world.store)
    (caller,) = kept
    assert caller.get("memory") is None
    with pytest.raises(ValueError, match="no longer valid"):
        world.exports["memory"].size(caller)
    with pytest.raises(TypeError):
        Func(caller, NOTHING, print)  # pyright: ignore[reportArgumentType]


# --- threads ---


def in_thread(work: Callable[[], Any]) -> Any:
    """The result of something done on another thread; its exception is raised here."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((work(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    ((result, error),) = outcome
    if error is not None:
        raise error
    return result


@pytest.mark.parametrize("use", [*USES, *STORE_USES, "close"])
def test_use_on_a_second_thread_during_a_call(world: World, use: str):
    work: Callable[[], Any] = world.store.close
    if use in USES:
        work = lambda: USES[use](world.exports, world.store)  # noqa: E731
    elif use in STORE_USES:
        work = lambda: STORE_USES[use](world.store)  # noqa: E731

    def host() -> None:
        with used:
            in_thread(work)

    assert world.host(host)["two"](world.store) == 2


def test_threads_in_turn(world: World):
    for _ in range(3):
        assert in_thread(lambda: world.exports["seven"](world.store)) == 7
        assert world.exports["seven"](world.store) == 7
    add = world.exports["add"]
    assert in_thread(lambda: add(world.store, 1, 2)) == 3
    in_thread(world.store.close)


def test_threads_at_once(world: World):
    """Either a call is made or it is refused; tables that move are not pulled away."""
    grow, table = world.exports["grow_table"], world.exports["table"]
    refused: list[WasmtimeError] = []
    old: list[int] = []

    def work(grow: Callable[[], int]) -> None:
        for _ in range(300):
            try:
                old.append(grow())
            except WasmtimeError as error:
                refused.append(error)

    ways = [lambda: grow(world.store, 1), lambda: table.grow(world.store, 1, None)]
    threads = [threading.Thread(target=work, args=(way,)) for way in ways * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("another thread" in str(error) for error in refused)
    assert sorted(old) == [*range(4, 4 + len(old))]
    assert table.size(world.store) == 4 + len(old)


def test_nested_stores(world: World):
    """Host calls of one store that use another, and the first again."""
    other = World()

    def inner() -> None:
        assert world.exports["grow"](world.store, 1) >= 1
        with pytest.raises(WasmtimeError, match="during a call"):
            world.store.close()

    def outer() -> None:
        assert other.exports["grow"](other.store, 1) >= 1
        other.host(inner)["run"](other.store)
        other.store.close()

    assert world.host(outer)["two"](world.store) == 2
    assert world.exports["seven"](world.store) == 7


def test_epochs_from_another_thread():
    config = Config(jobs=0, opt_level=0, epoch_interruption=True)
    limited = Engine(config)
    store = Store(limited)
    store.set_epoch_deadline(1)
    spin: Any = Instance(store, Module(limited, EVERYTHING), []).exports(store)["spin"]
    threading.Timer(0.1, limited.increment_epoch).start()
    with pytest.raises(Trap, match="interrupt"):
        spin(store)
    in_thread(lambda: store.set_epoch_deadline(5))
    store.close()


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals need the main thread"
)
def test_exceptions_of_signal_handlers_leave_the_store_usable(world: World):
    """They may come between any two instructions of the guard."""

    class Alarm(Exception):
        pass

    def alarm(*_: Any) -> None:
        raise Alarm

    seven, came = world.exports["seven"], 0
    previous = signal.signal(signal.SIGALRM, alarm)
    try:
        while came < 300:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005 + came * 1e-6)
                for _ in range(1_000_000):
                    seven(world.store)
            except Alarm:
                came += 1
            assert world.store.state.memory.user == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert in_thread(lambda: seven(world.store)) == 7


def test_fork_child_uses_and_frees_its_copy(world: World):
    world.exports["memory"].write(world.store, b"parent")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            assert world.exports["seven"](world.store) == 7
            assert world.exports["grow"](world.store, 1) == 1
            world.exports["memory"].write(world.store, b"child!")
            world.store.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert world.exports["memory"].read(world.store, 0, 6) == b"parent"
    assert world.exports["memory"].size(world.store) == 1


# --- what is freed ---


def mappings() -> int:
    with open("/proc/self/maps") as file:
        return sum(1 for _ in file)


def address_space() -> int:
    """In bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def drop_one() -> None:
    world = World()
    world.exports["seven"](world.store)
    with pytest.raises(Trap):
        world.exports["trap"](world.store)
    world.exports["table"].set(world.store, 0, world.exports["seven"])
    linker = Linker(engine())
    linker.define_func("", "h", NOTHING, lambda caller: None, access_caller=True)
    exports: Any = linker.instantiate(world.store, module(HOST)).exports(world.store)
    exports["run"](world.store)
    Memory(world.store, MemoryType(Limits(1, None)))


@pytest.mark.usefixtures("no_collector")
def test_dropped_stores_are_freed_without_the_collector():
    drop_one()
    before = mappings(), address_space()
    for _ in range(300):
        drop_one()
    assert mappings() <= before[0] + 20
    assert address_space() <= before[1] + (1 << 30)  # one store has 24 GiB


def drop_cycle() -> None:
    """A host function that refers to the store, as they often do."""
    world = World()
    world.host(lambda: world.exports["take"](world.store, None))["run"](world.store)


def test_dropped_stores_in_cycles_are_freed_by_the_collector():
    drop_cycle()
    gc.collect()
    before = mappings(), address_space()
    for _ in range(300):
        drop_cycle()
    gc.collect()
    assert mappings() <= before[0] + 20
    assert address_space() <= before[1] + (1 << 30)


@pytest.mark.usefixtures("no_collector")
def test_garbage_is_collected_for_address_space(monkeypatch: pytest.MonkeyPatch):
    """Python's collector counts objects, not the gigabytes that they reserve."""
    from wasmdialect.runtime import pages

    collected: list[int] = []
    monkeypatch.setattr(pages.gc, "collect", lambda: collected.append(1))
    with pytest.raises(MemoryError):
        pages.reserve(1 << 60)
    assert collected == [1]


def test_finalizers_use_a_store_that_is_collected():
    """The collector calls the finalizers of a cycle in any order, ours too."""
    found: list[Any] = []

    class User:
        def __init__(self, world: World):
            self.world, self.itself = world, self
            self.host = world.host(lambda: found.append("host"))
            self.view = world.exports["memory"].buffer(world.store)

        def __del__(self) -> None:
            store, exports = self.world.store, self.world.exports
            exports["memory"].write(store, b"end")
            found.append((exports["grow"](store, 1), bytes(self.view[:3])))
            self.host["run"](store)
            try:
                exports["trap"](store)
            except Trap:
                found.append("trap")

    for order in (0, 1):
        world = World()
        user = User(world)
        world.cycle = user if order else [user]  # pyright: ignore[reportAttributeAccessIssue]
        del world, user
        gc.collect()
    assert found == [(1, b"end"), "host", "trap"] * 2


def test_finalizers_inside_a_host_call_on_another_thread(world: World):
    """Dropping a store there frees it, and what is refused is refused politely."""
    outcomes: list[str] = []

    class Late:
        def __del__(self) -> None:
            try:
                world.exports["seven"](world.store)
            except WasmtimeError as error:
                outcomes.append(str(error))

    def host() -> None:
        kept = [Late(), World()]
        in_thread(kept.clear)

    world.host(host)["run"](world.store)
    assert len(outcomes) == 1
    assert "another thread" in outcomes[0]


def test_store_outlives_its_module_engine_and_linker():
    own = Engine(Config(jobs=0, opt_level=0))
    store = Store(own)
    linker = Linker(own)
    linker.define_func("", "h", NOTHING, lambda: None)
    exports: Any = linker.instantiate(store, Module(own, HOST)).exports(store)
    del own, linker
    store.engine = None  # pyright: ignore[reportAttributeAccessIssue]
    gc.collect()
    assert exports["two"](store) == 2


def test_frames_of_a_trap_are_read_after_the_store_and_module_are_gone():
    own = Engine(Config(jobs=0, opt_level=0))
    with Store(own) as store:
        exports: Any = Instance(store, Module(own, EVERYTHING), []).exports(store)
        with pytest.raises(Trap) as caught:
            exports["trap"](store)
    trap = caught.value.with_traceback(None)
    del exports, store, own, caught
    gc.collect()
    assert [frame.func_index for frame in trap.frames] == [5]


# --- references to Python objects ---

EXTERNS = """(module
  (table (export "table") 2 externref)
  (global (export "global") (mut externref) (ref.null extern))
  (func (export "same") (param externref) (result externref) (local.get 0))
  (func (export "keep") (param externref) (table.set 0 (i32.const 0) (local.get 0)))
  (func (export "kept") (result externref) (table.get 0 (i32.const 0))))"""


class Thing:
    alive = 0

    def __init__(self) -> None:
        Thing.alive += 1

    def __del__(self) -> None:
        Thing.alive -= 1


@pytest.fixture
def externs() -> Any:
    store = Store(engine())
    return store, Instance(store, module(EXTERNS), []).exports(store)


def test_gc_lets_go_of_objects_that_no_table_and_no_global_has(externs: Any):
    store, exports = externs
    exports["same"](store, Thing())
    exports["keep"](store, Thing())
    exports["global"].set_value(store, Thing())
    own = Table(store, TableType(EXTERNREF, Limits(1, None)), Thing())
    assert Thing.alive == 4
    store.gc()
    assert Thing.alive == 3
    assert isinstance(exports["kept"](store), Thing)
    assert isinstance(exports["global"].value(store), Thing)
    assert isinstance(own.get(store, 0), Thing)
    exports["keep"](store, None)
    store.gc()
    assert Thing.alive == 2
    store.close()
    assert Thing.alive == 0


def test_objects_are_let_go_by_themselves(externs: Any):
    store, exports = externs
    for _ in range(5000):
        assert isinstance(exports["same"](store, Thing()), Thing)
    assert Thing.alive < 2500


def test_gc_during_a_call_lets_go_of_nothing():
    store = Store(engine())
    passing = module(
        '(module (import "" "h" (func $h)) (func (export "f") (param externref) (result externref)'
        " (call $h) (local.get 0)))"
    )
    made = Func(store, NOTHING, store.gc)
    exports: Any = Instance(store, passing, [made]).exports(store)
    assert isinstance(exports["f"](store, Thing()), Thing)


# --- copies ---


@pytest.mark.parametrize("name", ["memory", "table", "global", "seven"])
def test_handles_are_not_copied_or_pickled(world: World, name: str):
    """A copy of what has addresses would be used, or freed, after the original."""
    for handle in (world.exports[name], world.instance, world.store):
        with pytest.raises(TypeError, match="cannot"):
            copy.deepcopy(handle)
        with pytest.raises(TypeError, match="cannot"):
            pickle.dumps(handle)
    assert USES["Func"](world.exports, copy.copy(world.store)) == 7


@pytest.mark.parametrize("copy_of", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_a_copy_of_an_engine_has_an_epoch_of_its_own(copy_of: Callable[[Engine], Engine]):
    engine = Engine(Config(epoch_interruption=True, opt_level=0, jobs=0))
    engine.increment_epoch()
    other = copy_of(engine)
    module = Module(other, '(module (func (export "f") (loop)))')
    del engine
    store = Store(other)
    store.set_epoch_deadline(1)
    function = Instance(store, module, []).exports(store)["f"]
    function(store)
    other.increment_epoch()
    with pytest.raises(Trap, match="interrupt"):
        function(store)


# --- the end of the process ---

AT_EXIT = """
import sys, threading, time
from wasmdialect import *
store = Store(Engine(Config(jobs=0, opt_level=0)))
host = Func(store, FuncType([], []), lambda: None)
module = Module(store.engine, '(module (import "" "h" (func $h)) (memory 1)'
    ' (func (export "run") (loop (call $h) (drop (memory.grow (i32.const 0))) (br 0))))')
exports = Instance(store, module, [host]).exports(store)
class AtExit:
    def __del__(self, store=store, exports=exports):
        try:
            exports["run"].type(store)
        except Exception:
            pass
sys.modules["kept"] = AtExit()
if sys.argv[1:]:
    threading.Thread(target=exports["run"], args=(store,), daemon=True).start()
    time.sleep(0.1)
"""


@pytest.mark.parametrize("arguments", [(), ("thread",)])
def test_python_ends(arguments: tuple[str, ...]):
    """With finalizers that use the store, and with a thread that is in compiled code."""
    command = [sys.executable, "-c", AT_EXIT, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

"""What instances of a module have in common is copied or mapped; nothing written to one of them shows
in another."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Instance,
    Limits,
    Memory,
    MemoryType,
    Module,
    Store,
    Trap,
)
from wasmdialect.runtime import image
from wasmdialect.runtime.native import native

ENGINE = Engine(Config(jobs=0, opt_level=0))
DATA = """(module (memory (export "m") 3 5)
  (data (i32.const 10) "first") (data (i32.const 65530) "across a page") (data (i32.const 12) "XY")
  (data "passive") (data (i32.const 196608) "")
  (func (export "init") (memory.init 3 (i32.const 0) (i32.const 0) (i32.const 7)))
  (func (export "again") (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1))))"""


def content(exports: Any, store: Store) -> tuple[bytes, bytes, bytes]:
    memory: Memory = exports["m"]
    return (
        bytes(memory.read(store, 8, 18)),
        bytes(memory.read(store, 65528, 65545)),
        bytes(memory.read(store, 196600, 196608)),
    )


EXPECTED = (b"\0\0fiXYt\0\0\0", b"\0\0across a page\0\0", bytes(8))


def instance(module: Module, *imports: Any) -> tuple[Store, Any]:
    store = Store(ENGINE)
    return store, Instance(store, module, [*imports]).exports(store)


def test_instances_start_equal_and_stay_apart():
    module = Module(ENGINE, DATA)
    kept: list[tuple[Store, Any]] = []
    for number in range(5):
        store, exports = instance(module)
        assert content(exports, store) == EXPECTED
        exports["m"].write(store, b"%d" % number, 10)
        exports["m"].write(store, b"%d" % number, 65530)
        assert exports["grow"](store) == 3
        exports["m"].write(store, b"end", 262141)
        kept.append((store, exports))
    for number, (store, exports) in enumerate(kept):
        assert exports["m"].read(store, 10, 12) == b"%di" % number
        assert exports["m"].read(store, 65530, 65532) == b"%dc" % number
        exports["init"](store)
        assert exports["m"].read(store, 0, 7) == b"passive"
        with pytest.raises(Trap, match="out of bounds memory access"):
            exports["again"](store)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=40)), max_size=12))
def test_segments_are_written_in_order_however_close_they_are(segments: list[tuple[int, bytes]]):
    """Those that follow one another closely are written as one."""
    expected = bytearray(4096)
    text = '(memory (export "m") 1)'
    for start, data in segments:
        expected[start : start + len(data)] = data
        digits = "".join(f"\\{byte:02x}" for byte in data)
        text += f'(data (i32.const {start}) "{digits}")'
    module = Module(ENGINE, f"(module {text})")
    for _ in range(2):  # copied, and mapped
        store, exports = instance(module)
        assert exports["m"].read(store, 0, 4096) == expected


def test_views_outlive_store_and_module():
    module = Module(ENGINE, DATA)
    instance(module)
    store, exports = instance(module)
    view = exports["m"].buffer(store)
    store.close()
    del store, exports, module
    gc.collect()
    assert bytes(view[8:18]) == EXPECTED[0]
    view[8] = 1


def descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


def test_one_instance_takes_no_descriptor_and_many_take_one():
    gc.collect()
    before = descriptors()
    module = Module(ENGINE, DATA)
    instance(module)
    assert descriptors() == before
    for _ in range(5):
        instance(module)
        assert descriptors() == before + 1
    del module
    gc.collect()
    assert descriptors() == before


def test_threads_make_the_first_instances_at_once():
    """Each may make an image, and a file, of its own; none is freed while it is used."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    failures: list[object] = []

    def work(module: Module, barrier: threading.Barrier) -> None:
        barrier.wait()
        for _ in range(3):
            store, exports = instance(module)
            if content(exports, store) != EXPECTED or exports["indirect"](store) != 17:
                failures.append(content(exports, store))

    gc.collect()
    before = descriptors()
    try:
        for _ in range(20):
            module = Module.deserialize(ENGINE, ARTIFACT)
            barrier = threading.Barrier(4)
            threads = [threading.Thread(target=work, args=(module, barrier)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failures == []
    del module
    gc.collect()
    assert descriptors() == before


INDIRECT = """(type $t (func (result i32))) (table 1 funcref) (elem (i32.const 0) $f)
  (func $f (type $t) (i32.const 17))
  (func (export "indirect") (result i32) (call_indirect (type $t) (i32.const 0))))"""
ARTIFACT = Module(ENGINE, DATA[:-1] + INDIRECT).serialize()


def no_file(name: str, flags: int = 0) -> int:
    raise OSError(24, "Too many open files")


def no_room(fd: int, data: Any, start: int) -> int:
    raise OSError(28, "No space left on device")


def no_mapping(size: int, start: int, accessible: int, fd: int, mapped: int) -> int:
    return 0 if mapped else MAP_MEMORY(size, start, accessible, fd, mapped)


MAP_MEMORY = native().map_memory


@pytest.mark.parametrize(
    ("where", "name", "substitute"),
    [
        (image.os, "memfd_create", no_file),
        (image.os, "pwrite", no_room),
        (native(), "map_memory", no_mapping),
    ],
    ids=["no descriptor", "no memory", "no mapping"],
)
def test_without_a_file_the_content_is_copied(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, substitute: Any
):
    monkeypatch.setattr(where, name, substitute)
    module = Module(ENGINE, DATA)
    for _ in range(4):
        store, exports = instance(module)
        assert content(exports, store) == EXPECTED


def test_short_writes_to_the_file(monkeypatch: pytest.MonkeyPatch):
    real = os.pwrite
    monkeypatch.setattr(image.os, "pwrite", lambda fd, data, at: real(fd, data[:3], at))
    module = Module(ENGINE, DATA)
    for _ in range(3):
        store, exports = instance(module)
        assert content(exports, store) == EXPECTED


def test_child_of_a_fork_has_its_own_pages():
    module = Module(ENGINE, DATA)
    instance(module)
    store, exports = instance(module)
    child = os.fork()
    if child == 0:
        try:
            exports["m"].write(store, b"child", 10)
            other, fresh = instance(module)
            os._exit(7 if content(fresh, other) == EXPECTED else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert content(exports, store) == EXPECTED


@pytest.mark.parametrize("size", ["i32 10 20 (pagesize 1)", "i64 1 2", "1", "1 1"])
def test_memories_of_every_kind(size: str):
    features = "custom-page-sizes" if "pagesize" in size else ""
    engine = Engine(Config(jobs=0, opt_level=0, features=features))
    index = "i64" if size.startswith("i64") else "i32"
    module = Module(
        engine, f'(module (memory (export "m") {size}) (data ({index}.const 3) "1234567"))'
    )
    for _ in range(3):
        store = Store(engine)
        exports: Any = Instance(store, module, []).exports(store)
        assert exports["m"].read(store, 0, 10) == b"\0\0\x001234567"
        exports["m"].write(store, b"x", 3)


def test_segments_of_an_imported_memory_are_written_until_one_does_not_fit():
    text = """(module (memory (import "m" "m") 1)
      (data (i32.const 0) "a") (data (i32.const 65535) "xy") (data (i32.const 1) "b"))"""
    module = Module(ENGINE, text)
    for _ in range(3):
        store = Store(ENGINE)
        memory = Memory(store, MemoryType(Limits(1, None)))
        with pytest.raises(Trap, match="out of bounds memory access"):
            Instance(store, module, [memory])
        assert memory.read(store, 0, 2) == b"a\0"


def test_segment_that_does_not_fit_its_own_memory():
    module = Module(ENGINE, '(module (memory 1) (data (i32.const 65535) "xy"))')
    for _ in range(3):
        with pytest.raises(Trap, match="out of bounds memory access"):
            instance(module)


def test_segment_whose_offset_is_a_global():
    text = """(module (global $g (import "g" "g") i32) (memory (export "m") 1)
      (data (global.get $g) "here"))"""
    module = Module(ENGINE, text)
    exporting = Module(ENGINE, '(module (global (export "g") i32 (i32.const 7)))')
    for _ in range(3):
        store = Store(ENGINE)
        variable = Instance(store, exporting, []).exports(store)["g"]
        exports: Any = Instance(store, module, [variable]).exports(store)
        assert exports["m"].read(store, 6, 12) == b"\0here\0"


FUNCTIONS = """(module (import "m" "host" (func $host (result i32)))
  (global $start (mut i32) (i32.const 5)) (global $zero (mut i64) (i64.const -1))
  (global $f funcref (ref.func $two)) (global $none (mut externref) (ref.null extern))
  (table (export "t") 6 funcref)
  (elem (i32.const 1) func $one $two) (elem (i32.const 3) func $host $one)
  (elem (i32.const 5) funcref (item (ref.func $two)))
  (func $one (export "one") (result i32)
    (global.set $start (i32.add (global.get $start) (i32.const 1))) (global.get $start))
  (func $two (result i32) (i32.const 2))
  (func (export "get") (param i32) (result funcref) (table.get (local.get 0)))
  (func (export "global") (result funcref) (global.get $f))
  (func (export "wide") (result i64) (global.get $zero))
  (export "host" (func $host)))"""


def test_functions_are_found_by_their_references_in_every_instance():
    module = Module(ENGINE, FUNCTIONS)
    store = Store(ENGINE)
    made: list[Any] = []
    for number in range(6):
        host = Func(store, FuncType([], [next(iter(SIGNATURE.results))]), lambda n=number: 100 + n)
        made.append(Instance(store, module, [host]).exports(store))
    for number, exports in enumerate(made):
        called = [exports["get"](store, i) for i in range(6)]
        assert called[0] is None
        assert [f(store) for f in called[1:]] == [6, 2, 100 + number, 7, 2]
        assert exports["t"].get(store, 2)(store) == 2
        assert exports["global"](store)(store) == 2
        assert exports["host"](store) == 100 + number
        assert exports["wide"](store) == -1
        assert exports["one"](store) == 8


SIGNATURE = (
    Module(ENGINE, '(module (func (export "f") (result i32) (i32.const 0)))').exports[0].type
)


def test_exports_are_made_once():
    _, exports = instance(Module(ENGINE, DATA))
    assert exports["init"] is exports["init"]
    assert exports.by_index[1] is exports["init"]
    assert [*exports] == ["m", "init", "again", "grow"]
    assert len(exports) == 4
    with pytest.raises(KeyError):
        exports["absent"]


# --- tables and segments ---


def test_tables_of_instances_stay_apart():
    module = Module(ENGINE, FUNCTIONS_OF_OWN)
    (store, first), (other, second) = instance(module), instance(module)
    assert first["table"].size(store) == 4
    assert [first["call"](store, i) for i in range(2)] == [1, 2]
    first["table"].set(store, 0, first["two"])
    assert first["table"].grow(store, 3, first["one"]) == 4
    assert first["grow"](store) == 7
    assert [first["call"](store, i) for i in (0, 1, 6)] == [2, 2, 1]
    assert second["table"].size(other) == 4
    assert [second["call"](other, i) for i in range(2)] == [1, 2]
    with pytest.raises(Trap, match="undefined element"):
        second["call"](other, 4)


FUNCTIONS_OF_OWN = """(module (type $t (func (result i32))) (table (export "table") 4 20 funcref)
  (elem (i32.const 0) $two $one) (elem (i32.const 0) $one $two)
  (func $one (export "one") (type $t) (i32.const 1)) (func $two (export "two") (type $t) (i32.const 2))
  (func (export "grow") (result i32) (table.grow (ref.null func) (i32.const 1)))
  (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0))))"""


@pytest.mark.parametrize("size", [3, 200_000], ids=["small", "larger than images are"])
@pytest.mark.parametrize("offset", ["i32.const 1", "global.get $g"])
def test_later_segments_write_over_earlier_ones(size: int, offset: str):
    text = f"""(module (global $g (import "g" "g") i32) (table (export "t") {size} funcref)
      (elem (i32.const 0) $a $a $a) (elem ({offset}) $b $b) (elem (i32.const 2) $c)
      (func $a (result i32) (i32.const 10)) (func $b (result i32) (i32.const 11))
      (func $c (result i32) (i32.const 12)))"""
    module = Module(ENGINE, text)
    exporting = Module(ENGINE, '(module (global (export "g") i32 (i32.const 1)))')
    for _ in range(2):
        store = Store(ENGINE)
        variable = Instance(store, exporting, []).exports(store)["g"]
        table: Any = Instance(store, module, [variable]).exports(store)["t"]
        assert [table.get(store, i)(store) for i in range(3)] == [10, 11, 12]


@pytest.mark.parametrize("size", [3, 200_000], ids=["small", "larger than images are"])
def test_a_table_of_one_function_needs_no_segment_to_be_filled(size: int):
    text = f"""(module (table (export "t") {size} (ref func) (ref.func $f))
      (func $f (result i32) (i32.const 10)))"""
    module = Module(ENGINE, text)
    for _ in range(2):
        store, exports = instance(module)
        assert [exports["t"].get(store, i)(store) for i in (0, size - 1)] == [10, 10]


def test_no_data_are_written_when_an_element_segment_does_not_fit():
    """A function that is in an imported table by then can tell."""
    text = """(module (import "" "t" (table 2 funcref)) (memory 1)
      (func $read (result i32) (i32.load (i32.const 0))) (elem (i32.const 0) $read)
      (elem (i32.const 2) $read) (data (i32.const 0) "data"))"""
    module = Module(ENGINE, text)
    exporting = Module(ENGINE, '(module (table (export "t") 2 funcref))')
    for _ in range(3):
        store = Store(ENGINE)
        table: Any = Instance(store, exporting, []).exports(store)["t"]
        with pytest.raises(Trap, match="out of bounds table access"):
            Instance(store, module, [table])
        assert table.get(store, 0)(store) == 0


def test_what_one_instance_drops_others_keep():
    text = """(module (table 1 funcref) (memory (export "m") 1) (func $f)
      (elem (i32.const 0) $f) (data (i32.const 0) "x") (elem $e func $f) (data $d "passive")
      (func (export "drop") (elem.drop $e) (data.drop $d))
      (func (export "init") (table.init $e (i32.const 0) (i32.const 0) (i32.const 1))
        (memory.init $d (i32.const 1) (i32.const 0) (i32.const 7)))
      (func (export "elements") (table.init 0 (i32.const 0) (i32.const 0) (i32.const 1))))"""
    module = Module(ENGINE, text)
    (store, first), (other, second) = instance(module), instance(module)
    for _ in range(2):
        first["drop"](store)
        with pytest.raises(Trap):
            first["init"](store)
    second["init"](other)
    assert second["m"].read(other, 0, 8) == b"xpassive"
    for exports, owner in ((first, store), (second, other)):
        with pytest.raises(Trap, match="out of bounds table access"):
            exports["elements"](owner)  # active segments are dropped


# --- objects are made when they are asked for ---


def test_objects_in_tables_and_globals_that_nobody_asked_for_are_kept():
    text = """(module (table 2 externref) (global $g (mut externref) (ref.null extern))
      (func (export "put") (param externref externref)
        (table.set (i32.const 1) (local.get 0)) (global.set $g (local.get 1)))
      (func (export "get") (result externref externref)
        (table.get (i32.const 1)) (global.get $g)))"""
    store, exports = instance(Module(ENGINE, text))
    exports["put"](store, object(), object())
    store.gc()
    assert [type(o) for o in exports["get"](store)] == [object, object]


def test_threads_that_ask_at_once_get_the_same_objects():
    module = Module(ENGINE, FUNCTIONS_OF_OWN[:-1] + '(global (export "g") i32 (i32.const 1)))')
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(100):
            store = Store(ENGINE)
            made = Instance(store, module, [])
            found: list[Any] = []
            barrier = threading.Barrier(4)

            def work(made: Instance = made, barrier: Any = barrier, found: Any = found) -> None:
                barrier.wait()
                inner = made.inner
                found.append((inner.exported("table"), inner.exported("g"), inner.exported("one")))

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len({*found}) == 1
    finally:
        sys.setswitchinterval(interval)


def test_memory_for_arguments_of_tail_calls_is_there_for_the_first_module_that_needs_it():
    store = Store(ENGINE)
    Instance(store, Module(ENGINE, "(module (func (param i32)))"), [])
    assert store.state.memory.tail_arguments == 0
    params, values = "i64 " * 12, " ".join(f"(local.get {i})" for i in range(12))
    text = f"""(module (func $last (param {params}) (result i64) (i64.sub (local.get 11) (local.get 3)))
      (func (export "f") (param {params}) (result i64) (return_call $last {values})))"""
    exports: Any = Instance(store, Module(ENGINE, text), []).exports(store)
    assert exports["f"](store, *range(0, 120, 10)) == 80
    place = store.state.memory.tail_arguments
    Instance(store, Module(ENGINE, text), [])
    assert store.state.memory.tail_arguments == place != 0

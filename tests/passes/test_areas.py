"""Bytes and counters with an index that passes declare: read, written, checked, exported, viewed."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
import wasmtime
from interpreter.running import call
from passes.instrumented import WAYS, Exported, interpreted, made, write_pass

from wasmdialect import Trap, TrapCode
from wasmdialect.interpreter import Trapped
from wasmdialect.passes.pipeline import PassFailure

BRANCHES = """(module
  (func (export "f") (param i32) (result i32)
    (local $n i32)
    (loop $again
      (if (i32.and (local.get 0) (i32.const 1))
        (then (local.set $n (i32.add (local.get $n) (i32.const 1)))))
      (br_if $again (local.tee 0 (i32.shr_u (local.get 0) (i32.const 1)))))
    (local.get $n)))
"""
EDGES = """
d.add_counter('all')
d.add_counters('blocks', 10)
d.add_bytes('map', 256)
d.add_field('last', 4, 4)
"""
COUNT_BLOCKS = """
for number, block in enumerate(function.body.blocks):
    b = WasmBuilder.at_start(block)
    b.count('all')
    b.count('blocks', index=number)
    b.count('blocks', 3, b.i32_const(9))
    last = b.load_bytes('last', 0, bytes=4)
    index = b.i32_and(b.i32_xor(last, b.i32_const(37 * number)), b.i32_const(255))
    b.store_bytes('map', index, b.i32_add(b.load_bytes('map', index), b.i32_const(1)))
    b.store_bytes('last', 0, b.i32_const(37 * number >> 1), bytes=4)
"""


NUMBER = 0b1011010
BLOCKS = [1, 7, 4, 7, 1, 0, 0, 0, 0, 3 * 20]
"""The entry, the loop, its `then`, what follows and the end; each also counts in the last counter."""
MAP = {0: 1, 18: 6, 37: 1, 74: 4, 88: 4, 125: 3, 163: 1}


def nonzero(view: Any) -> dict[int, int]:
    return {index: value for index, value in enumerate(view) if value}


@pytest.mark.parametrize("way", WAYS)
def test_a_pass_counts_blocks_and_notes_edges(way: str, tmp_path: Path):
    file = write_pass(tmp_path, EDGES, COUNT_BLOCKS)
    store, instance, exports = made(way, file, BRANCHES).instantiate()
    assert exports["f"](store, NUMBER) == NUMBER.bit_count()
    assert instance.counters() == {"all": 20}
    assert instance.fields["blocks"].buffer.tolist() == BLOCKS
    assert nonzero(instance.fields["map"].buffer) == MAP


def test_the_interpreter_and_exported_modules_count_the_same(tmp_path: Path):
    file = write_pass(tmp_path, EDGES, COUNT_BLOCKS)
    instance = interpreted(file, BRANCHES)
    assert call(instance, "f", NUMBER) == [NUMBER.bit_count()]
    assert memoryview(instance.fields["blocks"]).cast("Q").tolist() == BLOCKS
    assert nonzero(instance.fields["map"]) == MAP
    exported = Exported(file, BRANCHES)
    exports, store = exported.exports(), exported.store
    assert exports["f"](store, NUMBER) == NUMBER.bit_count()
    assert exports["counter.all"].value(store) == 20
    blocks = bytes(exports["counters.blocks"].read(store, 0, 80))
    assert memoryview(blocks).cast("Q").tolist() == BLOCKS
    assert nonzero(exports["bytes.map"].read(store, 0, 256)) == MAP


def test_python_reads_and_writes_the_memory_itself(tmp_path: Path):
    file = write_pass(tmp_path, EDGES, COUNT_BLOCKS)
    store, instance, exports = made("eager", file, BRANCHES).instantiate()
    blocks, edges = instance.fields["blocks"].buffer, instance.fields["map"].buffer
    assert (blocks.format, blocks.shape, blocks.readonly) == ("Q", (10,), False)
    assert (edges.format, edges.shape, edges.readonly) == ("B", (256,), False)
    blocks[1] = 1000
    edges[18] = 250  # and wraps to 0 after 6 more
    exports["f"](store, NUMBER)
    assert (blocks[0], blocks[1], edges[18], edges[0]) == (1, 1007, 0, 1)
    blocks[:] = memoryview(bytes(80)).cast("Q")
    exports["f"](store, NUMBER)
    assert blocks.tolist() == BLOCKS
    store.close()
    del store, instance, exports
    gc.collect()
    blocks[0] += 1
    assert blocks[0] == 2


INDEX = """(module (memory (export "memory") 1)
  (func (export "f") (param i32 i64) (result i64)
    (i32.store (i32.const 0) (i32.const 7))
    (i64.const -1)))
"""


@pytest.mark.parametrize("width", [1, 2, 4, 8])
@pytest.mark.parametrize("level", [0, 2])
def test_an_index_outside_traps_and_what_was_stored_before_is_there(
    width: int, level: int, tmp_path: Path
):
    file = write_pass(
        tmp_path,
        "d.add_bytes('before', 16); d.add_bytes('area', 20); d.add_bytes('after', 16)",
        f"""
at, value = function.entry.args
b = WasmBuilder.before(function.entry.last_op)
b.store_bytes('area', at, value, bytes={width})
result = b.load_bytes('area', at, i64, bytes={width}, signed=True)
function.entry.last_op.operands[0] = result
""",
    )
    store, instance, exports = made("eager", file, INDEX, opt_level=level).instantiate()
    area, exported, ran = instance.fields["area"], Exported(file, INDEX), interpreted(file, INDEX)
    wasm = exported.exports()
    number = -2 + (1 << 8 * width - 1)  # the highest bit is not set
    for at in (0, 3, 20 - width):
        for value in (number, -2):
            area.bytes = b"\x55" * 20
            assert exports["f"](store, at, value) == value
            bits = (value & (1 << 8 * width) - 1).to_bytes(width, "little")
            assert area.bytes == (b"\x55" * 20)[:at] + bits + (b"\x55" * 20)[at + width :]
            assert call(ran, "f", at, value & (1 << 64) - 1) == [value & (1 << 64) - 1]
            assert wasm["f"](exported.store, at, value) == value
    area.bytes = bytes(20)
    for at in (20 - width + 1, 20, 1 << 16, -1, -width, -(1 << 31)):
        exports["memory"].write(store, bytes(4))
        with pytest.raises(Trap) as caught:
            exports["f"](store, at, -1)
        assert caught.value.trap_code is TrapCode.MEMORY_OUT_OF_BOUNDS
        assert exports["memory"].read(store, 0, 4) == b"\x07\0\0\0"
        with pytest.raises(Trapped):
            call(ran, "f", at & 0xFFFF_FFFF, 0)
        with pytest.raises(wasmtime.Trap):
            wasm["f"](exported.store, at, -1)
    for name in ("before", "area", "after"):
        assert not any(instance.fields[name].bytes)


@pytest.mark.parametrize("level", [0, 2])
def test_a_counter_outside_of_those_declared_traps(level: int, tmp_path: Path):
    file = write_pass(
        tmp_path,
        "d.add_counters('before', 1); d.add_counters('some', 3); d.add_counter('after')",
        "b.count('some', index=function.entry.args[0])",
    )
    store, instance, exports = made("eager", file, INDEX, opt_level=level).instantiate()
    exported, ran = Exported(file, INDEX), interpreted(file, INDEX)
    wasm = exported.exports()
    for at in (3, 1 << 29, -1, -(1 << 29), -(1 << 31)):  # times 8, some of them are 0 in 32 bits
        with pytest.raises(Trap):
            exports["f"](store, at, 0)
        with pytest.raises(Trapped):
            call(ran, "f", at & 0xFFFF_FFFF, 0)
        with pytest.raises(wasmtime.Trap):
            wasm["f"](exported.store, at, 0)
    assert instance.fields["some"].buffer.tolist() == [0, 0, 0]
    assert instance.counters() == {"before": 0, "after": 0}


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (
            "b.store_bytes('area', 20, any_)",
            "'area' has 20 bytes, of which 1 are accessed at index 20",
        ),
        ("b.load_bytes('area', 17, bytes=4)", "of which 4 are accessed at index 17"),
        ("b.load_bytes('tiny', any_, bytes=4)", "'tiny' has 2 bytes, of which 4 are accessed"),
        ("b.count('some', index=3)", "'some' has 24 bytes, of which 8 are accessed at index 3"),
        (
            "b.load_bytes('other', any_)",
            "the VMContext has no field 'other': a pass declares it with",
        ),
    ],
)
def test_an_access_that_never_fits_is_refused(action: str, message: str, tmp_path: Path):
    file = write_pass(
        tmp_path,
        "d.add_bytes('area', 20); d.add_bytes('tiny', 2); d.add_counters('some', 3)",
        f"any_ = function.entry.args[0]\n{action}",
    )
    with pytest.raises(PassFailure, match=message):
        made("eager", file, INDEX)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        ("d.add_bytes('a', 0)", "'a' cannot have size 0"),
        ("d.add_counters('a', -1)", "'a' cannot have size -8"),
        ("d.add_bytes('a', 4); d.add_counters('a', 4)", "field 'a' is declared twice"),
        (
            "d.add_bytes('a', 1 << 29)",
            "the VMContext would take 5368.* bytes; the limit is 256 MiB",
        ),
    ],
)
def test_an_area_that_cannot_be_is_refused(declare: str, message: str, tmp_path: Path):
    file = write_pass(tmp_path, declare, "pass")
    with pytest.raises(Exception, match=message) as caught:
        made("eager", file, INDEX)
    assert type(caught.value).__name__ in ("PassFailure", "WasmtimeError", "DeclarationError")


def test_a_large_area_costs_its_size_once(tmp_path: Path):
    """Instances have their own, and a module does not keep a copy to start them with."""
    file = write_pass(
        tmp_path, "d.add_bytes('shadow', 8 << 20)", "b.store_bytes('shadow', 0, b.i32_const(1))"
    )
    program = made("saved", file, INDEX)
    stores = [program.instantiate() for _ in range(3)]
    stores[1][2]["f"](stores[1][0], 0, 0)
    assert [instance.fields["shadow"].buffer[0] for _, instance, _ in stores] == [0, 1, 0]
    image = program.module.loaded.image
    assert image is not None
    assert len(image._vmctx) + len(image._template) < 10_000  # pyright: ignore[reportPrivateUsage]


def test_the_run_command_prints_counters_with_an_index(tmp_path: Path):
    from cli.commands import run

    file = write_pass(tmp_path, EDGES, COUNT_BLOCKS)
    (tmp_path / "m.wat").write_text(BRANCHES)
    done = run(
        tmp_path,
        *("wasmdialect", "run", "m.wat", "--load", str(file), "--at", "wasmir-end=added"),
        *("--counters", "--invoke", "f", str(NUMBER)),
    )
    assert f'{{"all": 20, "blocks": {BLOCKS}}}' in done.stdout + done.stderr

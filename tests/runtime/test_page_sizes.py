"""Memories whose pages are one byte: they end anywhere, and have no guard pages."""

from __future__ import annotations

from typing import Any

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

import wasmdialect

LOADS = ("i32.load8_s", "i32.load16_u", "i32.load", "i64.load32_s", "i64.load", "f64.load")
STORES = ("i32.store8", "i64.store16", "i32.store", "f32.store", "i64.store")
OFFSETS = (0, 1, 3, 39)
MINIMUM, MAXIMUM = 5, 40


def text(address: str) -> str:
    """A module with an export for each way to use a memory of an address type."""

    def access(mnemonic: str, offset: int) -> str:
        t = mnemonic.split(".")[0]
        name = f"{mnemonic} {offset}"
        at = f"{mnemonic} offset={offset} (local.get 0)"
        if mnemonic in LOADS:
            return f'(func (export "{name}") (param {address}) (result {t}) ({at}))'
        value = f"({t}.const {0x0102030405060708 if t == 'i64' else 0x01020304})"
        return f'(func (export "{name}") (param {address}) ({at} {value}))'

    accesses = [access(m, offset) for m in (*LOADS, *STORES) for offset in OFFSETS]
    triple = f"(param {address} {address} {address})"
    operands = "(local.get 0) (local.get 1) (local.get 2)"
    length = "(local.get 2)" if address == "i32" else "(i32.wrap_i64 (local.get 2))"
    source = "(local.get 1)" if address == "i32" else "(i32.wrap_i64 (local.get 1))"
    return f"""(module
      (memory (export "memory") {address} {MINIMUM} {MAXIMUM} (pagesize 1))
      (data (i32.const 0)) (data $d "abcdefgh")
      (func (export "size") (result {address}) (memory.size))
      (func (export "grow") (param {address}) (result {address}) (memory.grow (local.get 0)))
      (func (export "fill") {triple} (memory.fill (local.get 0) {source} (local.get 2)))
      (func (export "copy") {triple} (memory.copy {operands}))
      (func (export "init") {triple} (memory.init $d (local.get 0) {source} {length}))
      {" ".join(accesses)})""".replace("(data (i32.const 0))", f'(data ({address}.const 2) "xyz")')


addresses = st.one_of(st.integers(0, MAXIMUM + 2), st.sampled_from([(1 << 31) - 1, -1, -8, -40]))
steps = st.one_of(
    st.tuples(st.sampled_from(["grow"]), st.tuples(addresses)),
    st.tuples(st.just("size"), st.just(())),
    st.tuples(
        st.sampled_from(["fill", "copy", "init"]),
        st.tuples(addresses, st.integers(0, 12), st.integers(0, 12)),
    ),
    st.tuples(
        st.sampled_from([f"{m} {o}" for m in (*LOADS, *STORES) for o in OFFSETS]),
        st.tuples(addresses),
    ),
)


class Runner:
    """A fresh instance in one of the two engines."""

    def __init__(self, api: Any, engine: Any, module: Any):
        self.api, self.store = api, api.Store(engine)
        self.exports = api.Instance(self.store, module, []).exports(self.store)

    def step(self, name: str, arguments: tuple[int, ...]) -> Any:
        """What a call returns, or why it traps; and the memory after it."""
        try:
            result = self.exports[name](self.store, *arguments)
        except self.api.Trap as trap:
            result = trap.trap_code.name
        memory = self.exports["memory"]
        return repr(result), bytes(memory.read(self.store))


def modules(api: Any, config: Any, address: str) -> tuple[Any, Any]:
    config.wasm_custom_page_sizes = True
    engine = api.Engine(config)
    return engine, api.Module(engine, text(address))


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("bounds", ["guard", "explicit"])
@pytest.mark.parametrize("address", ["i32", "i64"])
def test_pages_of_one_byte_behave_like_wasmtimes(address: str, bounds: str, level: int):
    ours = modules(wasmdialect, wasmdialect.Config(opt_level=level, bounds=bounds, jobs=0), address)
    theirs = modules(wasmtime, wasmtime.Config(), address)

    @settings(max_examples=60)
    @given(st.lists(steps, min_size=1, max_size=12))
    def same(program: list[tuple[str, tuple[int, ...]]]) -> None:
        mine, other = Runner(wasmdialect, *ours), Runner(wasmtime, *theirs)
        for name, arguments in program:
            assert mine.step(name, arguments) == other.step(name, arguments), name

    same()


def test_a_memory_of_one_byte_pages_is_never_guarded():
    """Its end is not a page of the machine, so code must compare, whatever `bounds` says."""
    engine = wasmdialect.Engine(features())
    store = wasmdialect.Store(engine)
    text = """(module (memory (export "m") 1 (pagesize 1))
      (func (export "f") (param i32) (result i32) (i32.load8_u (local.get 0))))"""
    exports: Any = wasmdialect.Instance(store, wasmdialect.Module(engine, text), []).exports(store)
    assert exports["f"](store, 0) == 0
    for address in (1, 4095, 4096, 65535, -1):
        with pytest.raises(wasmdialect.Trap, match="out of bounds memory access"):
            exports["f"](store, address)
    assert exports["m"].data_len(store) == 1


def features() -> wasmdialect.Config:
    return wasmdialect.Config(features="custom-page-sizes")


def test_page_sizes_of_an_import_must_agree():
    engine = wasmdialect.Engine(features())
    store = wasmdialect.Store(engine)
    small = wasmdialect.Module(engine, '(module (memory (export "m") 65536 (pagesize 1)))')
    instance: Any = wasmdialect.Instance(store, small, [])
    usual = wasmdialect.Module(engine, '(module (import "a" "m" (memory 1)))')
    with pytest.raises(wasmdialect.WasmtimeError, match="different page sizes"):
        wasmdialect.Instance(store, usual, [instance.exports(store)["m"]])


def test_one_byte_pages_need_their_feature():
    with pytest.raises(wasmdialect.WasmtimeError, match="custom-page-sizes"):
        wasmdialect.Module(wasmdialect.Engine(), "(module (memory 1 (pagesize 1)))")

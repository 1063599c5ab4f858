"""The words of a store are where compiled code and the glue look for them."""

from __future__ import annotations

from wasmdialect.abi.layout import RUNTIME_LIMITS
from wasmdialect.runtime.native.structures import STORE, STORE_OFFSETS
from wasmdialect.runtime.store import StoreState
from wasmdialect.runtime.store_memory import STORE_OFFSET, TRACE_OFFSET, StoreMemory


def offset_of(name: str) -> int:
    return getattr(StoreMemory, name).offset


def test_words_have_the_offsets_of_the_tables():
    assert {f.name: offset_of(f.name) for f in RUNTIME_LIMITS.fields} == {
        f.name: f.offset for f in RUNTIME_LIMITS.fields
    }
    assert [offset_of(word.name) - STORE_OFFSET for word in STORE] == [*STORE_OFFSETS.values()]
    assert offset_of("trace") == TRACE_OFFSET


def test_a_new_store_is_open_and_free():
    state = StoreState(max_wasm_stack=12345)
    memory = state.memory
    assert (memory.limits, memory.is_open, memory.user) == (state.limits, 1, 0)
    assert memory.max_wasm_stack == 12345
    assert memory.throw_trace == state.limits + TRACE_OFFSET
    memory.fuel_consumed = -5
    assert memory.fuel_consumed == -5
    state.close()
    assert memory.is_open == 0

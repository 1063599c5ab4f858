"""Wide arithmetic: its semantics against Wasmtime's, and compiled code against the semantics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import wasmtime
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wasmdialect import Config, Engine, Instance, Module, Store
from wasmdialect.dialects import wasmir
from wasmdialect.wasm.instructions import BY_MNEMONIC

MNEMONICS = tuple(wasmir.WIDE_OPS)
EDGES = (0, 1, 2, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - 1)
MASK = (1 << 64) - 1

halves = st.one_of(st.sampled_from(EDGES), st.integers(0, MASK))


def arity(mnemonic: str) -> int:
    (row,) = BY_MNEMONIC[mnemonic]
    assert row.params is not None
    return len(row.params)


def semantics(mnemonic: str, operands: tuple[int, ...]) -> tuple[int, ...]:
    (row,) = BY_MNEMONIC[mnemonic]
    assert row.semantics is not None
    result = row.semantics(*operands)
    assert isinstance(result, tuple)
    return result


def ir(mnemonic: str) -> str:
    """A function of the instruction, in which no operand is constant."""
    names = [f"%{i}" for i in range(arity(mnemonic))]
    parameters = ", ".join(f"{name}: i64" for name in names)
    return f"""wasmir.func @f({parameters}) -> (i64, i64) {{
  %low, %high = wasmir.{mnemonic} {", ".join(names)}
  wasmir.return %low, %high : i64, i64
}}
wasmir.export "f" @f
"""


def compiled(mnemonic: str, level: int) -> Callable[..., tuple[int, ...]]:
    store = Store(Engine(Config(jobs=0, cache=False, opt_level=level)))
    function: Any = Instance(store, Module(store.engine, ir(mnemonic)), []).exports(store)["f"]
    return lambda *operands: tuple(x & MASK for x in function(store, *operands))


def wasmtimes(mnemonic: str) -> Callable[..., tuple[int, ...]]:
    config = wasmtime.Config()
    config.wasm_wide_arithmetic = True
    store = wasmtime.Store(wasmtime.Engine(config))
    count = arity(mnemonic)
    operands = " ".join(f"(local.get {i})" for i in range(count))
    text = (
        f'(module (func (export "f") (param {"i64 " * count}) (result i64 i64)'
        f" ({mnemonic} {operands})))"
    )
    module = wasmtime.Module(store.engine, text)
    function: Any = wasmtime.Instance(store, module, []).exports(store)["f"]

    def call(*operands: int) -> tuple[int, ...]:
        signed = [x - (1 << 64) if x >> 63 else x for x in operands]
        return tuple(x & MASK for x in function(store, *signed))

    return call


def check(mnemonic: str, run: Callable[..., tuple[int, ...]], count: int) -> None:
    """`run` has the semantics of the row on the edges, and on `count` random operands."""
    arguments = st.tuples(*[halves] * arity(mnemonic))

    @settings(max_examples=count)
    @given(arguments)
    def same(operands: tuple[int, ...]) -> None:
        assert run(*operands) == semantics(mnemonic, operands), [hex(o) for o in operands]

    for a in EDGES:
        for b in EDGES:
            same = example(((a, b) * 2)[: arity(mnemonic)])(same)
    same()


@pytest.mark.parametrize("mnemonic", MNEMONICS)
def test_semantics_are_wasmtimes(mnemonic: str):
    check(mnemonic, wasmtimes(mnemonic), 500)


@pytest.mark.parametrize("level", [0, 2, 3])
@pytest.mark.parametrize("mnemonic", MNEMONICS)
def test_compiled_as_its_semantics(mnemonic: str, level: int):
    check(mnemonic, compiled(mnemonic, level), 100)

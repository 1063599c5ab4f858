"""Fuel: the same programs use the same fuel as under Wasmtime 12.0.0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wasmdialect import Config, Engine, Func, Instance, Module, Store, Trap, wat2wasm

KERNELS = (Path(__file__).parents[2] / "examples" / "kernels.wasm").read_bytes()

CONTROL = """(module
  (import "env" "f" (func $host (param i32)))
  (table funcref (elem $fac $odd))
  (memory 1)
  (func $fac (export "fac") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (i64.const 1))
      (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
  (func $odd (export "switch") (param i32) (result i32)
    (block $d (block $c (block $b (block $a
      (br_table $a $b $c $d (local.get 0)))
      (return (i32.const 10)))
      (nop) (drop (i32.const 1))
      (return (i32.const 20)))
      (call $host (local.get 0)) (br $d))
    (i32.const 40))
  (func (export "host") (param i32) (result i32)
    (local $i i32)
    (loop $l
      (call $host (local.get $i))
      (if (i32.and (local.get $i) (i32.const 1)) (then (nop)) (else (drop (i32.const 3))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get 0))))
    (select (local.get $i) (i32.const 2) (local.get 0)))
  (func (export "indirect") (param i32) (result i32)
    (call_indirect (param i32) (result i32) (local.get 0) (i32.const 1)))
  (func (export "unreachable") (param i32)
    (if (local.get 0) (then (drop (i32.const 1)) unreachable)))
  (func $deep (export "deep") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (block (br 0) (drop (i32.const 1)))
    (loop (nop) (block (loop)))
    (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
  (func (export "memory") (param i32) (result i32)
    (memory.fill (i32.const 0) (i32.const 7) (local.get 0))
    (i32.store (i32.const 8) (i32.const 1))
    (drop (memory.grow (i32.const 1)))
    (i32.load (i32.const 8))))
"""

PROGRAMS: dict[str, tuple[bytes, list[tuple[str, list[Any]]]]] = {
    **{
        name: (KERNELS, [(name, [argument])])
        for name, argument in {
            "fib": 15,
            "sieve": 3000,
            "nbody": 20,
            "mandelbrot": 8,
            "matmul": 9,
            "sha256": 20,
            "sort": 200,
            "crc32": 1000,
        }.items()
    },
    "recursion": (bytes(wat2wasm(CONTROL)), [("fac", [n]) for n in (0, 1, 9)]),
    "switch": (bytes(wat2wasm(CONTROL)), [("switch", [n]) for n in (0, 1, 2, 3, 99)]),
    "host": (bytes(wat2wasm(CONTROL)), [("host", [n]) for n in (0, 1, 8)]),
    "indirect": (bytes(wat2wasm(CONTROL)), [("indirect", [n]) for n in (0, 2)]),
    "traps": (bytes(wat2wasm(CONTROL)), [("unreachable", [0]), ("unreachable", [1])]),
    "deep": (bytes(wat2wasm(CONTROL)), [("deep", [n]) for n in (0, 1, 30)]),
    "memory": (bytes(wat2wasm(CONTROL)), [("memory", [100])]),
}


def our_fuel(
    config: Config, wasm: bytes, calls: list[tuple[str, list[Any]]]
) -> list[tuple[int, bool]]:
    engine = Engine(config)
    store = Store(engine)
    store.set_fuel(1 << 40)
    module = Module(engine, wasm)
    imports = [Func(store, i.type, lambda *_: None) for i in module.imports]
    exports = Instance(store, module, imports).exports(store)
    used: list[tuple[int, bool]] = []
    for name, arguments in calls:
        before, trapped = store.get_fuel(), False
        try:
            exports[name](store, *arguments)
        except Trap:
            trapped = True
        used.append((before - store.get_fuel(), trapped))
    return used


@pytest.mark.parametrize("level", [0, 2, 3])
@pytest.mark.parametrize("name", PROGRAMS)
def test_fuel(oracle: Any, name: str, level: int):
    wasm, calls = PROGRAMS[name]
    config = Config(consume_fuel=True, opt_level=level, jobs=1)
    assert our_fuel(config, wasm, calls) == oracle.fuel(wasm, calls)

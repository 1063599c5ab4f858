"""What a trap leaves: all stores before it, none behind it, at each level and kind of bounds."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wasmdialect import Config, Engine, Instance, Module, Store, Trap, TrapCode

TOOLS = Path(__file__).parents[2] / "tools"

# `$at` faults beyond 65536 bytes with guard pages; what is at 8 is known to be inside.
TEXT = """
(module
  (memory $m (export "memory") 1 1)
  (memory $wide (export "wide") i64 1 1)
  (table $t (export "table of x") 2 2 externref)
  (global $g (export "g") (mut i32) (i32.const 0))

  (func (export "variable store") (param $at i32)
    (i32.store (i32.const 8) (i32.const 11))
    (i32.store (local.get $at) (i32.const 5))
    (i32.store (i32.const 8) (i32.const 12)))
  (func (export "constant store") (param $at i32)
    (i32.store (i32.const 8) (i32.const 11))
    (i32.store (i32.const 65536) (i32.const 5))
    (i32.store (i32.const 8) (i32.const 12)))
  (func (export "store after") (param $at i32)
    (drop (i32.load8_u (local.get $at)))
    (i32.store (i32.const 8) (i32.const 12)))
  (func (export "unused load") (param $at i32)
    (i32.store (i32.const 8) (i32.const 11))
    (drop (i32.load (local.get $at)))
    (i32.store (i32.const 8) (i32.const 12)))
  (func (export "loop") (param $at i32) (local $i i32)
    (loop $again
      (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
      (i32.store offset=12
        (i32.add (local.get $at) (i32.shl (local.get $i) (i32.const 2))) (i32.const 0))
      (br_if $again
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100)))))
  (func $access (param $at i32) (result i32) (i32.load (local.get $at)))
  (func (export "inlined callee") (param $at i32)
    (i32.store (i32.const 8) (i32.const 11))
    (drop (call $access (local.get $at)))
    (i32.store (i32.const 8) (i32.const 12)))
  (func $put (param $value i32) (i32.store (i32.const 8) (local.get $value)))
  (func (export "inlined stores") (param $at i32)
    (call $put (i32.const 11))
    (i32.store (local.get $at) (i32.const 5))
    (call $put (i32.const 12)))
  (func (export "other memory") (param $at i32)
    (i32.store $wide (i64.const 8) (i32.const 11))
    (i32.store $m (local.get $at) (i32.const 5))
    (i32.store $wide (i64.const 8) (i32.const 12)))
  (func (export "table") (param $at i32) (param $x externref)
    (table.set $t (i32.const 0) (local.get $x))
    (i32.store (local.get $at) (i32.const 5))
    (table.set $t (i32.const 0) (ref.null extern)))
  (func (export "global") (param $at i32)
    (global.set $g (i32.const 11))
    (i32.store (local.get $at) (i32.const 5))
    (global.set $g (i32.const 12)))
  (func (export "division") (param $divisor i32)
    (i32.store (i32.const 8) (i32.const 11))
    (table.set $t (i32.const 0) (table.get $t (i32.const 1)))
    (global.set $g (i32.const 11))
    (drop (i32.div_u (i32.const 1) (local.get $divisor)))
    (global.set $g (i32.const 12))
    (table.set $t (i32.const 0) (ref.null extern))
    (i32.store (i32.const 8) (i32.const 12))))
"""

BEYOND = 65536


class World:
    """An instance compiled in one way."""

    def __init__(self, module: Module, engine: Engine):
        self.store = Store(engine)
        self.exports: Any = Instance(self.store, module, []).exports(self.store)

    def trap(self, name: str, *arguments: Any) -> TrapCode | None:
        with pytest.raises(Trap) as caught:
            self.exports[name](self.store, *arguments)
        return caught.value.trap_code

    def word(self, memory: str = "memory") -> int:
        """The word at 8."""
        return int.from_bytes(self.exports[memory].read(self.store, 8, 12), "little")


CONFIGURATIONS = list(itertools.product((0, 1, 2, 3), ("guard", "explicit")))


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=lambda p: f"O{p[0]}-{p[1]}")
def compiled(request: pytest.FixtureRequest) -> tuple[Module, Engine]:
    level, bounds = request.param
    engine = Engine(Config(opt_level=level, bounds=bounds, jobs=0))
    return Module(engine, TEXT), engine


@pytest.fixture
def world(compiled: tuple[Module, Engine]) -> World:
    return World(*compiled)


@pytest.mark.parametrize(
    "name", ["variable store", "constant store", "unused load", "inlined callee", "inlined stores"]
)
def test_store_in_bounds_stays_before_access_that_faults(world: World, name: str):
    assert world.trap(name, BEYOND) is TrapCode.MEMORY_OUT_OF_BOUNDS
    assert world.word() == 11


def test_store_in_bounds_stays_behind_access_that_faults(world: World):
    assert world.trap("store after", BEYOND) is TrapCode.MEMORY_OUT_OF_BOUNDS
    assert world.word() == 0


def test_store_in_loop_is_not_kept_in_register(world: World):
    assert world.trap("loop", BEYOND - 12 - 7 * 4) is TrapCode.MEMORY_OUT_OF_BOUNDS
    assert world.word() == 8


def test_store_to_checked_memory_stays_before_access_that_faults(world: World):
    assert world.trap("other memory", BEYOND) is TrapCode.MEMORY_OUT_OF_BOUNDS
    assert world.word("wide") == 11


def test_table_element_stays_before_access_that_faults(world: World):
    assert world.trap("table", BEYOND, "x") is TrapCode.MEMORY_OUT_OF_BOUNDS
    assert world.exports["table of x"].get(world.store, 0) == "x"


def test_global_stays_before_access_that_faults(world: World):
    assert world.trap("global", BEYOND) is TrapCode.MEMORY_OUT_OF_BOUNDS
    assert world.exports["g"].value(world.store) == 11


def test_state_stays_before_trap_instruction(world: World):
    world.exports["table of x"].set(world.store, 1, "x")
    assert world.trap("division", 0) is TrapCode.INTEGER_DIVISION_BY_ZERO
    assert world.word() == 11
    assert world.exports["g"].value(world.store) == 11
    assert world.exports["table of x"].get(world.store, 0) == "x"


def test_random_modules_leave_what_wasmtime_leaves():
    """A slice of `make fuzz`. All four differ with `traps="relaxed"`."""
    command = [sys.executable, str(TOOLS / "fuzz_traps.py"), "--seed", "1", "--count", "4"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 modules of seed 1, 0 with differences" in done.stdout

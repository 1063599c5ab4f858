"""Memory of a compilation: a unit leaves nothing, so that it does not grow with the module."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path

import pytest
from xdsl.ir import Block, Operation, Region, SSAValue, Use

import wasmdialect
from wasmdialect import Config
from wasmdialect.codegen.printed import StreamOutput
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.unit import LoweredUnit, compile_unit

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXT = """(module
  (type $t (func (param i32) (result i32)))
  (import "" "f" (func $imported (type $t)))
  (memory 1) (table 4 funcref) (elem (i32.const 0) $loops $switch) (tag $e (param i32))
  (global $g (mut i64) (i64.const 1))
  (func $loops (type $t) (local $i i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.load8_s (local.get $i))))
      (i64.store (local.get $i) (global.get $g))
      (global.set $g (i64.div_s (global.get $g) (i64.load (local.get $i))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                             (local.get 0))))
    (memory.fill (i32.const 0) (i32.const 1) (local.get $i))
    (call_indirect (type $t) (local.get $sum) (i32.const 1)))
  (func $switch (type $t)
    (block $a (block $b (block $c (br_table $a $b $c $a (local.get 0))) (return (i32.const 1)))
      (return_call $loops (i32.const 2)))
    (if (result i32) (local.get 0) (then (call $imported (local.get 0))) (else (unreachable))))
  (func $catches (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $e $caught) (throw $e (local.get 0)))
      (i32.const 0))))"""


def ir_objects() -> Counter[str]:
    """The objects of IR that exist, also those that nothing refers to any more."""
    classes: list[type] = [type(o) for o in gc.get_objects()]
    kinds = Operation, Block, Region, SSAValue, Use
    return Counter(cls.__name__ for cls in classes if issubclass(cls, kinds))


@pytest.mark.parametrize("bounds", ["guard", "explicit"])
@pytest.mark.parametrize("name", ["kernels.wasm", "simd.wat", ""])
def test_a_unit_is_freed_without_the_collector(name: str, bounds: str):
    source = EXAMPLES / name
    binary = source.read_bytes() if name.endswith("wasm") else b""
    if not binary:
        binary = bytes(wasmdialect.wat2wasm(source.read_text() if name else TEXT))
    config = Config(opt_level=0, bounds=bounds, consume_fuel=True)  # pyright: ignore[reportArgumentType]
    session = CompileSession(binary, "m.wasm", CompileSettings.of(config))
    indices = [*session.source.body_sizes]

    def compile_it() -> None:
        compile_unit(
            session,
            indices,
            signatures=session.source.signatures,
            level=0,
            output=StreamOutput(),
            missing=missing,
            on_start=ignore,
            on_code=ignore,
        )

    def missing(lowered: LoweredUnit) -> list[bool]:
        return [True] * len(lowered.texts)

    def ignore(*_: object) -> None:
        pass

    compile_it()
    gc.collect()
    gc.disable()
    try:
        before = ir_objects()
        compile_it()
        assert ir_objects() - before == Counter()
    finally:
        gc.enable()

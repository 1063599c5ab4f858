"""What the compiling process keeps of each compiled function: little more than its code."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager

from wasmdialect import Config, wat2wasm
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.run_here import RunHere
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.store import MemoryStore
from wasmdialect.object.link import link

FUNCTIONS = 40
"""Each with relocations, traps, constants and hundreds of entries of the address map."""


def module() -> bytes:
    """No two functions are equal."""
    functions = [
        f"""(func (param i32 f64) (result f64)
          {f"(drop (call {n - 1} (i32.const {n}) (f64.const {n}.5)))" * (n > 0)}
          {"".join(statement(n, k) for k in range(60))}
          (local.get 1))"""
        for n in range(FUNCTIONS)
    ]
    return bytes(wat2wasm(f"(module (memory 1) {' '.join(functions)})"))


def statement(n: int, k: int) -> str:
    return f"""
      (i32.store offset={n * 64 + k} (local.get 0)
        (i32.div_u (i32.load offset={k} (local.get 0)) (local.get 0)))
      (local.set 1 (f64.mul (local.get 1) (f64.const {n}.{k + 1})))"""


@contextmanager
def traced() -> Generator[list[int]]:
    """Afterwards, the list has the bytes that are still allocated and their peak."""
    found: list[int] = []
    gc.collect()
    tracemalloc.start()
    try:
        yield found
        peak = tracemalloc.get_traced_memory()[1]
        gc.collect()
        found += [tracemalloc.get_traced_memory()[0], peak]
    finally:
        tracemalloc.stop()


def test_relocations_and_address_maps_are_not_kept_as_objects():
    """Neither until everything is linked, nor while it is; as objects they take five times as much."""
    binary = module()
    settings, store = CompileSettings.of(Config(opt_level=0)), MemoryStore()
    size = len(compile_module(binary, settings, jobs=0, store=store).artifact)
    run = RunHere(CompileSession(binary, "m.wasm", settings), binary, "m.wasm", 0, store)
    with traced() as kept:
        run.compile()
    assert run.cache.misses == 0
    assert kept[0] < 3 * size
    with traced() as while_linking:
        image = link(run.functions, settings.target.elf_machine, settings.config)
    assert len(image.functions) > FUNCTIONS
    assert while_linking[1] < 3 * size

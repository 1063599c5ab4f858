"""The linker: layout options, veneers, and that the image runs the same with all of them."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

import pytest

from wasmdialect import Config, Engine, Instance, Module, Store, Trap, wat2wasm
from wasmdialect.abi.symbol_parts import parse_symbol
from wasmdialect.codegen.run_here import RunHere
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.object.artifact import read_artifact
from wasmdialect.object.compiled import NamedFunction
from wasmdialect.object.elf import EM_AARCH64, EM_X86_64
from wasmdialect.object.link import PlacementError, link
from wasmdialect.object.relocations import PATCHES, RelocationError
from wasmdialect.object.veneers import BRANCH_TYPES, VENEER_SIZES, write_veneer

TEXT = """(module
  (func $even (export "even") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
      (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
  (func $odd (export "odd") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
      (else (call $even (i32.sub (local.get 0) (i32.const 1))))))
  (func $trap (export "trap") (param i32) (result i32)
    (i32.div_u (call $even (local.get 0)) (i32.const 0)))
  (func (export "constant") (result f64) (f64.mul (f64.const 1.5) (f64.const 2.25)))
  (func (export "table") (param i32) (result i32)
    (block $a (block $b (block $c (block $d (br_table $a $b $c $d $a $b $c $d (local.get 0)))
      (return (i32.const 11))) (return (i32.const 12))) (return (i32.const 13))) (i32.const 14)))
"""
OPTIONS: list[dict[str, Any]] = [
    {},
    {"padding": 1},
    {"padding": 5000},
    {"force_veneers": True},
    {"function_alignment": 256},
    {"shuffle_layout": 1},
    {"shuffle_layout": 2, "padding": 7, "force_veneers": True, "function_alignment": 64},
    {"unwind_info": False, "generate_address_map": False},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_layout_runs(options: dict[str, Any]):
    store = Store(Engine(Config(jobs=0, **options)))
    module = Module(store.engine, TEXT)
    exports: Any = Instance(store, module, []).exports(store)
    assert [exports["even"](store, n) for n in range(4)] == [1, 0, 1, 0]
    assert exports["constant"](store) == 3.375
    assert [exports["table"](store, n) for n in range(5)] == [14, 13, 12, 11, 14]
    with pytest.raises(Trap, match="divide by zero") as caught:
        exports["trap"](store, 2)
    (frame,) = caught.value.frames
    assert frame.func_index == 2
    assert (frame.module_offset is None) == ("generate_address_map" in options)
    artifact = read_artifact(bytes(module.serialize()))
    assert (len(artifact.eh_frame) == 0) == ("unwind_info" in options)
    for first, second in pairwise(artifact.functions):
        assert first.offset + first.size + options.get("padding", 0) <= second.offset
    own = [f for f in artifact.functions if "function[" in f.symbol]
    assert all(f.offset % options.get("function_alignment", 16) == 0 for f in own)


LOOPS = """(module
  (func (export "short") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "sum") (param i32) (result i32) (local i32)
    (loop (local.set 1 (i32.mul (i32.const 3) (i32.xor (local.get 0) (local.get 1))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "last") (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1))))
"""


@pytest.mark.parametrize("options", [{}, {"padding": 5}, {"compilation": "lazy"}], ids=str)
def test_loops_are_aligned_relative_to_a_line_of_the_cache(options: dict[str, Any]):
    """So functions with loops start with one; others, and all that are not optimised, do not."""
    engine = Engine(Config(jobs=0, target="x86_64-unknown-linux-gnu", **options))
    artifact = read_artifact(bytes(Module(engine, LOOPS).serialize()))
    short, summing, last = (f.offset for f in artifact.functions if "function[" in f.symbol)
    assert short == 0
    assert summing == 64
    assert last % 64
    assert last % 16 == 0


def test_padding_is_zeros():
    artifact = read_artifact(bytes(Module(Engine(Config(jobs=0, padding=40)), TEXT).serialize()))
    for f in artifact.functions:
        end = f.offset + f.size
        assert not any(artifact.text[end : end + 40])


def test_shuffling_is_by_the_seed():
    orders = [
        [parse_symbol(f.symbol) for f in read_artifact(bytes(data)).functions]
        for data in (
            Module(Engine(Config(jobs=0, shuffle_layout=seed)), TEXT).serialize()
            for seed in (None, 1, 1, 2)
        )
    ]
    assert orders[1] == orders[2] != orders[0]
    assert orders[3] != orders[1]
    assert sorted(map(str, orders[0])) == sorted(map(str, orders[1]))


@pytest.mark.parametrize(("seed", "first"), [(None, 0), (1, 48)])
def test_padding_comes_before_the_first_function_of_a_shuffled_layout(seed: Any, first: int):
    """A module of one function would lie at the same distance from a cache line in every layout."""
    artifact = read_artifact(
        bytes(Module(Engine(Config(jobs=0, shuffle_layout=seed, padding=48)), TEXT).serialize())
    )
    assert next(iter(artifact.functions)).offset == first


def compiled_functions() -> list[NamedFunction]:
    wasm = bytes(wat2wasm(TEXT))
    run = RunHere(
        CompileSession(wasm, "m.wasm", CompileSettings.of(Config())), wasm, "m.wasm", jobs=0
    )
    run.compile()
    return run.functions


def test_veneers_where_a_branch_does_not_reach():
    """With a tiny range only the calls that are too far go through one."""
    functions = compiled_functions()
    plain = link(functions, EM_X86_64)
    far = link(functions, EM_X86_64, branch_range=300)
    assert plain.functions != far.functions
    forced = link(functions, EM_X86_64, Config(force_veneers=True))
    sizes = [sum(1 for _ in bytes(image.text).rstrip(b"\0")) for image in (plain, far, forced)]
    assert sizes[0] < sizes[1] < sizes[2]


def test_order_of_arrival_does_not_matter():
    functions = compiled_functions()
    assert link(functions, EM_X86_64) == link(functions[::-1], EM_X86_64)


def test_what_nothing_defines():
    functions = [f for f in compiled_functions() if f.symbol != "wasm[0]::function[1]"]
    with pytest.raises(PlacementError, match=r"function\[0\] refers to 'wasm\[0\]::function\[1\]'"):
        link(functions, EM_X86_64)


def test_what_is_defined_twice():
    functions = compiled_functions()
    with pytest.raises(PlacementError, match="defined twice"):
        link([*functions, functions[0]], EM_X86_64)


@pytest.mark.parametrize("at", [0, 0x678, 0xFFC])
@pytest.mark.parametrize("target", [0, 5000, 4096, 0x7FFF_F123, (1 << 32) - 4096])
def test_veneer_of_aarch64(at: int, target: int):
    """adrp and add give the target, read back by the fields of the instructions."""
    image = bytearray(at + VENEER_SIZES[EM_AARCH64])
    write_veneer(EM_AARCH64, image, at, target)
    adrp, add, br = struct.unpack_from("<3I", image, at)
    pages = (adrp >> 5 & 0x7FFFF) << 2 | adrp >> 29 & 3
    pages -= (pages & 1 << 20) << 1
    assert (at & ~0xFFF) + (pages << 12) + (add >> 10 & 0xFFF) == target
    assert br == 0xD61F_0200


def test_out_of_reach_of_a_veneer():
    image = bytearray(VENEER_SIZES[EM_AARCH64])
    with pytest.raises(RelocationError, match="4 GiB"):
        write_veneer(EM_AARCH64, image, 0, 1 << 33)


def test_every_machine_has_patches_for_its_branches():
    for machine, types in BRANCH_TYPES.items():
        assert types <= set(PATCHES[machine])

"""Accesses that the operations of their address keep inside the least size of the memory: no check, no
guard; and those one byte further out have them."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from interpreter.running import imported

from wasmdialect import Config, Engine, Instance, Module, Store, Trap
from wasmdialect.dialects import wasmvm

SIZE = 0x10000
ADDRESSES = {
    # The address, and the largest that it may be.
    "mask": ("(i32.and (local.get $x) (i32.const 255))", 255),
    "mask on the left": ("(i32.and (i32.const 4095) (local.get $x))", 4095),
    "scaled": ("(i32.shl (i32.and (local.get $x) (i32.const 255)) (i32.const 3))", 255 * 8),
    "shifted": ("(i32.shr_u (local.get $x) (i32.const 24))", 255),
    "byte": ("(i32.load8_u (i32.const 0))", 255),
    "half": ("(i32.shr_u (i32.load16_u (i32.const 0)) (i32.const 1))", 0x7FFF),
    "remainder": ("(i32.rem_u (local.get $x) (i32.const 1000))", 999),
    "sum": (
        "(i32.add (i32.and (local.get $x) (i32.const 15)) (i32.shr_u (local.get $y) (i32.const 28)))",
        30,
    ),
    "choice": (
        "(select (i32.const 7) (i32.and (local.get $x) (i32.const 31)) (local.get $y))",
        31,
    ),
    "comparison": ("(i32.shl (i32.lt_s (local.get $x) (local.get $y)) (i32.const 4))", 16),
    "wrapped": ("(i32.wrap_i64 (i64.shr_u (i64.extend_i32_s (local.get $x)) (i64.const 56)))", 255),
}
UNKNOWN = {
    "parameter": "(local.get $x)",
    "signed byte": "(i32.load8_s (i32.const 0))",
    "negative": "(i32.sub (i32.and (local.get $x) (i32.const 255)) (i32.const 1))",
    "wraps": "(i32.add (i32.and (local.get $x) (i32.const 255)) (i32.const -1))",
    "shifted by anything": "(i32.shl (i32.const 1) (local.get $x))",
    "signed shift": "(i32.shr_s (local.get $x) (i32.const 24))",
}
ACCESSES = {
    "i32.load": 4,
    "i64.load8_s": 1,
    "f64.load": 8,
    "v128.load": 16,
    "v128.load32_splat": 4,
    "i32.store16": 2,
    "f32.store": 4,
}


def module_text(access: str, address: str, offset: int) -> str:
    t = access.partition(".")[0]
    zero = "(v128.const i64x2 0 0)" if t == "v128" else f"({t}.const 0)"
    call = f"({access} offset={offset} {address}{f' {zero}' if 'store' in access else ''})"
    body = call if "store" in access else f"(drop {call})"
    return f'(module (memory 1) (func (export "f") (param $x i32) (param $y i32) {body}))'


def checked(text: str, bounds: str) -> bool:
    """Whether the access is checked, by the guard or a comparison."""
    module = imported(text, f"insert-vmctx-loads{{bounds={bounds}}}")
    found = [*module.walk()]
    if bounds == "explicit":
        return any(isinstance(op, wasmvm.BoundsCheckOp) for op in found)
    accesses = [op for op in found if isinstance(op, wasmvm.LinearAccessOp)]
    return accesses[-1].may_fault is not None


@pytest.mark.parametrize("bounds", ["guard", "explicit"])
@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("name", ADDRESSES)
def test_up_to_the_last_byte(name: str, access: str, bounds: str):
    address, largest = ADDRESSES[name]
    last = SIZE - ACCESSES[access] - largest
    assert not checked(module_text(access, address, last), bounds)
    assert checked(module_text(access, address, last + 1), bounds)


@pytest.mark.parametrize("bounds", ["guard", "explicit"])
@pytest.mark.parametrize("name", UNKNOWN)
def test_other_addresses_are_checked(name: str, bounds: str):
    assert checked(module_text("i32.load", UNKNOWN[name], 0), bounds)


def test_the_largest_size_says_nothing():
    text = module_text("i32.load", "(i32.and (local.get $x) (i32.const 255))", SIZE)
    assert checked(text.replace("(memory 1)", "(memory 1 2)"), "guard")


def test_a_64_bit_memory():
    text = """(module (memory i64 1) (func (param $x i64)
      (drop (i64.load offset=%d (i64.and (local.get $x) (i64.const 255))))))"""
    assert not checked(text % (SIZE - 255 - 8), "guard")
    assert not checked(text % (SIZE - 255 - 8), "explicit")
    assert checked(text % (SIZE - 255 - 7), "explicit")


def test_loads_are_plain_but_those_of_floats():
    """To a plain load LLVM forwards constants that change float arithmetic."""

    def volatile(access: str, options: str = "") -> bool:
        text = module_text(access, ADDRESSES["mask"][0], 0)
        module = imported(text, f"insert-vmctx-loads{options}")
        (op,) = [op for op in module.walk() if isinstance(op, wasmvm.LinearAccessOp)]
        return op.volatile is not None

    assert not volatile("i32.load")
    assert not volatile("i64.load8_s")
    assert volatile("f64.load")
    assert volatile("v128.load")
    assert volatile("i32.store16")
    assert not volatile("f64.load", options="{traps=relaxed}")


@pytest.mark.parametrize("bounds", ["guard", "explicit"])
@pytest.mark.parametrize("level", [0, 2])
def test_tables_are_looked_up(level: Any, bounds: Any):
    """A checksum with a table, against Python's own."""
    text = """(module (memory (export "memory") 1)
      (func (export "table") (local $i i32) (local $c i32) (local $k i32)
        (loop $entries
          (local.set $c (local.get $i))
          (local.set $k (i32.const 8))
          (loop $bits
            (local.set $c (i32.xor (i32.shr_u (local.get $c) (i32.const 1))
              (i32.and (i32.const 0xEDB88320) (i32.sub (i32.const 0)
                (i32.and (local.get $c) (i32.const 1))))))
            (br_if $bits (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
          (i32.store offset=64512 (i32.shl (i32.and (local.get $i) (i32.const 255)) (i32.const 2))
            (local.get $c))
          (br_if $entries
            (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256)))))
      (func (export "crc") (param $p i32) (param $n i32) (result i32) (local $c i32)
        (local.set $c (i32.const -1))
        (loop $l
          (local.set $c (i32.xor (i32.shr_u (local.get $c) (i32.const 8))
            (i32.load offset=64512 (i32.shl (i32.and (i32.const 255)
              (i32.xor (local.get $c) (i32.load8_u (local.get $p)))) (i32.const 2)))))
          (local.set $p (i32.add (local.get $p) (i32.const 1)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.xor (local.get $c) (i32.const -1))))"""
    store = Store(Engine(Config(opt_level=level, bounds=bounds)))
    exports: Any = Instance(store, Module(store.engine, text), []).exports(store)
    exports["table"](store)
    content = bytes(n * 7 % 256 for n in range(1000))
    exports["memory"].write(store, content, 100)
    assert exports["crc"](store, 100, len(content)) % (1 << 32) == zlib.crc32(content)
    with pytest.raises(Trap, match="out of bounds"):
        exports["crc"](store, SIZE - 5, 6)


@pytest.mark.parametrize("level", [0, 2, 3])
@pytest.mark.parametrize("bounds", ["guard", "explicit"])
@pytest.mark.parametrize(
    ("condition", "address"),
    [
        ("(i32.eq (local.get $x) (i32.const 8))", "(i32.const 8)"),
        (
            "(i32.lt_u (local.get $x) (i32.const 256))",
            "(i32.and (local.get $x) (i32.const 255))",
        ),
    ],
)
def test_a_float_that_was_stored_where_llvm_finds_the_same_address_quiets_a_nan(
    level: Any, bounds: Any, condition: str, address: str
):
    text = f"""(module (memory 1)
      (func (export "f") (param $x i32) (param $y i32) (result i32)
        (if (result i32) {condition}
          (then (f32.store (local.get $x) (f32.const 1))
            (i32.reinterpret_f32 (f32.mul (f32.reinterpret_i32 (local.get $y))
              (f32.load {address}))))
          (else (i32.const 0)))))"""
    store = Store(Engine(Config(opt_level=level, bounds=bounds)))
    exports: Any = Instance(store, Module(store.engine, text), []).exports(store)
    assert exports["f"](store, 8, 0x7F80_0001) == 0x7FC0_0001

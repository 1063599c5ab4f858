"""v128 at every boundary: calls, globals, host functions, memory, Python and artifacts."""

from __future__ import annotations

from typing import Any

import pytest

from wasmdialect import (
    Config,
    Engine,
    Func,
    FuncType,
    Global,
    GlobalType,
    Instance,
    Linker,
    Module,
    Store,
    Trap,
    TrapCode,
    Val,
    ValType,
)

V = 0x0F0E0D0C0B0A09080706050403020100
ONES = (1 << 128) - 1
ENGINES = [
    Config(opt_level=level, bounds=bounds) for level in (0, 3) for bounds in ("guard", "explicit")
]


@pytest.fixture(params=ENGINES, ids=lambda c: f"O{c.opt_level} {c.bounds}")
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(request.param)


def exports(engine: Engine, text: str, imports: Any = ()) -> tuple[Store, Any]:
    store = Store(engine)
    items = [item(store) for item in imports]
    return store, Instance(store, Module(engine, text), items).exports(store)


def test_values_of_python(engine: Engine):
    store, e = exports(
        engine, '(module (func (export "f") (param v128) (result v128) (local.get 0)))'
    )
    f = e["f"]
    assert f(store, V) == V
    assert f(store, bytes(range(16))) == V
    assert f(store, bytearray(range(16))) == V
    assert f(store, -1) == ONES
    assert f(store, Val.v128(V)) == V
    assert Val.v128(bytes(range(16))).as_v128() == V
    assert Val.v128(-1).value == ONES
    assert Val.i32(1).as_v128() is None
    for value in (1.5, "x", None, True, bytes(15), bytes(17)):
        with pytest.raises(TypeError):
            f(store, value)
    for value in (1 << 128, -(1 << 127) - 1):
        with pytest.raises(OverflowError):
            f(store, value)
    with pytest.raises(TypeError, match="wrong type"):
        f(store, Val.i32(1))
    assert str(f.type(store).params[0]) == "v128"
    assert f.type(store).results == [ValType.v128()]


MIXED = ("i32", "v128", "f64", "v128", "i64", "v128", "f32", "funcref", "v128", "externref", "i32")


@pytest.mark.parametrize("count", range(1, len(MIXED) + 1))
def test_results_in_registers_and_memory(engine: Engine, count: int):
    """In both directions, mixed with all other types, directly and through a host function."""
    types = MIXED[:count]
    params, results = (f"({word} {' '.join(types)})" for word in ("param", "result"))
    gets = " ".join(f"(local.get {i})" for i in range(count))
    text = f"""(module
      (import "" "" (func $host {params} {results}))
      (func $wasm {params} {results} {gets})
      (func (export "direct") {params} {results} (call $wasm {gets}))
      (func (export "host") {params} {results} (call $host {gets}))
      (export "imported" (func $host)))"""
    kinds = [getattr(ValType, t)() for t in types]
    given: list[Any] = []

    def host(*values: Any) -> Any:
        given.append(values)
        return values[0] if count == 1 else values

    store, e = exports(engine, text, [lambda store: Func(store, FuncType(kinds, kinds), host)])
    values = [
        {"i32": 7, "i64": -9, "f32": 1.5, "f64": -2.5, "v128": V << 8 & ONES, "externref": "x"}.get(
            t
        )
        for t in types
    ]
    values = [
        v + i if t == "v128" else v for i, (t, v) in enumerate(zip(types, values, strict=True))
    ]
    for name in ("direct", "host", "imported"):
        found = e[name](store, *values)
        assert (found if count > 1 else [found]) == values
    assert given == [tuple(values)] * 2


def test_many_vectors_spill_to_the_stack(engine: Engine):
    count = 20
    params = " ".join(["v128"] * count)
    text = f"""(module
      (func $f (param i32 f32 {params}) (result v128)
        (local.get 12) (local.get 21) (v128.xor))
      (func (export "f") (param i32 v128) (result v128)
        (call $f (local.get 0) (f32.const 1) {
        " ".join(f"(i8x16.add (local.get 1) (i8x16.splat (i32.const {i})))" for i in range(count))
    })))"""
    store, e = exports(engine, text)
    lanes = [(b + 10) % 256 ^ (b + 19) % 256 for b in range(16)]
    assert e["f"](store, 1, V) == int.from_bytes(bytes(lanes), "little")


def test_globals(engine: Engine):
    text = """(module
      (import "" "" (global $imported v128))
      (global $a (export "a") (mut v128) (v128.const i64x2 1 2))
      (global $pad i32 (i32.const 5))
      (global $b (export "b") v128 (global.get $imported))
      (func (export "swap") (param v128) (result v128)
        (global.get $a) (global.set $a (local.get 0)))
      (func (export "sum") (result v128) (i64x2.add (global.get $imported) (global.get $b))))"""
    kind = GlobalType(ValType.v128(), False)
    store, e = exports(engine, text, [lambda store: Global(store, kind, Val.v128(V))])
    assert e["a"].value(store) == 2 << 64 | 1
    assert e["b"].value(store) == V
    assert e["swap"](store, ONES) == 2 << 64 | 1
    assert e["a"].value(store) == ONES
    e["a"].set_value(store, bytes(range(16)))
    assert e["swap"](store, 0) == V
    half = (1 << 64) - 1
    low, high = 2 * (V & half) & half, 2 * (V >> 64) & half
    assert e["sum"](store) == high << 64 | low
    with pytest.raises(OverflowError):
        e["a"].set_value(store, 1 << 128)
    with pytest.raises(TypeError):
        e["a"].set_value(store, 1.0)
    assert e["a"].value(store) == 0
    assert str(e["a"].type(store).content) == "v128"


ACCESSES = {
    **dict.fromkeys(("v128.load", "v128.store"), 16),
    **{f"v128.load{n}_{s}": 8 for n in ("8x8", "16x4", "32x2") for s in "su"},
    **{f"v128.load{n}_{kind}": n // 8 for n in (8, 16, 32, 64) for kind in ("splat", "lane")},
    **{f"v128.load{n}_zero": n // 8 for n in (32, 64)},
    **{f"v128.store{n}_lane": n // 8 for n in (8, 16, 32, 64)},
}


def test_end_of_memory(engine: Engine):
    """The last access that fits does, and the next one traps and leaves memory as it was: with a
    constant address, a variable one, and an offset."""
    functions = []
    for mnemonic, width in ACCESSES.items():
        lane = "1 " if mnemonic == "v128.load8_lane" else "0 " if "lane" in mnemonic else ""
        operand = "(local.get 1)" if "lane" in mnemonic or "store" in mnemonic else ""
        drop = "" if "store" in mnemonic else "drop "
        for name, address, offset in (
            ("variable", "(local.get 0)", 0),
            ("offset", "(local.get 0)", 65000),
            ("inside", f"(i32.const {65536 - width})", 0),
            ("outside", f"(i32.const {65537 - width})", 0),
        ):
            access = f"({mnemonic} offset={offset} {lane}{address} {operand})"
            body = f"({drop}{access})" if drop else access
            functions.append(f'(func (export "{mnemonic} {name}") (param i32 v128) {body})')
    store, e = exports(engine, f'(module (memory (export "m") 1 2) {"".join(functions)})')
    last = bytes(range(100, 116))
    for mnemonic, width in ACCESSES.items():
        for name, base in (("variable", 0), ("offset", 65000)):
            f, at = e[f"{mnemonic} {name}"], 65536 - width - base
            for address in (at, at + 1, at + width - 1, 65536 - base, -1):
                e["m"].write(store, last, 65520)
                if address == at:
                    f(store, address, V)
                    continue
                with pytest.raises(Trap) as trap:
                    f(store, address, V)
                assert trap.value.trap_code == TrapCode.MEMORY_OUT_OF_BOUNDS
                assert e["m"].read(store, 65520, 65536) == last, (mnemonic, address)
        e[f"{mnemonic} inside"](store, 0, V)
        with pytest.raises(Trap):
            e[f"{mnemonic} outside"](store, 0, V)
    e["m"].grow(store, 1)
    e["v128.store variable"](store, 65530, V)
    assert e["m"].read(store, 65530, 65546) == bytes(range(16))


def test_an_unused_load_traps(engine: Engine):
    store, e = exports(
        engine,
        """(module (memory 1) (global $g (export "g") (mut i32) (i32.const 0))
          (func (export "f") (param i32) (result i32)
            (global.set $g (i32.const 1))
            (drop (v128.load (local.get 0)))
            (global.set $g (i32.const 2))
            (drop (i32.div_s (i32.const 1) (i32.const 0)))
            (i32.const 0)))""",
    )
    with pytest.raises(Trap) as trap:
        e["f"](store, 65521)
    assert trap.value.trap_code == TrapCode.MEMORY_OUT_OF_BOUNDS
    assert e["g"].value(store) == 1


def test_saved_artifacts(engine: Engine):
    text = """(module (global $g (export "g") (mut v128)
        (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15))
      (func (export "f") (param v128) (result v128) (i32x4.mul (local.get 0) (global.get $g))))"""
    saved = Module(engine, text).serialize()
    module = Module.deserialize(engine, saved)
    store = Store(engine)
    e: Any = Instance(store, module, []).exports(store)
    assert e["g"].value(store) == V
    assert e["f"](store, 1 << 32) == (V >> 32 & 0xFFFF_FFFF) << 32
    assert [str(p) for p in module.exports[1].type.params] == ["v128"]


def test_host_results_are_checked(engine: Engine):
    text = '(module (import "" "" (func (result v128))) (func (export "f") (result v128) (call 0)))'
    kind = FuncType([], [ValType.v128()])
    for wrong, error in ((1.5, TypeError), (1 << 128, OverflowError), (b"short", TypeError)):
        store, e = exports(engine, text, [lambda s, w=wrong: Func(s, kind, lambda: w)])
        with pytest.raises(error):
            e["f"](store)


def test_linked_instances(engine: Engine):
    linker, store = Linker(engine), Store(engine)
    first = Module(
        engine,
        """(module (global (export "g") (mut v128) (v128.const i64x2 7 8))
      (func (export "f") (param v128 f32 v128) (result v128 f32 v128)
        (local.get 2) (local.get 1) (local.get 0)))""",
    )
    linker.define_instance(store, "a", Instance(store, first, []))
    second = Module(
        engine,
        """(module (import "a" "g" (global $g (mut v128)))
      (import "a" "f" (func $f (param v128 f32 v128) (result v128 f32 v128)))
      (table 1 funcref) (elem (i32.const 0) $f)
      (type $t (func (param v128 f32 v128) (result v128 f32 v128)))
      (func (export "g") (param v128) (result v128 f32 v128)
        (call_indirect (type $t) (global.get $g) (f32.const 2.5) (local.get 0) (i32.const 0))))""",
    )
    e: Any = linker.instantiate(store, second).exports(store)
    assert e["g"](store, V) == [V, 2.5, 8 << 64 | 7]


def test_tail_calls_pass_and_return_vectors(engine: Engine):
    """In registers and, past the eighth, in memory."""
    for count in (1, 3, 12):
        params = " ".join(["v128"] * count)
        gets = " ".join(f"(local.get {i})" for i in range(2, count + 2))
        rotated = " ".join(f"(local.get {i})" for i in (*range(3, count + 2), 2))
        text = f"""(module
          (func $f (export "f") (param i32 f32 {params}) (result v128 i32 v128)
            (if (i32.eqz (local.get 0))
              (then (return (local.get 2) (i32.const 7) (local.get {count + 1}))))
            (return_call $f (i32.sub (local.get 0) (i32.const 1)) (local.get 1) {rotated}))
          (func (export "g") (param i32 f32 {params}) (result v128 i32 v128)
            (return_call $f (local.get 0) (local.get 1) {gets})))"""
        store, e = exports(engine, text)
        values = [V + i for i in range(count)]
        for name in ("f", "g"):
            steps = 100_003
            first = values[steps % count]
            last = values[(steps + count - 1) % count]
            assert e[name](store, steps, 1.0, *values) == [first, 7, last]

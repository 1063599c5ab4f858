"""What later features add to random modules, one row each: declarations, locals and statements.

`trap_modules.py` gives each module some of these features. A further feature is a further row of
`FEATURES`: statements of it are functions that take the body and its depth, and return text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import wasmtime

if TYPE_CHECKING:
    from trap_bodies import Body

Statement = Callable[["Body", int], str]


@dataclass(frozen=True)
class Addition:
    """What a feature adds to a module."""

    statements: tuple[Statement, ...]
    locals: str = ""
    """Of every function."""
    imports: str = ""
    declarations: str = ""
    functions: str = ""
    calls_far: bool = False
    """Whether the statements call the other module, which calls leaves: they have none of these."""
    probes: tuple[str, ...] = ()
    """Exported functions without parameters that return state which the API does not show."""


# --- vectors

_VECTOR_CONSTANTS = (
    *("i64x2 0 0", "i64x2 -1 -1", "i32x4 1 2 -3 0x80000000"),
    *("i16x8 0 1 -1 32767 -32768 5 6 7", "i8x16 0 17 2 255 4 128 6 127 8 9 10 11 12 13 14 31"),
)


def _each(shapes: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{shape}.{name}" for shape in shapes.split() for name in names)


_VECTOR_BINARY = (
    *_each("i8x16 i16x8 i32x4 i64x2", "add", "sub", "eq", "lt_s"),
    *_each("i8x16 i16x8 i32x4", "min_s", "min_u", "max_s", "max_u"),
    *_each("i8x16 i16x8", "add_sat_s", "add_sat_u", "sub_sat_s", "sub_sat_u", "avgr_u"),
    *_each("i16x8 i32x4 i64x2", "mul"),
    *_each("v128", "and", "or", "xor", "andnot"),
    *("i16x8.extmul_low_i8x16_s", "i64x2.extmul_high_i32x4_u", "i32x4.dot_i16x8_s"),
    *("i8x16.narrow_i16x8_s", "i8x16.narrow_i16x8_u", "i16x8.narrow_i32x4_u"),
    *("i8x16.swizzle", "i8x16.shuffle 0 16 1 17 2 18 3 19 15 31 14 30 7 8 9 10"),
    *("i16x8.q15mulr_sat_s", "i16x8.relaxed_q15mulr_s", "i8x16.relaxed_swizzle"),
    "i16x8.relaxed_dot_i8x16_i7x16_s",
)
_VECTOR_UNARY = (
    *_each("i8x16 i16x8 i32x4 i64x2", "abs", "neg"),
    *("v128.not", "i8x16.popcnt", "i16x8.extadd_pairwise_i8x16_u", "i16x8.extend_low_i8x16_s"),
    *("i32x4.extend_high_i16x8_u", "i64x2.extend_low_i32x4_s"),
    *("f32x4.convert_i32x4_s", "f64x2.convert_low_i32x4_u"),
)
_VECTOR_TERNARY = (
    *("v128.bitselect", "i8x16.relaxed_laneselect", "i64x2.relaxed_laneselect"),
    "i32x4.relaxed_dot_i8x16_i7x16_add_s",
)
_VECTOR_LOADS = (
    ("v128.load", 16), ("v128.load", 16), ("v128.load8x8_s", 8), ("v128.load16x4_u", 8),
    ("v128.load32x2_s", 8), ("v128.load8_splat", 1), ("v128.load32_splat", 4),
    ("v128.load64_splat", 8), ("v128.load32_zero", 4), ("v128.load64_zero", 8),
)  # fmt: skip
_LANE_BYTES = {"8": 1, "16": 2, "32": 4, "64": 8}


def vector(body: Body, depth: int) -> str:
    """An expression of type v128. Floats in it are converted integers, so none is NaN."""
    r = body.r
    kind = r.randrange(14)
    if depth <= 0 or kind < 3:
        constant = f"(v128.const {r.choice(_VECTOR_CONSTANTS)})"
        return r.choice((constant, "(local.get $x)", "(local.get $y)", "(global.get $gvector)"))
    one = vector(body, depth - 1)
    if kind < 7:
        return f"({r.choice(_VECTOR_BINARY)} {one} {vector(body, depth - 1)})"
    if kind == 7:
        return f"({r.choice(_VECTOR_UNARY)} {one})"
    if kind == 8:
        three = vector(body, depth - 1), vector(body, 0)
        return f"({r.choice(_VECTOR_TERNARY)} {one} {three[0]} {three[1]})"
    if kind == 9:
        shape = r.choice(("i8x16", "i16x8", "i32x4", "i64x2"))
        return f"({shape}.{r.choice(('shl', 'shr_s', 'shr_u'))} {one} {body.leaf_i32()})"
    if kind == 10:
        shape, t = r.choice((("i8x16", "i32"), ("i32x4", "i32"), ("i64x2", "i64")))
        return f"({shape}.splat {body.value(t, depth - 1)})"
    if kind == 11:
        bits = r.choice((*_LANE_BYTES,))
        lane = r.randrange(16 // _LANE_BYTES[bits])
        place = body.place(_LANE_BYTES[bits])
        return _with_lane(f"v128.load{bits}_lane {place}", lane, one)
    if kind == 12:
        return f"(select {one} {vector(body, 0)} {body.condition()})"
    mnemonic, width = r.choice(_VECTOR_LOADS)
    return f"({mnemonic} {body.place(width)})"


def _with_lane(access: str, lane: int, operand: str) -> str:
    """A lane access: its lane stands between the immediates of memory and the operands."""
    words, _, address = access.partition(" (")
    return f"({words} {lane} ({address} {operand})"


def store_vector(body: Body, depth: int) -> str:
    """A vector or one of its lanes is stored."""
    r = body.r
    if r.randrange(3):
        return f"(v128.store {body.place(16)} {vector(body, 2)})"
    bits = r.choice((*_LANE_BYTES,))
    lane = r.randrange(16 // _LANE_BYTES[bits])
    return _with_lane(
        f"v128.store{bits}_lane {body.place(_LANE_BYTES[bits])}", lane, vector(body, 1)
    )


def overwrite_vector(body: Body, depth: int) -> str:
    """A vector is stored twice at a place, and something between may trap."""
    place = body.place(16)
    between = body.fault(depth) if body.r.randrange(2) else body.drop(depth)
    return (
        f"(v128.store {place} {vector(body, 1)}) {between} (v128.store {place} {vector(body, 1)})"
    )


def set_vector(body: Body, depth: int) -> str:
    """A local or global is set."""
    write = body.r.choice(("local.set $x", "local.set $y", "global.set $gvector"))
    return f"({write} {vector(body, 3)})"


def take_lane(body: Body, depth: int) -> str:
    """Something scalar of a vector."""
    to, take = body.r.choice((
        ("$p", "i8x16.extract_lane_s 15"), ("$q", "i16x8.extract_lane_u 3"),
        ("$p", "i32x4.extract_lane 2"), ("$v", "i64x2.extract_lane 1"), ("$p", "i8x16.bitmask"),
        ("$q", "i64x2.bitmask"), ("$p", "v128.any_true"), ("$q", "i16x8.all_true"),
    ))  # fmt: skip
    return f"(local.set {to} ({take} {vector(body, 2)}))"


# --- tail calls

MANY = "(param i32 i64 f32 f64 i32 i32 i32 i32 i32 i32) (result i32 i64 f32 f64 i32)"
"""More parameters and results than there are registers."""


def tail_call(body: Body, depth: int) -> str:
    """The function ends with a call of one before it, of an element, or of another module."""
    r = body.r
    result = body.returned
    affordable = [
        f
        for f in body.callees
        if body.cost + body.times * f.cost < body.max_cost and f.name != "$endless"
        and body.signatures[f.signature][1] == result
    ]  # fmt: skip
    kind = r.randrange(6)
    if kind < 2 and result == "i32":
        call, params, index = "return_call $far_map", ("i32",), ""
    elif kind == 2 and result == "i32":
        call, params, index = "return_call $even", ("i32", "i64"), ""
    elif kind == 3 or not affordable:
        names = [name for name, (_, given) in body.signatures.items() if given == result]
        signature = r.choice(names)
        params = body.signatures[signature][0]
        call = f"return_call_indirect $t (type ${signature})"
        index = f" {body.table_index(8)}"
        body.cost += body.times * max((f.cost for f in body.callees[:4]), default=1)
    else:
        callee = r.choice(affordable)
        params, index = body.signatures[callee.signature][0], ""
        call = f"return_call {callee.name}"
        body.cost += body.times * callee.cost
    values = [body.value(t, 1) for t in params]
    if call.endswith("$even"):
        values[0] = f"(i32.and {values[0]} (i32.const 511))"
    return f"(if {body.condition()} (then ({call} {' '.join(values)}{index})))"


def call_far(body: Body, depth: int) -> str:
    """A call of another module, whose tail call may lead back here."""
    r = body.r
    if r.randrange(3) == 0:
        steps = f"(i32.and {body.leaf_i32()} (i32.const 511))"
        return f"(local.set $p (call $even {steps} {body.value('i64', 1)}))"
    if r.randrange(2):
        return f"(local.set $q (call $far_map {body.value('i32', 1)}))"
    operands = [body.value(t, 1) for t in ("i32", "i64", "f32", "f64", *("i32",) * 6)]
    sets = "(local.set $q) (local.set $d) (local.set $s) (local.set $v) (local.set $p)"
    return f"(call $far_many {' '.join(operands)}) {sets}"


def call_far_map(body: Body, depth: int) -> str:
    """A call that may end with an exception of the other module."""
    return f"(local.set $q (call $far_map {body.value('i32', 1)}))"


_EVEN_AND_ODD = """
(func $even (param $k i32) (param $w i64) (result i32)
  (i32.store16 offset=96 (i32.const 0) (local.get $k))
  (if (i32.eqz (local.get $k)) (then (return (i32.wrap_i64 (local.get $w)))))
  (return_call $odd (i32.const 1) (f64.const 2) (i32.const 3) (local.get $w) (i32.const 5) (f32.const 6)
    (i32.const 7) (i64.const 8) (i32.sub (local.get $k) (i32.const 1)) (i32.const 10)))
(func $odd (param i32 f64 i32 i64 i32 f32 i32 i64 i32 i32) (result i32)
  (i64.store offset=104 (i32.const 0) (local.get 3))
  (if (i32.eqz (local.get 8)) (then (return_call $far_map (local.get 9))))
  (if (i32.eq (local.get 8) (i32.const 123)) (then (unreachable)))
  (return_call $even (i32.sub (local.get 8) (i32.const 1))
    (i64.add (local.get 3) (i64.extend_i32_u (local.get 8)))))
"""

_THROWS = """
  (tag $tag (export "tag") (param i32))
  (func $throw (param i32) (result i32) (throw $tag (local.get 0)))
  (func $nothing (param i32))
  (func $maybe (param i32)
    (if (i32.eq (i32.and (local.get 0) (i32.const 7)) (i32.const 5)) (then
      (return_call $nothing (call $throw (local.get 0))))))
"""


@cache
def far_module(throws: bool) -> bytes:
    """The other module of those with tail calls, which fill its table: it calls through it."""
    return bytes(
        wasmtime.wat2wasm(f"""
(module
  (type $map (func (param i32) (result i32)))
  (type $many (func {MANY}))
  (table $t (export "t") 4 funcref)
  (memory (export "m") 1 1)
  (global $count (export "count") (mut i32) (i32.const 0))
  {_THROWS if throws else "(func $maybe (param i32))"}
  (func (export "map") (type $map)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (call $maybe (local.get 0))
    (i32.store (i32.const 8) (local.get 0))
    (i32.store8 (local.get 0) (i32.const 7))
    (i32.store (i32.const 8) (i32.const 1))
    (return_call_indirect $t (type $map)
      (i32.add (local.get 0) (i32.const 3)) (i32.and (local.get 0) (i32.const 3))))
  (func (export "many") (type $many)
    (i64.store offset=16 (local.get 9) (local.get 1))
    (if (i32.and (local.get 0) (i32.const 1)) (then
      (return_call_indirect $t (type $many)
        (local.get 4) (i64.const 1) (local.get 2) (local.get 3) (local.get 5) (local.get 6)
        (local.get 7) (local.get 8) (local.get 9) (local.get 0) (i32.const 3))))
    (local.get 4) (local.get 1) (local.get 2) (local.get 3)
    (i32.div_u (local.get 9) (local.get 5))))
""")
    )


# --- exceptions


def throw(body: Body, depth: int) -> str:
    """An exception on a condition, or one that was caught again (a trap if there was none)."""
    what = body.r.choice((
        "(throw $none)", f"(throw $one {body.value('i32', 1)})", "(throw_ref (local.get $thrown))",
        f"(throw $four {' '.join(body.value(t, 1) for t in ('i64', 'f64', 'i32', 'f32'))})",
    ))  # fmt: skip
    return f"(if {body.condition()} (then {what}))"


def catch(body: Body, depth: int) -> str:
    """Statements inside a `try_table`, which may throw, trap, leave and call."""
    r = body.r
    first, second = f"$b{body.labels}", f"$b{body.labels + 1}"
    body.labels += 2
    inside = " ".join(body.statements(r.randint(1, 4), body.callees, depth + 1))
    after = " ".join(body.statements(1, body.callees, depth + 1))
    tag = r.choice(("$one", *(("$far_tag",) if "far-exceptions" in body.module.features else ())))
    kind = r.randrange(5)
    if kind == 0:
        return f"(block {first} (try_table (catch_all {first}) {inside}) {after})"
    if kind == 1:
        caught = f"(try_table (catch {tag} {first}) {inside}) {body.value('i32', 1)}"
        return f"(local.set $p (block {first} (result i32) {caught})) {after}"
    if kind == 2:
        caught = f"(try_table (catch $none {second}) (catch_all_ref {first}) {inside})"
        kept = f"(local.set $thrown (block {first} (result exnref) {caught} (br {second})))"
        return f"(block {second} {kept} {after})"
    if kind == 3:
        caught = f"(try_table (catch_ref {tag} {first}) {inside})"
        kept = f"(block {first} (result i32 exnref) {caught} (br {second}))"
        again = f"(if {body.condition()} (then (throw_ref (local.get $thrown))))"
        return f"(block {second} {kept} (local.set $thrown) (local.set $q) {after} {again})"
    caught = f"(try_table (catch $four {first}) (catch $one {second}) {inside})"
    zeros = "(i64.const 0) (f64.const 0) (i32.const 0) (f32.const 0)"
    four = f"(block {first} (result i64 f64 i32 f32) {caught} {zeros})"
    sets = "(local.set $s) (local.set $q) (local.set $d) (local.set $v)"
    return f"(local.set $p (block {second} (result i32) {four} {sets} (local.get $p))) {after}"


# --- typed references


def typed_reference(body: Body) -> str:
    """A reference of type (ref null $map)."""
    return body.r.choice((
        "(local.get $f)", "(local.get $f)", "(ref.func $twice)", "(ref.func $checked)",
        "(ref.null $map)", "(global.get $gmap)", f"(table.get $typed {body.table_index(4)})",
        f"(table.get $full {body.table_index(2)})",
    ))  # fmt: skip


def set_typed(body: Body, depth: int) -> str:
    """A local, global or element is set."""
    value = typed_reference(body)
    return body.r.choice((
        f"(local.set $f {value})", f"(global.set $gmap {value})",
        f"(table.set $typed {body.table_index(4)} {value})",
        f"(table.set $full {body.table_index(2)} (ref.as_non_null {value}))",
        f"(table.set $t {body.table_index(8)} {value})",
        f"(table.fill $typed {body.table_index(4)} {value} (i32.const {body.r.randrange(3)}))",
        f"(table.copy $t $typed {body.table_index(8)} {body.table_index(4)} (i32.const 2))",
        f"(local.set $p (table.grow $typed {value} (i32.const {body.r.randrange(2)})))",
    ))  # fmt: skip


def use_typed(body: Body, depth: int) -> str:
    """A reference is called, or tested for null."""
    r, value = body.r, typed_reference(body)
    argument = body.value("i32", 1)
    label = f"$b{body.labels}"
    body.labels += 1
    other = " ".join(body.statements(1, body.callees, depth + 1))
    uses = [
        f"(local.set $p (call_ref $map {argument} {value}))",
        f"(local.set $p (call_ref $map {argument} {value}))",
        f"(drop (ref.as_non_null {value}))",
        f"(block {label} (local.set $q (call_ref $map {argument} (br_on_null {label} {value})))"
        f" {other})",
        f"(local.set $f (block {label} (result (ref null $map)) (br_on_non_null {label} {value})"
        f" {other} (local.get $f)))",
    ]
    if body.returned == "i32":
        uses.append(f"(if {body.condition()} (then (return_call_ref $map {argument} {value})))")
    return r.choice(uses)


# --- arithmetic of 128 bits


def wide(body: Body, depth: int) -> str:
    """Both halves of a result are used."""
    operation = body.r.choice(("add128", "sub128", "mul_wide_s", "mul_wide_u"))
    count = 2 if operation.startswith("mul") else 4
    operands = " ".join(body.value("i64", 1) for _ in range(count))
    return f"(i64.{operation} {operands}) (local.set $v) (global.set $g64)"


# --- atomics

_ATOMIC_WIDTHS = {
    "i32": (("", "", 4), ("8", "_u", 1), ("16", "_u", 2)),
    "i64": (("", "", 8), ("8", "_u", 1), ("16", "_u", 2), ("32", "_u", 4)),
}
"""Of each type: the bits in a mnemonic, its ending, and bytes."""


def atomic(body: Body, depth: int) -> str:
    """An atomic access, aligned or not. The memory is not shared: to wait traps."""
    r = body.r
    t = r.choice(("i32", "i64"))
    bits, ending, size = r.choice(_ATOMIC_WIDTHS[t])
    to, place, value = ("$v" if t == "i64" else "$p"), body.place(size), body.value(t, 1)
    operation = r.choice(("add", "sub", "and", "or", "xor", "xchg"))
    return r.choice((
        f"({t}.atomic.store{bits} {place} {value})",
        f"({t}.atomic.store{bits} {place} {value})",
        f"(local.set {to} ({t}.atomic.load{bits}{ending} {place}))",
        f"(local.set {to} ({t}.atomic.rmw{bits}.{operation}{ending} {place} {value}))",
        f"(local.set {to} ({t}.atomic.rmw{bits}.{operation}{ending} {place} {value}))",
        f"(local.set {to} ({t}.atomic.rmw{bits}.cmpxchg{ending} {place} {value} {body.value(t, 1)}))",
        f"(local.set $q (memory.atomic.notify {body.place(4)} (i32.const 1))) (atomic.fence)",
        f"(local.set $q (memory.atomic.wait32 {body.place(4)} {body.leaf_i32()} (i64.const 9)))",
    ))  # fmt: skip


FEATURES: dict[str, Addition] = {
    "simd": Addition(
        statements=(
            *[store_vector] * 3,
            *[overwrite_vector] * 3,
            *[set_vector] * 2,
            *[take_lane] * 2,
        ),
        locals="(local $x v128) (local $y v128)",
        declarations="(global $gvector (mut v128) (v128.const i32x4 1 2 3 4))",
        functions='(func (export "vector") (result i64 i64)'
        " (i64x2.extract_lane 0 (global.get $gvector))"
        " (i64x2.extract_lane 1 (global.get $gvector)))",
        probes=("vector",),
    ),
    "tail-call": Addition(
        statements=(*[tail_call] * 4, *[call_far] * 3),
        calls_far=True,
        declarations="(elem (table $far) (i32.const 0) func $leaf0 $leaf1 $leaf2 $far_back)",
        functions=_EVEN_AND_ODD + """(func $far_back (type $many)
          (i32.store (local.get 4) (local.get 0))
          (return_call $far_many (i32.and (local.get 0) (i32.const -2)) (i64.const -7) (local.get 2)
            (local.get 3) (local.get 4) (local.get 5) (local.get 6) (local.get 7) (local.get 8)
            (i32.and (local.get 9) (i32.const 0xfff8))))""",
    ),
    "function-references": Addition(
        statements=(*[set_typed] * 3, *[use_typed] * 4),
        locals="(local $f (ref null $map))",
        declarations="(table $typed 4 6 (ref null $map))"
        " (table $full 2 2 (ref $map) (ref.func $twice))"
        " (global $gmap (mut (ref null $map)) (ref.func $checked))",
        functions='(func $twice (export "twice") (type $map)'
        " (i32.shl (local.get 0) (i32.const 1)))"
        '(func $checked (export "checked") (type $map)'
        " (i32.store16 offset=98 (i32.const 0) (local.get 0)) (i32.load (local.get 0)))",
    ),
    "wide-arithmetic": Addition(statements=(wide,)),
    "threads": Addition(statements=(*[atomic] * 6,)),
    "exceptions": Addition(
        statements=(*[throw] * 4, *[catch] * 6),
        locals="(local $thrown exnref)",
        declarations="(tag $none) (tag $one (param i32)) (tag $four (param i64 f64 i32 f32))",
    ),
    "far-exceptions": Addition(
        statements=(*[call_far_map] * 2,),
        calls_far=True,
        imports='(import "far" "tag" (tag $far_tag (param i32)))',
    ),
}  # fmt: skip
"""By name."""

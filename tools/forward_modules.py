"""Random modules that load what they have stored: through a few bases with constants added, in all
widths and types, at places that overlap or nearly do, around the ends of the memory and of 32 bits,
with branches, loops, calls, and everything else that may change a memory in between.
"""

from __future__ import annotations

import random

import wasmtime
from trap_modules import Call, CalledModule

PAGE = 1 << 16
FUNCTIONS = 2
CALLS_OF_FUNCTION = 16
STATEMENTS = (20, 70)

_STORES = {
    "i32.store": "i32", "i32.store8": "i32", "i32.store16": "i32", "f32.store": "f32",
    "i64.store": "i64", "i64.store8": "i64", "i64.store16": "i64", "i64.store32": "i64",
    "f64.store": "f64", "v128.store": "v128",
}  # fmt: skip
_LOADS = {
    "i32.load": "i32", "i32.load8_u": "i32", "i32.load8_s": "i32", "i32.load16_u": "i32",
    "i32.load16_s": "i32", "i64.load": "i64", "i64.load8_u": "i64", "i64.load8_s": "i64",
    "i64.load16_u": "i64", "i64.load16_s": "i64", "i64.load32_u": "i64", "i64.load32_s": "i64",
    "f32.load": "f32", "f64.load": "f64", "v128.load": "v128", "v128.load64_splat": "v128",
    "v128.load8x8_s": "v128", "v128.load32_zero": "v128",
}  # fmt: skip
_AS_I64 = {
    "i32": "(i64.extend_i32_u {})",
    "i64": "{}",
    "f32": "(i64.extend_i32_u (i32.reinterpret_f32 {}))",
    "f64": "(i64.reinterpret_f64 {})",
    "v128": "(i64x2.extract_lane 1 {})",
}
_FROM_I64 = {
    "i32": "(i32.wrap_i64 {})",
    "i64": "{}",
    "f32": "(f32.reinterpret_i32 (i32.wrap_i64 {}))",
    "f64": "(f64.reinterpret_i64 {})",
    "v128": "(i64x2.splat {})",
}
_BITS = (
    0,
    1,
    -1,
    0x80,
    0x8000,
    0x7FA0_0001,
    0xFFA0_0000,
    0x7FF4_0000_0000_0001,
    0x1234_5678_9ABC_DEF0,
)
"""Of integers and of NaNs, those that signal included."""


def forward_module(seed: int, number: int) -> CalledModule:
    """Module `number` of a seed, always the same."""
    r = random.Random(f"forwards {seed}:{number}")
    functions = [_Function(r).text(k) for k in range(FUNCTIONS)]
    text = "\n".join(
        [
            "(module",
            f'(memory (export "memory") 1 {r.choice((1, 2))})',
            '(global $g (export "g") (mut i32) (i32.const 160))',
            '(global $h (export "h") (mut i64) (i64.const 0))',
            # Inlined, so that the pass looks at what calls it.
            "(func $small (param i32) (result i32) (i32.add (local.get 0) (i32.const 8)))",
            "(func $other (param i32) (global.set $g (i32.add (global.get $g) (i32.const 8)))"
            " (i64.store8 offset=3 (local.get 0) (i64.const 77)))",
            '(func (export "fill") (memory.fill (i32.const 0) (i32.const 165) (i32.const 65536)))',
            *functions,
            ")",
        ]
    )
    calls: list[Call] = [("fill", ())]
    for k in range(FUNCTIONS):
        calls += [(f"f{k}", _arguments(r)) for _ in range(CALLS_OF_FUNCTION)]
    return CalledModule(bytes(wasmtime.wat2wasm(text)), tuple(calls), text)


def _arguments(r: random.Random) -> tuple[int, ...]:
    inside = (64, 65, 72, 128, 1000)
    edges = (0, 1, 4, PAGE - 16, PAGE - 8, PAGE - 40, PAGE, -1, -4, -8, -16, -64, -40)
    first = r.choice(inside if r.random() < 0.7 else edges)
    second = r.choice((first, first + 4, first - 8, first + 1, r.choice(inside), r.choice(edges)))
    return first, second, r.randrange(256), r.choice(_BITS)


class _Function:
    def __init__(self, r: random.Random):
        self.r = r
        self.bases = r.choice(("p", "p", "p", "q", "s", "pq", "pst"))
        self.amounts = r.sample((0, 0, 4, 8, 8, -4, -8, -16, 64, 24), 2)
        self.has_far = r.random() < 0.1
        """Whether some accesses are at the end of the memory, or outside."""
        if self.has_far and r.random() < 0.5:
            self.amounts.append(-(1 << 31))
        self.offsets = r.sample((0, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 16), 3)

    def text(self, number: int) -> str:
        """The function: `f0(first base, second base, ways, value)`."""
        body = "\n  ".join(self.statement(0) for _ in range(self.r.randint(*STATEMENTS)))
        return f"""(func (export "f{number}")
  (param $p i32) (param $q i32) (param $ways i32) (param $v i64) (result i64)
  (local $s i32) (local $t i32) (local $h i64) (local $k i32)
  (local.set $s (i32.sub (global.get $g) (i32.const 64)))
  (local.set $t (call $small (i32.const 192)))
  {body}
  (global.set $h (local.get $h))
  (local.get $h))"""

    def address(self) -> str:
        """A base, with a constant that may wrap around."""
        r = self.r
        base = f"(local.get ${r.choice(self.bases)})"
        if r.random() < 0.04:
            return f"(i32.const {r.choice((64, 72, 96, 128, PAGE - 8))})"
        for _ in range(r.choice((0, 0, 0, 0, 1, 2))):
            amount = r.choice(self.amounts)
            base = r.choice(
                (
                    f"(i32.add {base} (i32.const {amount}))",
                    f"(i32.add (i32.const {amount}) {base})",
                    f"(i32.sub {base} (i32.const {amount}))",
                )
            )
        return base

    def offset(self) -> str:
        r = self.r
        if self.has_far and r.random() < 0.05:
            return f"offset={r.choice((PAGE - 8, PAGE, 4294967295, 4294967288))}"
        offset = r.choice(self.offsets)
        return f"offset={offset}" if offset else ""

    def load(self) -> str:
        """A load as an i64."""
        name = self.r.choice([*_LOADS])
        return _AS_I64[_LOADS[name]].format(f"({name} {self.offset()} {self.address()})")

    def value(self) -> str:
        r = self.r
        return r.choice(
            (
                "(local.get $v)",
                "(local.get $h)",
                f"(i64.add (local.get $v) (i64.const {r.getrandbits(40)}))",
                f"(i64.const {r.choice(_BITS)})",
                self.load(),
            )
        )

    def store(self) -> str:
        """Store a value at a place."""
        r = self.r
        if r.random() < 0.06:
            lane = f"v128.store{r.choice((8, 16, 32, 64))}_lane"
            vector = _FROM_I64["v128"].format(self.value())
            return f"({lane} {self.offset()} 0 {self.address()} {vector})"
        name = r.choice([*_STORES])
        value = _FROM_I64[_STORES[name]].format(self.value())
        return f"({name} {self.offset()} {self.address()} {value})"

    def take(self) -> str:
        """Let the result depend on a load."""
        return f"(local.set $h (i64.add (i64.rotl (local.get $h) (i64.const 7)) {self.load()}))"

    def empty(self) -> str:
        """Sometimes a block of the control-flow graph in which nothing happens."""
        return "(block $e (br $e))" if self.r.random() < 0.3 else ""

    def statement(self, depth: int) -> str:
        r = self.r
        kind = r.random()
        if kind < 0.38:
            return self.store()
        if kind < 0.76:
            return self.take()
        if kind < 0.80:
            return f"(local.set ${r.choice('st')} {self.address()})"
        if kind < 0.82:
            return f"(global.set $g (i32.and {self.address()} (i32.const 0xfff8)))"
        if kind < 0.85:
            return "(local.set $s (global.get $g))"
        if kind < 0.93 and depth < 2:
            inner = [self.statement(depth + 1) for _ in range(r.randint(1, 4))]
            if r.random() < 0.25:
                again = (
                    "(br_if $l (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1)))"
                    " (i32.const 12)))"
                )
                return f"(loop $l {' '.join(inner)} {again})"
            test = f"(i32.and (local.get $ways) (i32.const {1 << r.randrange(8)}))"
            half = len(inner) // 2
            other = f"(else {self.empty()} {' '.join(inner[:half])})" if half else ""
            return f"(if {test} (then {self.empty()} {' '.join(inner[half:])}) {other})"
        return r.choice(
            (
                f"(call $other {self.address()})",
                "(drop (memory.grow (i32.const 1)))",
                f"(memory.fill {self.address()} (i32.const 90) (i32.const 5))",
                f"(memory.copy {self.address()} {self.address()} (i32.const 9))",
                f"(local.set $h (i64.add (local.get $h) {self.value()}))",
            )
        )

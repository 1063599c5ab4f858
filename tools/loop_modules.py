"""Random modules of loops over memory, and calls of them: with every kind of test, step and address,
and with arguments for which addresses wrap around, or end just inside or outside the memory. What is
stored depends on the order of accesses, so that one which is deleted, delayed or done early leaves a
trace.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import wasmtime
from trap_modules import Call, CalledModule

PAGE = 1 << 16
FUNCTIONS = 3
CALLS_OF_FUNCTION = 10
MOST_ITERATIONS = 3000
"""Of a call: so many can be done at every level in a short time."""

STEPS = (1, 1, 1, 2, 4, 8, 3, 12, -1, -1, -2, -4, -3, 0x4000_0000)
RELATIONS = ("ne", "lt_u", "lt_s", "le_u", "le_s", "gt_u", "gt_s", "ge_u", "ge_s")
_UPWARDS, _DOWNWARDS = (
    ("ne", "lt_u", "lt_s", "le_u", "le_s"),
    ("ne", "gt_u", "gt_s", "ge_u", "ge_s"),
)

_LOADS = {
    "i32.load": 4, "i32.load8_u": 1, "i32.load8_s": 1, "i32.load16_s": 2, "i32.load16_u": 2,
}  # fmt: skip
_STORES = {"i32.store": 4, "i32.store8": 1, "i32.store16": 2}


@dataclass(frozen=True)
class Counter:
    """The counter of a loop, and its test."""

    type: str
    step: int
    relation: str
    tests_first: bool

    def iterations(self, start: int, bound: int) -> int | None:
        """How many iterations there are for two i32 arguments; None if there are too many."""
        bits = 32 if self.type == "i32" else 64
        mask = (1 << bits) - 1
        value, end = (_extended(number, bits) for number in (start, bound))
        for count in range(MOST_ITERATIONS):
            tests = self.tests_first or count > 0
            if tests and not _holds(self.relation, value, end, bits):
                return count
            value = (value + self.step) & mask
        return None


def _extended(number: int, bits: int) -> int:
    """An i32 argument, sign-extended, as an unsigned number."""
    number &= 0xFFFF_FFFF
    return number | (~0xFFFF_FFFF & ((1 << bits) - 1)) if number >> 31 else number


def _holds(relation: str, value: int, bound: int, bits: int) -> bool:
    name, _, sign = relation.partition("_")
    if sign == "s":
        value, bound = (n - (1 << bits) if n >> (bits - 1) else n for n in (value, bound))
    return {
        "ne": value != bound, "lt": value < bound, "le": value <= bound,
        "gt": value > bound, "ge": value >= bound,
    }[name]  # fmt: skip


def loop_module(seed: int, number: int) -> CalledModule:
    """Module `number` of a seed, always the same."""
    r = random.Random(f"loops {seed}:{number}")
    pages = r.choice((1, 1, 2))
    maximum = pages + r.choice((0, 1))
    functions, calls = list[str](), list[Call]()
    for k in range(FUNCTIONS):
        writer = _LoopFunction(r, k, pages, has_more=maximum > pages)
        functions.append(writer.text())
        calls += writer.calls()
    fill = " ".join(f"(i32.store (i32.const {a}) (i32.const {r.getrandbits(31)}))" for a in _SPOTS)
    lines = [
        "(module",
        f'(memory (export "memory") {pages} {maximum})',
        '(global $g (export "g") (mut i32) (i32.const 0))',
        f'(func (export "fill") {fill})',
        *functions,
        ")",
    ]
    text = "\n".join(lines)
    return CalledModule(bytes(wasmtime.wat2wasm(text)), (("fill", ()), *calls), text)


_SPOTS = (*range(0, 64, 4), *range(PAGE - 64, PAGE, 4), *range(1000, 1064, 4))


class _LoopFunction:
    """Writes a function with a loop, perhaps in another one."""

    def __init__(self, r: random.Random, number: int, pages: int, *, has_more: bool):
        self.r, self.number, self.pages, self.has_more = r, number, pages, has_more
        self.counter = self._counter()
        self.pointer_step = r.choice(("1", "4", "8", "-4", "-1", "16", "$s"))
        self.is_nested = r.random() < 0.3
        self.has_limit = r.random() < 0.15
        """Whether another test ends the loop too."""

    def _counter(self) -> Counter:
        r = self.r
        step = r.choice(STEPS)
        relations = _UPWARDS if step > 0 else _DOWNWARDS
        if r.random() < 0.05:
            relations = RELATIONS
        kind = r.choice(("i32", "i32", "i32", "i64"))
        return Counter(kind, step, r.choice(relations), r.random() < 0.4)

    # --- text

    def text(self) -> str:
        """The function: `f0(start, bound, p, q, s)`."""
        r, c = self.r, self.counter
        step = f"(local.set $i ({c.type}.add (local.get $i) ({c.type}.const {c.step})))"
        pointer = self._constant_or_local(self.pointer_step)
        body = [self._statement(0) for _ in range(r.randint(1, 4))]
        body.append(f"(local.set $w (i32.add (local.get $w) {pointer}))")
        if r.random() < 0.3:
            body.insert(r.randrange(len(body)), step)
        else:
            body.append(step)
        if self.has_limit:
            body.append(
                "(local.set $c (i32.add (local.get $c) (i32.const 1)))"
                " (br_if $out (i32.gt_u (local.get $c) (i32.const 700)))"
            )
        elif r.random() < 0.1:
            body.append(f"(br_if $out (i32.eq {self._load()} (i32.const 77)))")
        stays = f"({c.type}.{c.relation} (local.get $i) (local.get $end))"
        if c.tests_first:
            inner = f"(br_if $out (i32.eqz {stays})) {' '.join(body)} (br $loop)"
        else:
            inner = f"{' '.join(body)} (br_if $loop {stays})"
        loop = f"(block $out (loop $loop {inner}))"
        widen = "(i64.extend_i32_s (local.get ${}))" if c.type == "i64" else "(local.get ${})"
        begin = f"(local.set $i {widen.format('a')}) (local.set $end {widen.format('b')})"
        if self.is_nested:
            grow = "(drop (memory.grow (i32.const 1)))" if self.has_more else ""
            again = (
                "(local.set $p (i32.add (local.get $p) (i32.const 8)))"
                " (br_if $outer (i32.lt_u (local.tee $o (i32.add (local.get $o) (i32.const 1)))"
                f" (i32.const {r.choice((2, 3, 12))})))"
            )
            loop = f"(loop $outer {begin} {loop} {grow if r.random() < 0.5 else ''} {again})"
            begin = ""
        return f"""(func (export "f{self.number}")
  (param $a i32) (param $b i32) (param $p i32) (param $q i32) (param $s i32) (result i32)
  (local $i {c.type}) (local $end {c.type}) (local $w i32) (local $sum i32) (local $c i32)
  (local $o i32) (local $v v128) (local $d f64)
  (local.set $w (local.get $q))
  (i32.store (i32.const 12) (local.get $a))
  {begin}
  {loop}
  (i32.store (i32.const 12) (local.get $sum))
  (i32.store (i32.const 16) (local.get $w))
  (global.set $g (local.get $sum))
  {"(drop (i32.load (local.get $w)))" if r.random() < 0.2 else ""}
  (local.get $sum))"""

    def _constant_or_local(self, text: str) -> str:
        return f"(local.get {text})" if text.startswith("$") else f"(i32.const {text})"

    def _index(self) -> str:
        if self.counter.type == "i32":
            return "(local.get $i)"
        return "(i32.wrap_i64 (local.get $i))"

    def _address(self) -> str:
        r, i = self.r, self._index()
        scaled = r.choice(
            (
                i,
                f"(i32.shl {i} (i32.const {r.choice((0, 1, 2, 3))}))",
                f"(i32.mul {i} (i32.const {r.choice((1, 4, 8, 12, -4))}))",
                f"(i32.mul {i} (local.get $s))",
            )
        )
        return r.choice(
            (
                f"(i32.add (local.get $p) {scaled})",
                f"(i32.add {scaled} (i32.const {r.choice((0, 8, -8, 1000, 65520, -65536))}))",
                "(local.get $w)",
                "(i32.sub (local.get $w) (i32.const 8))",
                f"(i32.add (local.get $p) (i32.add {scaled} (i32.const {r.choice((4, -4, 8))})))",
                scaled,
                "(local.get $p)",
                f"(i32.or (i32.shl {i} (i32.const 3)) (i32.const {r.choice((1, 4, 7))}))",
                f"(i32.and {i} (i32.const 255))" if r.random() < 0.1 else "(local.get $w)",
            )
        )

    def _offset(self) -> str:
        choices = ("", "", "", "offset=4", "offset=8", "offset=65532", "offset=4294967295")
        return self.r.choice(choices[: -1 if self.r.random() < 0.9 else None])

    def _load(self) -> str:
        return f"({self.r.choice([*_LOADS])} {self._offset()} {self._address()})"

    def _value(self) -> str:
        r = self.r
        return r.choice(
            (
                self._index(),
                "(local.get $sum)",
                self._load(),
                f"(i32.add {self._load()} (local.get $sum))",
                f"(i32.mul {self._load()} (i32.const 31))",
                f"(i32.const {r.getrandbits(30)})",
                f"(i32.div_u (local.get $sum) (i32.const {r.choice((3, 7, 16))}))",
                f"(select {self._load()} (local.get $a) (i32.and {self._index()} (i32.const 1)))",
            )
        )

    def _store(self) -> str:
        r = self.r
        if r.random() < 0.15:
            load = f"(v128.load {self._offset()} {self._address()})"
            return f"(v128.store {self._offset()} {self._address()} {load})"
        if r.random() < 0.15:
            load = f"(i64.load {self._offset()} {self._address()})"
            return f"(i64.store {self._offset()} {self._address()} (i64.add {load} (i64.const 3)))"
        return f"({r.choice([*_STORES])} {self._offset()} {self._address()} {self._value()})"

    def _statement(self, depth: int) -> str:
        r = self.r
        kind = r.random()
        if kind < 0.5:
            return self._store()
        if kind < 0.75:
            operation = r.choice(("add", "xor", "sub", "mul"))
            return f"(local.set $sum (i32.{operation} (local.get $sum) {self._value()}))"
        if kind < 0.85 and depth == 0:
            condition = f"(i32.and {self._value()} (i32.const 1))"
            return f"(if {condition} (then {self._statement(1)}) (else {self._statement(1)}))"
        if kind < 0.9:
            return f"(global.set $g {self._value()})"
        return f"(local.set $sum (i32.rotl (local.get $sum) {self._value()}))"

    # --- calls

    def calls(self) -> list[Call]:
        """Calls that end soon."""
        found: list[Call] = []
        for _ in range(200):
            arguments = self._arguments()
            endless = self.counter.iterations(arguments[0], arguments[1]) is None
            if endless and not self.has_limit:
                continue
            found.append((f"f{self.number}", arguments))
            if len(found) == CALLS_OF_FUNCTION:
                break
        return found

    def _arguments(self) -> tuple[int, ...]:
        r, step = self.r, self.counter.step
        size = self.pages * PAGE
        count = r.choice((0, 1, 7, 8, 9, 10, 20, 33, 100, 500, 2000))
        if r.random() < 0.6:  # mostly inside the memory
            start = r.choice((0, 0, 1, 5, -step * count))
            pointers = (0, 16, 1024, 20000, 30000, size - 40 * count)
            strides = (0, 1, 4, 8, 16, 64)
        else:
            edges = (0, 1, size // 8, size // 4, size, -1, -20, 1 << 31, -(1 << 31), 1000)
            start = r.choice(edges) + r.randint(-3, 3)
            # So that the last access is at the end of the memory, or the first one at its start.
            scale = r.choice((1, 4, 8, abs(step), 4 * abs(step)))
            end = size - scale * count + r.randint(-9, 9)
            pointers = (0, 16, end, end, size - 8, -8, scale * count + r.randint(-9, 9), -end)
            strides = (0, 4, -4, -64, PAGE, -PAGE, 1 << 30, -(1 << 31), (1 << 31) - 1)
        bound = start + step * count + r.choice((0, 0, 0, 0, 1, -1))
        if r.random() < 0.05:
            bound = r.choice((0, -1, size, 1 << 31))
        numbers = (start, bound, r.choice(pointers), r.choice(pointers), r.choice(strides))
        return tuple(_signed(n) for n in numbers)


def _signed(number: int) -> int:
    number &= 0xFFFF_FFFF
    return number - (1 << 32) if number >> 31 else number

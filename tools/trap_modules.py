"""Random modules that store, set and call around everything that may trap, and calls of them. A few
addresses, globals and table elements are written repeatedly, by constant, aliasing and variable
addresses, so that a store which is deleted, delayed or done early across a trap leaves a trace. Each
function is called with several arguments: some trap at the beginning of its body, some in the middle
and some nowhere. No NaN is computed (those that are loaded are only moved), no state depends on how
deep a stack is, and every loop and recursion is bounded, so that all engines have to agree.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import wasmtime
from feature_statements import FEATURES, far_module
from trap_bodies import PAGE, PARAMETERS, SIGNATURES, Body, Function, ModulePlan

ARGUMENTS = (
    0, 1, 2, 3, 4, 7, 8, 16, 100, -1, -4, -8, 65500, 65520, 65528, 65529, 65532, 65533, 65535,
    PAGE, 131064, 2 * PAGE, 0x7FFF_FFFF, -0x8000_0000,
)  # fmt: skip
"""Arguments of functions: addresses around the ends of memories, indices, divisors."""

CALLS_OF_FUNCTION = 6

Call = tuple[str, tuple[int | float | None, ...]]


@dataclass(frozen=True)
class CalledModule:
    """A module and the calls that are made of one instance of it, in order."""

    binary: bytes
    calls: tuple[Call, ...]
    text: str
    library: bytes = b""
    """A module whose exports are the imports from `far`."""


def trap_module(seed: int, number: int) -> CalledModule:
    """Module `number` of a seed, always the same."""
    r = random.Random(f"{seed}:{number}")
    writer = _ModuleText(r)
    text, count = writer.write()
    probes: list[Call] = [
        (name, ()) for feature in writer.plan.features for name in FEATURES[feature].probes
    ]
    calls: list[Call] = []
    for k in range(count):
        for _ in range(CALLS_OF_FUNCTION):
            calls.append(("call", (k, r.choice(ARGUMENTS), r.choice(ARGUMENTS))))
        calls += probes
    throws = "far-exceptions" in writer.plan.features or r.randrange(4) == 0
    return CalledModule(bytes(wasmtime.wat2wasm(text)), tuple(calls), text, far_module(throws))


# --- the text

_SECOND = {"i32": "1 2", "i64": "i64 1 2", "bytes": "65543 65545 (pagesize 1)"}
"""The second memory, by its kind."""


class _ModuleText:
    """Writes one module in the text format."""

    def __init__(self, r: random.Random):
        self.r = r
        pages = r.choice((1, 1, 1, 2))
        maximum = pages + r.choice((0, 0, 1, 2))
        second = r.choice((None, None, None, "i32", "i64", "bytes"))
        features = tuple(name for name in FEATURES if r.randrange(2))
        slots = r.sample((0, 4, 8, 8, 10, 12, 16, 20, 24, 40, 64, 1024), 4)
        self.plan = ModulePlan(r, pages, maximum, second, tuple(slots), features)
        self.functions: list[Function] = []
        self.bodies: list[str] = []

    def write(self) -> tuple[str, int]:
        """The text, and how many functions `call` can call. One export that calls them all takes fewer
        trampolines, which are most of the time of compiling, than an export for each."""
        r = self.r
        for k in range(4):
            self.functions.append(self._function(f"$leaf{k}", r.choice((*SIGNATURES, "none")), 3))
        for k in range(r.randint(0, 3)):
            self.functions.append(self._function(f"$middle{k}", r.choice((*SIGNATURES,)), 5))
        if r.random() < 0.4:
            self.functions.append(self._recursive())
        if r.random() < 0.15:
            self.functions.append(self._endless())
        count = r.randint(8, 12)
        for k in range(count):
            self._function(f"$f{k}", "both", r.randint(4, 12))
        # Not in the order of their numbers, so that they differ in more than their position.
        added = [FEATURES[name] for name in self.plan.features]
        elements = "$leaf1 $leaf0 $leaf1 $leaf0 $leaf1"
        lines = [
            "(module",
            *(f"(type ${name} (func {text}))" for name, text in PARAMETERS.items()),
            '(import "env" "host" (func $host (type $map)))',
            '(import "env" "raise" (func $raise (type $none)))',
            '(import "env" "imported" (global $imported (mut i32)))',
            '(import "env" "base" (global $base i32))',
            '(import "env" "x" (global $object externref))',
            '(import "far" "map" (func $far_map (type $map)))',
            '(import "far" "many" (func $far_many (type $many)))',
            '(import "far" "t" (table $far 4 funcref))',
            *(addition.imports for addition in added),
            *self._memories(),
            *(addition.declarations for addition in added),
            '(global $g (export "g") (mut i32) (i32.const 0))',
            "(global $hidden (mut i32) (i32.const 5))",
            '(global $g64 (export "g64") (mut i64) (i64.const -1))',
            '(global $gf32 (export "gf32") (mut f32) (f32.const 0.5))',
            '(global $gf64 (export "gf64") (mut f64) (f64.const -2))',
            '(global $gfunc (export "gfunc") (mut funcref) (ref.null func))',
            '(global $gextern (export "gextern") (mut externref) (ref.null extern))',
            f'(table $t (export "t") 8 {r.choice((8, 12))} funcref)',
            f'(table $e (export "e") 4 {r.choice((4, 6))} externref)',
            f"(elem (table $t) (i32.const {r.randrange(3)}) func {elements})",
            f"(elem $passive func {elements})",
            *(f'(export "leaf{k}" (func $leaf{k}))' for k in range(2)),
            *(addition.functions for addition in added),
            *self.bodies,
            *_dispatcher(count),
            ")",
        ]
        return "\n".join(lines), count

    def _memories(self) -> list[str]:
        r = self.r
        limits = f"{self.plan.pages} {self.plan.maximum}"
        content = "".join(f"\\{r.randrange(256):02x}" for _ in range(48))
        if r.random() < 0.25:
            lines = [f'(import "env" "memory" (memory $m {limits}))', '(export "m" (memory $m))']
        else:
            lines = [f'(memory $m (export "m") {limits})']
        if self.plan.second is not None:
            lines.append(f'(memory $n (export "n") {_SECOND[self.plan.second]})')
        return [*lines, f'(data (i32.const 0) "{content}")', f'(data $data "{content}")']

    # --- functions

    def _function(self, name: str, signature: str, size: int) -> Function:
        is_leaf = name.startswith("$leaf")
        body = Body(self.plan, signature, is_leaf)
        callees = [] if is_leaf else self.functions
        statements = body.statements(self.r.randint(1, size), callees, depth=0)
        result = body.result()
        self._add(f"(func {name} {PARAMETERS[signature]}", statements, result)
        return Function(name, signature, body.cost)

    def _recursive(self) -> Function:
        """Calls itself up to seven times, with stores before and after the call."""
        body = Body(self.plan, "both")
        depth = "(i32.and (local.get $a) (i32.const 7))"
        before = body.statements(self.r.randint(1, 3), [], depth=1)
        again = (
            f"(if {depth} (then (local.set $p"
            f" (call $recursive (i32.sub {depth} (i32.const 1)) (local.get $b)))))"
        )
        behind = body.statements(self.r.randint(1, 3), [], depth=1)
        head = f"(func $recursive {PARAMETERS['both']}"
        self._add(head, [*before, again, *behind], body.result())
        return Function("$recursive", "both", 8 * body.cost)

    def _endless(self) -> Function:
        """Exhausts the stack; its stores do not depend on the number of calls."""
        r = self.r

        def constant_store() -> str:
            kind = r.randrange(4)
            value = f"(i32.const {r.randrange(100)})"
            if kind == 0:
                return f"(global.set $g {value})"
            if kind == 1:
                return f"(table.set $t (i32.const {r.randrange(8)}) (ref.func $leaf0))"
            return f"(i32.store (i32.const {r.choice(self.plan.slots)}) {value})"

        statements = [constant_store() for _ in range(r.randint(1, 3))]
        statements.append("(call $endless (local.get $a))")
        statements += [constant_store() for _ in range(r.randint(0, 3))]
        self._add("(func $endless (param $a i32)", statements, "")
        return Function("$endless", "take", 1)

    def _add(self, head: str, statements: list[str], result: str) -> None:
        lines = [
            head,
            f"  {self.plan.locals}",
            *(f"  {line}" for line in statements),
            f"  {result})",
        ]
        self.bodies.append("\n".join(lines))


def _dispatcher(count: int) -> list[str]:
    """`call` takes the number of a function and its two arguments."""
    labels = [f"$c{k}" for k in range(count)]
    cases = [f") (return (call $f{k} (local.get $a) (local.get $b)))" for k in range(count)]
    return [
        '(func (export "call") (param $k i32) (param $a i32) (param $b i32) (result i32)',
        *(f"(block {label}" for label in reversed(labels)),
        f"(br_table {' '.join(labels)} (local.get $k))",
        *cases,
        "(unreachable))",
    ]

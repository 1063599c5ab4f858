"""Random modules that throw and catch, compared with Wasmtime.

    python tools/fuzz_exceptions.py [--seed N] [--count N] [--levels 0 2 3]

Each case has three modules that call each other by imports, a shared table and references, with calls
and tail calls: the second one uses no exceptions, so that they must pass its frames. Bodies store to a
global and to memory between throws, catches and traps. Results or messages, the memory and the globals
after each call must be those of Wasmtime at every level. The exit code is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import wasmtime

import wasmdialect

TAGS = ("$none", "$one", "$two")
VALUES = {"$none": (), "$one": ("i32",), "$two": ("i64", "i32")}
FUNCTIONS = 3
"""Of each module."""
DEPTH = 5
"""Calls in calls."""
PASSES = "wasmir-canonicalize,wasmir-gvn,wasmir-dce"
"""For every second case."""
ARGUMENTS = (0, 1, 2, 7, 11, 60, -1)
TYPE = "(type $f (func (param i32 i32) (result i32)))"


class Body:
    """A random function body: locals 0 (calls that are left), 1 (a value); others for handlers."""

    def __init__(self, rng: random.Random, callees: Sequence[str], throws: bool):
        self.rng = rng
        self.callees = callees
        self.throws = throws
        self.labels = 0
        self.calls = 0
        self.statements: list[Callable[[int], str]] = [
            *(self.compute, self.note, self.store, self.call, self.call),
            *(self.indirect, self.reference, self.condition, self.trap, self.loop, self.tail),
        ]
        if throws:
            self.statements += [self.throw, self.throw, *[self.attempt] * 4]

    def text(self) -> str:
        """The instructions."""
        return f"""(local $i i32) (local $e exnref) (local $wide i64)
          (if (i32.le_s (local.get 0) (i32.const 0)) (then (return (local.get 1))))
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          {self.block(2)} (local.get 1)"""

    def block(self, depth: int) -> str:
        """Some statements."""
        count = self.rng.randint(1, 4)
        return "\n".join(self.rng.choice(self.statements)(depth) for _ in range(count))

    def label(self) -> str:
        self.labels += 1
        return f"$l{self.labels}"

    def compute(self, _: int) -> str:
        operation = self.rng.choice(("add", "sub", "mul", "xor", "and", "or", "rotl"))
        return (
            f"(local.set 1 (i32.{operation} (local.get 1) (i32.const {self.rng.randint(-9, 9)})))"
        )

    def note(self, _: int) -> str:
        return (
            """(global.set $g (i32.add (i32.mul (global.get $g) (i32.const 31)) (local.get 1)))"""
        )

    def store(self, _: int) -> str:
        return f"(i32.store offset={self.rng.randrange(64)} (i32.const 0) (local.get 1))"

    def _may_call(self) -> bool:
        self.calls += 1
        return self.calls <= 4

    def call(self, _: int) -> str:
        if not self._may_call():
            return "(nop)"
        return f"(local.set 1 (call {self.rng.choice(self.callees)} (local.get 0) (local.get 1)))"

    def indirect(self, _: int) -> str:
        if not self._may_call():
            return "(nop)"
        index = f"(i32.and (local.get 1) (i32.const {self.rng.choice((7, 15))}))"
        return f"(local.set 1 (call_indirect (type $f) (local.get 0) (local.get 1) {index}))"

    def reference(self, _: int) -> str:
        if not self._may_call():
            return "(nop)"
        callee = f"(ref.func {self.rng.choice(self.callees)})"
        return f"(local.set 1 (call_ref $f (local.get 0) (local.get 1) {callee}))"

    def condition_of(self) -> str:
        mask = self.rng.choice((1, 3, 7))
        wanted = self.rng.randrange(mask + 1)
        return f"(i32.eq (i32.and (local.get 1) (i32.const {mask})) (i32.const {wanted}))"

    def condition(self, depth: int) -> str:
        if depth == 0:
            return "(nop)"
        return f"(if {self.condition_of()} (then {self.block(depth - 1)}))"

    def loop(self, depth: int) -> str:
        if depth == 0:
            return "(nop)"
        label = self.label()
        return f"""(local.set $i (i32.const 0))
          (loop {label} {self.block(depth - 1)}
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if {label} (i32.lt_u (local.get $i) (i32.const 2))))"""

    def trap(self, _: int) -> str:
        what = self.rng.choice(
            (
                "(unreachable)",
                "(local.set 1 (i32.div_u (i32.const 9) (i32.and (local.get 1) (i32.const 1))))",
                "(local.set 1 (i32.load (i32.shl (local.get 1) (i32.const 12))))",
                "(throw_ref (ref.null exn))" if self.throws else "(unreachable)",
            )
        )
        return f"(if {self.condition_of()} (then {what}))" if self.rng.random() < 0.3 else "(nop)"

    def tail(self, _: int) -> str:
        if not self._may_call():
            return "(nop)"
        callee = self.rng.choice(self.callees)
        call = self.rng.choice(
            (
                f"(return_call {callee} (local.get 0) (local.get 1))",
                "(return_call_indirect (type $f) (local.get 0) (local.get 1)"
                " (i32.and (local.get 1) (i32.const 7)))",
                f"(return_call_ref $f (local.get 0) (local.get 1) (ref.func {callee}))",
            )
        )
        return f"(if {self.condition_of()} (then {call}))"

    def throw(self, _: int) -> str:
        tag = self.rng.choice(TAGS)
        values = {"i32": "(local.get 1)", "i64": "(i64.extend_i32_s (local.get 1))"}
        thrown = f"(throw {tag} {' '.join(values[t] for t in VALUES[tag])})"
        return f"(if {self.condition_of()} (then {thrown}))"

    def attempt(self, depth: int) -> str:
        """A `try_table`, with a block around it for each clause."""
        if depth == 0:
            return "(nop)"
        end = self.label()
        clauses: list[str] = []
        opening: list[str] = []
        handlers: list[str] = []
        for _ in range(self.rng.randint(1, 3)):
            label, tag = self.label(), self.rng.choice((*TAGS, None))
            has_reference = self.rng.random() < 0.4
            types = [*(VALUES[tag] if tag else ()), *(["exnref"] if has_reference else [])]
            word = f"catch{'' if tag else '_all'}{'_ref' if has_reference else ''}"
            clauses.append(f"({word} {tag or ''} {label})")
            result = f"(result {' '.join(types)})" if types else ""
            opening.insert(0, f"(block {label} {result}")
            handlers.append(self.handler(types, depth, end))
            if tag is None:
                break
        body = f"(try_table {' '.join(clauses)} {self.block(depth - 1)}) (br {end})"
        closing = "".join(f") {handler}" for handler in handlers)
        return f"(block {end} {' '.join(opening)} {body} {closing})"

    def handler(self, types: Sequence[str], depth: int, end: str) -> str:
        sets = {"i32": "(local.set 1)", "i64": "(local.set $wide)", "exnref": "(local.set $e)"}
        taken = " ".join(sets[t] for t in reversed(types))
        again = ""
        if "exnref" in types and self.rng.random() < 0.6:
            again = "(throw_ref (local.get $e))"
            if self.rng.random() < 0.7:
                again = f"(if {self.condition_of()} (then {again}))"
        return f"{taken} {self.block(depth - 1)} {again} (br {end})"


def module(rng: random.Random, name: str, imports: Sequence[str], throws: bool) -> str:
    """A module with functions `$a0`, `$a1`, ...; it imports those of other modules."""
    own = [f"${name}{i}" for i in range(FUNCTIONS)]
    imported = [f"${other}{i}" for other in imports for i in range(FUNCTIONS)]
    is_first = not imports
    lines = [TYPE]
    lines += [f'(import "{f[1]}" "{f[1:]}" (func {f} (type $f)))' for f in imported]
    if is_first:
        lines.append('(memory (export "memory") 1 1) (table $t (export "table") 16 funcref)')
        lines.append('(global $g (export "g") (mut i32) (i32.const 0))')
        lines += [
            f'(tag {tag} (export "{tag[1:]}") (param {" ".join(VALUES[tag])}))' for tag in TAGS
        ]
    else:
        lines.append(
            '(import "a" "memory" (memory 1 1)) (import "a" "table" (table $t 16 funcref))'
        )
        lines.append('(import "a" "g" (global $g (mut i32)))')
        if throws:
            lines += [
                f'(import "a" "{tag[1:]}" (tag {tag} (param {" ".join(VALUES[tag])})))'
                for tag in TAGS
            ]
    for f in own:
        body = Body(rng, [*own, *imported], throws).text()
        if not throws:
            body = body.replace("(local $e exnref)", "")
        lines.append(f'(func {f} (export "{f[1:]}") (type $f) {body})')
    place = len(imports) * FUNCTIONS
    lines.append(f"(elem (i32.const {place}) func {' '.join(own)})")
    lines.append(f"(elem declare func {' '.join([*own, *imported])})")
    return "(module\n" + "\n".join(lines) + ")"


def observe(w: Any, config: Any, texts: Sequence[str]) -> list[Any]:
    """What each call does: result or message, the global, the memory."""
    config.wasm_exceptions = config.wasm_function_references = config.wasm_tail_call = True
    engine = w.Engine(config)
    store = w.Store(engine)
    linker = w.Linker(engine)
    instances: list[Any] = []
    for name, text in zip("abc", texts, strict=True):
        instance = linker.instantiate(store, w.Module(engine, text))
        linker.define_instance(store, name, instance)
        instances.append(instance.exports(store))
    memory, variable = instances[0]["memory"], instances[0]["g"]
    seen: list[Any] = []
    for name, exports in zip("abc", instances, strict=True):
        for i in range(FUNCTIONS):
            for argument in ARGUMENTS:
                try:
                    outcome = exports[f"{name}{i}"](store, DEPTH, argument)
                except w.Trap as trap:
                    # Wasmtime also says which address was out of bounds.
                    outcome = str(trap).rsplit("wasm trap: ", 1)[-1].strip().rsplit("\n", 1)[-1]
                    outcome = outcome.strip()
                state = hash(bytes(memory.read(store, 0, 128)))
                seen.append((name, i, argument, outcome, variable.value(store), state))
    return seen


def main() -> int:
    """Run cases; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--levels", type=int, nargs="+", default=[0, 2, 3])
    arguments = parser.parse_args()
    different = calls = thrown = 0
    start = time.monotonic()
    for number in range(arguments.count):
        seed = arguments.seed * 1_000_000 + number
        rng = random.Random(seed)
        texts = [
            module(rng, "a", (), True),
            module(rng, "b", ("a",), False),
            module(rng, "c", ("a", "b"), True),
        ]
        expected = observe(wasmtime, wasmtime.Config(), texts)
        calls += len(expected)
        thrown += sum(row[3] == "thrown Wasm exception" for row in expected)
        for level in arguments.levels:
            bounds = "explicit" if number % 3 == 0 else "guard"
            passes: dict[str, Any] = {"at": {"wasmir-end": PASSES}, "verify": "each"}
            config = wasmdialect.Config(
                opt_level=level, bounds=bounds, jobs=0, **(passes if number % 2 else {})
            )
            found = observe(wasmdialect, config, texts)
            for ours, theirs in zip(found, expected, strict=True):
                if ours != theirs:
                    different += 1
                    print(f"seed {seed} -O{level} {bounds}: {ours}, Wasmtime {theirs}", flush=True)
                    break
    seconds = time.monotonic() - start
    print(
        f"{arguments.count} cases, {calls} calls ({thrown} not caught), {different} different,"
        f" {seconds:.0f} s"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())

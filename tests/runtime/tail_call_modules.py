"""Random pairs of modules whose functions call and tail-call each other: by name, through a table that
both use, as imports and as host functions, with random signatures. Some trap.

Every call counts the first parameter down, so a run ends; which way a function goes on depends on a
number in a global of the first module, which every function advances.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

TYPES = ("i32", "i64", "f32", "f64")
CONVERSIONS = {
    ("i32", "i64"): "i64.extend_i32_s",
    ("i32", "f32"): "f32.convert_i32_s",
    ("i32", "f64"): "f64.convert_i32_s",
    ("i64", "i32"): "i32.wrap_i64",
    ("i64", "f32"): "f32.convert_i64_s",
    ("i64", "f64"): "f64.convert_i64_s",
    ("f32", "i32"): "i32.trunc_sat_f32_s",
    ("f32", "i64"): "i64.trunc_sat_f32_s",
    ("f32", "f64"): "f64.promote_f32",
    ("f64", "i32"): "i32.trunc_sat_f64_s",
    ("f64", "i64"): "i64.trunc_sat_f64_s",
    ("f64", "f32"): "f32.demote_f64",
}
HOST_PARAMS = ("i32", "i64", "f64", "i32", "i64", "i32", "i64", "i32")
TABLE_SIZE = 16


@dataclass(frozen=True)
class Function:
    """A function of the pair."""

    name: str
    params: tuple[str, ...]
    module: int
    is_host: bool = False

    @property
    def type(self) -> str:
        return " ".join(f"(param {t})" for t in self.params)


class Pair:
    """Two modules in the text format; each exports its functions."""

    def __init__(self, seed: int):
        self.r = r = random.Random(seed)
        self.results = tuple(r.choice(TYPES) for _ in range(r.choice((0, 1, 1, 2, 4, 6, 9))))
        self.functions = [
            Function(f"f{n}", ("i32", *self._params()), r.randrange(2)) for n in range(8)
        ]
        self.host = Function("host", HOST_PARAMS, 0, is_host=True)
        self.first, self.second = self._module(0), self._module(1)

    def _params(self) -> list[str]:
        return [self.r.choice(TYPES) for _ in range(self.r.choice((0, 1, 2, 3, 4, 5, 7, 12, 20)))]

    @property
    def result_text(self) -> str:
        return f"(result {' '.join(self.results)})" if self.results else ""

    def _module(self, number: int) -> str:
        own = [f for f in self.functions if f.module == number]
        others = [f for f in self.functions if f.module != number] if number else []
        fields = [f'(import "" "host" (func $host {HOST_TYPE} {self.result_text}))']
        if number:
            fields.append(f'(import "first" "table" (table $t {TABLE_SIZE} funcref))')
            fields.append('(import "first" "state" (global $state (mut i32)))')
            fields += (
                f'(import "first" "{f.name}" (func ${f.name} {f.type} {self.result_text}))'
                for f in others
            )
        else:
            fields.append(f'(table $t (export "table") {TABLE_SIZE} funcref)')
            fields.append('(global $state (export "state") (mut i32) (i32.const 1))')
        fields += (
            f"(type ${f.name} (func {f.type} {self.result_text}))"
            for f in (*self.functions, self.host)
        )
        placed = [*own, *([self.host] if number else [])]
        fields += (f"(elem (table $t) (i32.const {self._index(f)}) func ${f.name})" for f in placed)
        callable_here = [*own, *others, self.host]
        fields += (self._function(f, callable_here) for f in own)
        return "(module " + "\n".join(fields) + ")"

    def _index(self, f: Function) -> int:
        return 10 if f.is_host else self.functions.index(f)

    def _function(self, f: Function, callable_here: list[Function]) -> str:
        ways = [self._way(f, callable_here) for _ in range(3)]
        results = " ".join(self._value(f, t) for t in self.results)
        step = "(i32.add (i32.mul (global.get $state) (i32.const 1103515245)) (i32.const 12345))"
        choice = "(i32.rem_u (i32.shr_u (global.get $state) (i32.const 16)) (i32.const 4))"
        return f"""(func ${f.name} (export "{f.name}") (type ${f.name})
          (if (i32.le_s (local.get 0) (i32.const 0)) (then (return {results})))
          (global.set $state {step})
          (block (block (block (block (br_table 0 1 2 3 {choice})) {ways[0]}) {ways[1]}) {ways[2]})
          (return {results}))"""

    def _way(self, f: Function, callable_here: list[Function]) -> str:
        r = self.r
        kind = r.random()
        if kind < 0.04:
            return r.choice(("unreachable", "(drop (i32.div_u (i32.const 1) (i32.const 0)))"))
        if kind < 0.2:
            callee = r.choice(callable_here)
            call = f"(call ${callee.name} {self._arguments(f, callee, '(i32.const 3)')})"
            return call + "(drop)" * len(self.results) + self._tail_call(f, callable_here)
        return self._tail_call(f, callable_here)

    def _tail_call(self, f: Function, callable_here: list[Function]) -> str:
        r = self.r
        if r.random() < 0.5:
            callee = r.choice(callable_here)
            return f"(return_call ${callee.name} {self._arguments(f, callee)})"
        callee = r.choice([*self.functions, self.host])
        index = self._index(callee) if r.random() < 0.95 else r.randrange(TABLE_SIZE + 2)
        arguments = f"{self._arguments(f, callee)} (i32.const {index})"
        return f"(return_call_indirect $t (type ${callee.name}) {arguments})"

    def _arguments(self, f: Function, callee: Function, less: str = "(i32.const 1)") -> str:
        rest = (self._value(f, t) for t in callee.params[1:])
        return " ".join((f"(i32.sub (local.get 0) {less})", *rest))

    def _value(self, f: Function, t: str) -> str:
        """A value of a type, made of a parameter."""
        index = self.r.randrange(len(f.params))
        value, source = f"(local.get {index})", f.params[index]
        if source != t:
            value = f"({CONVERSIONS[source, t]} {value})"
        return f"({t}.add {value} ({t}.const {self.r.randrange(5)}))"


HOST_TYPE = " ".join(f"(param {t})" for t in HOST_PARAMS)

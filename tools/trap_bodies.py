"""Random statements and expressions of functions, as text; `trap_modules.py` makes modules of them.

Every function of a module has the same locals, and may call earlier ones.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from feature_statements import FEATURES, MANY

PAGE = 65536

MAX_COST = 3000
"""Statements that a call of a function may take, so that nested loops and calls end soon."""

SIGNATURES: dict[str, tuple[tuple[str, ...], str | None]] = {
    "none": ((), None),
    "take": (("i32",), None),
    "map": (("i32",), "i32"),
    "both": (("i32", "i32"), "i32"),
    "wide": (("i64",), "i64"),
}
PARAMETERS = {
    "none": "",
    "take": "(param $a i32)",
    "map": "(param $a i32) (result i32)",
    "both": "(param $a i32) (param $b i32) (result i32)",
    "wide": "(param $w i64) (result i64)",
    "many": MANY,
}

_NUMBERS = ("i32", "i32", "i32", "i64", "f32", "f64")

_GLOBALS = {"i32": ("$g", "$imported"), "i64": ("$g64",), "f32": ("$gf32",), "f64": ("$gf64",)}

_STORES = {
    "i32": (("i32.store", 4), ("i32.store", 4), ("i32.store8", 1), ("i32.store16", 2)),
    "i64": (("i64.store", 8), ("i64.store8", 1), ("i64.store16", 2), ("i64.store32", 4)),
    "f32": (("f32.store", 4),),
    "f64": (("f64.store", 8),),
}

_LOADS = {
    "i32": (
        ("i32.load", 4), ("i32.load", 4), ("i32.load8_s", 1), ("i32.load8_u", 1),
        ("i32.load16_s", 2), ("i32.load16_u", 2),
    ),
    "i64": (
        ("i64.load", 8), ("i64.load8_s", 1), ("i64.load8_u", 1), ("i64.load16_s", 2),
        ("i64.load16_u", 2), ("i64.load32_s", 4), ("i64.load32_u", 4),
    ),
    "f32": (("f32.load", 4),),
    "f64": (("f64.load", 8),),
}  # fmt: skip

_SAFE_I32 = ("add", "sub", "mul", "and", "or", "xor", "shl", "shr_u", "eq", "ne", "lt_s", "ge_u")
_TRAPPING = ("div_s", "div_u", "rem_s", "rem_u")
_TRUNCATIONS = ("trunc_f32_s", "trunc_f32_u", "trunc_f64_s", "trunc_f64_u")

_CONSTANTS = (0, 1, 2, 3, 5, 7, 8, 11, 12, 255, 256, 0x7FFF_FFFF, -1, -0x8000_0000)


@dataclass(frozen=True)
class Function:
    name: str
    signature: str
    cost: int


@dataclass(frozen=True)
class ModulePlan:
    """The properties of a module that its functions use."""

    r: random.Random
    pages: int
    """Of the first memory, at the start."""
    maximum: int
    second: str | None
    """Address type of the second memory, or `bytes` if it is 32-bit and has pages of one byte; None if
    there is none."""
    slots: tuple[int, ...]
    """The constant addresses that are written most."""
    features: tuple[str, ...]
    """Of `FEATURES`, which add statements."""

    @property
    def locals(self) -> str:
        """The locals of each function."""
        return " ".join([LOCALS, *(FEATURES[name].locals for name in self.features)])


LOCALS = (
    "(local $p i32) (local $q i32) (local $v i64) (local $s f32) (local $d f64)"
    " (local $l0 i32) (local $l1 i32)"
)


class Body:
    """Writes statements and expressions of one function."""

    def __init__(self, module: ModulePlan, signature: str, is_leaf: bool = False):
        self.module, self.r = module, module.r
        self.signature = signature
        self.signatures, self.max_cost = SIGNATURES, MAX_COST
        added = [
            statement
            for name in module.features
            for statement in FEATURES[name].statements
            if not (is_leaf and FEATURES[name].calls_far)
        ]
        self.flat_kinds = (*_FLAT_STATEMENTS, *added)
        self.kinds = (*_STATEMENTS, *added)
        params, self.returned = SIGNATURES[signature]
        self.i32_locals = ["$p", "$q", *(("$a", "$b")[: params.count("i32")] * 2)]
        self.i64_locals = ["$v", *(["$w"] if "i64" in params else [])]
        self.counters: list[str] = []
        """Of the loops around."""
        self.cost = 1
        self.times = 1
        """The maximum number of executions of the current statement."""
        self.callees: list[Function] = []
        self.labels = 0

    def result(self) -> str:
        """The expression that is returned."""
        return "" if self.returned is None else self.value(self.returned, 2)

    # --- statements

    def statements(self, count: int, callees: list[Function], depth: int) -> list[str]:
        """Some statements; only `callees` are called."""
        self.callees = callees
        kinds = self.kinds if depth < 3 else self.flat_kinds
        out: list[str] = []
        for _ in range(count):
            self.cost += self.times
            kind = self.r.choice(kinds)
            out.append(kind(self, depth))
        return out

    def store(self, depth: int) -> str:
        """A store of any width."""
        t = self.r.choice(_NUMBERS)
        mnemonic, width = self.r.choice(_STORES[t])
        return f"({mnemonic} {self.place(width)} {self.value(t, 2)})"

    def overwrite(self, depth: int) -> str:
        """Something is written twice, and something between may trap: if it does, the first must be
        there; if not, nothing needs it."""
        r = self.r
        kind, deep = r.randrange(6), r.choice((0, 0, 1))
        if kind < 4:
            mnemonic, width = r.choice(_STORES[t := r.choice(_NUMBERS)])
            write, value = f"{mnemonic} {self.place(width)}", lambda: self.value(t, deep)
        elif kind == 4:
            write, value = f"table.set $t {self.table_index(8)}", self.function_reference
        else:
            name = r.choice(_GLOBALS[t := r.choice(_NUMBERS)])
            write, value = f"global.set {name}", lambda: self.value(t, deep)
        between = " ".join(r.choice(_BETWEEN)(self, depth) for _ in range(r.choice((1, 1, 2))))
        return f"({write} {value()}) {between} ({write} {value()})"

    def fault(self, depth: int) -> str:
        """A store or load that is out of bounds for some arguments, and computes little."""
        address = f"offset={self.r.choice((0, 4))} (local.get {self.i32_locals[-1]})"
        t = self.r.choice(_NUMBERS)
        if self.r.randrange(3):
            return f"({self.r.choice(_STORES[t])[0]} $m {address} {self.value(t, 0)})"
        return f"(drop ({self.r.choice(_LOADS[t])[0]} $m {address}))"

    def set_local(self, depth: int) -> str:
        """A local is set."""
        t = self.r.choice(_NUMBERS)
        name = {"i32": self.r.choice(("$p", "$q")), "i64": "$v", "f32": "$s", "f64": "$d"}[t]
        return f"(local.set {name} {self.value(t, 3)})"

    def set_global(self, depth: int) -> str:
        """A global is set, or counts."""
        r = self.r
        kind = r.randrange(8)
        if kind == 0:
            return f"(global.set $gfunc {self.function_reference()})"
        if kind == 1:
            return f"(global.set $gextern {self.extern_reference()})"
        if kind < 4:
            name = r.choice(("$g", "$imported", "$hidden"))
            return f"(global.set {name} (i32.add (global.get {name}) (i32.const 1)))"
        t = r.choice(_NUMBERS)
        return f"(global.set {r.choice(_GLOBALS[t])} {self.value(t, 2)})"

    def set_element(self, depth: int) -> str:
        """An element of a table is set."""
        if self.r.randrange(3):
            return f"(table.set $t {self.table_index(8)} {self.function_reference()})"
        return f"(table.set $e {self.table_index(4)} {self.extern_reference()})"

    def change_table(self, depth: int) -> str:
        """Several elements of a table change, or its size."""
        r, i = self.r, self.table_index
        few = f"(i32.const {r.randrange(4)})"
        return r.choice((
            f"(table.fill $t {i(8)} {self.function_reference()} {few})",
            f"(table.fill $e {i(4)} {self.extern_reference()} {few})",
            f"(table.copy $t $t {i(8)} {i(8)} {few})",
            f"(table.copy $e $e {i(4)} {i(4)} {few})",
            f"(table.init $t $passive {i(8)} (i32.const {r.randrange(4)}) {few})",
            f"(local.set $p (table.grow $t {self.function_reference()} {few}))",
            f"(local.set $q (table.grow $e {self.extern_reference()} {few}))",
            "(elem.drop $passive)",
        ))  # fmt: skip

    def change_memory(self, depth: int) -> str:
        """Many bytes change, or the size."""
        r = self.r
        few = f"(i32.const {r.choice((0, 1, 2, 4, 8, 16, 33, 300))})"
        if self.module.second is not None and r.randrange(3) == 0:
            return self.change_second_memory(few)
        return r.choice((
            f"(memory.fill $m {self.address(8)} {self.value('i32', 1)} {few})",
            f"(memory.fill $m {self.address(8)} {self.value('i32', 1)} {few})",
            f"(memory.copy $m $m {self.address(8)} {self.address(8)} {few})",
            f"(memory.copy $m $m {self.address(8)} {self.address(8)} {few})",
            f"(memory.init $m $data {self.address(8)} (i32.const {r.randrange(8)}) {few})",
            "(data.drop $data)",
            f"(local.set $p (memory.grow $m (i32.const {r.randrange(2)})))",
        ))  # fmt: skip

    def change_second_memory(self, few: str) -> str:
        """Bytes of the second memory, or its size."""
        r, value = self.r, self.value("i32", 1)
        is_64 = self.module.second == "i64"
        at = f"(i64.extend_i32_u {self.address(8)})" if is_64 else self.address(8)
        many = few.replace("i32", "i64") if is_64 else few
        grow = f"(memory.grow $n ({'i64' if is_64 else 'i32'}.const {r.randrange(2)}))"
        return r.choice((
            f"(memory.fill $n {at} {value} {many})",
            f"(memory.copy $n $m {at} {self.address(8)} {few})",
            f"(memory.copy $m $n {self.address(8)} {at} {few})",
            f"(memory.init $n $data {at} (i32.const {r.randrange(8)}) {few})",
            f"(local.set {'$v' if is_64 else '$q'} {grow})",
        ))  # fmt: skip

    def drop(self, depth: int) -> str:
        """Something that may trap, with an unused value."""
        t = self.r.choice(_NUMBERS)
        kind = self.r.randrange(8)
        if kind == 0:
            return f"(drop (table.get $t {self.table_index(8)}))"
        if kind == 1:
            return f"(drop (table.get $e {self.table_index(4)}))"
        if kind == 2:
            return f"(drop {self.trapping_i32(1)})"
        return f"(drop {self.load(t)})"

    def trap_if(self, depth: int) -> str:
        """A trap, or an exception of the host, on a condition."""
        what = self.r.choice(("(unreachable)", "(unreachable)", "(call $raise)"))
        return f"(if {self.condition()} (then {what}))"

    def branch(self, depth: int) -> str:
        """Two ways."""
        then = " ".join(self.statements(self.r.randint(1, 3), self.callees, depth + 1))
        if self.r.randrange(2):
            return f"(if {self.condition()} (then {then}))"
        other = " ".join(self.statements(self.r.randint(1, 3), self.callees, depth + 1))
        return f"(if {self.condition()} (then {then}) (else {other}))"

    def block(self, depth: int) -> str:
        """Statements that may be left."""
        label = f"$b{self.labels}"
        self.labels += 1
        first = self.statements(self.r.randint(1, 2), self.callees, depth + 1)
        rest = self.statements(self.r.randint(1, 3), self.callees, depth + 1)
        leave = f"(br_if {label} {self.condition()})"
        return f"(block {label} {' '.join([*first, leave, *rest])})"

    def loop(self, depth: int) -> str:
        """A loop with a counter, up to seven times."""
        if len(self.counters) == 2:
            return self.store(depth)
        counter = f"$l{len(self.counters)}"
        label = f"$b{self.labels}"
        self.labels += 1
        bound = self.r.choice((
            f"(i32.const {self.r.randint(1, 7)})",
            f"(i32.and {self.leaf_i32()} (i32.const 7))",
        ))  # fmt: skip
        self.counters.append(counter)
        self.times *= 7
        body = " ".join(self.statements(self.r.randint(1, 4), self.callees, depth + 1))
        self.times //= 7
        self.counters.pop()
        return (
            f"(local.set {counter} (i32.const 0)) (loop {label} {body}"
            f" (br_if {label} (i32.lt_u (local.tee {counter}"
            f" (i32.add (local.get {counter}) (i32.const 1))) {bound})))"
        )

    def call(self, depth: int) -> str:
        """A call of a function before this one, of an element of the table, or of the host."""
        r = self.r
        kind = r.randrange(8)
        if kind == 0:
            return f"(local.set $p (call $host {self.value('i32', 1)}))"
        affordable = [f for f in self.callees if self.cost + self.times * f.cost < MAX_COST]
        if not affordable:
            return self.store(depth)
        if kind == 1:
            signature = r.choice((*SIGNATURES,))
            self.cost += self.times * max(f.cost for f in self.callees[:4])
            called = f"call_indirect $t (type ${signature})"
            index = f" {self.table_index(8)}"
        else:
            callee = r.choice(affordable)
            signature, index = callee.signature, ""
            called = f"call {callee.name}"
            self.cost += self.times * callee.cost
            if callee.name == "$endless":
                call = "(call $endless (i32.const 0))"
                return f"(if (i32.eq (local.get $p) {self.constant()}) (then {call}))"
        params, result = SIGNATURES[signature]
        arguments = "".join(f" {self.value(t, 1)}" for t in params)
        call = f"({called}{arguments}{index})"
        if result is None:
            return call
        if r.randrange(4) == 0:
            return f"(drop {call})"
        return f"(local.set {'$v' if result == 'i64' else r.choice(('$p', '$q'))} {call})"

    def leave(self, depth: int) -> str:
        """The function returns early."""
        return f"(if {self.condition()} (then (return {self.result()})))"

    # --- addresses

    def place(self, width: int) -> str:
        """Memory, offset and address of an access."""
        r, module = self.r, self.module
        if module.second is not None and r.randrange(4) == 0:
            address = self.address(width)
            if module.second == "i64":
                address = f"(i64.extend_i32_u {address})"
            return f"$n offset={r.choice((0, 0, 8, 65530))} {address}"
        kind = r.randrange(80)
        if kind == 0:
            offset = r.choice((0xFFFF_FFFF, 0x8000_0000, 0x7FFF_FFF8, PAGE * module.maximum))
            return f"$m offset={offset} {self.address(width)}"
        if kind < 16:
            slot = r.choice(module.slots)
            base = r.randrange(slot + 1)
            return f"$m offset={slot - base} (i32.const {base})"
        return f"$m offset={r.choice((0, 0, 0, 4, 8))} {self.address(width)}"

    def address(self, width: int) -> str:
        """An i32 address: constant most of the time."""
        r, module = self.r, self.module
        kind = r.randrange(100)
        if kind < 48:
            return f"(i32.const {r.choice(module.slots)})"
        if kind < 66:
            return f"(local.get {r.choice(self.i32_locals)})"
        if kind < 80:
            return f"(i32.and {self.leaf_i32()} (i32.const {r.choice((8, 12, 28, 60, 0xFFF8))}))"
        if kind < 88 and self.counters:
            near_end = r.choice((0, 8, PAGE * module.pages - 24))
            step = f"(i32.shl (local.get {r.choice(self.counters)}) (i32.const 3))"
            return f"(i32.add {step} (i32.const {near_end}))"
        if kind < 91:
            return "(global.get $base)"
        if kind < 98 or r.randrange(4):
            return f"(i32.const {PAGE * module.pages - width - r.choice((0, 0, 1, 4, 8))})"
        beyond = (1 - width, 8 - width, PAGE, -8 - PAGE * module.pages)
        return f"(i32.const {PAGE * module.pages + r.choice(beyond)})"

    def table_index(self, size: int) -> str:
        """An index: constant, or inside the table, or anything."""
        r = self.r
        kind = r.randrange(20)
        if kind < 10:
            return f"(i32.const {r.randrange(size)})"
        if kind < 16:
            return f"(i32.and {self.leaf_i32()} (i32.const {size - 1}))"
        if kind < 19 or r.randrange(4):
            return f"(local.get {r.choice(self.i32_locals)})"
        return f"(i32.const {size + r.randrange(5)})"

    # --- values

    def function_reference(self) -> str:
        """A function or null."""
        r = self.r
        return r.choice((
            f"(ref.func $leaf{r.randrange(2)})",
            f"(ref.func $leaf{r.randrange(2)})",
            "(ref.null func)",
            "(global.get $gfunc)",
            f"(table.get $t {self.table_index(8)})",
        ))  # fmt: skip

    def extern_reference(self) -> str:
        """An object of the host or null."""
        return self.r.choice((
            "(global.get $object)",
            "(global.get $object)",
            "(ref.null extern)",
            "(global.get $gextern)",
            f"(table.get $e {self.table_index(4)})",
        ))  # fmt: skip

    def constant(self) -> str:
        """An i32 constant."""
        return f"(i32.const {self.r.choice(_CONSTANTS)})"

    def leaf_i32(self) -> str:
        """A constant, local or global."""
        r = self.r
        kind = r.randrange(10)
        if kind < 3:
            return self.constant()
        if kind < 9:
            return f"(local.get {r.choice((*self.i32_locals, *self.counters))})"
        return f"(global.get {r.choice(('$g', '$imported', '$hidden', '$base'))})"

    def condition(self) -> str:
        """An i32 that is 0 about as often as not."""
        r = self.r
        operation = r.choice(("eq", "ne", "lt_s", "gt_u", "and"))
        return f"(i32.{operation} {self.leaf_i32()} {self.constant()})"

    def load(self, t: str) -> str:
        """A load of any width."""
        mnemonic, width = self.r.choice(_LOADS[t])
        return f"({mnemonic} {self.place(width)})"

    def trapping_i32(self, depth: int) -> str:
        """Arithmetic that may trap."""
        r = self.r
        if r.randrange(3):
            rhs = f"(local.get {r.choice(self.i32_locals[-3:])})"
            lhs = self.value("i32", depth)
            return f"(i32.{r.choice(_TRAPPING)} {lhs} {rhs})"
        operation = r.choice(_TRUNCATIONS)
        return f"(i32.{operation} {self.value(operation[6:9], depth)})"

    def value(self, t: str, depth: int) -> str:
        """An expression of a number type."""
        return {"i32": self.i32, "i64": self.i64, "f32": self.f32, "f64": self.f64}[t](depth)

    def i32(self, depth: int) -> str:
        """An i32."""
        r = self.r
        kind = r.randrange(20)
        if depth == 0 or kind < 7:
            return self.leaf_i32()
        if kind < 13:
            operation = r.choice(_SAFE_I32)
            return f"(i32.{operation} {self.i32(depth - 1)} {self.i32(depth - 1)})"
        if kind < 16:
            return self.load("i32")
        if kind == 16:
            return self.trapping_i32(depth - 1)
        if kind == 17:
            return f"(i32.wrap_i64 {self.i64(depth - 1)})"
        if kind == 18:
            lhs, rhs = self.i32(depth - 1), self.i32(depth - 1)
            return f"(select {lhs} {rhs} {self.condition()})"
        t = r.choice(("f32", "f64"))
        return r.choice((
            "(memory.size $m)", "(table.size $t)", "(i32.reinterpret_f32 (local.get $s))",
            f"(i32.extend{r.choice((8, 16))}_s {self.i32(depth - 1)})",
            f"(i32.trunc_sat_{t}_{r.choice('su')} {self.value(t, depth - 1)})",
        ))  # fmt: skip

    def i64(self, depth: int) -> str:
        """An i64."""
        r = self.r
        kind = r.randrange(12)
        if depth == 0 or kind < 4:
            choices = [f"(local.get {n})" for n in self.i64_locals]
            return r.choice((*choices, "(i64.const -3)", "(i64.const 0)", "(global.get $g64)"))
        if kind < 7:
            return f"(i64.extend_i32_{r.choice('su')} {self.i32(depth - 1)})"
        if kind < 9:
            operation = r.choice(("add", "xor", "mul"))
            return f"(i64.{operation} {self.i64(depth - 1)} {self.i64(depth - 1)})"
        if kind < 11:
            return self.load("i64")
        return f"(i64.{r.choice(_TRAPPING)} {self.i64(depth - 1)} {self.i64(depth - 1)})"

    def f32(self, depth: int) -> str:
        """An f32: computed ones are finite, so that no NaN has bits that are not specified."""
        r = self.r
        kind = r.randrange(6)
        if depth == 0 or kind == 0:
            return r.choice(("(f32.const 1.5)", "(local.get $s)", "(global.get $gf32)"))
        if kind < 3:
            return f"(f32.convert_i32_s {self.i32(depth - 1)})"
        if kind == 3:
            return f"(f32.mul (f32.const 0.25) (f32.convert_i32_s {self.leaf_i32()}))"
        return self.load("f32")

    def f64(self, depth: int) -> str:
        """An f64."""
        r = self.r
        kind = r.randrange(6)
        if depth == 0 or kind == 0:
            return r.choice(("(f64.const -1e300)", "(local.get $d)", "(global.get $gf64)"))
        if kind < 3:
            return f"(f64.convert_i32_u {self.i32(depth - 1)})"
        if kind == 3:
            return f"(f64.add (f64.const 0.5) (f64.convert_i64_s {self.i64(0)}))"
        return self.load("f64")


_BETWEEN = (
    *[Body.fault] * 8,
    *[Body.store] * 3,
    *[Body.set_element] * 2,
    *[Body.drop] * 2,
    *[Body.trap_if] * 2,
    *[Body.call] * 3,
    Body.set_local,
    Body.set_global,
    Body.change_memory,
    Body.change_table,
)
_FLAT_STATEMENTS = (
    *[Body.store] * 6,
    *[Body.overwrite] * 10,
    *[Body.set_local] * 3,
    *[Body.set_global] * 6,
    *[Body.set_element] * 3,
    *[Body.drop] * 3,
    *[Body.trap_if] * 2,
    *[Body.call] * 4,
    Body.change_table,
    Body.change_memory,
)
_STATEMENTS = (*_FLAT_STATEMENTS, *[Body.branch] * 3, *[Body.loop] * 3, Body.block, Body.leave)
"""By how often each is chosen."""

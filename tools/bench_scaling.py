"""Measure how compile time grows: each case is compiled at a size and at twice that size, in a
process of its own.

    python tools/bench_scaling.py                      everything, -O0 and -O2
    python tools/bench_scaling.py --level 2 loads      one case, at one level

Prints a row for each case and level: CPU seconds at both sizes and by stage, and their ratio. Linear
time has a ratio of 2 or less (a fixed cost makes it smaller).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable

from wasmdialect import Config
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings, Level
from wasmdialect.wasm.text import parse_module

Case = Callable[[int], str]
"""The fields of a module of some size, as text."""
LEVELS: tuple[Level, ...] = (0, 1, 2, 3)
STAGES = ("import", "passes", "emit", "llvm", "extract", "link")


def function(body: str, header: str = "") -> str:
    """A function with two locals, $i and $l, and $f and $g of floats."""
    return (
        f'(memory 1) (func (export "f") (param $i i32) {header}'
        f" (local $l i64) (local $f f64) (local $g f32)\n{body})"
    )


def loads(n: int) -> str:
    """Loads whose sum is used, in one block."""
    step = "(local.set $i (i32.add (local.get $i) (i32.load offset=8 (local.get $i))))"
    return function(step * n)


def independent_loads(n: int) -> str:
    """Loads of the same address, whose results are dropped."""
    return function("(drop (i32.load (local.get $i)))\n" * n)


def summed_loads(n: int) -> str:
    """Loads of different addresses, added up at the end of the expression."""
    adds = "".join(f"(i64.load offset={8 * k} (local.get $i)) i64.add\n" for k in range(n))
    return function(f"i64.const 0 {adds} local.set $l")


def stores(n: int) -> str:
    """Stores to different addresses."""
    return function(
        "".join(f"(i32.store offset={4 * k} (local.get $i) (i32.const {k}))\n" for k in range(n))
    )


def conversions(n: int) -> str:
    """Conversions to a float and back, which trap."""
    pair = "(local.set $l (i64.trunc_f64_u (f64.convert_i64_u (local.get $l))))\n"
    return function(pair * n)


def fills(n: int) -> str:
    """`memory.fill`."""
    return function("(memory.fill (local.get $i) (i32.const 7) (i32.const 8))\n" * n)


def divisions(n: int) -> str:
    """Divisions, with two traps each."""
    return function("(local.set $i (i32.div_s (i32.const 9) (local.get $i)))\n" * n)


def constants(n: int) -> str:
    """Different constants of 64 bits."""
    return function(
        "".join(f"(local.set $f (f64.add (local.get $f) (f64.const {k}.5)))\n" for k in range(n))
    )


def branch_table(n: int) -> str:
    """A `br_table` with many targets, all the same."""
    return function(f"(block (br_table {'0 ' * n} 0 (local.get $i)))")


def branch_table_of_blocks(n: int) -> str:
    """A `br_table` into as many blocks."""
    opened = "(block " * n
    ends = "(local.set $i (i32.mul (local.get $i) (i32.const 3))))\n" * n
    targets = " ".join(map(str, range(n)))
    return function(f"{opened} (br_table {targets} (local.get $i)) {ends}")


def nested_blocks(n: int) -> str:
    """Blocks in blocks, and a branch out of each."""
    return function("(block " * n + f"(br_if {n - 1} (local.get $i))" + ")" * n)


def nested_loops(n: int) -> str:
    """Loops in loops."""
    ends = "(br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))\n"
    return function("(loop " * n + ends * n)


def nested_ifs(n: int) -> str:
    """Conditions in conditions."""
    return function("(if (local.get $i) (then " * n + "(local.set $i (i32.const 5))" + "))" * n)


def ifs(n: int) -> str:
    """Conditions one after the other, each changing a local."""
    step = (
        "(if (i32.and (local.get $i) (i32.const 4)) (then"
        " (local.set $i (i32.mul (local.get $i) (i32.const 3)))))\n"
    )
    return function(step * n)


def exits(n: int) -> str:
    """Conditional branches out of one block."""
    step = "(br_if 0 (i32.eqz (local.tee $i (i32.sub (local.get $i) (i32.const 7)))))\n"
    return function(f"(block {step * n})")


def exits_with_values(n: int) -> str:
    """Conditional branches out of one block, with a value that is used."""
    step = (
        "(local.set $i (i32.mul (local.get $i) (i32.const 7)))"
        " (drop (br_if 0 (local.get $i) (i32.eq (local.get $i) (i32.const 3))))\n"
    )
    return function(f"(i32.store (i32.const 0) (block (result i32) {step * n} (i32.const 5)))")


def locals_(n: int) -> str:
    """Locals that are all live across a loop."""
    names = [f"$x{k}" for k in range(n)]
    declared = " ".join(f"(local {name} i32)" for name in names)
    sets = "\n".join(
        f"(local.set {name} (i32.add (local.get {name}) (local.get $i)))" for name in names
    )
    return (
        f'(func (export "f") (param $i i32) {declared} (loop {sets}'
        " (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))"
    )


def unused_locals(n: int) -> str:
    """Locals of which none is used, and conditions around them."""
    declared = "(local i64) " * n
    ifs_of = "(if (local.get 0) (then (local.set 0 (i32.const 3))))\n" * 100
    return f'(func (export "f") (param i32) {declared} {ifs_of})'


def calls(n: int) -> str:
    """Calls with some arguments."""
    call = "(local.set $i (call $callee (local.get $i) (local.get $l) (local.get $f)))\n"
    callee = "(func $callee (param i32 i64 f64) (result i32) (local.get 0))"
    return callee + function(call * n)


def arguments(n: int) -> str:
    """Parameters and arguments of one call."""
    parameters = "(param i32) " * n
    given = "(local.get 0) " * n
    return f"(func $callee {parameters}) (func (param i32) (call $callee {given}))"


def results(n: int) -> str:
    """Results of a function, and a call of it."""
    types = "(result i64) " * n
    return (
        f"(func $callee {types} {'(i64.const 7) ' * n})"
        f" (func (param i32) (call $callee) {'drop ' * n})"
    )


def indirect_calls(n: int) -> str:
    """Calls through a table."""
    call = "(local.set $i (call_indirect (param i32) (result i32) (local.get $i) (local.get $i)))\n"
    return f"(table 10 funcref) {function(call * n)}"


def global_accesses(n: int) -> str:
    """As many globals as accesses to them."""
    declared = "".join(f"(global $g{k} (mut i32) (i32.const {k}))\n" for k in range(n))
    uses = "".join(
        f"(global.set $g{k} (i32.add (global.get $g{k}) (local.get $i)))\n" for k in range(n)
    )
    return declared + function(uses)


def tiny_functions(n: int) -> str:
    """Functions of three instructions, all different."""
    return "".join(
        f"(func (param i32) (result i32) (i32.add (local.get 0) (i32.const {k})))\n"
        for k in range(n)
    )


def equal_functions(n: int) -> str:
    """Functions of three instructions, all equal."""
    return "(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))\n" * n


def circle(n: int) -> str:
    """Functions that all call each other, each the next three."""
    return "".join(
        f"(func (call {(k + 1) % n}) (call {(k + 2) % n}) (call {(k + 3) % n}))\n" for k in range(n)
    )


def exported_functions(n: int) -> str:
    """Exports of one function."""
    exports = "".join(f'(export "{k}" (func 0))\n' for k in range(n))
    return f"(func) {exports}"


def imported_functions(n: int) -> str:
    """Imports of functions, of which one is called."""
    imports = "".join(f'(import "m" "{k}" (func $i{k} (param i32)))\n' for k in range(n))
    return imports + "(func (call 0 (i32.const 1)))"


def types(n: int) -> str:
    """Different types of functions without functions."""
    return "".join(
        "(type (func"
        + "".join(f" (param {'i32' if k >> b & 1 else 'i64'})" for b in range(20))
        + "))\n"
        for k in range(n)
    )


def signatures(n: int) -> str:
    """Functions of different types."""
    return "".join(
        "(func" + "".join(f" (param {'i32' if k >> b & 1 else 'i64'})" for b in range(14)) + ")\n"
        for k in range(n)
    )


def tables(n: int) -> str:
    """Tables with an element each."""
    return "(func $f)\n" + "(table funcref (elem $f))\n" * n


def elements(n: int) -> str:
    """Element segments of one table."""
    return f"(func $f) (table {n} funcref)\n" + "".join(
        f"(elem (i32.const {k}) $f)\n" for k in range(n)
    )


def long_element(n: int) -> str:
    """Elements of one segment."""
    return f"(func $f) (table {n} funcref) (elem (i32.const 0) {'$f ' * n})"


def data(n: int) -> str:
    """Data segments."""
    return "(memory 100)\n" + "".join(f'(data (i32.const {k}) "x")\n' for k in range(n))


def long_data(n: int) -> str:
    """Bytes of a data segment."""
    return f'(memory 10000) (data (i32.const 0) "{"x" * n}")'


def long_names(n: int) -> str:
    """Characters of the name of a function and of its export."""
    return f'(func ${"x" * n} (export "{"y" * n}"))'


def vectors(n: int) -> str:
    """Operations on vectors."""
    step = (
        "(local.set $v (i8x16.swizzle (local.get $v)"
        " (i32x4.add (local.get $v) (v128.const i32x4 1 2 3 4))))\n"
    )
    return f'(func (export "f") (local $v v128) {step * n})'


def selects(n: int) -> str:
    """`select`, chained."""
    step = (
        "(local.set $i (select (i32.const 3) (local.get $i)"
        " (i32.lt_s (local.get $i) (i32.const 9))))\n"
    )
    return function(step * n)


def bits(n: int) -> str:
    """A chain of arithmetic."""
    step = "(local.set $i (i32.rotl (i32.xor (local.get $i) (i32.const 9)) (i32.clz (local.get $i))))\n"
    return function(step * n)


def deep_expression(n: int) -> str:
    """Values on the operand stack at once."""
    pushes = "".join(f"(i32.load offset={4 * k} (local.get $i))\n" for k in range(n))
    return function(pushes + "i32.add\n" * (n - 1) + "local.set $i")


CASES: dict[Case, int] = {
    loads: 2000,
    independent_loads: 2000,
    summed_loads: 2000,
    stores: 2000,
    conversions: 500,
    fills: 500,
    divisions: 1000,
    constants: 2000,
    branch_table: 100_000,
    branch_table_of_blocks: 1000,
    nested_blocks: 2000,
    nested_loops: 250,
    nested_ifs: 500,
    ifs: 500,
    exits: 1000,
    exits_with_values: 1000,
    locals_: 500,
    unused_locals: 5000,
    calls: 500,
    arguments: 300,
    results: 300,
    indirect_calls: 300,
    global_accesses: 1000,
    tiny_functions: 1000,
    equal_functions: 2000,
    circle: 2000,
    exported_functions: 20_000,
    imported_functions: 5000,
    types: 5000,
    signatures: 500,
    tables: 2000,
    elements: 10_000,
    long_element: 100_000,
    data: 10_000,
    long_data: 1_000_000,
    long_names: 100_000,
    vectors: 1000,
    selects: 1000,
    bits: 2000,
    deep_expression: 1000,
}
"""Each case with the size at which it takes about a second."""


def compile_once(name: str, size: int, level: Level) -> None:
    """Compile a case in this process; prints the stages' CPU seconds as JSON."""
    (case,) = (case for case in CASES if case.__name__ == name)
    binary = parse_module(f"(module {case(size)})").binary
    settings = CompileSettings.of(Config(opt_level=level))
    compile_module(parse_module("(module (func))").binary, settings, jobs=0)  # loads everything
    started = time.process_time()
    done = compile_module(binary, settings, jobs=0)
    seconds = done.seconds | {"cpu": time.process_time() - started}
    print(json.dumps(seconds))


def measure(name: str, size: int, level: int, timeout: float) -> dict[str, float]:
    """The stages' seconds of compiling a case in a process of its own; empty after the timeout."""
    command = [sys.executable, __file__, "--once", name, str(size), str(level)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return {}
    if done.returncode:
        print(name, size, done.stderr.strip().splitlines()[-1:], flush=True)
        return {}
    return json.loads(done.stdout)


def main() -> None:
    """Measure the cases that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = {case.__name__.rstrip("_"): case for case in CASES}
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(names))
    parser.add_argument("--level", type=int, action="append", choices=LEVELS)
    parser.add_argument("--scale", type=float, default=1, help="multiplies all sizes")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one compilation")
    parser.add_argument("--once", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        name, size, level = options.once
        return compile_once(name, int(size), LEVELS[int(level)])
    print(
        "| case | level | n | s at n | s at 2n | ratio | most at 2n |\n|---|---|---|---|---|---|---|"
    )
    for name in options.cases or names:
        case = names[name]
        size = int(CASES[case] * options.scale)
        for level in options.level or (0, 2):
            first, second = (
                measure(case.__name__, count, level, options.timeout) for count in (size, 2 * size)
            )
            print(row(name, level, size, first, second), flush=True)


def row(name: str, level: int, size: int, first: dict[str, float], second: dict[str, float]) -> str:
    """A row of the table."""
    times = [f"{seconds['cpu']:.2f}" if seconds else "failed" for seconds in (first, second)]
    ratio = f"{second['cpu'] / first['cpu']:.2f}" if first and second else ""
    largest = sorted(((second.get(stage, 0), stage) for stage in STAGES), reverse=True)[:3]
    stages = ", ".join(f"{stage} {seconds:.2f}" for seconds, stage in largest if seconds > 0.05)
    return f"| {name} | `-O{level}` | {size:,} | {times[0]} | {times[1]} | {ratio} | {stages} |"


if __name__ == "__main__":
    main()

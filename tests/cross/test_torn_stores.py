"""A store that faults writes nothing, at any distance from the end of the memory: an aarch64 processor,
such as the one that unicorn emulates, writes the part that is inside the memory."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import capstone
import pytest
from cross.executable import Compile, make_executable
from cross.kernel import QEMU, run_under_qemu, run_under_unicorn
from cross.startup import TRIPLE

from wasmdialect import Config, Engine, Instance, Memory, Module, Store, Trap
from wasmdialect.abi.traps import TrapCode
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import parse_target
from wasmdialect.object.artifact import read_artifact
from wasmdialect.object.sections import TrapTable
from wasmdialect.wasm.text import wat2wasm

TARGET = parse_target(TRIPLE)
END = 0x10000
PATTERN = 0xEE
SHOWN = 48
"""Bytes before the end of the memory that are looked at."""

INTEGERS = {
    **{"i32.store8": 1, "i32.store16": 2, "i32.store": 4},
    **{"i64.store8": 1, "i64.store16": 2, "i64.store32": 4, "i64.store": 8},
}
OTHERS = {"f32.store": 4, "f64.store": 8, "v128.store": 16}
LANES = {f"v128.store{8 * width}_lane": width for width in (1, 2, 4, 8)}
WIDTHS = {**INTEGERS, **OTHERS, **LANES}
BYTES = bytes(range(0x11, 0x21))
"""What is stored: the first bytes of it, or the last lane."""


def compile_at(level: int, **settings: str) -> Compile:
    """What makes artifacts."""
    config = Config(opt_level=level, **settings)  # pyright: ignore
    made = CompileSettings(TARGET, config)

    def compile_(binary: bytes) -> bytes:
        return compile_module(binary, made, jobs=1).artifact

    return compile_


def value_type(mnemonic: str) -> str:
    return mnemonic.partition(".")[0]


def store_of(mnemonic: str, offset: int) -> str:
    """A store of parameter 1 to parameter 0."""
    lane = f" {16 // LANES[mnemonic] - 1}" if mnemonic in LANES else ""
    at = f" offset={offset}" if offset else ""
    return f"({mnemonic}{at}{lane} (local.get 0) (local.get 1))"


def constant(mnemonic: str) -> str:
    """The stored value."""
    t = value_type(mnemonic)
    if t == "v128":
        return f"(v128.const i8x16 {' '.join(map(str, BYTES))})"
    size = 8 if t.endswith("64") else 4
    number = int.from_bytes(BYTES[:size], "little")
    if t.startswith("i"):
        return f"({t}.const {number})"
    return f"({t}.const {float_text(number, size)})"


def float_text(bits: int, size: int) -> str:
    mantissa = 52 if size == 8 else 23
    exponent = (bits >> mantissa) - (1023 if size == 8 else 127)
    digits = (bits & ((1 << mantissa) - 1)) << (0 if size == 8 else 1)
    return f"0x1.{digits:0{13 if size == 8 else 6}x}p{exponent}"


def stored_bytes(mnemonic: str) -> bytes:
    width = WIDTHS[mnemonic]
    return BYTES[-width:] if mnemonic in LANES else BYTES[:width]


def name_of(mnemonic: str, offset: int) -> str:
    return f"{mnemonic}+{offset}"


OFFSETS = (0, 5, 64)


def module_text() -> str:
    functions = [
        f'(func (export "{name_of(mnemonic, offset)}") (param i32 {value_type(mnemonic)})'
        f" {store_of(mnemonic, offset)})"
        for mnemonic in WIDTHS
        for offset in OFFSETS
    ]
    return f"""(module (memory (export "memory") 1 2)
      {" ".join(functions)}
      (func (export "grow") (result i32) (memory.grow (i32.const 1)))
      {state_functions()})"""


def state_functions() -> str:
    """`fill` gives all bytes before a place the pattern, `words` reads them."""
    words = SHOWN // 8
    pattern = int.from_bytes(bytes([PATTERN] * 8), "little")
    places = [f"(i32.sub (local.get 0) (i32.const {8 * n}))" for n in range(words, 0, -1)]
    return f"""(func (export "fill") (param i32)
        {" ".join(f"(i64.store {place} (i64.const {pattern}))" for place in places)})
      (func (export "words") (param i32) (result {"i64 " * words})
        {" ".join(f"(i64.load {place})" for place in places)})"""


def words_text(content: bytes) -> str:
    words = [content[at : at + 8] for at in range(0, len(content), 8)]
    return " ".join(f"(i64.const {int.from_bytes(word, 'little')})" for word in words)


def script() -> str:
    """Every store at every distance from the end of the memory, before and after it has grown."""
    lines = [module_text()]
    for end in (END, 2 * END):
        for mnemonic, width in WIDTHS.items():
            for offset in OFFSETS:
                for distance in range(width + 2):
                    lines += one_store(mnemonic, offset, distance, end)
        lines.append('(invoke "grow")')
    return "\n".join(lines)


def one_store(mnemonic: str, offset: int, distance: int, end: int) -> Sequence[str]:
    call = (
        f'(invoke "{name_of(mnemonic, offset)}"'
        f" (i32.const {end - distance - offset}) {constant(mnemonic)})"
    )
    content = bytearray([PATTERN] * SHOWN)
    stored = stored_bytes(mnemonic)
    if len(stored) <= distance:
        start = SHOWN - distance
        content[start : start + len(stored)] = stored
        line = f"(assert_return {call})"
    else:
        line = f'(assert_trap {call} "out of bounds memory access")'
    return (
        f'(invoke "fill" (i32.const {end}))',
        line,
        f'(assert_return (invoke "words" (i32.const {end})) {words_text(bytes(content))})',
    )


@cache
def program(level: int) -> bytes:
    return make_executable(script(), compile_at(level))


@pytest.mark.parametrize("level", [0, 2])
def test_every_store_at_every_distance_from_the_end(level: int):
    assert run_under_unicorn(program(level)) == (0, "")


@pytest.mark.skipif(QEMU is None, reason="qemu-aarch64 (qemu-user) is not installed")
@pytest.mark.parametrize("level", [0, 2])
def test_every_store_under_qemu(level: int, tmp_path: Path):
    assert run_under_qemu(program(level), tmp_path) == (0, "")


def test_the_processor_writes_parts_of_stores_without_probes():
    """Without exact traps there are none; and else the tests above would show nothing."""
    status, failures = run_under_unicorn(make_executable(script(), compile_at(2, traps="relaxed")))
    assert status == 1
    partial = sum(width - 1 for width in WIDTHS.values()) * len(OFFSETS) * 2
    assert len(failures.splitlines()) == partial


# --- the code ---

WIDTH_OF_REGISTER = {"b": 1, "h": 2, "w": 4, "s": 4, "x": 8, "d": 8, "q": 16}


class Access(NamedTuple):
    """An access that may fault."""

    is_store: bool
    width: int
    place: tuple[Any, ...]
    """Base, index and how it is extended, distance."""


def accesses(data: bytes) -> list[list[Access]]:
    """The accesses of each Wasm function of an artifact."""
    artifact = read_artifact(data)
    table = TrapTable.read(memoryview(artifact.traps))
    traps = dict(zip(table.code_offsets, table.codes, strict=True))
    disassembler: Any = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    disassembler.detail = True
    found: list[list[Access]] = []
    for f in artifact.functions:
        if "function" not in f.symbol:
            continue
        found.append([])
        for line in disassembler.disasm(bytes(artifact.text[f.offset :][: f.size]), f.offset):
            memory = [o for o in line.operands if o.type == capstone.arm64.ARM64_OP_MEM]
            if memory and traps.get(line.address) == TrapCode.MEMORY_OUT_OF_BOUNDS:
                (o,) = memory
                width = WIDTH_OF_REGISTER[line.op_str[0]]
                width = {"b": 1, "h": 2}.get(line.mnemonic[-1], width)
                place = (o.mem.base, o.mem.index, o.shift.value, o.ext, o.mem.disp)
                found[-1].append(Access(line.mnemonic.startswith("st"), width, place))
    return found


def is_probe(load: Access, store: Access) -> bool:
    """Whether a load faults where a store does: it has the same bytes, or its last one."""
    *other, distance = store.place
    last = (*other, distance + store.width - 1)
    return not load.is_store and load[1:] in ((store.width, store.place), (1, last))


@pytest.mark.parametrize("level", [0, 2])
def test_a_store_has_its_probe_before_it(level: int):
    stores = [(value_type(m), store_of(m, offset)) for m in WIDTHS for offset in OFFSETS]
    functions = " ".join(f"(func (param i32 {t}) {store})" for t, store in stores)
    found = accesses(compile_at(level)(wat2wasm(f"(module (memory 1) {functions})")))
    assert [rows[-1].width for rows in found] == [w for w in WIDTHS.values() for _ in OFFSETS]
    for *before, store in found:
        assert store.is_store
        assert sum(is_probe(load, store) for load in before) == (store.width > 1)


PARAMETERS = "(param $a i32) (param $b i32) (param $v i64)"
UNPROBED = {
    "aligned": "(i64.store offset=16 (i32.shl (local.get $a) (i32.const 3)) (local.get $v))",
    "masked": "(i32.store offset=4 (i32.and (local.get $a) (i32.const -4)) (local.get $b))",
    "loaded": """(drop (i64.load offset=8 (local.get $a)))
      (i32.store (local.get $b) (i32.const 1))
      (i64.store offset=8 (local.get $a) (local.get $v))""",
    "inside": "(i64.store (i32.const 1) (local.get $v))",
    "in a loop": """(local.set $a (i32.const 64))
      (loop $l
        (i64.store (local.get $a) (local.get $v))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (br_if $l (i32.load (local.get $b))))""",
    "after a branch": """(i64.store offset=8 (local.get $a) (local.get $v))
      (if (local.get $b) (then (i64.store (local.get $a) (local.get $v))))""",
}
PROBED = {
    "half aligned": "(i64.store offset=4 (i32.shl (local.get $a) (i32.const 3)) (local.get $v))",
    "a hint": "(i64.store align=8 (local.get $a) (local.get $v))",
    "loaded before": """(drop (i64.load (local.get $a)))
      (i64.store offset=1 (local.get $a) (local.get $v))""",
    "loaded elsewhere": """(drop (i64.load offset=8 (local.get $b)))
      (i64.store (local.get $a) (local.get $v))""",
    "loaded on one path": """(if (local.get $b) (then (drop (i64.load (local.get $a)))))
      (i64.store (local.get $a) (local.get $v))""",
    "loaded on the other path": """(if (local.get $b)
      (then (drop (v128.load (local.get $a))))
      (else (i64.store (local.get $a) (local.get $v))))""",
    "loaded on the path that is second": """(if (local.get $b)
      (then (i64.store (local.get $a) (local.get $v)))
      (else (drop (v128.load (local.get $a)))))""",
    "loaded afterwards": """(i64.store (local.get $a) (local.get $v))
      (drop (i64.load (local.get $a)))""",
    "in a loop of odd steps": """(local.set $a (i32.const 64))
      (loop $l
        (i64.store (local.get $a) (local.get $v))
        (local.set $a (i32.add (local.get $a) (i32.const 12)))
        (br_if $l (i32.load (local.get $b))))""",
}


def probes_of(body: str, level: int = 2, **settings: str) -> int:
    """How many stores of a function have a load before them that is their probe."""
    data = compile_at(level, **settings)(
        wat2wasm(f"(module (memory 1) (func {PARAMETERS} {body}))")
    )
    (found,) = accesses(data)
    return sum(second.is_store and is_probe(first, second) for first, second in pairwise(found))


@pytest.mark.parametrize("name", UNPROBED)
def test_no_probe(name: str):
    expected = 1 if name in ("loaded", "after a branch") else 0  # the first store's
    assert probes_of(UNPROBED[name]) == expected


@pytest.mark.parametrize("name", PROBED)
@pytest.mark.parametrize("level", [0, 2])
def test_probe(name: str, level: int):
    assert probes_of(PROBED[name], level) == 1


@pytest.mark.parametrize("settings", [{"traps": "relaxed"}, {"bounds": "explicit"}])
def test_no_probe_with_other_settings(settings: dict[str, str]):
    assert probes_of(PROBED["a hint"], 2, **settings) == 0


# --- random programs ---


class Writer:
    """Functions of stores and loads around the end of the memory."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def address(self) -> str:
        r = self.random
        base = r.choice(["$a", "$b", "$c"])
        value = f"(local.get {base})"
        match r.randrange(8):
            case 0:
                return f"(i32.and {value} (i32.const {r.choice([-2, -4, -8, -16])}))"
            case 1:
                by = r.randrange(1, 4)
                return f"(i32.shl (i32.shr_u {value} (i32.const {by})) (i32.const {by}))"
            case 2:
                return f"(i32.add {value} (i32.const {r.choice([1, 4, 8, 12])}))"
            case _:
                return value

    def access(self) -> str:
        r = self.random
        place = f"offset={r.choice([0, 0, 1, 4, 8, 12, 16])} {self.address()}"
        if r.random() < 0.3:
            return f"(drop (i64.load{r.choice(['', '32_u', '8_s'])} {place}))"
        if r.random() < 0.2:
            return f"(v128.store {place} (i64x2.splat (local.get $v)))"
        return f"({r.choice([m for m in INTEGERS if m[1] == '6'])} {place} (local.get $v))"

    def statement(self, depth: int) -> str:
        r = self.random
        kind = r.random()
        if depth > 0 and kind < 0.15:
            return (
                f"(if (i32.and (local.get $n) (i32.const {1 << depth})) (then {self.body(depth)}))"
            )
        if depth > 0 and kind < 0.25:
            step = r.choice([1, 4, 8, 16])
            return f"""(local.set $i (i32.const {r.randrange(1, 4)}))
              (loop $l {self.body(0)}
                (local.set $c (i32.add (local.get $c) (i32.const {step})))
                (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"""
        if kind < 0.35:
            return "(local.set $v (i64.add (local.get $v) (i64.const 0x0101010101010101)))"
        return self.access()

    def body(self, depth: int) -> str:
        return " ".join(self.statement(depth - 1) for _ in range(self.random.randrange(2, 5)))

    def function(self, number: int) -> str:
        head = "(param $a i32) (param $b i32) (param $c i32) (param $n i32) (param $v i64)"
        return f'(func (export "f{number}") {head} (local $i i32) {self.body(3)})'


@pytest.mark.parametrize("seed", range(4))
def test_random_programs_leave_the_memory_that_x86_64_leaves(seed: int):
    """A processor without torn stores says what is right."""
    writer = Writer(seed)
    functions = [writer.function(n) for n in range(25)]
    text = f"""(module (memory (export "memory") 1) {" ".join(functions)} {state_functions()})"""
    store = Store(Engine(Config(opt_level=0)))
    instance = Instance(store, Module(store.engine, text), [])
    exports = instance.exports(store)
    memory = exports["memory"]
    assert isinstance(memory, Memory)
    lines, traps = [text], 0
    for n in range(len(functions)):
        for _ in range(8):
            arguments = [END - writer.random.randrange(40) for _ in range(3)]
            arguments += [writer.random.randrange(8), writer.random.getrandbits(63)]
            memory.write(store, bytes([PATTERN] * SHOWN), END - SHOWN)
            passed = " ".join(f"(i32.const {argument})" for argument in arguments[:4])
            call = f'(invoke "f{n}" {passed} (i64.const {arguments[4]}))'
            try:
                exports[f"f{n}"](store, *arguments)  # pyright: ignore
                outcome = f"(assert_return {call})"
            except Trap:
                traps += 1
                outcome = f'(assert_trap {call} "out of bounds memory access")'
            content = bytes(memory.read(store, END - SHOWN, END))
            seen = f'(assert_return (invoke "words" (i32.const {END})) {words_text(content)})'
            lines += [f'(invoke "fill" (i32.const {END}))', outcome, seen]
    assert 20 < traps < 25 * 8 - 20
    made = make_executable("\n".join(lines), compile_at(2 * (seed % 2)))
    assert run_under_unicorn(made) == (0, "")

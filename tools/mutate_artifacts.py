"""Mutated artifacts, for `fuzz_artifacts.py`: by their structure, and with a correct checksum.

Code and constants are left alone: they are trusted (docs/artifact.md, "What is trusted").
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from wasmdialect import Config, Engine, Module
from wasmdialect.object.artifact import CHECKSUM_SECTION
from wasmdialect.object.cbor import read_cbor
from wasmdialect.object.elf import FILE_HEADER, SECTION_HEADER, ElfError, ElfFile

PASSES = str(Path(__file__).parents[1] / "examples" / "count_calls.py")

SEEDS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        """(module $plain (memory 1) (data "bytes") (table 1 funcref) (elem (i32.const 0) $f)
          (func $f (export "f") (param i32) (result i32)
            (i32.div_u (i32.load (local.get 0)) (local.get 0)))
          (func (export "g") (result f64) (f64.const 1.25)))""",
        {},
    ),
    (
        """(module $linked
          (type $binary (func (param i32 i32) (result i32)))
          (import "host" "call" (func $call (param i32 i64 f64) (result i32)))
          (import "host" "memory" (memory 1 4))
          (import "host" "table" (table 4 funcref))
          (import "host" "global" (global $base i32))
          (global $count (export "count") (mut i64) (i64.const 7))
          (global $place i32 (i32.add (global.get $base) (i32.const 16)))
          (global (export "handle") (mut externref) (ref.null extern))
          (global (export "reference") funcref (ref.func $add))
          (table $own (export "own") 8 16 funcref)
          (elem (table $own) (i32.const 1) func $add $subtract $host)
          (elem (offset (i32.const 0)) func $subtract)
          (data (i32.const 8) "to be copied") (data (global.get $base) "elsewhere")
          (func $add (export "add") (type $binary) (i32.add (local.get 0) (local.get 1)))
          (func $subtract (type $binary) (i32.sub (local.get 0) (local.get 1)))
          (func $host (type $binary)
            (call $call (local.get 0) (global.get $count) (f64.const 0.5)))
          (func (export "indirect") (param i32 i32) (result i32)
            (call_indirect $own (type $binary) (i32.const 1) (local.get 0) (local.get 1)))
          (func (export "call") (param i32) (result i32)
            (call $host (local.get 0) (i32.load (local.get 0))))
          (func $start (global.set $count (i64.const 8)))
          (export "memory" (memory 0)) (export "table" (table 0)) (start $start))""",
        {"bounds": "explicit"},
    ),
    (
        """(module $bulk
          (memory $wide (export "w") i64 1 8) (memory $m (export "m") 1 2)
          (table $t (export "t") 4 externref) (table $f (export "f") 3 funcref)
          (data $passive "passive") (data (memory $m) (i32.const 4) "active")
          (elem $refs funcref (ref.func $nop) (ref.null func)) (elem declare func $init)
          (elem $plain func $nop $init)
          (func $nop (export "nop"))
          (func $init (export "init") (param i32 i32)
            (memory.init $m $passive (local.get 0) (local.get 1) (i32.const 3))
            (table.init $f $refs (i32.const 0) (i32.const 0) (i32.const 2))
            (table.init $f $plain (i32.const 1) (i32.const 0) (i32.const 1))
            (data.drop $passive) (elem.drop $refs))
          (func (export "grow") (param i32) (result i32)
            (table.grow $t (ref.null extern) (local.get 0)) (memory.grow $m (local.get 0)) i32.add)
          (func (export "wide") (param i64) (result i64) (i64.load $wide (local.get 0)))
          (func (export "reference") (result funcref) (ref.func $init))
          (func (export "many") (param f32 i64) (result i64 f32 i32)
            (local.get 1) (local.get 0) (i32.const 3))
          (func (export "stop") (unreachable)))""",
        {"consume_fuel": True, "unwind_info": False},
    ),
    (
        """(module $counted (memory 1) (func $callee (export "callee"))
          (func (export "caller") (param i32) (call $callee) (call $callee)
            (if (local.get 0) (then (unreachable)))))""",
        {
            "load": (PASSES,), "at": {"wasmir-end": "count-calls"}, "generate_address_map": False,
            "epoch_interruption": True, "shuffle_layout": 3,
        },
    ),
)  # fmt: skip
"""The modules that are mutated, and the settings that they are compiled with."""


def config(number: int) -> Config:
    """The settings of a seed."""
    return Config(opt_level=1, jobs=0, **SEEDS[number][1])


def compile_seed(number: int) -> bytes:
    """The artifact of a seed."""
    return bytes(Module(Engine(config(number)), SEEDS[number][0]).serialize())


# --- CBOR with arbitrary contents


@dataclass
class Map:
    """A map as rows, so that keys can come twice, in any order, and be anything."""

    rows: list[list[Any]]


@dataclass
class Item:
    """An item as bytes."""

    content: bytes


def rows_of(value: Any) -> Any:
    """A value that was read, with its maps as rows."""
    if isinstance(value, dict):
        return Map([[key, rows_of(item)] for key, item in value.items()])
    return [rows_of(item) for item in value] if isinstance(value, list) else value


def _head(kind: int, number: int) -> bytes:
    for code, size in ((24, 1), (25, 2), (26, 4)):
        if number < 24:
            return bytes([kind << 5 | number])
        if number < 1 << 8 * size:
            return bytes([kind << 5 | code]) + number.to_bytes(size, "big")
    return bytes([kind << 5 | 27]) + (number & (1 << 64) - 1).to_bytes(8, "big")


def to_cbor(value: Any) -> bytes:
    """The bytes of a value."""
    match value:
        case Item(content):
            return content
        case None | True | False:
            return bytes([0xE0 | {False: 20, True: 21, None: 22}[value]])
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case Map(rows):
            return _head(5, len(rows)) + b"".join(to_cbor(k) + to_cbor(v) for k, v in rows)
        case _:
            if value and all(type(item) is int and 0 <= item < 1 << 32 for item in value):
                content = struct.pack(f"<{len(value)}I", *value)
                return _head(6, 70) + _head(2, len(content)) + content
            return _head(4, len(value)) + b"".join(map(to_cbor, value))


STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, 2, 3, -1, -2, 7, 16, 64, 255, 65536, 65537, 1 << 31, (1 << 32) - 1,
    1 << 32, 1 << 48, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -(1 << 63), -(1 << 64), "", "func", "i32",
    "i64", "externref", "funcref", "v128", "i32->i32", "->", ",", "i32,,i32->", "active", "passive",
    "\0", "\u2028", "x" * 5000, "ref.func", "global.get", "end", ".const", "i32.add", [], [0], [-1],
    [1 << 31],
    [0] * 3, [[]], [None], ["x"], [["i32.const", 0]], [["global.get", 0]], [["i64.const", -1]],
    [["ref.func", 1]], [["i32.const"]], [["i32.const", 0, 0]], [["i32.add", None]],
    Map([]), Map([["x", 1]]), Map([[1, 1]]),
    Item(b"\xf9\x7e\x00"), Item(b"\xfb" + bytes(8)), Item(b"\x9f\xff"), Item(b"\x41x"),
    Item(b"\x61\xff"),
    Item(b"\x63\xed\xa0\x80"), Item(b"\xc2\x41\x01"), Item(b"\x1b" + b"\xff" * 8), Item(b"\xf8\x20"),
    Item(b"\x9b" + b"\xff" * 8), Item(b"\x7b" + b"\x7f" * 8), Item(b"\x81" * 10_000 + b"\0"),
    Item(b"\xd8\x46\x43abc"), Item(b"\xd8\x46\x00"), Item(b"\xff"), Item(b""),
)  # fmt: skip
"""The replacements of a value."""


def _strange(r: random.Random) -> Any:
    return deepcopy(r.choice(STRANGE))  # what is put somewhere may be changed there


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each position inside a value: its container, and its key there."""
    if isinstance(value, Map):
        for row in value.rows:
            yield row, 1
            yield from _places(row[1])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from _places(item)


def _maps(value: Any) -> Iterator[Map]:
    if isinstance(value, Map):
        yield value
        for row in value.rows:
            yield from _maps(row[1])
    elif isinstance(value, list):
        for item in value:
            yield from _maps(item)


def change_value(r: random.Random, value: Any) -> None:
    """Something in a description becomes something else."""
    places = list(_places(value))
    holder, key = r.choice(places)
    old, kind = holder[key], r.randrange(6)
    if kind == 0 and type(old) is int:
        holder[key] = old + r.choice((-1, 1, 2, 8, -old * 2, 1 << 32, 1 << 63))
    elif kind == 1 and isinstance(old, list):
        holder[key] = _changed_list(r, old)
    elif kind == 2 and isinstance(old, str):
        holder[key] = r.choice((old[1:], old + ",", old + "x", old.upper(), old[::-1], old * 2))
    elif kind == 3:
        other, from_key = r.choice(places)
        if not isinstance(other[from_key], Map | list):
            holder[key] = other[from_key]
    else:
        holder[key] = _strange(r)


def _changed_list(r: random.Random, old: list[Any]) -> list[Any]:
    at = r.randrange(len(old) + 1)
    return r.choice(
        (old[:at], old[at:], old[:at] + old[at + 1 :], old * 2, old[::-1],
         [*old[:at], _strange(r), *old[at:]], [old], old[:at] + old[at - 1 : at] + old[at:])
    )  # fmt: skip


def change_map(r: random.Random, value: Any) -> None:
    """A row of a map is removed, duplicated, renamed, or added."""
    rows = r.choice(list(_maps(value))).rows
    at = r.randrange(len(rows)) if rows else 0
    kind = r.randrange(4)
    if kind == 0 and rows:
        del rows[at]
    elif kind == 1 and rows:
        rows.append([rows[at][0], _strange(r)])
    elif kind == 2 and rows:
        rows[at] = [r.choice((*STRANGE, "offset", "kind")), rows[at][1]]
    else:
        rows.insert(at, [r.choice(("self", "info", "x", "", "__class__", 3)), _strange(r)])


# --- files in parts


@dataclass
class Part:
    """A section."""

    name: str
    header: list[int]
    """As in the file: name, type, flags, address, offset, size, link, info, alignment, entry size."""
    content: bytes


@dataclass
class File:
    """An artifact in parts."""

    seed: int
    header: list[Any]
    parts: list[Part]
    patches: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])
    """Bytes that replace others in the finished file."""

    def part(self, name: str) -> Part:
        """A section; an empty one if there is none."""
        found = [part for part in self.parts if part.name == name]
        return found[0] if found else Part(name, [0] * 10, b"")


@cache
def _parts(seed: int, data: bytes) -> tuple[list[Any], tuple[Part, ...]]:
    header = list(FILE_HEADER.unpack_from(data))
    elf = ElfFile(data)
    table = header[6]
    return header, tuple(
        Part(
            section.name,
            list(SECTION_HEADER.unpack_from(data, table + SECTION_HEADER.size * number)),
            bytes(elf.content(section)),
        )
        for number, section in enumerate(elf.sections)
    )


def take_apart(seed: int, data: bytes) -> File:
    """The parts of an artifact."""
    header, parts = _parts(seed, data)
    return File(seed, [*header], [replace(part, header=[*part.header]) for part in parts])


def put_together(file: File, data: bytes) -> bytes:
    """The file, laid out as before, its checksum right. `data` is the artifact it was."""
    out = bytearray(data[: FILE_HEADER.size])
    moved = 0
    for part in file.parts[1:]:
        header = part.header
        start = header[4] + moved
        if start < len(out):
            moved += len(out) - start  # something before it has grown
            start = len(out)
        if part.name not in (".text", ".eh_frame", ".rodata"):
            header[4] = start
        out += bytes(max(header[4] - len(out), 0)) + part.content
        if header[5] == len(data) or header[5] != len(part.content):
            header[5] = len(part.content)
    file.header[6] = len(out) + -len(out) % 8
    out += bytes(file.header[6] - len(out))
    for part in file.parts:
        with suppress(struct.error):
            out += SECTION_HEADER.pack(*part.header)
    FILE_HEADER.pack_into(out, 0, *file.header)
    for at, content in file.patches:
        out[at : at + len(content)] = content
    return seal(bytes(out))


def seal(data: bytes) -> bytes:
    """A file with its checksum right, if one can still be found in it."""
    try:
        elf = ElfFile(data)
        section = elf.section(CHECKSUM_SECTION)
    except ElfError:
        return data
    if section is None or section.size != 4 or section.offset + 4 > len(data):
        return data
    out = bytearray(data)
    out[section.offset : section.offset + 4] = bytes(4)
    out[section.offset : section.offset + 4] = zlib.crc32(out).to_bytes(4, "little")
    return bytes(out)


# --- mutations


NUMBERS = (0, 1, 2, 3, 7, 8, 63, 64, 4095, 4096, 65535, 1 << 16, 1 << 31, (1 << 32) - 1)
TRUSTED = (".text", ".rodata")
"""The sections whose bytes are what they are."""


def _number(r: random.Random, old: int, bits: int) -> int:
    near = (old + 1, old - 1, old * 2, old // 2, old + 8, old + 4096, -old)
    high = 1 << bits - 1, (1 << bits) - 1, (1 << bits) - 4096
    return r.choice((*NUMBERS, *near, *high, r.getrandbits(bits))) & (1 << bits) - 1


ELF_FIELDS = (
    (16, 2), (18, 2), (20, 4), (40, 8), (48, 4), (52, 2), (58, 2), (60, 2), (62, 2),
    *((at, 1) for at in range(4, 16)), (24, 8), (32, 8), (54, 2), (56, 2),
)  # fmt: skip
"""Offset and size of the fields of an ELF header."""


def change_elf_header(r: random.Random, file: File) -> None:
    """A field of the ELF header."""
    at, size = r.choice(ELF_FIELDS)
    file.patches.append((at, _number(r, 64, 8 * size).to_bytes(size, "little")))


def change_section_header(r: random.Random, file: File) -> None:
    """A field of a section's header. Where the code and its constants are is left alone."""
    number = r.randrange(len(file.parts))
    part, column = file.parts[number], r.randrange(10)
    if part.name in TRUSTED and column in (4, 5):
        column = 1
    bits = 64 if column in (2, 3, 4, 5, 8, 9) else 32
    value = _number(r, part.header[column], bits)
    if column in (4, 5):  # which are put right when the file is put together
        file.patches.append((-1 - number * 2 - (column - 4), value.to_bytes(8, "little")))
    else:
        part.header[column] = value


def change_sections(r: random.Random, file: File) -> None:
    """A section is removed, duplicated, truncated, or swaps its position or name with another."""
    a, b = r.randrange(1, len(file.parts)), r.randrange(1, len(file.parts))
    kind = r.randrange(5)
    if kind == 0:
        del file.parts[a]
        file.header[12] -= 1
        file.header[13] = min(file.header[13], len(file.parts) - 1)
    elif kind == 1:
        file.parts.insert(b, replace(file.parts[a], header=[*file.parts[a].header]))
        file.header[12] += 1
        file.header[13] += 1
    elif kind == 2:
        one, other = file.parts[a].header, file.parts[b].header
        one[0], other[0] = other[0], one[0]
    elif kind == 3 and not {file.parts[a].name, file.parts[b].name} & {*TRUSTED}:
        file.parts[a].content, file.parts[b].content = file.parts[b].content, file.parts[a].content
    elif file.parts[a].name not in TRUSTED:
        content = file.parts[a].content
        file.parts[a].content = r.choice(
            (b"", content[:-1], content + b"\0", content[1:], content * 2)
        )


DESCRIPTIONS = (".wasmdialect.info",) * 6 + (".wasmdialect.engine", ".wasmdialect.provenance")


def change_description(r: random.Random, file: File) -> None:
    """A CBOR description, by its structure."""
    part = file.part(r.choice(DESCRIPTIONS))
    value = rows_of(read_cbor(part.content))
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        r.choice((change_value, change_value, change_value, change_map))(r, value)
    part.content = to_cbor(value)


def change_description_bytes(r: random.Random, file: File) -> None:
    """A CBOR description, as bytes."""
    part = file.part(r.choice(DESCRIPTIONS))
    content = bytearray(part.content)
    for _ in range(r.randint(1, 3)):
        content[r.randrange(len(content))] = r.choice((r.randrange(256), 0, 0x80, 0xFF, 0x9F, 0x5B))
    part.content = bytes(content)


TABLES = (
    (".wasmtime.addrmap", 4), (".wasmdialect.inlined", 4), (".wasmtime.traps", 4),
    (".symtab", 8), (".symtab", 4), (".symtab", 2),
    (".strtab", 1), (".name.wasm", 1), (".rodata.wasm", 1), (".wasmtime.bti", 1), (".shstrtab", 1),
)  # fmt: skip


def change_table(r: random.Random, file: File) -> None:
    """Entries of a table: another number, two swapped, one gone or double, or the count changed."""
    name, size = r.choice(TABLES)
    part = file.part(name)
    content = part.content
    if len(content) < size:
        return
    for _ in range(r.choice((1, 1, 2, 4))):
        a, b = (size * r.randrange(len(content) // size) for _ in range(2))
        one, other = content[a : a + size], content[b : b + size]
        new = _number(r, int.from_bytes(one, "little"), 8 * size).to_bytes(size, "little")
        choices = [content[:a] + new + content[a + size :]] * 4
        if r.randrange(3) == 0 and a < b:
            choices = [content[:a] + other + content[a + size : b] + one + content[b + size :]]
        elif r.randrange(5) == 0:
            choices = [content[:a] + content[a + size :], content[:a] + one + content[a:]]
        content = r.choice(choices) or b"\0" * size
    part.content = content


def change_unwinding(r: random.Random, file: File) -> None:
    """Unwind entries: lengths, distances, ranges, the common entry, the end."""
    part = file.part(".eh_frame")
    content = bytearray(part.content)
    if not content:
        return
    starts = list(_entry_starts(content))
    kind = r.randrange(5)
    at = r.choice(starts)
    if kind == 0:
        word = at + 4 * r.randrange(4)
        new = _number(r, int.from_bytes(content[word : word + 4], "little"), 32)
        content[word : word + 4] = new.to_bytes(4, "little")
    elif kind == 1:
        content[r.randrange(len(content))] = r.choice((0, 1, 0x7F, 0x80, 0xFF, r.randrange(256)))
    elif kind == 2:
        del content[at : at + 4 * r.randint(1, 12)]
    elif kind == 3:
        content[at:at] = content[at : at + 4 * r.randint(1, 12)]
    else:
        content[8 + r.randrange(24)] = r.randrange(256)
    part.content = bytes(content)


def _entry_starts(content: bytes | bytearray) -> Iterator[int]:
    at = 0
    while at + 4 <= len(content):
        yield at
        at += 4 + int.from_bytes(content[at : at + 4], "little")


MUTATIONS: tuple[Callable[[random.Random, File], None], ...] = (
    change_elf_header,
    change_section_header,
    change_section_header,
    change_sections,
    *(change_description,) * 8,
    change_description_bytes,
    *(change_table,) * 3,
    *(change_unwinding,) * 2,
)


def mutant(seeds: list[bytes], seed: int, number: int) -> tuple[int, bytes]:
    """Mutant `number` of a seed: which module it is of, and the file."""
    r = random.Random(f"{seed}:{number}")
    which = r.randrange(len(seeds))
    file = take_apart(which, seeds[which])
    for _ in range(r.choice((1, 1, 1, 2))):
        # The first mutation may leave nothing that the next one can take apart.
        with suppress(ValueError, IndexError):
            r.choice(MUTATIONS)(r, file)
    patches, file.patches = file.patches, []
    data = bytearray(put_together(file, seeds[which]))
    for at, content in patches:
        if at < 0:  # offset or size of a section
            section, column = divmod(-1 - at, 2)
            at = file.header[6] + section * SECTION_HEADER.size + 24 + 8 * column
        data[at : at + len(content)] = content
    return which, seal(bytes(data))

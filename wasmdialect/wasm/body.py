"""Decoding the instructions of function bodies and constant expressions, driven by the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

from wasmdialect import types as wt
from wasmdialect.wasm.errors import DecodeError, ValidationError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import BY_OPCODE, INSTRUCTIONS, Immediate
from wasmdialect.wasm.instructions.opcodes import DELEGATE, ELSE, END, OPENERS
from wasmdialect.wasm.module import Catch, CatchKind, ConstExpr, Instr
from wasmdialect.wasm.reader import Reader

Instruction: TypeAlias = tuple[int, Any, int]
"""Opcode, immediate, absolute byte offset. The immediate is None, one value, or a tuple in the order
of the table's immediates. Integers and floats are unsigned bit patterns."""

MAX_LOCALS = 50_000
"""Implementation limit, parameters included (the one of web engines and of Wasmtime)."""

PREFIXES = frozenset({0xFB, 0xFC, 0xFD, 0xFE})


def _labels(r: Reader) -> tuple[int, ...]:
    count = r.count()
    return tuple(r.u32() for _ in range(count + 1))


def _catches(r: Reader) -> tuple[Catch, ...]:
    return tuple(_catch(r) for _ in range(r.count()))


def _catch(r: Reader) -> Catch:
    at = r.pos
    code = r.byte()
    if code > CatchKind.CATCH_ALL_REF.value:
        raise r.error("malformed catch clause", at)
    kind = CatchKind(code)
    tag = r.u32() if kind.has_tag else None
    return Catch(kind, tag, r.u32())


def _memarg(r: Reader) -> tuple[int, int, int]:
    """Alignment (log2), offset, memory index."""
    at = r.pos
    flags = r.u32()
    if flags >= 0x80:
        raise r.error("malformed memop flags", at)
    memory = 0
    if flags & 0x40 and Feature.MULTI_MEMORY in r.features:
        memory = r.u32()
        flags &= ~0x40
    return flags, r.unsigned(64), memory


def _cast_flags(r: Reader) -> tuple[int, wt.HeapType, wt.HeapType]:
    raise AssertionError("read together with the label")


def _label_and_cast(r: Reader) -> tuple[int, wt.RefType, wt.RefType]:
    """Label, source type, target type (`br_on_cast`): the flags come first in the binary format."""
    at = r.pos
    flags = r.byte()
    if flags > 3:
        raise r.error("malformed cast flags", at)
    label = r.u32()
    source = r.heap_type()
    target = r.heap_type()
    return label, wt.ref_type(bool(flags & 1), source), wt.ref_type(bool(flags & 2), target)


def _zero(r: Reader) -> int:
    at = r.pos
    if r.byte() != 0:
        raise r.error("zero byte expected", at)
    return 0


_READERS: dict[Immediate, Callable[[Reader], Any]] = {
    Immediate.BLOCK_TYPE: Reader.block_type,
    Immediate.LABELS: _labels,
    Immediate.CATCHES: _catches,
    Immediate.TYPE: Reader.type_index,
    Immediate.VAL_TYPES: lambda r: tuple(r.value_type() for _ in range(r.count())),
    Immediate.HEAP_TYPE: Reader.heap_type,
    Immediate.CAST_FLAGS: _cast_flags,
    Immediate.I32: lambda r: r.signed(32) & 0xFFFF_FFFF,
    Immediate.I64: lambda r: r.signed(64) & 0xFFFF_FFFF_FFFF_FFFF,
    Immediate.F32: lambda r: r.fixed(4),
    Immediate.F64: lambda r: r.fixed(8),
    Immediate.V128: lambda r: r.fixed(16),
    Immediate.MEMARG: _memarg,
    Immediate.LANE: Reader.byte,
    Immediate.LANES: lambda r: tuple(r.byte() for _ in range(16)),
    Immediate.ZERO: _zero,
}
"""The reader of each kind of immediate; all others are indices."""


def _tuple_reader(readers: Sequence[Callable[[Reader], Any]]) -> Callable[[Reader], Any]:
    return lambda r: tuple(read(r) for read in readers)


def _reader_of(immediates: tuple[Immediate, ...]) -> Callable[[Reader], Any] | None:
    """How to read the immediates of an instruction; None if there are none."""
    if not immediates:
        return None
    if immediates[-1] is Immediate.CAST_FLAGS:
        return _label_and_cast
    readers = [_READERS.get(kind, Reader.u32) for kind in immediates]
    return readers[0] if len(readers) == 1 else _tuple_reader(readers)


@cache
def instruction_readers(features: frozenset[Feature]) -> dict[int, Callable[[Reader], Any] | None]:
    """By opcode: the reader of the immediates, of every instruction that `features` allow."""
    return {i.opcode: _reader_of(i.immediates) for i in INSTRUCTIONS if i.feature in features}


def read_opcode(r: Reader, first: int) -> int:
    """The whole opcode whose first byte has been read. Raises DecodeError."""
    if first not in PREFIXES:
        return first
    code = r.u32()
    return first << 12 | code if code < 0x1000 else -1


def illegal_opcode(data: bytes | memoryview, at: int, opcode: int) -> DecodeError:
    """The error of an opcode that is unknown, or whose feature is off."""
    code = f"{data[at]:02x}" if opcode <= 0xFF else f"{opcode >> 12:02x} {opcode & 0xFFF:02x}"
    row = BY_OPCODE.get(opcode)
    why = f": {row.mnemonic} needs the feature {row.feature.value}" if row is not None else ""
    return DecodeError(f"illegal opcode {code}{why}", offset=at)


def decode_instructions(reader: Reader, end: int | None) -> list[Instruction]:
    """The instructions from the reader's position up to and with the `end` that closes the body.

    `end` is the declared end of the function, if known; a body that stops before it or reads beyond it
    is malformed. Raises DecodeError, and ValidationError for a type index that is out of range.
    """
    out: list[Instruction] = []
    append = out.append
    readers = instruction_readers(reader.features)
    data = reader.data
    pos = reader.pos
    u32 = Reader.u32
    depth = 1
    try:
        while depth:
            at = pos
            opcode = data[pos]
            pos += 1
            if opcode in PREFIXES:
                reader.pos = pos
                opcode = read_opcode(reader, opcode)
                pos = reader.pos
            try:
                read = readers[opcode]
            except KeyError:
                raise illegal_opcode(data, at, opcode) from None
            if read is None:
                append((opcode, None, at))
                if opcode == END:
                    depth -= 1
                elif opcode == ELSE and depth == 1:
                    raise DecodeError("END opcode expected", offset=at)
                continue
            # An index in one byte: most immediates.
            if read is u32 and data[pos] < 0x80 and opcode != DELEGATE:
                append((opcode, data[pos], at))
                pos += 1
                continue
            reader.pos = pos
            append((opcode, read(reader), at))
            pos = reader.pos
            if opcode in OPENERS:
                depth += 1
            elif opcode == DELEGATE:
                depth -= 1
    except IndexError:
        raise reader.end_error() from None
    reader.pos = pos
    if end is not None and pos != end:
        message = "section size mismatch" if pos > end else "END opcode expected"
        raise DecodeError(message, offset=min(pos, end))
    return out


def decode_locals(reader: Reader, params: int = 0) -> list[wt.ValType]:
    """The declared locals of a body, without its `params` parameters. Raises DecodeError."""
    out: list[wt.ValType] = []
    for count, t in decode_local_runs(reader, params):
        out += [t] * count
    return out


def decode_local_runs(reader: Reader, params: int = 0) -> list[tuple[int, wt.ValType]]:
    """The declared locals as written: how many of which type. Raises DecodeError."""
    out: list[tuple[int, wt.ValType]] = []
    total = params
    for _ in range(reader.count()):
        at = reader.pos
        count = reader.u32()
        total += count
        if total > MAX_LOCALS:
            raise reader.error("too many locals", at)
        out.append((count, reader.value_type()))
    return out


def decode_const_expr(reader: Reader) -> ConstExpr:
    """A constant expression, with its `end` read but not kept.

    Raises DecodeError, and ValidationError for a block in it.
    """
    readers = instruction_readers(reader.features)
    start = reader.pos
    out: list[Instr] = []
    while True:
        at = reader.pos
        opcode = read_opcode(reader, reader.byte())
        if opcode == END:
            return ConstExpr(tuple(out), start, memoryview(reader.data)[start : reader.pos])
        if opcode not in readers:
            raise illegal_opcode(reader.data, at, opcode)
        if opcode in OPENERS:
            # Malformed parts are reported before invalid ones.
            decode_instructions(Reader(reader.data, at, reader.features), None)
            raise ValidationError("constant expression required", offset=at)
        read = readers[opcode]
        out.append(Instr(opcode, read(reader) if read is not None else None, at))

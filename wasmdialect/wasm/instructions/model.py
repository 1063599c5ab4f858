"""The columns of a row of the instruction table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import NamedTuple, TypeAlias

from wasmdialect.abi.traps import TrapCode
from wasmdialect.types import I31, VALUE_TYPES, ValType, ref_type
from wasmdialect.wasm.features import Feature


class Immediate(Enum):
    """The kinds of immediate operand, each with one binary and one text form."""

    BLOCK_TYPE = "blocktype"
    LABEL = "labelidx"
    LABELS = "vec(labelidx) labelidx"
    CATCHES = "vec(catch)"
    FUNCTION = "funcidx"
    TYPE = "typeidx"
    TABLE = "tableidx"
    MEMORY = "memidx"
    GLOBAL = "globalidx"
    TAG = "tagidx"
    LOCAL = "localidx"
    ELEM = "elemidx"
    DATA = "dataidx"
    FIELD = "fieldidx"
    VAL_TYPES = "vec(valtype)"
    HEAP_TYPE = "heaptype"
    CAST_FLAGS = "castflags heaptype heaptype"
    """Two nullability bits and two heap types (`br_on_cast`); preceded by the label."""
    COUNT = "u32"
    I32 = "i32"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    V128 = "16 bytes"
    MEMARG = "memarg"
    LANE = "laneidx"
    LANES = "16 laneidx"
    ZERO = "0x00"


class State(Flag):
    """The kinds of mutable state that an instruction reads or writes."""

    NONE = 0
    MEMORY = auto()
    TABLE = auto()
    GLOBAL = auto()
    SEGMENT = auto()
    """Whether data and element segments are dropped."""
    HEAP = auto()
    """Structs and arrays."""
    EXCEPTION = auto()
    """Whether a call threw an exception, and which."""


@dataclass(frozen=True, slots=True)
class Access:
    """The memory access of an instruction."""

    bytes: int
    """Width of the access; the natural alignment of the memarg."""
    signed: bool = False
    """For narrow loads: sign-extend, else zero-extend."""
    atomic: bool = False
    completed_by: str = ""
    """Of vector instructions that access less than a vector: the one that makes the vector from the
    number loaded, or the number to store from the vector."""


NumericSemantics: TypeAlias = Callable[..., "int | tuple[int, int]"]


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. `params`/`results` are None where the type depends on the immediates or the
    stack; then the validator has a rule named after the mnemonic."""

    mnemonic: str
    shape: str | None
    """The number type or lane shape that it works on (`i32`, `f64`, `i8x16`); None if there is none."""
    source: str | None
    """The number type or lane shape of its operands, if the mnemonic names it: `f64` for
    `i32.trunc_sat_f64_u`."""
    half: str | None
    """`low` or `high`, if it reads only that half of the lanes."""
    operation: str
    """The mnemonic without shapes, half and sign: `trunc_sat` for `i32.trunc_sat_f64_u`."""
    signed: bool | None
    """Whether it takes integers as signed or unsigned, where there are two of its kind."""
    commutative: bool
    """Whether its two operands can be exchanged, to the bit."""
    opcode: int
    """The opcode byte, or `prefix << 12 | code` after a prefix byte (0xFB to 0xFE)."""
    immediates: tuple[Immediate, ...]
    """In the order of the binary format."""
    params: tuple[ValType, ...] | None
    results: tuple[ValType, ...] | None
    feature: Feature
    traps: tuple[TrapCode, ...] = ()
    """Every way this instruction itself can trap (not what a callee does)."""
    reads: State = State.NONE
    writes: State = State.NONE
    access: Access | None = None
    semantics: NumericSemantics | None = None
    """Its semantics on bit patterns: of the operands, then of the immediates. None if it is not a pure
    numeric or vector instruction."""

    @property
    def words(self) -> list[str]:
        """The words of the mnemonic, for identifiers: `i32`, `trunc`, `f32`, `s`."""
        return self.mnemonic.replace(".", "_").split("_")

    @property
    def prefix(self) -> int | None:
        """The prefix byte, if there is one."""
        return self.opcode >> 12 if self.opcode > 0xFF else None

    @property
    def code(self) -> int:
        """The opcode after the prefix, or the opcode byte."""
        return self.opcode & 0xFFF if self.opcode > 0xFF else self.opcode


_SHAPES = frozenset(
    ("i32", "i64", "f32", "f64", "v128", "i8x16", "i16x8", "i32x4", "i64x2", "f32x4", "f64x2")
) | {"i7x16"}  # whose lanes are those of i8x16 (`relaxed_dot_i8x16_i7x16_s`)
_SIGNS = {"s": True, "u": False}
_HALVES = frozenset(("low", "high"))
_COMMUTATIVE = frozenset(
    (
        *("add", "mul", "and", "or", "xor", "eq", "ne"),
        *("min", "max", "avgr", "add_sat", "q15mulr_sat", "extmul", "dot"),
    )
)
"""Of integers; for floats only the comparisons, since which NaN an `add` gives may depend on the order."""


class Spelling(NamedTuple):
    """The columns that a mnemonic spells."""

    shape: str | None
    source: str | None
    half: str | None
    operation: str
    signed: bool | None


def parse_mnemonic(mnemonic: str) -> Spelling:
    """What the words of a mnemonic say. Only this function parses mnemonics."""
    head, _, rest = mnemonic.partition(".")
    shape = head if rest and head in _SHAPES else None
    operation: list[str] = []
    source: str | None = None
    half: str | None = None
    signed: bool | None = None
    for word in (mnemonic if shape is None else rest).split("_"):
        if word in _SIGNS:
            signed = _SIGNS[word]
        elif word in _SHAPES:
            source = source or word
        elif word in _HALVES:
            half = word
        else:
            operation.append(word)
    return Spelling(shape, source, half, "_".join(operation), signed)


def _is_commutative(shape: str | None, operation: str) -> bool:
    if shape is None or operation not in _COMMUTATIVE:
        return False
    return shape[0] != "f" or operation in ("eq", "ne")


_TYPE_WORDS: dict[str, ValType] = {
    **VALUE_TYPES,
    "(ref_i31)": ref_type(False, I31),
}


def parse_signature(text: str) -> tuple[tuple[ValType, ...], tuple[ValType, ...]]:
    """`"i32 i32 -> i32"` as types."""
    params, _, results = text.partition("->")
    return (
        tuple(_TYPE_WORDS[word] for word in params.split()),
        tuple(_TYPE_WORDS[word] for word in results.split()),
    )


def row(
    mnemonic: str,
    opcode: int,
    signature: str | None = None,
    *immediates: Immediate,
    feature: Feature = Feature.MVP,
    traps: tuple[TrapCode, ...] = (),
    reads: State = State.NONE,
    writes: State = State.NONE,
    access: Access | None = None,
    semantics: NumericSemantics | None = None,
) -> Instruction:
    """A row of the table; `signature` None leaves the typing to a validator rule."""
    params, results = (None, None) if signature is None else parse_signature(signature)
    shape, source, half, operation, signed = parse_mnemonic(mnemonic)
    return Instruction(
        mnemonic,
        shape,
        source,
        half,
        operation,
        signed,
        _is_commutative(shape, operation),
        opcode,
        immediates,
        params,
        results,
        feature,
        traps,
        reads,
        writes,
        access,
        semantics,
    )

"""The rules that lower numeric, memory and select instructions to LLVM, as one small function each: the
instruction on parameters, and where the lowering looks at constants or at users, on these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from wasmdialect.types import NUMBERS, ValType
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction

Bounds = Literal["guard", "explicit"]


class Rule(NamedTuple):
    """A rule to prove."""

    name: str
    """The instruction, and on what if that is not parameters."""
    function: str
    """In the text format, without `func`."""
    memory: str = ""
    """The memory that it accesses."""
    bounds: Bounds = "guard"


def rules() -> Iterator[Rule]:
    """All of them, in the order of the instruction table."""
    for row in INSTRUCTIONS:
        if row.semantics is not None and row.params is not None and row.results is not None:
            yield from _numeric(row)
        elif row.access is not None and _is_plain(row):
            yield from _memory(row)
    yield from _selects()


def _is_plain(row: Instruction) -> bool:
    assert row.access is not None
    return not row.access.completed_by and not row.access.atomic and row.params is not None


# --- numbers

_FLOATS = {"f32": (23, 0xFF), "f64": (52, 0x7FF)}


def _integers(bits: int) -> dict[str, int]:
    """Constants that a rule for integers may look at."""
    return {
        "0": 0,
        "1": 1,
        "-1": -1,
        "the smallest": -1 << (bits - 1),
        "the width": bits,
        "the width and 7": bits + 7,
        "10": 10,
    }


def _texts(t: ValType) -> dict[str, str]:
    """Constants of a type by what they are called."""
    if t.name in ("i32", "i64"):
        return {k: f"({t}.const {v})" for k, v in _integers(NUMBERS[t.name].bits).items()}
    if t.name in ("f32", "f64"):
        fraction, _ = _FLOATS[t.name]
        words = {"0": "0", "-0": "-0", "1": "1", "-1": "-1", "2": "2"}
        words["a signalling NaN"] = f"nan:0x{1 << (fraction - 2):x}"
        return {k: f"({t}.const {v})" for k, v in words.items()}
    return {}


def _function(row: Instruction, operands: list[str], immediates: str = "") -> str:
    assert row.params is not None
    assert row.results is not None
    params, results = " ".join(map(str, row.params)), " ".join(map(str, row.results))
    body = f"({row.mnemonic}{immediates} {' '.join(operands)})"
    return f"(param {params}) (result {results}) {body}"


def _immediates(row: Instruction) -> str | None:
    """The immediates of an instruction, None if it has some that are not known here."""
    match row.immediates:
        case ():
            return ""
        case (Immediate.LANE,):
            return " 1"
        case (Immediate.LANES,):
            return " " + " ".join(str((7 * lane + 3) % 32) for lane in range(16))
        case _:
            return None


def _numeric(row: Instruction) -> Iterator[Rule]:
    assert row.params is not None
    immediates = _immediates(row)
    if immediates is None:
        return
    operands = [f"(local.get {number})" for number in range(len(row.params))]
    yield Rule(row.mnemonic, _function(row, operands, immediates))
    if len(row.params) == 2:
        for place, where in ((0, "from"), (1, "by")):
            for word, constant in _texts(row.params[place]).items():
                given = [*operands]
                given[place] = constant
                yield Rule(f"{row.mnemonic} {where} {word}", _function(row, given, immediates))
    if row.results is not None and _is_test(row):
        yield from _conditions(row, operands)


def _is_test(row: Instruction) -> bool:
    return row.operation in (
        "eq",
        "ne",
        "lt",
        "gt",
        "le",
        "ge",
        "eqz",
        "any_true",
        "all_true",
    ) and (row.results is not None and row.results[0].name == "i32")


def _conditions(row: Instruction, operands: list[str]) -> Iterator[Rule]:
    """A comparison that a select and an `eqz` take as a condition, not as a number."""
    assert row.params is not None
    params = " ".join(map(str, row.params))
    test = f"({row.mnemonic} {' '.join(operands)})"
    chosen = f"(select (i64.const 7) (i64.const 9) {test})"
    yield Rule(f"{row.mnemonic} in select", f"(param {params}) (result i64) {chosen}")
    negated = f"(i32.eqz {test})"
    yield Rule(f"{row.mnemonic} in i32.eqz", f"(param {params}) (result i32) {negated}")


def _selects() -> Iterator[Rule]:
    for t in ("i32", "i64", "f32", "f64", "v128"):
        gets = "(local.get 0) (local.get 1) (local.get 2)"
        yield Rule(f"select of {t}", f"(param {t} {t} i32) (result {t}) (select {gets})")


# --- memory

_OFFSETS = (0, 7, 0x7FFF_FFF0, 0xFFFF_FFFF)


def _memory(row: Instruction) -> Iterator[Rule]:
    for address, memory in (("i32", "(memory 1)"), ("i64", "(memory i64 1)")):
        kinds: tuple[Bounds, ...] = ("guard", "explicit") if address == "i32" else ("explicit",)
        for bounds in kinds:
            for offset in _OFFSETS:
                name = f"{row.mnemonic} offset={offset} of {address}, bounds {bounds}"
                yield Rule(name, _access(row, address, offset, "(local.get 0)"), memory, bounds)
            inside = _access(row, address, 7, f"({address}.const 100)")
            yield Rule(f"{row.mnemonic} at 107 of {address}, {bounds}", inside, memory, bounds)


def _access(row: Instruction, address: str, offset: int, place: str) -> str:
    assert row.params is not None
    assert row.results is not None
    params = " ".join([address, *map(str, row.params[1:])])
    results = f" (result {row.results[0]})" if row.results else ""
    values = " (local.get 1)" if len(row.params) > 1 else ""
    return f"(param {params}){results} ({row.mnemonic} offset={offset} {place}{values})"

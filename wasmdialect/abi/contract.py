"""The digest of the contract in this room between compiled code and its runtime.

An artifact carries the digest of the tables that it was compiled with, and the loader compares it with
its own: an artifact of other tables is refused before any of it runs (docs/abi.md, "One contract").

A digest is a CRC-32. It guards against mistakes, not against forgery (docs/artifact.md, "What is
trusted").
"""

from __future__ import annotations

import zlib

from wasmdialect._records import Record
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi import (
    builtins,
    layout,
    reservation,
    returns,
    symbols,
    tail_calls,
    trap_table,
)

if TYPE_CHECKING:
    from typing import Any

_SHARED = {
    layout: (
        *("STRUCTS", "REGIONS", "POINTER_SIZE", "FIELD_SIZES", "VALUE_SLOT_SIZE"),
        *("VMCONTEXT_MAGIC", "ARRAY_HOST_MAGIC", "TABLE_ELEMENT_INITIALIZED"),
        *("FIELD_ALIGNMENTS", "COUNTER_SIZE"),
        *("TAIL_ENTRIES", "TESTS_EXCEPTIONS", "THROW_TRACE_LENGTH", "TIER_PERIOD"),
    ),
    reservation: ("WASM_PAGE_LOG2", "RESERVATION", "GUARD_SIZE"),
    returns: (
        *("MAX_INTEGER_RESULTS", "MAX_FLOAT_RESULTS", "MAX_REGISTER_SIZE"),
        "RETURN_AREA_PARAMETER",
    ),
    tail_calls: ("INTEGER_REGISTERS", "VECTOR_REGISTERS", "MAX_SIZE", "ENTRY_WORD_SIZE"),
    symbols: ("SYMBOLS", "TAIL_TO_WASM"),
    builtins: ("BUILTINS", "PASS_BUILTINS"),
    trap_table: ("TRAPS", "PASS_TRAPS"),
}
"""The tables and constants, by module."""


def contract() -> dict[str, Any]:
    """The whole current contract, as mappings, lists and plain values."""
    return {
        name: plain(getattr(module, name)) for module, names in _SHARED.items() for name in names
    }


def plain(value: Any) -> Any:
    """Records, tuples and mappings as lists, mappings and plain values, without documentation."""
    if isinstance(value, Record):
        fields = vars(value).items()
        return [v if type(v) in _LEAVES else plain(v) for name, v in fields if name != "doc"]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return [plain(v) for v in value] if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownVariableType]


_LEAVES = (int, str, bool)


def digest_of(tables: object) -> str:
    """Eight hexadecimal digits for mappings, lists and plain values."""
    return f"{zlib.crc32(repr(tables).encode()):08x}"


def contract_digest() -> str:
    """The digest of the current contract."""
    return digest_of(contract())


CONTRACT = contract_digest()
"""The digest of this process's contract."""

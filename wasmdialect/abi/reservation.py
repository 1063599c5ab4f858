"""The addresses that a linear memory reserves, which let compiled code omit bounds checks. The pass
that omits a check and the runtime that maps the guard both read these numbers. docs/abi.md, "Bounds",
derives line by line why an access that `is_covered_by_guard` cannot leave the sandbox.
"""

from __future__ import annotations

WASM_PAGE_LOG2 = 16
"""A page of a linear memory has 64 KiB, unless the memory says otherwise."""
RESERVATION = 1 << 32
"""Bytes that a guarded memory may grow to: every address that an i32 can hold."""
GUARD_SIZE = 2 << 30
"""Bytes that fault after the reservation, and as many before the memory."""


def has_guard(*, is_64: bool, page_size_log2: int) -> bool:
    """Whether the runtime gives a memory of this type the full reservation and the guard."""
    return not is_64 and page_size_log2 == WASM_PAGE_LOG2


def is_covered_by_guard(end: int) -> bool:
    """Whether an access that ends `end` bytes (static offset and width) after a zero-extended i32
    address is inside the memory or faults."""
    return end <= GUARD_SIZE

"""The byte formats of the artifact's tables (docs/artifact.md).

Both are sorted arrays after a count, to be searched in place: the address map gives the Wasm byte
offset of an instruction, the trap table the trap that an instruction raises.
"""

from __future__ import annotations

import struct

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_OFFSET = 0xFFFF_FFFF
"""The Wasm offset of code that does not come from an instruction."""

_COUNT = struct.Struct("<I")


class TableError(Exception):
    """A table's bytes are not of the documented form."""


def _u32(values: Sequence[int]) -> bytes:
    from array import array

    return array("I", values).tobytes()


def _read_u32(data: memoryview, offset: int, count: int) -> Sequence[int]:
    return data[offset : offset + 4 * count].cast("I")  # in place: most of them are never read


def _read_count(data: memoryview, entry_size: int, name: str) -> int:
    if len(data) < 4:
        raise TableError(f"{name} has no count")
    (count,) = _COUNT.unpack_from(data)
    if len(data) != 4 + entry_size * count:
        raise TableError(f"{name} says {count} entries but has {len(data)} bytes")
    return count


def _check_order(name: str, offsets: Sequence[int], last: int) -> None:
    ordered = [*offsets]
    if ordered != sorted(ordered) or (ordered and ordered[-1] > last):
        raise TableError(f"{name} is not in order, or of more than the code")


class AddressMap(FrozenRecord):
    """`.wasmtime.addrmap`: code offsets, ascending, and the Wasm offset from each one on."""

    code_offsets: Sequence[int]
    wasm_offsets: Sequence[int]

    def to_bytes(self) -> bytes:
        """The section's bytes."""
        count = _COUNT.pack(len(self.code_offsets))
        return count + _u32(self.code_offsets) + _u32(self.wasm_offsets)

    @staticmethod
    def read(data: memoryview) -> AddressMap:
        """Raises TableError."""
        count = _read_count(data, 8, "the address map")
        return AddressMap(_read_u32(data, 4, count), _read_u32(data, 4 + 4 * count, count))

    def check(self, text_size: int) -> None:
        """Raises TableError if the code offsets are not in order, or outside the text. A wrong order
        only gives wrong answers, so this check is delayed until the first lookup."""
        _check_order("the address map", self.code_offsets, text_size)

    def look_up(self, code_offset: int) -> int | None:
        """The Wasm offset of the instruction at a code offset, None if there is none."""
        from bisect import bisect_right

        index = bisect_right(self.code_offsets, code_offset) - 1
        if index < 0:
            return None
        offset = self.wasm_offsets[index]
        return None if offset == NO_OFFSET else offset


NO_CALL = 0xFFFF_FFFF
"""In the map of inlined functions: no call."""


class InlineMap(FrozenRecord):
    """`.wasmdialect.inlined`: code offsets, ascending, and the call that the code from each one on was
    inlined at; and for each of these calls its Wasm offset, some Wasm offset in the function that it
    calls, and the call that it was inlined at itself, which precedes it."""

    code_offsets: Sequence[int]
    calls: Sequence[int]
    """Numbers of calls, `NO_CALL` for code that was not inlined."""
    places: Sequence[int]
    """For each call: its Wasm offset."""
    callees: Sequence[int]
    outer: Sequence[int]
    """For each call: the number of another one, or `NO_CALL`."""

    def to_bytes(self) -> bytes:
        """The section's bytes."""
        counts = _COUNT.pack(len(self.code_offsets)) + _COUNT.pack(len(self.places))
        rows = (self.code_offsets, self.calls, self.places, self.callees, self.outer)
        return counts + b"".join(map(_u32, rows))

    @staticmethod
    def read(data: memoryview) -> InlineMap:
        """Raises TableError."""
        if len(data) < 8:
            raise TableError("the map of inlined functions has no counts")
        (count,), (calls,) = _COUNT.unpack_from(data), _COUNT.unpack_from(data, 4)
        if len(data) != 8 + 8 * count + 12 * calls:
            raise TableError(
                f"the map of inlined functions says {count} and {calls} entries but has {len(data)}"
                " bytes"
            )
        at = 8
        rows: list[Sequence[int]] = []
        for size in (count, count, calls, calls, calls):
            rows.append(_read_u32(data, at, size))
            at += 4 * size
        return InlineMap(*rows)

    def check(self, text_size: int) -> None:
        """Raises TableError if the code offsets are not in order, or outside the text, or calls are not
        there. This is delayed until the first lookup, as for the address map."""
        name = "the map of inlined functions"
        _check_order(name, self.code_offsets, text_size)
        if any(call != NO_CALL and call >= len(self.places) for call in self.calls) or any(
            call != NO_CALL and call >= number for number, call in enumerate(self.outer)
        ):
            raise TableError(f"{name} has calls that are not there")

    def look_up(self, code_offset: int) -> list[tuple[int, int]]:
        """The calls that the code at an offset was inlined at, innermost first: a Wasm offset in the
        function that it calls, and its own."""
        from bisect import bisect_right

        index = bisect_right(self.code_offsets, code_offset) - 1
        call = NO_CALL if index < 0 else self.calls[index]
        found: list[tuple[int, int]] = []
        while call != NO_CALL:
            found.append((self.callees[call], self.places[call]))
            call = self.outer[call]
        return found


class TrapTable(FrozenRecord):
    """`.wasmtime.traps`: code offsets of trapping instructions, ascending, and their codes."""

    code_offsets: Sequence[int]
    codes: Sequence[int]

    def to_bytes(self) -> bytes:
        """The section's bytes."""
        count = _COUNT.pack(len(self.code_offsets))
        return count + _u32(self.code_offsets) + bytes(self.codes)

    @staticmethod
    def read(data: memoryview) -> TrapTable:
        """Raises TableError."""
        count = _read_count(data, 5, "the trap table")
        return TrapTable(_read_u32(data, 4, count), data[4 + 4 * count :])

    def check(self, text_size: int) -> None:
        """Raises TableError if the code offsets are not in order, or outside the text."""
        _check_order("the trap table", self.code_offsets, text_size - 1)

    def look_up(self, code_offset: int) -> int | None:
        """The trap code of the instruction at exactly this offset, None if it raises none."""
        from bisect import bisect_left

        index = bisect_left(self.code_offsets, code_offset)
        if index < len(self.code_offsets) and self.code_offsets[index] == code_offset:
            return self.codes[index]
        return None


def address_runs(pieces: Sequence[tuple[int, int, int]], code_end: int) -> list[tuple[int, int]]:
    """The address map of one function from (Wasm offset, start, length) pieces sorted by start.

    Neighbouring pieces of one instruction join; gaps and code after the last piece map to nothing. No
    pieces: no entries.
    """
    entries: list[tuple[int, int]] = []
    run: tuple[int, int, int] | None = None
    for location, start, length in pieces:
        if run is not None and run[2] == start and run[0] == location:
            run = (location, run[1], start + length)
            continue
        if run is not None:
            entries.append((run[1], run[0]))
            if run[2] != start:
                entries.append((run[2], NO_OFFSET))
        run = (location, start, start + length)
    if run is not None:
        entries.append((run[1], run[0]))
        if run[2] != code_end:
            entries.append((run[2], NO_OFFSET))
    return entries

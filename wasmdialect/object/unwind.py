"""Call frame information: extracting it from LLVM's `.eh_frame`, and writing the image's own. A
function's description is two byte strings that do not depend on its address: the common entry (CIE)
and the part of its own entry (FDE) after the address range. Addresses are 32-bit distances from the
field itself (`DW_EH_PE_pcrel | DW_EH_PE_sdata4`), so the section works wherever the image is mapped.
Source: Linux Standard Base, "Exception Frames"; DWARF 5, section 6.4.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from wasmdialect.abi.layout import align_up
from wasmdialect.object.sections import TableError

_LENGTH = struct.Struct("<I")
_ENTRY = struct.Struct("<II")
_RANGE = struct.Struct("<iI")
_WIDE_RANGE = struct.Struct("<qQ")
_FIRST_ADDRESS = 8
"""Offset of the address in an FDE: after its length and the distance to its CIE."""
TERMINATOR = bytes(4)
_LEB = rb"[\x80-\xff]*[\x00-\x7f]"
_UNPADDED = re.compile(
    rb"\0(?:[\x40-\x7f\xc0-\xff\x0a\x0b\x2d]"  # advance_loc, restore, {remember,restore}_state, negate
    rb"|[\x80-\xbf\x06-\x08\x0d\x0e\x2e]%b"  # offset, other instructions with one operand
    rb"|[\x05\x09\x0c]%b%b"  # offset_extended, register, def_cfa
    rb"|\x02.|\x03..|\x04....)*+" % (_LEB, _LEB, _LEB),  # advance_loc1, 2 and 4
    re.DOTALL,
)
"""An FDE's (empty) augmentation data and its instructions, without the `DW_CFA_nop`s at its end.
How many there are depends on the place of the entry in its section, and so on other functions."""


class FrameInfo(NamedTuple):
    """How to unwind one function: its CIE after the id, its FDE after the address range."""

    cie: bytes
    fde: bytes


def read_frames(data: memoryview, addresses: Mapping[int, int]) -> dict[int, FrameInfo]:
    """The frames of an object, by the number of the function's section.

    `addresses` says which section the relocation at an offset in `data` refers to.
    """
    cies: dict[int, bytes] = {}
    frames: dict[int, FrameInfo] = {}
    for position, end, cie in _entries(data):
        if cie is None:
            cies[position] = bytes(data[position + 8 : end])
        else:
            address = position + _FIRST_ADDRESS
            fde = _without_padding(bytes(data[address + _RANGE.size : end]))
            frames[addresses[address]] = FrameInfo(cies[cie], fde)
    return frames


def _without_padding(fde: bytes) -> bytes:
    found = _UNPADDED.match(fde)
    if found is None or fde.count(0, found.end()) != len(fde) - found.end():
        return fde  # it has an instruction that we do not know
    return found[0]


def _entries(data: memoryview) -> Iterator[tuple[int, int, int | None]]:
    """Start and end of each entry, and for an FDE where its CIE is."""
    position = 0
    while position + 4 <= len(data):
        (length,) = _LENGTH.unpack_from(data, position)
        if length == 0:
            return
        end = position + 4 + length
        if length < 4 or end > len(data):
            raise TableError("an unwind entry is cut")
        (distance,) = _LENGTH.unpack_from(data, position + 4)
        yield position, end, None if distance == 0 else position + 4 - distance
        position = end


class PlacedFrame(NamedTuple):
    """The entry of one function in an image's `.eh_frame`."""

    offset: int
    size: int
    frame: FrameInfo


def read_placed_frames(data: memoryview, place: int) -> list[PlacedFrame]:
    """The entries of an image's section; offsets count from the same origin as `place`, the section's
    own. Raises TableError."""
    cies: dict[int, bytes] = {}
    found: list[PlacedFrame] = []
    try:
        for position, end, cie in _entries(data):
            if cie is None:
                cies[position] = bytes(data[position + 8 : end])
                continue
            at, form = position + _FIRST_ADDRESS, _address_form(cies[cie])
            if at + form.size > end:
                raise TableError("an unwind entry is cut")
            start, size = form.unpack_from(data, at)
            frame = FrameInfo(cies[cie], bytes(data[at + form.size : end]))
            found.append(PlacedFrame(place + at + start, size, frame))
    except KeyError:
        raise TableError("an unwind entry belongs to a common one that is not there") from None
    return found


def _address_form(cie: bytes) -> struct.Struct:
    """How an FDE of this CIE writes its address and size: 4 bytes each here, 8 in Wasmtime."""
    augmentation, _, rest = cie[1:].partition(b"\0")
    if not augmentation.startswith(b"zR"):
        raise TableError(f"unwind entries with augmentation {augmentation!r} are not read")
    position = 0
    for _ in range(4):  # code and data alignment, return address register, length of what follows
        while rest[position : position + 1] >= b"\x80":
            position += 1
        position += 1
    if position >= len(rest):
        raise TableError("a common unwind entry is cut")
    # DW_EH_PE_pcrel with sdata4, or with sdata8 or a pointer.
    forms = {0x1B: _RANGE, 0x1C: _WIDE_RANGE, 0x10: _WIDE_RANGE}
    if rest[position] not in forms:
        raise TableError(f"addresses encoded as {rest[position]:#x} are not read")
    return forms[rest[position]]


def write_frames(place: int, frames: Iterable[tuple[int, int, FrameInfo]]) -> bytes:
    """`.eh_frame` for (offset, size, frame) of functions; `place` and offsets count from one origin."""
    content = bytearray()
    cies: dict[bytes, int] = {}
    for offset, size, frame in frames:
        cie = cies.get(frame.cie)
        if cie is None:
            cie = cies[frame.cie] = len(content)
            _append_entry(content, 0, frame.cie)
        at = place + len(content) + _FIRST_ADDRESS
        distance = len(content) + 4 - cie
        _append_entry(content, distance, _RANGE.pack(offset - at, size) + frame.fde)
    return bytes(content + TERMINATOR) if content else b""


def _append_entry(content: bytearray, distance: int, body: bytes) -> None:
    size = align_up(_ENTRY.size + len(body), 8)
    content += _ENTRY.pack(size - _LENGTH.size, distance)
    content += body
    content += bytes(size - _ENTRY.size - len(body))  # DW_CFA_nop

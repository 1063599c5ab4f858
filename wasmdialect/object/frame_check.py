"""Checking unwind tables before the C library's unwinder gets them, which does not check anything. The
check covers the structure: entries, ranges in the text, the end. An entry's description of a
function's frame is as trusted as the function's code. Source: Linux Standard Base, "Exception Frames".
"""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.object.sections import TableError

if TYPE_CHECKING:
    from typing import NoReturn

_AUGMENTATION = b"\1zR\0"
"""Version 1, and the augmentation data: how addresses are encoded."""
_ENCODING = 0x1B
"""`DW_EH_PE_pcrel | DW_EH_PE_sdata4`."""


def check_frames(data: memoryview, text_size: int) -> None:
    """Raises TableError if `.eh_frame`, which directly follows the text, is malformed."""
    size = len(data)
    if size % 4 or size < 4 or bytes(data[-4:]) != bytes(4):
        raise TableError("the unwind table does not end as it should")
    words = data.cast("i").tolist()
    last = len(words) - 1
    entries: set[int] = set()
    origin = text_size + 8
    at, code = 0, -origin
    # Some thousands at each start. Positions are in words; functions are in order.
    try:
        while at < last:
            length, distance = words[at], words[at + 1]
            if length & 3 or length < 16:
                _refuse(at)
            if distance:
                start, size = words[at + 2] + 4 * at, words[at + 3]
                if start < code or size < 0 or 4 * at + 4 - distance not in entries:
                    _refuse(at)
                if words[at + 4] & 0xFF:  # there is no augmentation data
                    _refuse(at)
                code = start + size
            else:
                _check_common(bytes(data[4 * at + 8 : 4 * at + 4 + length]))
                entries.add(4 * at)
            at += 1 + (length >> 2)
    except IndexError:
        _refuse(at)
    if at != last:
        raise TableError("the last entry of the unwind table is cut")
    if code + origin > text_size:
        raise TableError("the unwind table is of more than the code")


def _refuse(at: int) -> NoReturn:
    raise TableError(f"an entry of the unwind table at {4 * at:#x} is malformed")


def _check_common(content: bytes) -> None:
    """The common part of entries: a CIE, after its id."""
    position = len(_AUGMENTATION)
    try:
        for _ in range(2):  # code and data alignment
            while content[position] >= 0x80:
                position += 1
            position += 1
        register, size, encoding = content[position : position + 3]
    except (IndexError, ValueError):
        raise TableError("a common entry of the unwind table is cut") from None
    is_known = content.startswith(_AUGMENTATION) and position <= len(_AUGMENTATION) + 4
    if not is_known or register >= 0x80 or size != 1 or encoding != _ENCODING:
        raise TableError("a common entry of the unwind table is of another kind")

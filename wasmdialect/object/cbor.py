"""CBOR (RFC 8949), as far as the descriptions in an artifact need it: the types of JSON, without
fractions. `json` loads `re`, which takes a quarter of the time budget for starting a saved artifact. A
list of numbers below 2**32 is one typed array (RFC 8746, tag 70), so thousands of numbers are one
item.
"""

from __future__ import annotations

import struct

from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_FALSE, _TRUE, _NULL = 20, 21, 22
_SIMPLE_VALUES = {_FALSE: False, _TRUE: True, _NULL: None}
_U32_ARRAY = 70
_DEEPEST = 16


class Numbers(list[int]):
    """A list that was read from a typed array: of integers below 2**32, and nothing else."""


def write_cbor(value: Any) -> bytes:
    """The bytes of a value; equal values give equal bytes. Raises TypeError, OverflowError."""
    if value is None or isinstance(value, bool):
        return _head(_SIMPLE, _NULL if value is None else _TRUE if value else _FALSE)
    if isinstance(value, int):
        return _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
    if isinstance(value, str):
        text = value.encode()
        return _head(_TEXT, len(text)) + text
    if isinstance(value, dict):
        rows: list[tuple[str, Any]] = sorted(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        content = b"".join(write_cbor(name) + write_cbor(item) for name, item in rows)
        return _head(_MAP, len(rows)) + content
    if isinstance(value, list | tuple):
        items: list[Any] = [*value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        if items and all(type(item) is int and 0 <= item < 1 << 32 for item in items):
            content = struct.pack(f"<{len(items)}I", *items)
            return _head(_TAG, _U32_ARRAY) + _head(_BYTES, len(content)) + content
        return _head(_LIST, len(items)) + b"".join(map(write_cbor, items))
    raise TypeError(f"{type(value).__name__} cannot be written as CBOR")


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([kind << 5 | code]) + number.to_bytes(size, "big")
    raise OverflowError(f"{number} does not fit 64 bits")


def read_cbor(data: bytes) -> Any:
    """The value that bytes encode. Raises ValueError."""
    try:
        value, end = _read(data, 0, 0)
    except IndexError:
        raise ValueError("it ends too early") from None
    if end != len(data):
        raise ValueError("something follows its end")
    return value


def _read_head(data: bytes, at: int) -> tuple[int, int, int]:
    """The kind of the item at an offset, its number, and where the head ends. Raises ValueError,
    IndexError."""
    kind, number = data[at] >> 5, data[at] & 31
    at += 1
    if number < 24:
        return kind, number, at
    if number > 27:
        raise ValueError("it has items that are never written")
    end = at + (1 << number - 24)
    return kind, int.from_bytes(data[at:end], "big"), end


def _read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """The value at an offset, and where it ends. Raises ValueError, IndexError."""
    kind, number, at = _read_head(data, at)
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if kind == _TEXT:
        return _bytes(data, at, number).decode(), at + number
    if kind == _UNSIGNED:
        return number, at
    if kind == _MAP:
        found: dict[Any, Any] = {}
        for _ in range(number):
            name, at = _read(data, at, depth + 1)
            if not isinstance(name, str) or name in found:
                raise ValueError("a name is not text, or there twice")
            found[name], at = _read(data, at, depth + 1)
        return found, at
    if kind == _LIST:
        items: list[Any] = []
        for _ in range(number):
            item, at = _read(data, at, depth + 1)
            items.append(item)
        return items, at
    if kind == _TAG and number == _U32_ARRAY:
        content, size, at = _read_head(data, at)
        if content != _BYTES or size % 4:
            raise ValueError("an array is not of numbers")
        return Numbers(memoryview(_bytes(data, at, size)).cast("I")), at + size
    if kind == _SIMPLE and number in _SIMPLE_VALUES:
        return _SIMPLE_VALUES[number], at
    if kind == _NEGATIVE:
        return -1 - number, at
    raise ValueError("it has items that are never written")


def _bytes(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise IndexError
    return data[at : at + size]

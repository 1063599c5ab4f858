"""Literals of the text format: integers, strings, names, identifiers (spec "Text Format / Values")."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?(?:0x[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|[0-9]+(?:_[0-9]+)*)\Z")
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_HEX_DIGITS = r"[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*"
_FLOAT = re.compile(
    rf"[+-]?(?:inf|nan(?::0x{_HEX_DIGITS})?"
    rf"|0x{_HEX_DIGITS}(?:\.(?:{_HEX_DIGITS})?)?(?:[pP][+-]?{_DIGITS})?"
    rf"|{_DIGITS}(?:\.(?:{_DIGITS})?)?(?:[eE][+-]?{_DIGITS})?)\Z"
)
_ESCAPE = re.compile(rb"\\(?:u\{([0-9a-fA-F_]+)\}|([0-9a-fA-F]{2})|([tnr\"'\\]))")
_SIMPLE_ESCAPES = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b'"': b'"', b"'": b"'", b"\\": b"\\"}


def is_number(word: str) -> bool:
    """Whether a word is an integer or float literal."""
    return _NUMBER.match(word) is not None or _FLOAT.match(word) is not None


def is_float(word: str) -> bool:
    """Whether a word is a float literal (integers are too)."""
    return _FLOAT.match(word) is not None


def parse_integer(word: str) -> int | None:
    """The value of an integer literal; None if the word is not one."""
    if _NUMBER.match(word) is None:
        return None
    digits = word.replace("_", "").lstrip("+-")
    value = int(digits, 16) if digits.startswith("0x") else int(digits)
    return -value if word[0] == "-" else value


def parse_unsigned(word: str) -> int | None:
    """The value of an integer literal without a sign; None if the word is not one."""
    return None if word[0] in "+-" else parse_integer(word)


def parse_string(token: str) -> bytes:
    """The bytes of a string literal. Raises ValueError for a code point that does not exist."""
    raw = token[1:-1].encode("utf-8", "surrogateescape")
    return raw if b"\\" not in raw else _ESCAPE.sub(_unescape, raw)


def _unescape(match: re.Match[bytes]) -> bytes:
    code_point, byte, simple = match.groups()
    if code_point is not None:
        value = int(code_point.replace(b"_", b""), 16)
        if value >= 0x11_0000 or 0xD800 <= value < 0xE000:
            raise ValueError("malformed UTF-8 encoding: no such character")
        return chr(value).encode("utf-8")
    if byte is not None:
        return bytes([int(byte, 16)])
    return _SIMPLE_ESCAPES[simple]


def string_literal(data: bytes | memoryview) -> str:
    """A string literal for bytes; all but printable ASCII is escaped."""
    return '"' + "".join(_ESCAPED[byte] for byte in bytes(data)) + '"'


def name_literal(name: str) -> str:
    """A string literal for a name; invisible characters are escaped."""
    return '"' + "".join(map(_name_character, name)) + '"'


def _name_character(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    return c if c.isprintable() else f"\\u{{{ord(c):x}}}"


_ESCAPED = [chr(b) if 0x20 <= b < 0x7F and b not in b'"\\' else f"\\{b:02x}" for b in range(256)]


def parse_identifier(token: str) -> str:
    """The name of an identifier, without `$`; `$"a b"` and `$a` are the same kind of thing.

    Raises ValueError if a quoted one is not UTF-8.
    """
    if not token.startswith('$"'):
        return token[1:]
    try:
        return parse_string(token[1:]).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("malformed UTF-8 encoding of an identifier") from None

"""Names that come from modules, artifacts and users, made safe to show on a terminal."""

from __future__ import annotations


def printable(name: str) -> str:
    r"""A name in one line, with control and invisible characters as Python escapes: `a\nb`,
    `\x1b[2J`, `\u202e`. `repr` does the same in messages, with quotes."""
    return name if name.isprintable() else "".join(map(_escaped, name))


def printable_lines(text: str) -> str:
    """Text of several lines: as `printable`, but line ends and tabs stay."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def _escaped(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]

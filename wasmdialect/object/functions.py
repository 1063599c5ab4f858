"""The functions of an artifact: its symbol table, read and checked on demand. A module has thousands
of functions, and programs that load it do not look them up by name: the addresses that instances need
are in the module information. Debuggers, profilers and backtraces do.
"""

from __future__ import annotations

from itertools import accumulate

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.object.elf import STT_FUNC, SYMBOL
from wasmdialect.object.errors import ArtifactError
from wasmdialect.object.image import PlacedFunction

if TYPE_CHECKING:
    from collections.abc import Iterator

_HALVES = SYMBOL.size // 4
"""A symbol is a name, a half with type and section, and an offset and a size of two halves each."""
_WORDS = SYMBOL.size // 8


class FunctionTable:
    """The functions in the order of their offsets. Raises ArtifactError on the first read, unless
    every symbol but the empty first one is a function in the text, and they are in order."""

    def __init__(self, symbols: memoryview, names: memoryview, text_index: int, text_size: int):
        """From `.symtab` and `.strtab`. Raises ArtifactError if the first is not a symbol table."""
        if len(symbols) % SYMBOL.size or not symbols:
            raise ArtifactError("damaged artifact: the symbol table is malformed")
        self._source = symbols.cast("I"), symbols.cast("Q"), names, text_index, text_size
        self._functions: list[PlacedFunction] | None = None

    def offsets(self) -> list[int]:
        """Where functions start in the text; not checked."""
        return self._source[1][_WORDS + 1 :: _WORDS].tolist()

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[PlacedFunction]:
        return iter(self._read())

    def _read(self) -> list[PlacedFunction]:
        if self._functions is None:
            self._functions = _read_functions(*self._source)
        return self._functions


def _read_functions(
    halves: memoryview, words: memoryview, names: memoryview, text_index: int, text_size: int
) -> list[PlacedFunction]:
    found = str(names, "latin-1").split("\0")[1:-1]
    # `.strtab` has the names one after the other, after an empty one.
    ends = accumulate([len(name) + 1 for name in found], initial=1)
    if bytes(names[-1:]) != b"\0" or [*ends] != [*halves[_HALVES::_HALVES], len(names)]:
        raise ArtifactError("damaged artifact: the names of functions are not one after the other")
    if {*halves[_HALVES + 1 :: _HALVES]} - {STT_FUNC | text_index << 16}:
        raise ArtifactError("damaged artifact: a symbol is not a function in the text")
    offsets = words[_WORDS + 1 :: _WORDS].tolist()
    functions = [*map(PlacedFunction, found, offsets, words[_WORDS + 2 :: _WORDS])]
    if offsets != sorted(offsets) or any(f.offset + f.size > text_size for f in functions):
        raise ArtifactError("damaged artifact: a function is not in its place in the text")
    return functions

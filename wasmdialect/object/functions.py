"""The functions of an artifact: its symbol table, checked as a whole and read when it is asked for.

A module has thousands of functions, and most programs that load it never ask for one by its name.
"""

from __future__ import annotations

from itertools import accumulate

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.object.elf import STT_FUNC, SYMBOL
from wasmdialect.object.image import PlacedFunction
from wasmdialect.object.sections import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HALVES = SYMBOL.size // 4
"""A symbol is a name, a half with type and section, and an offset and a size of two halves each."""
_WORDS = SYMBOL.size // 8


class FunctionTable:
    """The functions in the order of their offsets."""

    def __init__(self, symbols: memoryview, names: memoryview, text_index: int, text_size: int):
        """From `.symtab` and `.strtab`. Raises TableError unless every symbol but the empty first one
        is a function in the text, and they are in order."""
        if len(symbols) % SYMBOL.size or not symbols or not names or names[-1]:
            raise TableError("the symbol table is malformed")
        halves, words = symbols.cast("I"), symbols.cast("Q")
        self.symbols = str(names, "latin-1").split("\0")[1:-1]
        """Their names; `.strtab` has them one after the other, behind an empty one."""
        name_offsets = halves[_HALVES::_HALVES].tolist()
        self.offsets: list[int] = words[_WORDS + 1 :: _WORDS].tolist()
        self.sizes: list[int] = words[_WORDS + 2 :: _WORDS].tolist()
        kinds = set(halves[_HALVES + 1 :: _HALVES].tolist())
        if kinds - {STT_FUNC | text_index << 16}:
            raise TableError("a symbol is not a function in the text")
        ends = accumulate([len(symbol) + 1 for symbol in self.symbols], initial=1)
        if [*ends] != [*name_offsets, len(names)]:
            raise TableError("the names of functions are not one after the other")
        ends = map(int.__add__, self.offsets, self.sizes)
        if max(ends, default=0) > text_size or self.offsets != sorted(self.offsets):
            raise TableError("a function is not in its place in the text")

    def __len__(self) -> int:
        return len(self.offsets)

    def __iter__(self) -> Iterator[PlacedFunction]:
        return map(PlacedFunction, self.symbols, self.offsets, self.sizes)

"""The Wasm functions of program counters, for backtraces: nothing here is needed before a trap."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from wasmdialect.abi.symbol_parts import parse_symbol
from wasmdialect.object.errors import ArtifactError
from wasmdialect.object.sections import TableError
from wasmdialect.runtime.errors import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wasmdialect.object.image import PlacedFunction
    from wasmdialect.runtime.module import LoadedCode


class FrameTable:
    """The functions of a module, or of a part of it, in the order of their code."""

    def __init__(self, code: LoadedCode):
        """Raises ArtifactError: parts that are read late are checked late."""
        self._address_map, self._info = code.address_map, code.artifact.info
        if self._address_map is not None:
            try:
                self._address_map.check(len(code.artifact.text))
            except TableError as error:
                raise ArtifactError(f"damaged artifact: {error}") from None
        count = len(self._info.functions)
        bodies: dict[int, PlacedFunction] = {}
        self._loops: set[int] = set()
        """The starts of those that begin at a loop."""
        # A tail entry comes after its function, which then only calls it.
        for function in code.artifact.functions:
            parsed = parse_symbol(function.symbol)
            if parsed is not None and parsed[0] in ("function", "tail-entry", "loop-entry"):
                if parsed[1] >= count:
                    raise ArtifactError(f"damaged artifact: there is no {function.symbol}")
                bodies[parsed[1]] = function
                if parsed[0] == "loop-entry":
                    self._loops.add(function.offset)
        placed = sorted((f.offset, f.offset + f.size, index) for index, f in bodies.items())
        self._starts = [start for start, _, _ in placed]
        self._ranges = [(end, index) for _, end, index in placed]

    def function_at(self, offset: int) -> tuple[int, int] | None:
        """Index and code size of the function with an offset in the text, None for a trampoline."""
        position = bisect_right(self._starts, offset) - 1
        if position < 0:
            return None
        end, index = self._ranges[position]
        return None if offset >= end else (index, end - self._starts[position])

    def is_loop_at(self, offset: int) -> bool:
        """Whether the function with an offset in the text began at a loop."""
        position = bisect_right(self._starts, offset) - 1
        return position >= 0 and self._starts[position] in self._loops

    def frame_at(self, offset: int, names: Mapping[int, str]) -> Frame | None:
        """The function with an offset in the text, None for a trampoline."""
        found = self.function_at(offset)
        if found is None:
            return None
        index, _ = found
        start = self._info.function_starts[index]
        # Code of a function that is not in the module has no rows: those before it are of another.
        has_rows = self._address_map is not None and start > 0
        wasm = self._address_map.look_up(offset) if has_rows else None
        inside = None if wasm is None else wasm - start
        return Frame(index, names.get(index), self._info.module_name, wasm, inside)

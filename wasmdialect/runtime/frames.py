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
        self._inlined = code.inlined
        for table in (self._address_map, self._inlined):
            if table is None:
                continue
            try:
                table.check(len(code.artifact.text))
            except TableError as error:
                raise ArtifactError(f"damaged artifact: {error}") from None
        self._bodies: list[tuple[int, int]] = []
        """Starts and indices of the functions of the module, as soon as they are asked for."""
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

    def frames_at(self, offset: int, names: Mapping[int, str]) -> list[Frame]:
        """The functions that were inlined at an offset in the text, innermost first, and the one that
        it is in; none for a trampoline."""
        found = self.function_at(offset)
        if found is None:
            return []
        # Code of a function that is not in the module has no rows: those before it are of another.
        rows = self._address_map if self._info.function_starts[found[0]] > 0 else None
        wasm = None if rows is None else rows.look_up(offset)
        frames: list[Frame] = []
        for inside, call in [] if self._inlined is None else self._inlined.look_up(offset):
            frames.append(self._frame(self._function_of(inside), wasm, names))
            wasm = None if rows is None else call
        return [*frames, self._frame(found[0], wasm, names)]

    def _frame(self, index: int, wasm: int | None, names: Mapping[int, str]) -> Frame:
        inside = None if wasm is None else wasm - self._info.function_starts[index]
        return Frame(index, names.get(index), self._info.module_name, wasm, inside)

    def _function_of(self, wasm: int) -> int:
        """The function whose body has a Wasm offset. Raises ArtifactError."""
        if not self._bodies:
            starts = enumerate(self._info.function_starts)
            self._bodies += sorted((at, index) for index, at in starts if at > 0)
        position = bisect_right(self._bodies, (wasm, len(self._info.functions))) - 1
        if position < 0:
            raise ArtifactError(f"damaged artifact: no function is at 0x{wasm:x}")
        return self._bodies[position][1]

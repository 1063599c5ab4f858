"""Where the parameters of a tail call go: registers or memory (docs/abi.md, "Tail calls").

Functions that fit the registers are tail-called through their ordinary entry, whichever module they are
from. The others have parameters on the stack, in the frame that a tail call gives up; these travel
through memory of the store, and a function that makes tail calls itself has a second entry that
takes them from there.
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import TAIL_ARGUMENTS, align_up
from wasmdialect.abi.returns import RETURN_AREA_PARAMETER

if TYPE_CHECKING:
    from collections.abc import Sequence

INTEGER_REGISTERS = 6
"""Integers and pointers that every supported platform passes in registers, both VMContexts and the
return area included."""
VECTOR_REGISTERS = 8
"""Floats and vectors that it passes in registers besides."""
MAX_SIZE = TAIL_ARGUMENTS.size + 1000 * 16
"""Bytes of `TAIL_ARGUMENTS` with arguments: a function of Wasm has up to 1000 parameters."""
ENTRY_WORD_SIZE = 4
"""In an image with tail entries, a word before the entry of each Wasm function: the signed distance
from there to its tail entry, 0 if it has none."""


class TailPlan(FrozenRecord):
    """Where the parameters of a signature go."""

    integers: tuple[int, ...]
    """Indices of the parameters in integer registers, after the VMContexts and the return area."""
    vectors: tuple[int, ...]
    """Indices of the parameters in floating-point registers."""
    memory: tuple[tuple[int, int], ...]
    """(index, byte offset in `TAIL_ARGUMENTS`) of the others."""


def tail_parameters(sizes: Sequence[int], floats: Sequence[bool], has_area: bool) -> TailPlan:
    """The plan for parameters of these byte sizes; `floats` marks floats and vectors. Raises ValueError
    if the memory is too small for them."""
    integers: list[int] = []
    vectors: list[int] = []
    memory: list[tuple[int, int]] = []
    room = INTEGER_REGISTERS - RETURN_AREA_PARAMETER - has_area
    offset = TAIL_ARGUMENTS.size
    for index, is_float in enumerate(floats):
        if is_float and len(vectors) < VECTOR_REGISTERS:
            vectors.append(index)
        elif not is_float and len(integers) < room:
            integers.append(index)
        else:
            offset = align_up(offset, sizes[index])
            memory.append((index, offset))
            offset += sizes[index]
    if offset > MAX_SIZE:
        raise ValueError(f"a tail call cannot pass {len(floats)} parameters")
    return TailPlan(tuple(integers), tuple(vectors), tuple(memory))

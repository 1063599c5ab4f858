"""Where the results of a call go: registers or a return area (docs/abi.md, "Calling conventions").

Results of the wasm convention that do not fit the registers travel through a return area. Three
integers and two floats or vectors come back in registers on every target; a third float of LLVM's C
convention would go through x87 on x86-64 and lose the bits of a signalling NaN.
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import align_up

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_INTEGER_RESULTS = 3
MAX_FLOAT_RESULTS = 2
MAX_REGISTER_SIZE = 16
"""Bytes of the largest result that comes back in a register: a vector."""
RETURN_AREA_PARAMETER = 2
"""The return area of the wasm convention follows the two VMContexts, before the parameters: at a fixed
position, whatever the signature."""


class ReturnPlan(FrozenRecord):
    """Where the results of a signature go."""

    registers: tuple[int, ...]
    """Indices of the results that are returned in registers, in order."""
    memory: tuple[tuple[int, int], ...]
    """(index, byte offset in the return area) of the others."""
    area_size: int
    """Bytes of the return area; 0 if there is none."""


def wasm_returns(sizes: Sequence[int], floats: Sequence[bool]) -> ReturnPlan:
    """The wasm convention's plan for results of these byte sizes; `floats` marks floats and vectors."""
    registers: list[int] = []
    rest: list[int] = []
    integers = reals = 0
    for index, is_float in enumerate(floats):
        if sizes[index] > MAX_REGISTER_SIZE:
            rest.append(index)
        elif is_float and reals < MAX_FLOAT_RESULTS:
            reals += 1
            registers.append(index)
        elif not is_float and integers < MAX_INTEGER_RESULTS:
            integers += 1
            registers.append(index)
        else:
            rest.append(index)
    memory, size = _lay_out(rest, sizes)
    return ReturnPlan(tuple(registers), memory, size)


def native_returns(sizes: Sequence[int]) -> ReturnPlan:
    """The native convention's plan (`NativeRet`): the first result in a register, the others like a
    C structure at the return pointer."""
    memory, size = _lay_out(range(1, len(sizes)), sizes)
    return ReturnPlan((0,) if sizes else (), memory, size)


def _lay_out(
    indices: Sequence[int], sizes: Sequence[int]
) -> tuple[tuple[tuple[int, int], ...], int]:
    offset, largest = 0, 1
    places: list[tuple[int, int]] = []
    for index in indices:
        offset = align_up(offset, sizes[index])
        places.append((index, offset))
        offset += sizes[index]
        largest = max(largest, sizes[index])
    return tuple(places), align_up(offset, largest)

"""Number and vector types: what every room needs to know of one, once.

Each type exists once, so `is` compares types. Rooms that have Wasm modules use the objects; artifacts
and what runs them have the names, and `NUMBERS` gives the object of a name.
"""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Mapping


@final
class NumType:
    """A number or vector type: `i32`, `i64`, `f32`, `f64`, `v128`."""

    __slots__ = ("bits_format", "code", "format", "is_float", "name", "size")

    def __init__(self, name: str, code: int, size: int, format: str, bits_format: str):
        self.name = name
        self.code = code
        """The byte that stands for it in the binary format."""
        self.size = size
        """Bytes, in memory and in a register."""
        self.format = format
        """The `struct` code of a value of Python; empty for a vector."""
        self.bits_format = bits_format
        """The `struct` code of its bits as an unsigned integer; empty for a vector."""
        self.is_float = format in ("f", "d")
        """Whether it is passed in floating-point registers."""

    def __repr__(self) -> str:
        return self.name

    __str__ = __repr__

    @property
    def bits(self) -> int:
        """Its width."""
        return 8 * self.size


I32 = NumType("i32", 0x7F, 4, "i", "I")
I64 = NumType("i64", 0x7E, 8, "q", "Q")
F32 = NumType("f32", 0x7D, 4, "f", "I")
F64 = NumType("f64", 0x7C, 8, "d", "Q")
V128 = NumType("v128", 0x7B, 16, "", "")

NUMBERS: Mapping[str, NumType] = {t.name: t for t in (I32, I64, F32, F64)}
"""The number types by name."""
INTEGERS: Mapping[str, NumType] = {t.name: t for t in (I32, I64)}
"""The integer types by name."""

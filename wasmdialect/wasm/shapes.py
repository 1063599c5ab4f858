"""Lane shapes: the ways in which the 128 bits of a vector are read as lanes."""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """Equal lanes, lane 0 in the lowest bits."""

    name: str
    lane_bits: int
    is_float: bool

    @property
    def lanes(self) -> int:
        """How many there are."""
        return VECTOR_BITS // self.lane_bits

    @property
    def mask(self) -> int:
        """A lane with all bits set."""
        return (1 << self.lane_bits) - 1

    def split(self, vector: int) -> list[int]:
        """The bits of each lane."""
        bits, mask = self.lane_bits, self.mask
        return [(vector >> at) & mask for at in range(0, VECTOR_BITS, bits)]

    def join(self, lanes: list[int]) -> int:
        """The vector of these lanes; missing ones are zero."""
        vector = 0
        for index, lane in enumerate(lanes):
            vector |= lane << (self.lane_bits * index)
        return vector


VECTOR_BITS = 128

SHAPES: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape("i8x16", 8, False),
        Shape("i16x8", 16, False),
        Shape("i32x4", 32, False),
        Shape("i64x2", 64, False),
        Shape("f32x4", 32, True),
        Shape("f64x2", 64, True),
    )
}
"""The shapes by name."""

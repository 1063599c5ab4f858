"""What an analysis of a function can be asked about: a function of any dialect, or its region."""

from __future__ import annotations

from xdsl.ir import Operation, Region

Body = Operation | Region


def body_of(function: Body) -> Region:
    """The region with the blocks. Raises ValueError for an operation that does not have one region."""
    if isinstance(function, Region):
        return function
    if len(function.regions) != 1:
        raise ValueError(f"{function.name} has {len(function.regions)} regions, not one")
    return function.regions[0]

"""Code before it is bytes: nested lists, in which only locals and labels are not encoded yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, Union

Item: TypeAlias = bytes | tuple[int, Any]
"""Encoded instructions, or the opcode of one instruction and what it names: of a local the value or the
index, of a branch the label."""
Code: TypeAlias = list[Union[Item, "Code"]]
"""Items in order; parts may be lists, so code is put together without copying it."""


def flattened(code: Sequence[Item | Code]) -> Iterator[Item]:
    """The items in order, however deep the lists are nested."""
    stack: list[Iterator[Item | Code]] = [iter(code)]
    while stack:
        for part in stack[-1]:
            if isinstance(part, list):
                stack.append(iter(part))
                break
            yield part
        else:
            stack.pop()

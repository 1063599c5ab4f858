"""Calls of the native convention: arguments of known number types straight into registers.

The glue's `call_native` reads them from a block (`native.structures.CALL_BLOCK`); the return area
(docs/abi.md, "Calling conventions") follows the words for the stack.
"""

from __future__ import annotations

import ctypes
import struct
from functools import cache
from typing import Any, NamedTuple

from wasmdialect.abi.returns import ReturnPlan, native_returns
from wasmdialect.runtime.native.structures import (
    CALL_BLOCK,
    FLOAT_REGISTERS,
    INTEGER_REGISTERS,
    WORD_SIZE,
)
from wasmdialect.runtime.values import convert_number
from wasmdialect.types import FuncType, ValType

_STACK_AT = CALL_BLOCK["stack"]
_BOTH_VMCONTEXTS = struct.Struct("<QQ")


class _Run(NamedTuple):
    """Parameters that are adjacent in the block."""

    place: int
    indices: tuple[int, ...]
    form: struct.Struct


class TypedCall:
    """The calling sequence of a signature of numbers."""

    def __init__(self, signature: FuncType):
        self.params = signature.params
        places, words = _parameter_places(signature.params)
        plan = native_returns([t.size for t in signature.results])
        self.area_at = _STACK_AT + WORD_SIZE * words
        self.return_pointer_at: int | None = None
        if plan.area_size:
            pointer, words = _next_integer(signature.params, words)
            self.return_pointer_at = pointer
            self.area_at = _STACK_AT + WORD_SIZE * words
        self.words = words
        self.size = self.area_at + plan.area_size
        self._runs = _runs(signature.params, places)
        self._results = [
            (struct.Struct(f"<{t.format}").unpack_from, at)
            for t, at in zip(signature.results, self._result_places(signature, plan), strict=True)
        ]
        self._free: list[Any] = []

    def _result_places(self, signature: FuncType, plan: ReturnPlan) -> list[int]:
        offsets = dict(plan.memory)
        return [
            self.area_at + offsets[index]
            if index in offsets
            else CALL_BLOCK["float_result" if t.is_float else "integer_result"]
            for index, t in enumerate(signature.results)
        ]

    def block(self, values: tuple[Any, ...], vmctx: int) -> Any:
        """Memory for a call with these arguments. Raises TypeError, OverflowError."""
        converted = [convert_number(v, t) for v, t in zip(values, self.params, strict=True)]
        block = self._free.pop() if self._free else self._new_block()
        _BOTH_VMCONTEXTS.pack_into(block, CALL_BLOCK["integers"], vmctx, vmctx)
        for place, indices, form in self._runs:
            form.pack_into(block, place, *[converted[i] for i in indices])
        return block

    def _new_block(self) -> Any:
        block = ctypes.create_string_buffer(self.size)
        struct.pack_into("<Q", block, CALL_BLOCK["stack_count"], self.words)
        if self.return_pointer_at is not None:
            area = ctypes.addressof(block) + self.area_at
            struct.pack_into("<Q", block, self.return_pointer_at, area)
        return block

    def results(self, block: Any) -> list[Any]:
        """The results of the call for which a block was used."""
        return [unpack(block, at)[0] for unpack, at in self._results]

    def give_back(self, block: Any) -> None:
        """Release a block for reuse."""
        self._free.append(block)


@cache
def typed_call(signature: FuncType) -> TypedCall:
    """The calling sequence of a signature of numbers."""
    return TypedCall(signature)


def _parameter_places(params: tuple[ValType, ...]) -> tuple[list[int], int]:
    """Offset of each parameter in the block, and how many words are on the stack."""
    places: list[int] = []
    integers, floats, words = 2, 0, 0
    for t in params:
        if t.is_float and floats < FLOAT_REGISTERS:
            places.append(CALL_BLOCK["floats"] + WORD_SIZE * floats)
            floats += 1
        elif not t.is_float and integers < INTEGER_REGISTERS:
            places.append(CALL_BLOCK["integers"] + WORD_SIZE * integers)
            integers += 1
        else:
            places.append(_STACK_AT + WORD_SIZE * words)
            words += 1
    return places, words


def _next_integer(params: tuple[ValType, ...], words: int) -> tuple[int, int]:
    """Where one more integer goes, and how many words are on the stack then."""
    integers = 2 + sum(not t.is_float for t in params)
    if integers < INTEGER_REGISTERS:
        return CALL_BLOCK["integers"] + WORD_SIZE * integers, words
    return _STACK_AT + WORD_SIZE * words, words + 1


def _runs(params: tuple[ValType, ...], places: list[int]) -> list[_Run]:
    """Parameters that are adjacent in the block, packed together."""
    runs: list[_Run] = []
    for index in sorted(range(len(params)), key=places.__getitem__):
        word, last = _word(params[index]), runs[-1] if runs else None
        if last is not None and last.place + last.form.size == places[index]:
            joined = struct.Struct(last.form.format + word)
            runs[-1] = _Run(last.place, (*last.indices, index), joined)
        else:
            runs.append(_Run(places[index], (index,), struct.Struct(f"<{word}")))
    return runs


def _word(t: ValType) -> str:
    """How a value is packed into a word."""
    return f"{t.format}{WORD_SIZE - t.size}x"

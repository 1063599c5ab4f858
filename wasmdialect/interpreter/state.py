"""The state that instances have and share: memories, tables, globals, tags, functions, exceptions.

A number or vector is an unsigned `int` of its bits. A reference is None for null, a `WasmFunction` or
`HostFunction`, an `ExceptionValue`, or any object of the host.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Condition
from typing import TYPE_CHECKING, Any, TypeAlias

from wasmdialect.abi.reservation import RESERVATION, WASM_PAGE_LOG2

if TYPE_CHECKING:
    from wasmdialect.dialects import wasmir
    from wasmdialect.interpreter.instance import Instance
    from wasmdialect.interpreter.translate import Code
    from wasmdialect.types import DefType, RefType, ValType

Value: TypeAlias = Any
"""The bits of a number, or a reference."""

MAXIMUM_64_BIT = 16 << 30
"""Bytes that a 64-bit memory without a smaller maximum can have, as in the runtime."""
MAXIMUM_ELEMENTS = 10_000_000
"""Elements that a table without a smaller maximum can have, as in the runtime."""
_NORESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000)


class Memory:
    """A linear memory. Pages that nothing has written to take no space."""

    def __init__(
        self,
        minimum: int,
        maximum: int | None,
        *,
        is_64: bool = False,
        page_size_log2: int = WASM_PAGE_LOG2,
        shared: bool = False,
    ):
        """`minimum` and `maximum` are pages. Raises MemoryError."""
        self.maximum = maximum
        self.is_64 = is_64
        self.page_size_log2 = page_size_log2
        self.shared = shared
        self.length = minimum << page_size_log2
        self.waiting = Condition()
        """Threads that wait for a notification; also makes atomic accesses atomic."""
        self.waiters: list[list[int]] = []
        """The addresses that they wait at, in the order in which they came."""
        try:
            self.bytes = mmap.mmap(
                -1, _whole_pages(self.length), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
            )
        except OSError as error:
            raise MemoryError(f"a memory of {minimum} pages: {error}") from None

    @property
    def size(self) -> int:
        """Pages."""
        return self.length >> self.page_size_log2

    def grow(self, delta: int) -> int | None:
        """Add pages; returns the old size, or None if that is not possible."""
        old = self.size
        length = (old + delta) << self.page_size_log2
        most = MAXIMUM_64_BIT if self.is_64 else RESERVATION
        if length > most or (self.maximum is not None and old + delta > self.maximum):
            return None
        capacity = _whole_pages(length)
        if capacity > len(self.bytes):
            try:
                self.bytes.resize(capacity)
            except OSError:
                return None
        self.length = length
        return old


def _whole_pages(length: int) -> int:
    return max(-(-length // mmap.PAGESIZE), 1) * mmap.PAGESIZE


class Table:
    """A table of references."""

    def __init__(
        self,
        type: RefType,
        minimum: int,
        maximum: int | None,
        *,
        is_64: bool = False,
        init: Value = None,
    ):
        """Raises MemoryError if it would be too large."""
        if minimum > MAXIMUM_ELEMENTS:
            raise MemoryError(f"a table of {minimum} elements is too large")
        self.type = type
        self.maximum = maximum
        self.is_64 = is_64
        self.elements: list[Value] = [init] * minimum

    def grow(self, delta: int, value: Value) -> int | None:
        """Add elements; returns the old size, or None if that is not possible."""
        old = len(self.elements)
        most = MAXIMUM_ELEMENTS if self.maximum is None else min(self.maximum, MAXIMUM_ELEMENTS)
        if old + delta > most:
            return None
        self.elements += [value] * delta
        return old


@dataclass(eq=False, slots=True)
class Global:
    """A global variable."""

    type: ValType
    mutable: bool
    value: Value


@dataclass(eq=False, slots=True)
class Tag:
    """A kind of exceptions, different from all others."""

    type: DefType


@dataclass(eq=False, slots=True)
class ExceptionValue:
    """An exception."""

    tag: Tag
    values: tuple[Value, ...]


@dataclass(eq=False, slots=True)
class WasmFunction:
    """A function of an instance."""

    type: DefType
    instance: Instance
    op: wasmir.FuncOp
    code: Code | None = None
    """Its translation, once it has been called."""

    @property
    def name(self) -> str:
        """Its symbol."""
        return self.op.sym_name.data


@dataclass(eq=False, slots=True)
class HostFunction:
    """A function of the host: gets the arguments, returns the results. It may raise Trapped, or
    Uncaught for an exception that it throws."""

    type: DefType
    call: Callable[..., Sequence[Value]]
    name: str = "host function"


Function: TypeAlias = WasmFunction | HostFunction
Extern: TypeAlias = WasmFunction | HostFunction | Memory | Table | Global | Tag
"""What can be imported and exported."""


@dataclass(eq=False, slots=True)
class Segment:
    """A data or element segment: empty once it has been dropped."""

    content: Sequence[Any] = field(default=())

    def drop(self) -> None:
        """Nothing is in it from now on."""
        self.content = ()

"""Types of what is imported and exported: limits, memories, tables, globals, tags."""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.types.defined import DefType
from wasmdialect.types.values import I32, I64, NumType

if TYPE_CHECKING:
    from typing import TypeAlias

    from wasmdialect.types.values import RefType, ValType


@final
class Limits(FrozenRecord):
    """Size range of a memory (in pages) or table (in elements); no `maximum` means unbounded."""

    minimum: int
    maximum: int | None = None

    def __str__(self) -> str:
        return str(self.minimum) if self.maximum is None else f"{self.minimum} {self.maximum}"


@final
class MemoryType(FrozenRecord):
    """A linear memory: its limits in pages of `1 << page_size_log2` bytes and its address type."""

    limits: Limits
    address: NumType = I32
    shared: bool = False
    page_size_log2: int = WASM_PAGE_LOG2
    page_size_written: bool = False
    """Whether a module states the page size: it need not, if it is the usual one."""

    def __str__(self) -> str:
        address = "i64 " if self.address is I64 else ""
        shared = " shared" if self.shared else ""
        page = f" (pagesize {1 << self.page_size_log2})" if self.page_size_written else ""
        return f"{address}{self.limits}{shared}{page}"


@final
class TableType(FrozenRecord):
    """A table: its element type, its limits in elements and its address type."""

    element: RefType
    limits: Limits
    address: NumType = I32

    def __str__(self) -> str:
        address = "i64 " if self.address is I64 else ""
        return f"{address}{self.limits} {self.element}"


@final
class GlobalType(FrozenRecord):
    """A global variable."""

    value: ValType
    mutable: bool

    def __str__(self) -> str:
        return f"(mut {self.value})" if self.mutable else str(self.value)


@final
class TagType(FrozenRecord):
    """An exception tag: the function type whose parameters are the exception's values."""

    type: DefType


ExternType: TypeAlias = DefType | TableType | MemoryType | GlobalType | TagType
"""The type of an import or export; a `DefType` is a function."""

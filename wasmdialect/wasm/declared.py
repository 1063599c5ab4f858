"""A pass's view of a module's declarations: entities without bodies, in the order of their indices.

Types are written as in the text format (`i32`, `funcref`); `symbol` is the entity's name in wasmir. The
builder takes an entity wherever it takes a symbol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


class DeclarationError(Exception):
    """A pass declares something twice, or something impossible."""


@dataclass(frozen=True, slots=True)
class _Declared:
    index: int
    """The index in its index space."""
    symbol: str
    """Its name in wasmir, unique in the module."""
    name: str | None
    """Its name in the module's name section, which need not be unique."""
    imported: tuple[str, str] | None
    """Module and name it is imported from, None for a definition."""
    exports: tuple[str, ...]
    """The names it is exported under."""

    def __index__(self) -> int:
        return self.index


@dataclass(frozen=True, slots=True)
class DeclaredFunction(_Declared):
    """A function of the module."""

    params: tuple[str, ...]
    results: tuple[str, ...]
    code_size: int | None = None
    """Bytes of its body in the module; None if it has none there."""


@dataclass(frozen=True, slots=True)
class DeclaredGlobal(_Declared):
    """A global of the module."""

    type: str
    mutable: bool


@dataclass(frozen=True, slots=True)
class DeclaredMemory(_Declared):
    """A linear memory of the module; the limits are pages."""

    address_type: str
    minimum: int
    maximum: int | None
    page_size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class DeclaredTable(_Declared):
    """A table of the module; the limits are elements."""

    element_type: str
    minimum: int
    maximum: int | None


Declared: TypeAlias = DeclaredFunction | DeclaredGlobal | DeclaredMemory | DeclaredTable

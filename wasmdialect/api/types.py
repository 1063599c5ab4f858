"""Types at the API: ValType, FuncType, GlobalType, Limits, TableType, MemoryType, imports, exports."""

from __future__ import annotations

from wasmdialect._records import FrozenRecord, Record
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.signatures import Signature

if TYPE_CHECKING:
    from typing import TypeAlias


@final
class ValType:
    """The type of a value. Created by the class methods, compared with `==`."""

    __slots__ = ("_name",)
    _name: str

    def __init__(self) -> None:
        raise WasmtimeError("cannot construct directly")

    @classmethod
    def from_name(cls, name: str) -> ValType:
        """The type of a name of the text format."""
        self = cls.__new__(cls)
        self._name = name
        return self

    @classmethod
    def i32(cls) -> ValType:
        """32-bit integer."""
        return cls.from_name("i32")

    @classmethod
    def i64(cls) -> ValType:
        """64-bit integer."""
        return cls.from_name("i64")

    @classmethod
    def f32(cls) -> ValType:
        """32-bit float."""
        return cls.from_name("f32")

    @classmethod
    def f64(cls) -> ValType:
        """64-bit float."""
        return cls.from_name("f64")

    @classmethod
    def externref(cls) -> ValType:
        """A reference to any Python object."""
        return cls.from_name("externref")

    @classmethod
    def funcref(cls) -> ValType:
        """A reference to a function."""
        return cls.from_name("funcref")

    @property
    def name(self) -> str:
        """The name in the text format."""
        return self._name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ValType) and self._name == other._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __str__(self) -> str:
        return self._name

    __repr__ = __str__


def _check_types(types: list[ValType]) -> None:
    if not all(isinstance(t, ValType) for t in types):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("expected ValType")


@final
class FuncType:
    """Parameter and result types of a function."""

    def __init__(self, params: list[ValType], results: list[ValType]):
        _check_types(params)
        _check_types(results)
        self.signature = Signature(tuple(t.name for t in params), tuple(t.name for t in results))

    @classmethod
    def from_signature(cls, signature: Signature) -> FuncType:
        """The type of a signature."""
        self = cls.__new__(cls)
        self.signature = signature
        return self

    @property
    def params(self) -> list[ValType]:
        """The parameter types."""
        return [ValType.from_name(name) for name in self.signature.params]

    @property
    def results(self) -> list[ValType]:
        """The result types."""
        return [ValType.from_name(name) for name in self.signature.results]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FuncType) and self.signature == other.signature

    def __hash__(self) -> int:
        return hash(self.signature)

    def __repr__(self) -> str:
        return f"FuncType({self.signature})"


@final
class Limits(Record):
    """A range of sizes; no `max` means unbounded."""

    min: int
    max: int | None = None


@final
class GlobalType(FrozenRecord):
    """Content type and mutability of a global."""

    content: ValType
    mutable: bool


@final
class TableType(Record):
    """Element type and limits of a table."""

    element: ValType
    limits: Limits
    is_64: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.limits, Limits):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected Limits")


@final
class MemoryType(Record):
    """Limits, in pages, and kind of a memory."""

    limits: Limits
    is_64: bool = False
    shared: bool = False
    page_size_log2: int = WASM_PAGE_LOG2

    def __post_init__(self) -> None:
        if not isinstance(self.limits, Limits):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected Limits")
        bound = 1 << ((64 if self.is_64 else 32) - self.page_size_log2)
        if self.limits.min > bound:
            raise WasmtimeError("minimum size too large")
        if self.limits.max is not None and self.limits.max > bound:
            raise WasmtimeError("maximum size too large")

    @property
    def is_shared(self) -> bool:
        """Whether threads may share it."""
        return self.shared

    @property
    def page_size(self) -> int:
        """Bytes of a page."""
        return 1 << self.page_size_log2


ExternType: TypeAlias = FuncType | TableType | MemoryType | GlobalType


@final
class ImportType(FrozenRecord):
    """An import of a module: its source and its type."""

    module: str
    name: str
    type: ExternType


@final
class ExportType(FrozenRecord):
    """An export of a module."""

    name: str
    type: ExternType

"""Types at the API: ValType, FuncType, GlobalType, Limits, TableType, MemoryType, imports, exports."""

from __future__ import annotations

from wasmdialect import types as wt
from wasmdialect._records import FrozenRecord, Record
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.runtime.memory import MemoryShape
from wasmdialect.runtime.values import type_text

if TYPE_CHECKING:
    from typing import TypeAlias


@final
class ValType:
    """The type of a value. Created by the class methods, compared with `==`."""

    __slots__ = ("value_type",)
    value_type: wt.ValType

    def __init__(self) -> None:
        raise WasmtimeError("cannot construct directly")

    @classmethod
    def of(cls, value_type: wt.ValType) -> ValType:
        """The type of this API for one of the package."""
        self = cls.__new__(cls)
        self.value_type = value_type
        return self

    @classmethod
    def i32(cls) -> ValType:
        """32-bit integer."""
        return cls.of(wt.I32)

    @classmethod
    def i64(cls) -> ValType:
        """64-bit integer."""
        return cls.of(wt.I64)

    @classmethod
    def f32(cls) -> ValType:
        """32-bit float."""
        return cls.of(wt.F32)

    @classmethod
    def f64(cls) -> ValType:
        """64-bit float."""
        return cls.of(wt.F64)

    @classmethod
    def v128(cls) -> ValType:
        """128-bit vector."""
        return cls.of(wt.V128)

    @classmethod
    def externref(cls) -> ValType:
        """A reference to any Python object."""
        return cls.of(wt.EXTERNREF)

    @classmethod
    def funcref(cls) -> ValType:
        """A reference to a function."""
        return cls.of(wt.FUNCREF)

    @property
    def name(self) -> str:
        """The name in the text format."""
        return self.value_type.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ValType) and self.value_type is other.value_type

    def __hash__(self) -> int:
        return hash(self.value_type)

    def __str__(self) -> str:
        return self.value_type.name

    __repr__ = __str__


def _check_types(types: list[ValType]) -> None:
    for t in types:
        if not isinstance(t, ValType):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected ValType")


@final
class FuncType:
    """Parameter and result types of a function."""

    def __init__(self, params: list[ValType], results: list[ValType]):
        _check_types(params)
        _check_types(results)
        self.definition = wt.func_def_type(
            [t.value_type for t in params], [t.value_type for t in results]
        )

    @classmethod
    def from_definition(cls, definition: wt.DefType) -> FuncType:
        """The type of this API for one of the package."""
        self = cls.__new__(cls)
        self.definition = definition
        return self

    @property
    def signature(self) -> wt.FuncType:
        """The value types of the package."""
        assert isinstance(self.definition.composite, wt.FuncType)
        return self.definition.composite

    @property
    def params(self) -> list[ValType]:
        """The parameter types."""
        return [*map(ValType.of, self.signature.params)]

    @property
    def results(self) -> list[ValType]:
        """The result types."""
        return [*map(ValType.of, self.signature.results)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FuncType) and self.definition is other.definition

    def __hash__(self) -> int:
        return hash(self.definition)

    def __repr__(self) -> str:
        return f"FuncType({type_text(self.definition)})"


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
        if self.shared and self.limits.max is None:
            raise WasmtimeError("shared memories must have a maximum size")
        if self.limits.max is not None and self.limits.max < self.limits.min:
            raise WasmtimeError("maximum page size cannot be smaller than the minimum page size")

    @property
    def is_shared(self) -> bool:
        """Whether threads may share it."""
        return self.shared

    @property
    def page_size(self) -> int:
        """Bytes of a page."""
        return 1 << self.page_size_log2


def memory_shape(t: MemoryType) -> MemoryShape:
    """What the runtime makes a memory of a type from."""
    return MemoryShape(t.limits.min, t.limits.max, is_64=t.is_64, page_size_log2=t.page_size_log2)


@final
class TagType(FrozenRecord):
    """The type of a tag: the parameters of the function type are the payload of an exception."""

    functype: FuncType

    def __post_init__(self) -> None:
        if not isinstance(self.functype, FuncType):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected a FuncType")


ExternType: TypeAlias = FuncType | TableType | MemoryType | GlobalType | TagType


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

"""Value types, reference types and heap types, interned: two equal types are the same object, so
`is` compares them. A type knows its size, how Python packs it, and its class of registers.
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from wasmdialect.types.defined import HeapType, TypeRef


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
        """The `struct` code of a value of Python; of a vector, its bytes."""
        self.bits_format = bits_format
        """The `struct` code of its bits as an unsigned integer; of a vector, its bytes."""
        self.is_float = format in ("f", "d", "16s")
        """Whether it is passed in floating-point registers, as vectors are."""

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
V128 = NumType("v128", 0x7B, 16, "16s", "16s")

NUMBERS: Mapping[str, NumType] = {t.name: t for t in (I32, I64, F32, F64)}
"""The number types by name."""
INTEGERS: Mapping[str, NumType] = {t.name: t for t in (I32, I64)}
"""The integer types by name."""

NUM_TYPES: Mapping[int, NumType] = {t.code: t for t in (*NUMBERS.values(), V128)}
"""Number and vector types by their byte in the binary format."""
BOT = NumType("bot", 0, 0, "", "")
"""The type of a value popped from an unreachable stack; never written in a module."""


@final
class AbstractHeapType:
    """A heap type that is a word of the language: `func`, `any`, `none`, ..."""

    __slots__ = ("code", "name")

    def __init__(self, name: str, code: int):
        self.name = name
        self.code = code
        """Its byte in the binary format."""

    def __repr__(self) -> str:
        return self.name

    __str__ = __repr__


NOEXN = AbstractHeapType("noexn", 0x74)
NOFUNC = AbstractHeapType("nofunc", 0x73)
NOEXTERN = AbstractHeapType("noextern", 0x72)
NONE = AbstractHeapType("none", 0x71)
FUNC = AbstractHeapType("func", 0x70)
EXTERN = AbstractHeapType("extern", 0x6F)
ANY = AbstractHeapType("any", 0x6E)
EQ = AbstractHeapType("eq", 0x6D)
I31 = AbstractHeapType("i31", 0x6C)
STRUCT = AbstractHeapType("struct", 0x6B)
ARRAY = AbstractHeapType("array", 0x6A)
EXN = AbstractHeapType("exn", 0x69)

ABSTRACT_HEAP_TYPES = {
    t.code: t
    for t in (
        NOEXN, NOFUNC, NOEXTERN, NONE, FUNC, EXTERN, ANY, EQ, I31, STRUCT, ARRAY, EXN,
    )
}  # fmt: skip

BOT_HEAP = AbstractHeapType("bot", 0)
"""The heap type of a reference of unknown type, popped from an unreachable stack: it matches every
heap type, but a reference to it is not a number. Never written in a module."""


@final
class RecRef(FrozenRecord):
    """A reference to a member of the recursion group that is being defined, by its position."""

    index: int

    def __str__(self) -> str:
        return f"rec.{self.index}"


@final
class TypeIndex(FrozenRecord):
    """A heap type as a module writes it: an index into its type section. Declarations keep it for
    the printer and the encoder; everything else works on the corresponding `DefType`."""

    index: int

    def __str__(self) -> str:
        return str(self.index)


@final
class ExactType:
    """The heap type `(exact t)` of the custom-descriptors proposal: `t`, but none of its subtypes.
    Made by `exact`, which interns it."""

    __slots__ = ("type",)

    def __init__(self, t: TypeRef):
        self.type = t

    def __repr__(self) -> str:
        return f"(exact {self.type})"

    __str__ = __repr__


_EXACT_TYPES: dict[TypeRef, ExactType] = {}


def exact(t: TypeRef) -> ExactType:
    """The one `ExactType` object of a type."""
    return _EXACT_TYPES.get(t) or _EXACT_TYPES.setdefault(t, ExactType(t))


@final
class RefType:
    """A reference type. Made by `ref_type`, which interns it."""

    __slots__ = ("heap", "nullable")

    size = 8
    """Bytes: references are pointers."""
    format = bits_format = "Q"
    """The `struct` code of the pointer."""
    is_float = False
    """They are passed in integer registers."""

    def __init__(self, nullable: bool, heap: HeapType):
        self.nullable = nullable
        self.heap = heap

    @property
    def name(self) -> str:
        """The text form, shortened where the language has a word for it."""
        if self.nullable and self.heap in _SHORTHANDS:
            return _SHORTHANDS[self.heap]
        return f"(ref null {self.heap})" if self.nullable else f"(ref {self.heap})"

    def __repr__(self) -> str:
        return self.name

    __str__ = __repr__


ValType: TypeAlias = NumType | RefType

_REF_TYPES: dict[tuple[bool, HeapType], RefType] = {}


def ref_type(nullable: bool, heap: HeapType) -> RefType:
    """The one `RefType` object with these parts."""
    key = (nullable, heap)
    return _REF_TYPES.get(key) or _REF_TYPES.setdefault(key, RefType(nullable, heap))


_SHORTHANDS: dict[HeapType, str] = {
    FUNC: "funcref",
    EXTERN: "externref",
    ANY: "anyref",
    EQ: "eqref",
    I31: "i31ref",
    STRUCT: "structref",
    ARRAY: "arrayref",
    EXN: "exnref",
    NONE: "nullref",
    NOFUNC: "nullfuncref",
    NOEXTERN: "nullexternref",
    NOEXN: "nullexnref",
}

FUNCREF = ref_type(True, FUNC)
EXTERNREF = ref_type(True, EXTERN)
EXNREF = ref_type(True, EXN)
SHORTHAND_REF_TYPES = {name: ref_type(True, heap) for heap, name in _SHORTHANDS.items()}
VALUE_TYPES: Mapping[str, ValType] = {
    **{t.name: t for t in NUM_TYPES.values()},
    **SHORTHAND_REF_TYPES,
}
"""The value types that are one word of the text format."""


@final
class PackedType:
    """A storage type that is not a value type: `i8` or `i16`."""

    __slots__ = ("code", "name", "size")

    def __init__(self, name: str, code: int, size: int):
        self.name = name
        self.code = code
        self.size = size

    def __repr__(self) -> str:
        return self.name

    __str__ = __repr__


I8 = PackedType("i8", 0x78, 1)
I16 = PackedType("i16", 0x77, 2)
PACKED_TYPES = {t.code: t for t in (I8, I16)}

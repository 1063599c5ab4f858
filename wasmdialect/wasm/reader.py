"""Reading the primitive pieces of the binary format: integers, names, types, limits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from wasmdialect import types as wt
from wasmdialect.abi.reservation import WASM_PAGE_LOG2
from wasmdialect.wasm.errors import DecodeError, ValidationError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.leb128 import decode_signed, decode_unsigned

REF_NULL, REF, EXACT = 0x63, 0x64, 0x62
_HAS_MAXIMUM, _SHARED, _ADDRESS_64, _PAGE_SIZE = 1, 2, 4, 8
MAX_PARAMS_AND_RESULTS = 1000
"""Implementation limit, of each (the one of web engines and of Wasmtime)."""

_TABLE_FLAGS = {_HAS_MAXIMUM: Feature.MVP, _ADDRESS_64: Feature.MEMORY64}
_MEMORY_FLAGS = {
    **_TABLE_FLAGS,
    _SHARED: Feature.THREADS,
    _PAGE_SIZE: Feature.CUSTOM_PAGE_SIZES,
}
"""The flags of limits, and the feature of each."""

_ONE_BYTE_TYPES: dict[int, tuple[wt.ValType, Feature]] = {
    **{t.code: (t, Feature.MVP) for t in wt.NUM_TYPES.values()},
    wt.V128.code: (wt.V128, Feature.SIMD),
    **{t.code: (wt.ref_type(True, t), Feature.GC) for t in wt.ABSTRACT_HEAP_TYPES.values()},
    **{t.code: (wt.ref_type(True, t), Feature.REFERENCE_TYPES) for t in (wt.FUNC, wt.EXTERN)},
    **{t.code: (wt.ref_type(True, t), Feature.EXCEPTIONS) for t in (wt.EXN, wt.NOEXN)},
}
"""The value types that are written as one byte, and the feature of each."""


@cache
def _one_byte_types(features: frozenset[Feature]) -> dict[int, wt.ValType]:
    """Those that `features` allow."""
    return {code: t for code, (t, feature) in _ONE_BYTE_TYPES.items() if feature in features}


class Reader:
    """A position in the bytes of a module.

    `types` are the defined types that indices are resolved to; None keeps them as `TypeIndex`.
    Every method raises DecodeError, and ValidationError for a type index that is out of range.
    """

    def __init__(
        self,
        data: bytes | memoryview,
        pos: int,
        features: frozenset[Feature],
        types: Sequence[wt.DefType] | None = None,
    ):
        self.data = data
        self.pos = pos
        self.features = features
        self.types = types
        self.one_byte_types = _one_byte_types(features)

    def error(self, message: str, offset: int | None = None) -> DecodeError:
        """An error at `offset`, or here."""
        return DecodeError(message, offset=self.pos if offset is None else offset)

    def end_error(self) -> DecodeError:
        """The error of a read beyond the data."""
        return self.error("unexpected end of section or function", len(self.data))

    def require(self, feature: Feature, what: str, at: int) -> None:
        """Raise DecodeError unless a feature is enabled."""
        if feature not in self.features:
            raise self.error(f"{what}: it needs the feature {feature.value}", at)

    def byte(self) -> int:
        """The next byte."""
        if self.pos >= len(self.data):
            raise self.end_error()
        value = self.data[self.pos]
        self.pos += 1
        return value

    def take(self, size: int) -> memoryview:
        """The next `size` bytes."""
        if size > len(self.data) - self.pos:
            raise self.end_error()
        start = self.pos
        self.pos += size
        return memoryview(self.data)[start : self.pos]

    def fixed(self, size: int) -> int:
        """A little-endian integer of `size` bytes."""
        if size > len(self.data) - self.pos:
            raise self.end_error()
        return int.from_bytes(self.take(size), "little")

    def unsigned(self, bits: int) -> int:
        """An unsigned LEB128 integer."""
        try:
            pos = self.pos
            first = self.data[pos]
            if first < 0x80:
                self.pos = pos + 1
                return first
            second = self.data[pos + 1]
            if second < 0x80:
                self.pos = pos + 2
                return first & 0x7F | second << 7
            value, self.pos = decode_unsigned(self.data, pos, bits)
        except IndexError:
            raise self.end_error() from None
        return value

    def signed(self, bits: int) -> int:
        """A signed LEB128 integer."""
        try:
            pos = self.pos
            first = self.data[pos]
            if first < 0x80:
                self.pos = pos + 1
                return first if first < 0x40 else first - 0x80
            value, self.pos = decode_signed(self.data, pos, bits)
        except IndexError:
            raise self.end_error() from None
        return value

    def u32(self) -> int:
        """An unsigned LEB128 integer of 32 bits."""
        return self.unsigned(32)

    def count(self) -> int:
        """The length of a vector; each of its items takes at least one byte."""
        at = self.pos
        value = self.u32()
        if value > len(self.data) - self.pos:
            raise self.error("unexpected end of section or function", at)
        return value

    def name(self) -> str:
        """A UTF-8 name."""
        size = self.u32()
        at = self.pos
        if size > len(self.data) - at:
            raise self.error("length out of bounds", at)
        data = self.take(size)
        try:
            return str(data, "utf-8")
        except UnicodeDecodeError:
            raise self.error("malformed UTF-8 encoding", at) from None

    def type_index(self) -> int:
        """An index into the type section."""
        at = self.pos
        index = self.u32()
        if self.types is not None and index >= len(self.types):
            raise ValidationError(f"unknown type {index}", offset=at)
        return index

    def _resolve(self, index: int, at: int) -> wt.TypeRef:
        if self.types is None:
            return wt.TypeIndex(index)
        if index >= len(self.types):
            raise ValidationError(f"unknown type {index}", offset=at)
        return self.types[index]

    def heap_type(self, what: str = "malformed heap type") -> wt.HeapType:
        """A heap type: a word or a type index; `what` is the error if it is not one."""
        at = self.pos
        code = self.signed(33)
        if code >= 0:
            return self._resolve(code, at)
        if code & 0x7F == EXACT and Feature.CUSTOM_DESCRIPTORS in self.features:
            index = self.signed(33)
            if index < 0:
                raise self.error(what, at)
            return wt.exact(self._resolve(index, at + 1))
        known = wt.ABSTRACT_HEAP_TYPES.get(code & 0x7F) if code >= -0x40 else None
        if known is None:
            raise self.error(what, at)
        return known

    def ref_type(self) -> wt.RefType:
        """A reference type."""
        at = self.pos
        code = self.byte()
        if code == wt.FUNC.code:  # a table's element type in every version
            return wt.FUNCREF
        found = self._reference(code, "malformed heap type")
        if found is None:
            raise self.error("malformed reference type", at)
        return found

    def _reference(self, code: int, what: str) -> wt.RefType | None:
        if code == REF_NULL or code == REF:
            self.require(Feature.FUNCTION_REFERENCES, "malformed reference type", self.pos - 1)
            return wt.ref_type(code == REF_NULL, self.heap_type(what))
        found = self.one_byte_types.get(code)
        return found if isinstance(found, wt.RefType) else None

    def value_type(self, what: str = "malformed value type") -> wt.ValType:
        """A value type; `what` is the error if it is not one."""
        at = self.pos
        code = self.byte()
        found = self.one_byte_types.get(code) or self._reference(code, what)
        if found is None:
            feature = _ONE_BYTE_TYPES[code][1] if code in _ONE_BYTE_TYPES else Feature.MVP
            self.require(feature, what, at)
            raise self.error(what, at)
        return found

    def block_type(self) -> wt.FuncType | wt.TypeIndex:
        """The type of a block; resolved to a function type unless indices are kept."""
        at = self.pos
        if at >= len(self.data):
            raise self.end_error()
        code = self.data[at]
        if code == 0x40:
            self.pos += 1
            return EMPTY_BLOCK
        if code & 0xC0 == 0x40:  # a negative number in one byte: a value type
            return single_result(self.value_type("malformed block type"))
        index = self.signed(33)
        if index < 0:
            raise self.error("malformed block type", at)
        self.require(Feature.MULTI_VALUE, "malformed block type", at)
        if self.types is None:
            return wt.TypeIndex(index)
        resolved = self._resolve(index, at)
        assert isinstance(resolved, wt.DefType)
        if not isinstance(resolved.composite, wt.FuncType):
            raise ValidationError(f"unknown type {index}: not a function type", offset=at)
        return resolved.composite

    def mutability(self) -> bool:
        """Whether a field or global is mutable."""
        at = self.pos
        flag = self.byte()
        if flag > 1:
            raise self.error("malformed mutability", at)
        return flag == 1

    def storage_type(self) -> wt.StorageType:
        """A value type or packed type."""
        if self.pos < len(self.data):
            packed = wt.PACKED_TYPES.get(self.data[self.pos])
            if packed is not None:
                self.pos += 1
                return packed
        return self.value_type("malformed storage type")

    def field_type(self) -> wt.FieldType:
        """A struct field or array element."""
        storage = self.storage_type()
        return wt.FieldType(storage, self.mutability())

    def func_type(self) -> wt.FuncType:
        """Parameters and results."""
        at = self.pos
        params = tuple(self.value_type() for _ in range(self.count()))
        if len(params) > MAX_PARAMS_AND_RESULTS:
            raise self.error("too many parameters", at)
        at = self.pos
        results = tuple(self.value_type() for _ in range(self.count()))
        if len(results) > MAX_PARAMS_AND_RESULTS:
            raise self.error("too many results", at)
        if len(results) > 1:
            self.require(Feature.MULTI_VALUE, "invalid result arity", at)
        return wt.FuncType(params, results)

    def table_type(self) -> wt.TableType:
        """A table type."""
        element = self.ref_type()
        at = self.pos
        flags = self.byte()
        self._check_flags(flags, at, _TABLE_FLAGS)
        limits = self._limits(flags)
        address = wt.I64 if flags & _ADDRESS_64 else wt.I32
        return wt.TableType(element, limits, address)

    def memory_type(self) -> wt.MemoryType:
        """A memory type."""
        at = self.pos
        flags = self.byte()
        self._check_flags(flags, at, _MEMORY_FLAGS)
        limits = self._limits(flags)
        address = wt.I64 if flags & _ADDRESS_64 else wt.I32
        page_size_log2 = WASM_PAGE_LOG2
        if flags & _PAGE_SIZE:
            at = self.pos
            page_size_log2 = self.u32()
            if page_size_log2 >= 64:
                raise self.error("invalid custom page size", at)
        shared, page_size_written = bool(flags & _SHARED), bool(flags & _PAGE_SIZE)
        return wt.MemoryType(limits, address, shared, page_size_log2, page_size_written)

    def _check_flags(self, flags: int, at: int, known: dict[int, Feature]) -> None:
        for bit in (1 << k for k in range(8)):
            if flags & bit and bit not in known:
                raise self.error("malformed limits flags", at)
            if flags & bit:
                self.require(known[bit], "malformed limits flags", at)

    def _limits(self, flags: int) -> wt.Limits:
        bits = 64 if Feature.MEMORY64 in self.features else 32
        minimum = self.unsigned(bits)
        return wt.Limits(minimum, self.unsigned(bits) if flags & _HAS_MAXIMUM else None)

    def global_type(self) -> wt.GlobalType:
        """A global type."""
        value = self.value_type()
        return wt.GlobalType(value, self.mutability())


EMPTY_BLOCK = wt.FuncType()
_SINGLE_RESULTS: dict[wt.ValType, wt.FuncType] = {}


def single_result(t: wt.ValType) -> wt.FuncType:
    """The type of blocks without parameters and with a result `t`."""
    return _SINGLE_RESULTS.get(t) or _SINGLE_RESULTS.setdefault(t, wt.FuncType((), (t,)))

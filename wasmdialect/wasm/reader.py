"""Reading the primitive pieces of the binary format: integers, names, types, limits."""

from __future__ import annotations

from collections.abc import Sequence

from wasmdialect.wasm import types as wt
from wasmdialect.wasm.errors import DecodeError, ValidationError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.leb128 import decode_signed, decode_unsigned

REF_NULL, REF, EXACT = 0x63, 0x64, 0x62
_HAS_MAXIMUM, _SHARED, _ADDRESS_64, _PAGE_SIZE = 1, 2, 4, 8


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

    def error(self, message: str, offset: int | None = None) -> DecodeError:
        """An error at `offset`, or here."""
        return DecodeError(message, offset=self.pos if offset is None else offset)

    def end_error(self) -> DecodeError:
        """The error of a read beyond the data."""
        return self.error("unexpected end of section or function", len(self.data))

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
            value, self.pos = decode_unsigned(self.data, self.pos, bits)
        except IndexError:
            raise self.end_error() from None
        return value

    def signed(self, bits: int) -> int:
        """A signed LEB128 integer."""
        try:
            value, self.pos = decode_signed(self.data, self.pos, bits)
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

    def _resolve(self, index: int, at: int) -> wt.HeapType:
        if self.types is None:
            return wt.TypeIndex(index)
        if index >= len(self.types):
            raise ValidationError(f"unknown type {index}", offset=at)
        return self.types[index]

    def heap_type(self) -> wt.HeapType:
        """A heap type: a word or a type index."""
        at = self.pos
        code = self.signed(33)
        if code >= 0:
            return self._resolve(code, at)
        known = wt.ABSTRACT_HEAP_TYPES.get(code & 0x7F) if code >= -0x40 else None
        if known is None:
            raise self.error("malformed heap type", at)
        return known

    def ref_type(self) -> wt.RefType:
        """A reference type."""
        at = self.pos
        found = self._reference(self.byte())
        if found is None:
            raise self.error("malformed reference type", at)
        return found

    def _reference(self, code: int) -> wt.RefType | None:
        if code == REF_NULL or code == REF:
            exact = self._exact()
            return wt.ref_type(code == REF_NULL, self.heap_type(), exact)
        heap = wt.ABSTRACT_HEAP_TYPES.get(code)
        return None if heap is None else wt.ref_type(True, heap)

    def _exact(self) -> bool:
        if Feature.CUSTOM_DESCRIPTORS not in self.features or self.pos >= len(self.data):
            return False
        if self.data[self.pos] != EXACT:
            return False
        self.pos += 1
        return True

    def value_type(self, what: str = "malformed value type") -> wt.ValType:
        """A value type; `what` is the error if it is none."""
        at = self.pos
        code = self.byte()
        found = wt.NUM_TYPES.get(code) or self._reference(code)
        if found is None:
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
        params = tuple(self.value_type() for _ in range(self.count()))
        return wt.FuncType(params, tuple(self.value_type() for _ in range(self.count())))

    def table_type(self) -> wt.TableType:
        """A table type."""
        element = self.ref_type()
        at = self.pos
        flags = self.byte()
        if flags & ~(_HAS_MAXIMUM | _ADDRESS_64):
            raise self.error("malformed limits flags", at)
        limits = self._limits(flags)
        address = wt.I64 if flags & _ADDRESS_64 else wt.I32
        return wt.TableType(element, limits, address)

    def memory_type(self) -> wt.MemoryType:
        """A memory type."""
        at = self.pos
        flags = self.byte()
        allowed = _HAS_MAXIMUM | _ADDRESS_64
        if Feature.THREADS in self.features:
            allowed |= _SHARED
        if Feature.CUSTOM_PAGE_SIZES in self.features:
            allowed |= _PAGE_SIZE
        if flags & ~allowed:
            raise self.error("malformed limits flags", at)
        limits = self._limits(flags)
        address = wt.I64 if flags & _ADDRESS_64 else wt.I32
        page_size_log2 = 16
        if flags & _PAGE_SIZE:
            at = self.pos
            page_size_log2 = self.u32()
            if page_size_log2 >= 64:
                raise self.error("invalid custom page size", at)
        return wt.MemoryType(limits, address, bool(flags & _SHARED), page_size_log2)

    def _limits(self, flags: int) -> wt.Limits:
        minimum = self.unsigned(64)
        return wt.Limits(minimum, self.unsigned(64) if flags & _HAS_MAXIMUM else None)

    def global_type(self) -> wt.GlobalType:
        """A global type."""
        value = self.value_type()
        return wt.GlobalType(value, self.mutability())


EMPTY_BLOCK = wt.FuncType()
_SINGLE_RESULTS: dict[wt.ValType, wt.FuncType] = {}


def single_result(t: wt.ValType) -> wt.FuncType:
    """The one type of blocks that take nothing and give a `t`."""
    known = _SINGLE_RESULTS.get(t)
    if known is None:
        known = _SINGLE_RESULTS[t] = wt.FuncType((), (t,))
    return known

"""The declarations that the importer supports: WebAssembly 2.0, and 64-bit indices."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdialect import types as wt
from wasmdialect.importer.errors import UnsupportedError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import BY_OPCODE
from wasmdialect.wasm.instructions.opcodes import I32_CONST
from wasmdialect.wasm.module import Module

UNSUPPORTED = frozenset({Feature.GC, Feature.CUSTOM_DESCRIPTORS})
"""The features of which something cannot be imported."""


def check_supported(module: Module) -> None:
    """Raise UnsupportedError for a declaration that cannot be imported yet."""
    for index, (t, at) in enumerate(zip(module.types, module.type_offsets, strict=True)):
        if t.describes or t.descriptor:
            raise UnsupportedError(Feature.CUSTOM_DESCRIPTORS, at, f"type {index} has a descriptor")
    for t, at in _value_types(module):
        feature = missing_feature(t)
        if feature is not None:
            raise UnsupportedError(feature, at, f"values of type {t}")
    for expression in module.constant_expressions():
        for instruction in expression.instructions:
            if instruction.opcode != I32_CONST:
                row = BY_OPCODE[instruction.opcode]
                if row.feature in UNSUPPORTED:
                    raise UnsupportedError(row.feature, instruction.offset, row.mnemonic)


def _value_types(module: Module) -> Iterator[tuple[wt.ValType, int]]:
    """The types of values in declarations, and the byte offsets of these."""
    for t, at in zip(module.types, module.type_offsets, strict=True):
        for value in _values_of(t.composite):
            yield value, at
    for table in module.tables:
        yield table.type.element, table.declared_at
    for variable in module.globals:
        yield variable.type.value, variable.declared_at
    for segment in module.elements:
        if segment.expressions is not None:
            yield segment.type, segment.declared_at


def _values_of(t: wt.CompositeType) -> Iterator[wt.ValType]:
    match t:
        case wt.FuncType(params, results):
            yield from (*params, *results)
        case wt.StructType(fields):
            yield from (f.storage for f in fields if not isinstance(f.storage, wt.PackedType))
        case wt.ArrayType(element):
            if not isinstance(element.storage, wt.PackedType):
                yield element.storage


def missing_feature(t: wt.ValType) -> Feature | None:
    """The feature that values of a type require; None if they are supported."""
    if not isinstance(t, wt.RefType):
        return None
    if isinstance(t.heap, wt.ExactType):
        return Feature.CUSTOM_DESCRIPTORS
    return Feature.GC if wt.top_of(t.heap) is wt.ANY else None

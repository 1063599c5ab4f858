"""The declarations that the importer supports: WebAssembly 2.0 without SIMD, and 64-bit indices."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdialect import types as wt
from wasmdialect.importer.errors import UnsupportedError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import Module

_REFERENCES = frozenset({wt.FUNCREF, wt.EXTERNREF})


def check_supported(module: Module) -> None:
    """Raise UnsupportedError for a declaration that cannot be imported yet."""
    for tag in module.tags:
        raise UnsupportedError(Feature.EXCEPTIONS, tag.declared_at, f"tag {tag.index}")
    for index, (t, at) in enumerate(zip(module.types, module.type_offsets, strict=True)):
        if not isinstance(t.composite, wt.FuncType):
            raise UnsupportedError(Feature.GC, at, f"type {index} is {t.composite}")
        if len(t.group) > 1 or t.supers or not t.final:
            raise UnsupportedError(Feature.GC, at, f"type {index} has relatives")
    for t, at in _value_types(module):
        feature = missing_feature(t)
        if feature is not None:
            raise UnsupportedError(feature, at, f"values of type {t}")
    for memory in module.memories:
        if memory.type.shared:
            at = memory.declared_at
            raise UnsupportedError(Feature.THREADS, at, f"shared memory {memory.index}")


def _value_types(module: Module) -> Iterator[tuple[wt.ValType, int]]:
    """The types of values in declarations, and the byte offsets of these."""
    for t, at in zip(module.types, module.type_offsets, strict=True):
        composite = t.composite
        if isinstance(composite, wt.FuncType):
            for value in (*composite.params, *composite.results):
                yield value, at
    for table in module.tables:
        yield table.type.element, table.declared_at
    for variable in module.globals:
        yield variable.type.value, variable.declared_at
    for segment in module.elements:
        if segment.expressions is not None:
            yield segment.type, segment.declared_at


def missing_feature(t: wt.ValType) -> Feature | None:
    """The feature that values of a type require; None if they are supported."""
    if t is wt.V128:
        return Feature.SIMD
    if not isinstance(t, wt.RefType) or t in _REFERENCES:
        return None
    if wt.top_of(t.heap) is wt.EXN:
        return Feature.EXCEPTIONS
    if wt.top_of(t.heap) is wt.ANY:
        return Feature.GC
    return Feature.FUNCTION_REFERENCES

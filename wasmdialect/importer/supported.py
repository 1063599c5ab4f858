"""Which declarations the importer takes: those of WebAssembly 2.0 without SIMD, and 64-bit indices."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdialect.importer.errors import UnsupportedError
from wasmdialect.wasm import types as wt
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.module import Module

_REFERENCES = frozenset({wt.FUNCREF, wt.EXTERNREF})


def check_supported(module: Module) -> None:
    """Raise UnsupportedError for a declaration that cannot be imported yet."""
    if module.tags:
        raise UnsupportedError(Feature.EXCEPTIONS, 0, "tags")
    for index, t in enumerate(module.types):
        if not isinstance(t.composite, wt.FuncType):
            raise UnsupportedError(Feature.GC, 0, f"type {index} is {t.composite}")
        if len(t.group) > 1 or t.supers or not t.final:
            raise UnsupportedError(Feature.GC, 0, f"type {index} has relatives")
    for t in _value_types(module):
        feature = missing_feature(t)
        if feature is not None:
            raise UnsupportedError(feature, 0, f"values of type {t}")
    for memory in module.memories:
        if memory.type.shared:
            raise UnsupportedError(Feature.THREADS, 0, f"shared memory {memory.index}")


def _value_types(module: Module) -> Iterator[wt.ValType]:
    for t in module.types:
        composite = t.composite
        if isinstance(composite, wt.FuncType):
            yield from composite.params
            yield from composite.results
    for table in module.tables:
        yield table.type.element
    for variable in module.globals:
        yield variable.type.value
    for segment in module.elements:
        if segment.expressions is not None:
            yield segment.type


def missing_feature(t: wt.ValType) -> Feature | None:
    """What has to be supported for values of a type; None if they are."""
    if t is wt.V128:
        return Feature.SIMD
    if not isinstance(t, wt.RefType) or t in _REFERENCES:
        return None
    if wt.top_of(t.heap) is wt.EXN:
        return Feature.EXCEPTIONS
    if wt.top_of(t.heap) is wt.ANY:
        return Feature.GC
    return Feature.FUNCTION_REFERENCES

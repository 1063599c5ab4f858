"""Modules between the host and a module with v128 in its imports or exported globals.

wasmtime-py ends the process when it meets a v128, or a reference that is neither funcref nor externref,
in a type. An adapter passes a v128 as two i64; exports with the others are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wasmdialect.types import DefType, FuncType, GlobalType, TableType
from wasmdialect.types.values import V128
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.features import Feature


@dataclass(frozen=True)
class Adapters:
    """Texts of adapters for what a module imports and exports."""

    imports: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """By module and name; the one of a function imports it as `host`, and exports it as `item`."""
    globals: dict[str, str] = field(default_factory=dict[str, str])
    """By name; it imports the global, and exports `get`."""
    hidden: frozenset[str] = frozenset()
    """The other exports with such types, which cannot be called or read."""


def adapters(binary: bytes) -> Adapters:
    """What a module needs. Raises NotImplementedError for an import that has no adapter."""
    module = decode_module(binary, frozenset(Feature))
    imports: dict[tuple[str, str], str] = {}
    for name, _, t in module.imports():
        t = t.composite if isinstance(t, DefType) else t
        if not _is_known(t):
            imports[name.module, name.name] = _import_text(t)
    globals_: dict[str, str] = {}
    hidden: set[str] = set()
    for export in module.exports:
        t = module.declaration(export.kind, export.index).type
        t = t.composite if isinstance(t, DefType) else t
        if isinstance(t, GlobalType) and t.value is V128:
            globals_[export.name] = _global_text(t)
        elif not _is_known(t):
            hidden.add(export.name)
    return Adapters(imports, globals_, frozenset(hidden))


_KNOWN = frozenset({"i32", "i64", "f32", "f64", "funcref", "externref"})
"""The types that wasmtime-py has."""


def _is_known(t: object) -> bool:
    if isinstance(t, FuncType):
        return all(str(part) in _KNOWN for part in (*t.params, *t.results))
    if isinstance(t, GlobalType):
        return str(t.value) in _KNOWN
    return not isinstance(t, TableType) or str(t.element) in _KNOWN


def _import_text(t: object) -> str:
    if isinstance(t, GlobalType) and t.value is V128:
        content = "(mut v128)" if t.mutable else "v128"
        return f'(module (global (export "item") {content} (v128.const i64x2 3 -4)))'
    is_vector = isinstance(t, FuncType) and {*map(str, t.params)} <= _KNOWN | {"v128"}
    if not isinstance(t, FuncType) or not is_vector or V128 in t.results:
        raise NotImplementedError(f"no adapter for an import of type {t}")
    params = " ".join(map(str, t.params))
    split = " ".join("i64 i64" if p is V128 else str(p) for p in t.params)
    results = " ".join(map(str, t.results))
    operands = " ".join(
        " ".join(f"(i64x2.extract_lane {k} (local.get {n}))" for k in (0, 1))
        if p is V128
        else f"(local.get {n})"
        for n, p in enumerate(t.params)
    )
    return (
        f'(module (import "" "host" (func $host (param {split}) (result {results})))'
        f' (func (export "item") (param {params}) (result {results}) (call $host {operands})))'
    )


def _global_text(t: GlobalType) -> str:
    content = "(mut v128)" if t.mutable else "v128"
    lanes = " ".join(f"(i64x2.extract_lane {k} (global.get 0))" for k in (0, 1))
    return f'(module (import "" "g" (global {content})) (func (export "get") (result i64 i64) {lanes}))'

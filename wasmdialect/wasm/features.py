"""The features a module can use: WebAssembly 3.0 by what proposal brought it, and proposals."""

from __future__ import annotations

from enum import Enum


class Feature(Enum):
    """One switchable part of the language; the value is its customary name."""

    MVP = "mvp"
    MUTABLE_GLOBAL = "mutable-global"
    SIGN_EXTENSION = "sign-ext"
    SATURATING_FLOAT_TO_INT = "nontrapping-fptoint"
    MULTI_VALUE = "multivalue"
    BULK_MEMORY = "bulk-memory"
    REFERENCE_TYPES = "reference-types"
    SIMD = "simd"
    RELAXED_SIMD = "relaxed-simd"
    TAIL_CALL = "tail-call"
    EXTENDED_CONST = "extended-const"
    MULTI_MEMORY = "multi-memory"
    MEMORY64 = "memory64"
    FUNCTION_REFERENCES = "function-references"
    GC = "gc"
    EXCEPTIONS = "exceptions"
    THREADS = "threads"
    CUSTOM_PAGE_SIZES = "custom-page-sizes"
    WIDE_ARITHMETIC = "wide-arithmetic"
    CUSTOM_DESCRIPTORS = "custom-descriptors"


PROPOSALS = frozenset(
    {
        Feature.THREADS,
        Feature.CUSTOM_PAGE_SIZES,
        Feature.WIDE_ARITHMETIC,
        Feature.CUSTOM_DESCRIPTORS,
    }
)
"""Features that are not part of WebAssembly 3.0: off unless asked for."""

WASM_3_0 = frozenset(Feature) - PROPOSALS
"""Everything of WebAssembly 3.0."""

WASM_2_0 = frozenset(
    {
        Feature.MVP,
        Feature.MUTABLE_GLOBAL,
        Feature.SIGN_EXTENSION,
        Feature.SATURATING_FLOAT_TO_INT,
        Feature.MULTI_VALUE,
        Feature.BULK_MEMORY,
        Feature.REFERENCE_TYPES,
        Feature.SIMD,
    }
)
"""Everything of WebAssembly 2.0."""

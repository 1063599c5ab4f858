"""The features a module can use: the parts of WebAssembly 3.0 by proposal, and later proposals."""

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
"""Features that are not part of WebAssembly 3.0: off by default."""

WASM_3_0 = frozenset(Feature) - PROPOSALS
"""Everything of WebAssembly 3.0."""

WASM_1_0 = frozenset({Feature.MVP, Feature.MUTABLE_GLOBAL})
"""Everything of WebAssembly 1.0."""

WASM_2_0 = WASM_1_0 | {
    Feature.SIGN_EXTENSION,
    Feature.SATURATING_FLOAT_TO_INT,
    Feature.MULTI_VALUE,
    Feature.BULK_MEMORY,
    Feature.REFERENCE_TYPES,
    Feature.SIMD,
}
"""Everything of WebAssembly 2.0."""

VERSIONS = {"wasm-1.0": WASM_1_0, "wasm-2.0": WASM_2_0, "wasm-3.0": WASM_3_0}


def parse_features(text: str) -> frozenset[Feature]:
    """Features from words separated by commas: a version of WebAssembly (3.0 if there is none), and
    features to add, or with a `-` to remove: `wasm-2.0,threads,-simd`.

    Raises ValueError for an unknown word.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    features = VERSIONS["wasm-3.0"]
    for word in words:
        features = VERSIONS.get(word, features)
    known = {feature.value: feature for feature in Feature}
    for word in words:
        if word in VERSIONS:
            continue
        feature = known.get(word.removeprefix("-"))
        if feature is None:
            raise ValueError(
                f"unknown feature {word!r}; there are {', '.join((*VERSIONS, *known))}"
            )
        features = features - {feature} if word.startswith("-") else features | {feature}
    return features

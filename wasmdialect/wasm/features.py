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
    LEGACY_EXCEPTIONS = "legacy-exceptions"
    THREADS = "threads"
    CUSTOM_PAGE_SIZES = "custom-page-sizes"
    WIDE_ARITHMETIC = "wide-arithmetic"
    CUSTOM_DESCRIPTORS = "custom-descriptors"


PROPOSALS = frozenset(
    {
        Feature.LEGACY_EXCEPTIONS,
        Feature.THREADS,
        Feature.CUSTOM_PAGE_SIZES,
        Feature.WIDE_ARITHMETIC,
        Feature.CUSTOM_DESCRIPTORS,
    }
)
"""Features that are not part of WebAssembly 3.0: off by default. The first is what its exceptions
replaced."""

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

VERSIONS = {
    "wasm-1.0": WASM_1_0,
    "wasm-2.0": WASM_2_0,
    "wasm-3.0": WASM_3_0,
    "all": frozenset(Feature),
}
"""The sets that have a name."""

_BY_NAME = {feature.value: feature for feature in Feature}


def parse_features(text: str) -> frozenset[Feature]:
    """Features from words separated by commas: a version of WebAssembly (3.0 if there is none) or
    `all`, and features to add, or with a `-` to remove: `wasm-2.0,threads,-simd`.

    Raises ValueError for an unknown word.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    features = WASM_3_0
    for word in words:
        features = VERSIONS.get(word, features)
    for word in words:
        if word in VERSIONS:
            continue
        feature = _BY_NAME.get(word.removeprefix("-"))
        if feature is None:
            raise ValueError(
                f"{word!r} is not a feature; there are {', '.join((*VERSIONS, *_BY_NAME))}"
            )
        features = features - {feature} if word.startswith("-") else features | {feature}
    return features


def print_features(features: frozenset[Feature]) -> str:
    """The shortest text that `parse_features` reads as these features: one text for each set."""
    texts = (_difference(name, base, features) for name, base in VERSIONS.items())
    return ",".join(min(texts, key=len))


def _difference(name: str, base: frozenset[Feature], features: frozenset[Feature]) -> list[str]:
    more = [f.value for f in Feature if f in features - base]
    less = [f"-{f.value}" for f in Feature if f in base - features]
    return [name, *more, *less]

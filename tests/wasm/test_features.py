"""Feature switches: what a module may use, and what the error says when a feature is off."""

from __future__ import annotations

import pytest

from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import PROPOSALS, WASM_2_0, WASM_3_0, Feature, parse_features
from wasmdialect.wasm.text import wat2wasm
from wasmdialect.wasm.validate import validate_module

USES = {
    Feature.MUTABLE_GLOBAL: '(global (export "g") (mut i32) (i32.const 0))',
    Feature.SIGN_EXTENSION: "(func (drop (i32.extend8_s (i32.const 0))))",
    Feature.SATURATING_FLOAT_TO_INT: "(func (drop (i32.trunc_sat_f32_s (f32.const 0))))",
    Feature.MULTI_VALUE: "(func (result i32 i32) (i32.const 0) (i32.const 0))",
    Feature.BULK_MEMORY: '(memory 1) (data "a")',
    Feature.REFERENCE_TYPES: "(func (param externref))",
    Feature.SIMD: "(func (param v128))",
    Feature.RELAXED_SIMD: "(func (param v128) (result v128)"
    " (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))",
    Feature.TAIL_CALL: "(func (return_call 0))",
    Feature.EXTENDED_CONST: "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
    Feature.MULTI_MEMORY: "(memory 1) (memory 1)",
    Feature.MEMORY64: "(memory i64 1)",
    Feature.FUNCTION_REFERENCES: "(type $t (func)) (func (param (ref null $t)))",
    Feature.GC: "(type (struct))",
    Feature.EXCEPTIONS: "(tag)",
    Feature.LEGACY_EXCEPTIONS: "(func (try (do) (catch_all)))",
    Feature.THREADS: "(memory 1 1 shared)",
    Feature.CUSTOM_PAGE_SIZES: "(memory 1 (pagesize 1))",
    Feature.WIDE_ARITHMETIC: "(func (result i64 i64) (i64.mul_wide_s (i64.const 1) (i64.const 2)))",
    Feature.CUSTOM_DESCRIPTORS: "(rec (type (descriptor 1) (struct)) (type (describes 0) (struct)))",
}
"""A module for each feature that needs it and no other beyond WebAssembly 3.0."""

UNNAMED = {
    Feature.MUTABLE_GLOBAL,
    Feature.EXTENDED_CONST,
    Feature.MULTI_MEMORY,
    Feature.CUSTOM_DESCRIPTORS,
}
"""Their errors are the ones that the language had before the feature."""


def test_every_feature_has_a_use():
    assert USES.keys() | {Feature.MVP} == set(Feature)


@pytest.mark.parametrize("feature", USES, ids=lambda f: f.value)
def test_off_and_on(feature: Feature):
    binary = wat2wasm(USES[feature])
    everything = WASM_3_0 | PROPOSALS
    validate_module(decode_module(binary, everything))
    with pytest.raises(WasmError) as caught:
        validate_module(decode_module(binary, everything - {feature}))
    assert feature in UNNAMED or feature.value in str(caught.value)
    assert caught.value.offset is not None


def test_an_opcode_says_what_it_needs():
    binary = wat2wasm("(memory 1 1) (func (drop (i32.atomic.load (i32.const 0))))")
    with pytest.raises(
        WasmError, match=r"illegal opcode fe 10: i32\.atomic\.load needs the feature threads"
    ):
        validate_module(decode_module(binary))


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("", WASM_3_0),
        ("threads", WASM_3_0 | {Feature.THREADS}),
        ("wasm-2.0, -simd", WASM_2_0 - {Feature.SIMD}),
        ("-gc,wasm-3.0", WASM_3_0 - {Feature.GC}),
    ],
)
def test_parse_features(text: str, features: frozenset[Feature]):
    assert parse_features(text) == features


def test_unknown_feature():
    with pytest.raises(
        ValueError, match=r"'treads' is not a feature; there are wasm-1\.0, .*threads"
    ):
        parse_features("treads")

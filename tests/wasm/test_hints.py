"""Hints of a module: what is read, and which calls they make cold or frequent."""

from __future__ import annotations

from pathlib import Path

import pytest
from random_hints import encode_frequencies
from trap_modules import trap_module

from wasmdialect.wasm.call_sites import call_sites, hinted_calls
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_custom
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.hints import (
    BRANCH_HINT,
    INSTRUCTION_FREQUENCY,
    NO_HINTS,
    FunctionHints,
    module_hints,
)
from wasmdialect.wasm.inline_plan import ONLY, TINY, Calls
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.text import wat2wasm
from wasmdialect.wasm.validate import survey_calls, validate_function

LIKELY, UNLIKELY = '(@metadata.code.branch_hint "\\01")', '(@metadata.code.branch_hint "\\00")'
CALLEES = "".join(f"(func $f{n} (param i32))" for n in range(1, 7))
KERNELS = Path(__file__).parents[2] / "examples" / "kernels.wasm"


def module_of(body: str, sections: bytes = b"") -> Module:
    """A module whose last function, 6, has this body, and calls functions 0 to 5. In the body `!3` is
    a call of function 3."""
    for n in range(6):
        body = body.replace(f"!{n}", f"(call {n} (i32.const 0))")
    text = f"(module {CALLEES} (table 1 funcref) (tag $t) (func (param i32) {body}))"
    return decode_module(bytes(wat2wasm(text)) + sections)


def calls_in(module: Module) -> dict[int, Calls]:
    return survey_calls(module, [6])[6].replaceable


def cold_calls(body: str) -> set[int]:
    calls = calls_in(module_of(body))
    assert {each.limit for each in calls.values()} <= {None, TINY}
    return {callee for callee, each in calls.items() if each.limit == TINY}


COLD: list[tuple[str, set[int]]] = [
    ("!0 U (if (local.get 0) (then !1) (else !2)) !3", {1}),
    ("!0 L (if (local.get 0) (then !1) (else !2)) !3", {2}),
    ("!0 U (if (local.get 0) (then !1)) !3", {1}),
    ("!0 (if (local.get 0) (then !1) (else !2)) U (if (local.get 0) (then !4)) !3", {4}),
    # What an unlikely arm leads to alone.
    ("U (if (local.get 0) (then !1 (return)) (else !2)) !3", {1}),
    ("U (if (local.get 0) (then !1) (else !2 (return))) !3", {1, 3}),
    ("L (if (local.get 0) (then !1 (return))) !3", {3}),
    # A likely branch makes what follows unlikely, up to where another way leads.
    ("(block !0 (local.get 0) L br_if 0 !1) !2", {1}),
    ("(block !0 (local.get 0) U br_if 0 !1 (return)) !2", {2}),
    ("(block (block !0 (local.get 0) L br_if 1 !1) !2) !3", {1, 2}),
    ("(block (block (br_if 0 (local.get 0)) (local.get 0) L br_if 1 !1) !2) !3", {1}),
    ("(block (block (local.get 0) U br_if 0 !1 (br 1)) !2) !3", {2}),
    ("(block (block (local.get 0) L br_if 0 (br_table 1 0 (local.get 0))) !2) !3", set()),
    ("(block (block (local.get 0) U br_if 0 (br_table 1 1 (local.get 0))) !2) !3", {2}),
    # Around a loop, and out of it.
    ("(loop !0 (local.get 0) U br_if 0 !1) !2", set()),
    ("(loop !0 (local.get 0) L br_if 0 !1) !2", {1, 2}),
    ("U (if (local.get 0) (then (loop !0 (br_if 0 (local.get 0))) !1)) !2", {0, 1}),
    # Behind what does not come back.
    ("(block !0 (br 0)) !1", set()),
    ("U (if (local.get 0) (then)) !0 (return) !1", {1}),
    # Handlers run where their `try_table` does; calls in it are not replaced.
    ("(block (try_table (catch_all 0) !0) !1 (return)) !2", set()),
    ("U (if (local.get 0) (then (block (try_table (catch_all 0)) !1 (return)) !2)) !3", {1, 2}),
]


@pytest.mark.parametrize(("body", "cold"), COLD)
def test_calls_that_hints_make_cold(body: str, cold: set[int]):
    assert cold_calls(body.replace("L ", LIKELY).replace("U ", UNLIKELY)) == cold


def test_a_callee_with_one_call_that_is_not_cold_is_not():
    assert calls_in(module_of(f"{UNLIKELY} (if (local.get 0) (then !0)) !0 (loop !0)")) == {
        0: Calls(3, 1)
    }
    hinted = f"{UNLIKELY} (if (local.get 0) (then (loop !0 !0)))"
    assert calls_in(module_of(hinted)) == {0: Calls(2, 0, TINY)}


def test_calls_through_tables_are_cold_too():
    call = "(call_indirect (i32.const 0))"
    module = module_of(f"{UNLIKELY} (if (local.get 0) (then {call})) (loop !0)")
    found = survey_calls(module, [6])[6]
    assert found.indirect == {(0, 1): Calls(1, 0, TINY)}
    assert found.replaceable == {0: Calls(1, 1)}


def frequent(body: str, frequencies: dict[str, int]) -> dict[int, Calls]:
    """The calls of a body where the calls of these functions, or the loops named `loop`, have a
    frequency."""
    plain = module_of(body)
    function = plain.functions[6]
    assert function.code is not None
    named = {
        site.offset - function.code.offset: value
        for site in call_sites(
            validate_function(plain, function)[1], function.code.offset, NO_HINTS
        )
        if (value := frequencies.get(str(site.callee))) is not None
    }
    content = encode_frequencies({6: named})
    return calls_in(module_of(body, encode_custom(INSTRUCTION_FREQUENCY, content)))


def test_frequencies_of_calls():
    body = "!0 !1 !2 !3 !4 (loop !5)"
    found = frequent(body, {"0": 32, "1": 36, "2": 64, "3": 27, "4": 1, "5": 30})
    assert found == {
        0: Calls(1, 0),
        1: Calls(1, 1),
        2: Calls(1, 10),
        3: Calls(1, 0, TINY),
        4: Calls(1, 0, TINY),
        5: Calls(1, 0),
    }


def test_calls_that_are_never_and_always_to_be_inlined():
    found = frequent("!0 !1 (loop !2)", {"0": 0, "1": 127, "2": 0})
    assert found == {0: Calls(1, 0, 0), 1: Calls(1, 0, ONLY), 2: Calls(1, 0, 0)}


def test_a_frequency_holds_up_to_the_next_branch():
    assert frequent("!0 !1 (block) !2", {"0": 40}) == {
        0: Calls(1, 2),
        1: Calls(1, 2),
        2: Calls(1, 0),
    }


@pytest.mark.parametrize(
    "content",
    [b"\1\6\1\1\1\2", b"\1\6\1\1\2\0\0", b"\1\6\2\1\1\1\1\1\1", b"\2\6\0\6\0", b"\0\0", b"\5"],
)
def test_a_malformed_section_gives_no_hints(content: bytes):
    assert module_hints(module_of("!0", encode_custom(BRANCH_HINT, content))) == {}
    more = content if content[-1:] != b"\2" else b"\1\6\1\1\1\x80"
    assert module_hints(module_of("!0", encode_custom(INSTRUCTION_FREQUENCY, more))) == {}


def test_a_section_that_is_there_twice_gives_no_hints():
    section = encode_custom(BRANCH_HINT, b"\1\6\1\1\1\1")
    assert module_hints(module_of("!0", section)) == {6: FunctionHints({1: True}, {})}
    assert module_hints(module_of("!0", section * 2)) == {}


def test_hints_for_what_is_not_there_say_nothing():
    plain = module_of("!0 (loop !1)")
    content = b"\3\6\3\0\1\1\1\1\0\x7f\1\1\x00\1\1\1\1\x63\1\1\1\1"
    hinted = module_of("!0 (loop !1)", encode_custom(BRANCH_HINT, content))
    assert {*module_hints(hinted)} == {0, 6, 99}
    assert survey_calls(hinted, range(7)) == survey_calls(plain, range(7))


def modules() -> list[bytes]:
    return [KERNELS.read_bytes(), *(trap_module(3, number).binary for number in range(20))]


def test_without_hints_the_calls_are_those_of_the_check():
    """One by one they are found by another walk."""
    seen = 0
    for binary in modules():
        module = decode_module(binary, frozenset(Feature))
        for function in module.defined_functions():
            assert function.code is not None
            _, instructions = validate_function(module, function)
            found = hinted_calls(call_sites(instructions, function.code.offset))
            expected = survey_calls(module, [function.index])[function.index]
            calls = {**expected.replaceable, **expected.indirect}
            calls = {callee: each for callee, each in calls.items() if each.sites}
            assert {callee: each.sites for callee, each in found.items()} == {
                callee: each.sites for callee, each in calls.items()
            }
            reached = {callee: each for callee, each in found.items() if each.limit is None}
            assert reached == {callee: calls[callee] for callee in reached}
            seen += len(reached)
    assert seen > 100

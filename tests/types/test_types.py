"""Types exist once, whoever makes them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from wasmdialect.types import DefType, exact, is_sub_def_type, matches, ref_type
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_section, vector
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.text import wat2wasm


def test_equal_groups_are_one():
    """Of different modules, and whatever names and indices they have."""
    first = decode_module(
        wat2wasm("(rec (type $a (struct (field (ref $b)))) (type $b (array (ref $a))))")
    )
    other = decode_module(
        wat2wasm(
            "(type (array i8)) (type (func))"
            " (rec (type $x (struct (field (ref $y)))) (type $y (array (ref $x))))"
        )
    )
    assert other.types[2] is first.types[0]
    assert ref_type(True, first.types[0]) is ref_type(True, other.types[2])


def test_subtypes_and_exact_types():
    sup, sub = decode_module(wat2wasm("(type $s (sub (struct))) (type (sub $s (struct)))")).types
    assert is_sub_def_type(sub, sup)
    assert not is_sub_def_type(sup, sub)
    of = {t: ref_type(False, t) for t in (sup, sub, exact(sup), exact(sub))}
    assert matches(of[exact(sub)], of[sup])
    assert not matches(of[sub], of[exact(sup)])
    assert not matches(of[exact(sub)], of[exact(sup)])


@pytest.fixture
def threads_take_turns_all_the_time() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def new_types(number: int) -> bytes:
    """A module with types that no other number has."""
    fields = vector([b"\x7f\0"] * 200)
    groups = [b"\x4e\1\x5f" + fields, b"\x60" + vector([b"\x7f"] * (number + 10)) + b"\0"]
    chain = [b"\x5e\x63" + encode_unsigned(k + 1) + b"\0" for k in range(40)]
    return b"\0asm\1\0\0\0" + encode_section(1, vector([*groups, *chain]))


@pytest.mark.usefixtures("threads_take_turns_all_the_time")
def test_threads_make_the_same_types():
    barrier = Barrier(4)

    def types(number: int) -> list[DefType]:
        barrier.wait()
        return decode_module(new_types(number)).types

    with ThreadPoolExecutor(4) as pool:
        for number in range(100):
            results = list(pool.map(types, [number] * 4))
            for found in results[1:]:
                assert all(a is b for a, b in zip(found, results[0], strict=True))

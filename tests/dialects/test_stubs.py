"""What is generated from the instruction table is fresh: the stub of the classes, whose declarations
are there, and the constructors."""

from __future__ import annotations

import inspect

import generate_constructors
import generate_stubs

from wasmdialect.dialects import wasmir


def test_stub_is_fresh():
    assert generate_stubs.STUB.read_text() == generate_stubs.stub_text(), (
        "run python tools/generate_stubs.py"
    )


def test_constructors_are_fresh():
    module = generate_constructors.MODULE
    assert module.read_text() == generate_constructors.module_text(), (
        "run python tools/generate_constructors.py"
    )


def test_constructors_take_what_the_stub_says():
    """Operands by position, and the classes are found on the dialect's module."""
    one = wasmir.I32ConstOp(1)
    total = wasmir.I32AddOp(one, one.result)
    assert (total.lhs, total.rhs) == (one.result, one.result)
    assert not hasattr(wasmir, "I32AdddOp")
    assert "__getattr__" not in {name for name, _ in inspect.getmembers(wasmir)}

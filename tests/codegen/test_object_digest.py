"""The digest of a pass object covers all that decides what it does, and there is none if that cannot be
told."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdialect.codegen.object_digest import object_digest

HEAD = """
from dataclasses import dataclass
from functools import cache, partial, wraps
import math, random, re, sys
import wasmdialect
from wasmdialect.dialects import wasmir
from wasmdialect.passes.base import FunctionPass, WasmBuilder, report
"""
PASS = """
class P(FunctionPass):
    name = "p"
    def apply_to_function(self, ctx, function):
        {body}
"""


def made(source: str, make: str = "P()", **variables: Any) -> Any:
    names: dict[str, Any] = {"__name__": "__main__", **variables}
    exec(HEAD + source, names)
    return eval(make, names)


def digest_of(source: str, make: str = "P()", **variables: Any) -> str:
    return object_digest(made(source, make, **variables))


DECLARED = "@dataclass(frozen=True)\n{0}\n    limit: int = {1}\n"
SAME = PASS.format(body="report(function, 'x', n=1)")
DIFFERENT = {
    "a constant": SAME.replace("n=1", "n=2"),
    "a name": SAME.replace("n=1", "m=1"),
    "the pass's name": SAME.replace('"p"', '"q"'),
    "a set of constants": PASS.format(body="report(function, 'x', n=function in {1, 2})"),
    "another set of constants": PASS.format(body="report(function, 'x', n=function in {1, 3})"),
    "a global": "N = 1\n" + SAME.replace("n=1", "n=N"),
    "another value of the global": "N = 2\n" + SAME.replace("n=1", "n=N"),
    "a helper": "def h(): return 1\n" + SAME.replace("n=1", "n=h()"),
    "an edited helper": "def h(): return 2\n" + SAME.replace("n=1", "n=h()"),
    "a helper's default": "def h(x=2): return x\n" + SAME.replace("n=1", "n=h()"),
    "a helper's keyword": "def h(*, x=2): return x\n" + SAME.replace("n=1", "n=h()"),
    "another keyword": "def h(*, x=3): return x\n" + SAME.replace("n=1", "n=h()"),
    "a helper of a helper": "N = 1\ndef g(): return N\ndef h(): return g()\n"
    + SAME.replace("n=1", "n=h()"),
    "its global": "N = 2\ndef g(): return N\ndef h(): return g()\n" + SAME.replace("n=1", "n=h()"),
    "a base class": SAME.replace("class P(", "class B(") + "class P(B): pass\n",
    "an edited base class": SAME.replace("class P(", "class B(").replace("n=1", "n=2")
    + "class P(B): pass\n",
    "code in a lambda": SAME.replace("n=1", "n=(lambda: 1)()"),
    "other code in a lambda": SAME.replace("n=1", "n=(lambda: 2)()"),
    "a global in a lambda": "N = 1\n" + SAME.replace("n=1", "n=(lambda: N)()"),
    "another global in a lambda": "N = 2\n" + SAME.replace("n=1", "n=(lambda: N)()"),
    "a closure": "def around(n):\n" + SAME.replace("n=1", "n=n").replace("\n", "\n    ")
    + "\n    return P\nP = around(1)\n",
    "another closure": "def around(n):\n" + SAME.replace("n=1", "n=n").replace("\n", "\n    ")
    + "\n    return P\nP = around(2)\n",
    "a class attribute": SAME + "    table = ((1, 2), (3, 'x'))\n",
    "another class attribute": SAME + "    table = ((1, 2), (3, 'y'))\n",
    "an option": DECLARED.format(SAME.strip(), 1),
    "another default": DECLARED.format(SAME.strip(), 2),
    "a class used inside": "@dataclass(frozen=True)\nclass F:\n    x: int = 1\n"
    + SAME.replace("n=1", "n=F().x"),
    "its other default": "@dataclass(frozen=True)\nclass F:\n    x: int = 2\n"
    + SAME.replace("n=1", "n=F().x"),
    "a wrapped function": "def w(f):\n    return wraps(f)(lambda *a: f(*a))\n@w\ndef h(): return 1\n"
    + SAME.replace("n=1", "n=h()"),
    "another wrapped function": "def w(f):\n    return wraps(f)(lambda *a: f(*a))\n@w\n"
    "def h(): return 2\n" + SAME.replace("n=1", "n=h()"),
    "a function of a library": SAME.replace("n=1", "n=math.sqrt(1)"),
    "a type of a library": SAME.replace("n=1", "n=isinstance(function, wasmir.FuncOp)"),
}  # fmt: skip


def test_what_passes_do_differs_in_their_digests():
    digests = {what: digest_of(source) for what, source in DIFFERENT.items()}
    digests["the first"] = digest_of(SAME)
    by_digest: dict[str, list[str]] = {}
    for what, found in digests.items():
        by_digest.setdefault(found, []).append(what)
    assert [names for names in by_digest.values() if len(names) > 1] == []


def test_position_and_comments_do_not_count():
    assert digest_of("\n\n# so\n" + SAME) == digest_of(SAME)


def test_options_count():
    source = DECLARED.format(SAME.strip(), 1)
    assert digest_of(source, "P(limit=3)") == digest_of(source, "P(3)")
    assert digest_of(source, "P(limit=3)") != digest_of(source, "P(limit=4)")
    assert digest_of(source, "P(limit=True)") != digest_of(source, "P(limit=1)")


def test_an_attribute_that_is_no_field_counts():
    one, two = made(SAME), made(SAME)
    object.__setattr__(two, "hidden", 7)
    assert object_digest(one) != object_digest(two)


def test_what_declare_returned_does_not_count():
    one = made(SAME)
    before = object_digest(one)
    object.__setattr__(one, "declared", [1])
    assert object_digest(one) == before


def test_a_copied_and_a_used_pass_have_the_same_digest():
    from copy import copy

    one = made(SAME)
    assert object_digest(one) == object_digest(copy(one)) == object_digest(one)


UNKNOWN = {
    "a list can change": "N = []\n" + PASS.format(body="N.append(function)"),
    "a dict can change": "N = {}\n" + PASS.format(body="N[1] = function"),
    "it changes the variable N": "N = 1\n" + PASS.format(body="global N; N = 2"),
    "it uses open": PASS.format(body="open('x')"),
    "it uses eval": PASS.format(body="eval('x')"),
    "it imports importlib": PASS.format(body="import importlib"),
    "it imports pytest": PASS.format(body="import pytest"),
    "it imports sys": PASS.format(body="sys.modules"),
    "nothing is called later": PASS.format(body="later()"),
    "a partial can change": "h = partial(max, 1)\n" + PASS.format(body="h()"),
    "a _lru_cache_wrapper can change": "@cache\ndef h(): return 1\n" + PASS.format(body="h()"),
    "a Box can change": "class Box: pass\nbox = Box()\n" + PASS.format(body="box.n"),
}


@pytest.mark.parametrize("reason", UNKNOWN)
def test_a_pass_of_which_it_cannot_be_told_has_no_digest(reason: str):
    with pytest.raises(LookupError, match=reason):
        digest_of(UNKNOWN[reason])


def test_a_variable_without_a_value():
    source = "def around():\n" + PASS.format(body="n").replace("\n", "\n    ")
    with pytest.raises(LookupError, match="has a variable without a value"):
        digest_of(source + "\n    return P\n    n = 1\nP = around()\n")


def test_a_function_that_says_it_is_of_a_library():
    source = "def h(): return {}\nh.__module__ = 'math'\n" + PASS.format(body="h()")
    assert digest_of(source.format(1)) != digest_of(source.format(2))


PRINT = """
import sys
sys.path.insert(0, {folder!r})
from test_object_digest import DIFFERENT, digest_of
print(*[digest_of(source) for source in DIFFERENT.values()])
"""


def test_digests_are_the_same_in_every_process():
    folder = __file__.rpartition("/")[0]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PRINT.format(folder=folder)],
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda parts: st.lists(parts, max_size=3).map(tuple),
    max_leaves=6,
)


@given(VALUES, VALUES)
def test_equal_digests_mean_equal_values(first: Any, second: Any):
    """By `repr`, which tells 1 from True and 0.0 from -0.0."""
    source = f"@dataclass(frozen=True)\n{SAME.strip()}\n    limit: object = 1\n"
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(HEAD + source, names)
    digests = [object_digest(names["P"](value)) for value in (first, second)]
    assert (digests[0] == digests[1]) <= (repr(first) == repr(second))

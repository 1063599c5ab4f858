"""Records behave as data classes do: construction, defaults, equality, hashes, what cannot change."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError

import pytest

from wasmdialect import Config, GlobalType, Limits, MemoryType, ValType
from wasmdialect._records import FrozenRecord, Record, field


class Point(FrozenRecord):
    x: int
    y: int = 2


class Row(Record):
    name: str
    values: list[int] = field(default_factory=list)


def test_construction():
    assert (Point(1).x, Point(1).y) == (1, 2)
    assert Point(1, 3) == Point(y=3, x=1) == Point(1, y=3)
    assert repr(Point(y=3, x=1)) == "Point(x=1, y=3)"
    assert hash(Point(y=3, x=1)) == hash(Point(1, 3))
    assert Point(1) != Point(2)
    assert Point(1) != Row("1")


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"x": 1}), ((1,), {"z": 1})]
)
def test_wrong_arguments(values: tuple[int, ...], named: dict[str, int]):
    with pytest.raises(TypeError, match="Point"):
        Point(*values, **named)


def test_copies_and_patterns():
    assert copy.copy(Point(1)) == pickle.loads(pickle.dumps(Point(1))) == Point(1)
    match Point(1):
        case Point(x, y):
            assert (x, y) == (1, 2)


@pytest.mark.parametrize("base", [Point, Row, Config])
@pytest.mark.parametrize("fields", [{"z": "int"}, {}], ids=["with a field", "without"])
def test_a_record_that_is_derived_from_a_record(base: type[Record], fields: dict[str, str]):
    """It would lose the fields of the other one: that is an error where it is defined."""

    class Mixin:
        pass

    for bases in ((base,), (Mixin, base)):
        with pytest.raises(
            TypeError, match=f"Derived cannot be derived from {base.__qualname__}: "
        ):
            type("Derived", bases, {"__annotations__": fields})


def test_records_with_other_bases():
    class Mixin:
        def total(self) -> int:
            return sum(vars(self).values())

    class Pair(Mixin, FrozenRecord):
        x: int
        y: int

    assert Pair(1, 2).total() == 3


def test_defaults_are_not_shared():
    first, second = Row("a"), Row("b")
    first.values.append(1)
    assert second.values == []


def test_what_is_frozen():
    point = Point(1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    with pytest.raises(TypeError, match="unhashable"):
        hash(Row("a"))


def test_types_of_the_api():
    assert repr(Limits(1)) == "Limits(min=1, max=None)"
    assert repr(GlobalType(ValType.i32(), True)) == "GlobalType(content=i32, mutable=True)"
    assert GlobalType(ValType.i32(), True) == GlobalType(ValType.i32(), True)
    with pytest.raises(AttributeError):
        GlobalType(ValType.i32(), True).mutable = False  # pyright: ignore[reportAttributeAccessIssue]
    assert MemoryType(Limits(1)) == MemoryType(Limits(1))
    assert Config().at == {}
    assert Config() == Config()
    assert Config(opt_level=1) != Config()

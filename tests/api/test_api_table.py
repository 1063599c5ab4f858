"""docs/api.md has every public name of wasmtime-py, and says of each what is true."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wasmtime

import wasmdialect

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
ROW = re.compile(r"\| `([\w.]+)` \| (same|different|absent) \| (.*) \|")
ROWS = {
    match[1]: (match[2], match[3])
    for line in DOCUMENT.read_text().splitlines()
    if (match := ROW.fullmatch(line)) is not None
}
BASES = (object, BaseException, Exception, int)


def public_names(package: Any) -> Iterator[str]:
    """The names of a package, and of what its classes have."""
    for name in wasmtime.__all__:
        item = getattr(package, name, None)
        if item is None:
            continue
        yield name
        if inspect.isclass(item):
            yield from sorted(f"{name}.{member}" for member in members(item))


def members(cls: type[Any]) -> set[str]:
    """What a class adds to Python's own: also the annotated names and slots of objects."""
    found: set[str] = set()
    for base in cls.__mro__:
        if base in BASES or base.__module__ in ("typing", "enum"):
            continue
        found |= {*vars(base), *vars(base).get("__annotations__", {})}
    return {name for name in found if not name.startswith("_")}


OURS = {*public_names(wasmdialect)} | {
    # attributes that are set in constructors
    *("Linker.engine", "Linker.allow_shadowing", "Store.engine", "ExitTrap.code"),
}
THEIRS = {*public_names(wasmtime)}


def test_every_name_has_a_row():
    assert {name for name in THEIRS if name not in ROWS and name.split(".")[0] in OURS} == set()
    assert {name for name in THEIRS if "." not in name} <= {*ROWS}
    assert {*ROWS} <= THEIRS


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_name_is_what_its_row_says(name: str):
    kind, why = ROWS[name]
    assert (name in OURS) == (kind != "absent")
    assert bool(why) == (kind != "same")


def signature(package: Any, name: str) -> list[tuple[str, Any]] | None:
    """The parameters of a function, with their defaults; None for something else."""
    item = package
    for part in name.split("."):
        item = inspect.getattr_static(item, part)
    item = getattr(item, "__func__", item)
    if not inspect.isfunction(item):
        return None
    return [(p.name, p.default) for p in inspect.signature(item).parameters.values()]


SAME = [name for name, (kind, _) in ROWS.items() if kind == "same" and "." in name]


@pytest.mark.parametrize(
    "name",
    [name for name in SAME if hasattr(getattr(wasmtime, name.split(".")[0]), name.split(".")[1])],
)
def test_functions_that_are_the_same_have_the_same_parameters(name: str):
    theirs = signature(wasmtime, name)
    if theirs is None or name.endswith(".close"):
        return
    assert signature(wasmdialect, name) == theirs


def test_wrong_arguments_of_constructors():
    api = wasmdialect
    i32 = api.FuncType([api.ValType.i32()], [])
    tag_type = api.TagType(i32)
    assert tag_type.functype == i32
    with pytest.raises(TypeError):
        api.TagType(3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError):
        api.Tag(api.Store(), "not a type")  # pyright: ignore[reportArgumentType]
    shared = api.MemoryType(api.Limits(1, 2), shared=True)
    with pytest.raises(api.WasmtimeError, match="shared"):
        api.SharedMemory(api.Engine(), api.MemoryType(api.Limits(1, 2)))
    for arguments in ((1, shared), (api.Engine(), 1)):
        with pytest.raises(TypeError):
            api.SharedMemory(*arguments)  # pyright: ignore[reportArgumentType]

"""Tags between modules, and from Python: each is different from all others; imports match by type."""

from __future__ import annotations

from types import ModuleType

import pytest
import wasmtime

import wasmdialect

ENGINES = pytest.mark.parametrize("api", [wasmdialect, wasmtime], ids=["wasmdialect", "wasmtime"])
LIBRARY = '(module (tag (export "i32") (param i32)) (tag (export "none")))'


@ENGINES
@pytest.mark.parametrize(
    ("item", "fits"),
    [
        ('"i32" (tag (param i32))', True),
        ('"none" (tag)', True),
        ('"i32" (tag)', False),
        ('"i32" (tag (param i64))', False),
        ('"i32" (func (param i32))', False),
    ],
)
def test_imported_tags_match_by_type(api: ModuleType, item: str, fits: bool):
    store = api.Store()
    linker = api.Linker(store.engine)
    library = linker.instantiate(store, api.Module(store.engine, LIBRARY))
    linker.define_instance(store, "lib", library)
    module = api.Module(store.engine, f'(module (import "lib" {item}))')
    if fits:
        linker.instantiate(store, module)
    else:
        with pytest.raises(api.WasmtimeError, match="incompatible import type"):
            linker.instantiate(store, module)


@ENGINES
def test_tags_of_python(api: ModuleType):
    store = api.Store()
    type_ = api.TagType(api.FuncType([api.ValType.i32()], []))
    tag = api.Tag(store, type_)
    module = api.Module(
        store.engine, '(module (import "" "" (tag (param i32))) (export "t" (tag 0)))'
    )
    (imported,), (exported,) = module.imports, module.exports
    for found in (imported.type, exported.type):
        assert isinstance(found, api.TagType)
    again = api.Instance(store, module, [tag]).exports(store)["t"]
    assert isinstance(again, api.Tag)
    for one in (tag, again):
        ty = one.type(store)
        params = (
            [str(t) for t in getattr(ty, "functype", ty).params] if api is wasmdialect else ["i32"]
        )
        assert params == ["i32"]


def test_a_tag_of_another_store_is_refused():
    tag = wasmdialect.Tag(wasmdialect.Store(), wasmdialect.TagType(wasmdialect.FuncType([], [])))
    with pytest.raises(wasmdialect.WasmtimeError, match="wrong store"):
        tag.type(wasmdialect.Store())


def test_a_tag_is_what_it_was_created_as():
    """A re-exported tag is the same one: two tags of one type differ."""
    store = wasmdialect.Store()
    type_ = wasmdialect.TagType(wasmdialect.FuncType([], []))
    first, second = wasmdialect.Tag(store, type_), wasmdialect.Tag(store, type_)
    module = wasmdialect.Module(store.engine, '(module (import "" "" (tag)) (export "t" (tag 0)))')
    again = wasmdialect.Instance(store, module, [first]).exports(store)["t"]
    assert again.storage is first.storage
    assert again.eq(store, first)
    assert not again.eq(store, second)

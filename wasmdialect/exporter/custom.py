"""Custom sections of an exported module: the names, which the IR holds, and sections of the module that
it was imported from. Those that refer to places in the code say nothing true about new code, and go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xdsl.dialects.builtin import StringAttr

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import MODULE_NAME
from wasmdialect.exporter.entities import Entities
from wasmdialect.exporter.fields import Fields
from wasmdialect.wasm.module import CustomSection, IndexedNames, Module, Names
from wasmdialect.wasm.names import encode_names

_NAME = "name"
_LAST_SECTION = 11
_ABOUT_CODE = (
    ".debug_",
    "reloc.",
    "linking",
    "metadata.code.",
    "sourceMappingURL",
    "external_debug_info",
)
"""How the names of sections begin that refer to offsets in the code."""
_IMPORTABLE: Mapping[type[wasmir.ImportableOp], str] = {
    wasmir.FuncOp: "functions",
    wasmir.TableOp: "tables",
    wasmir.MemoryOp: "memories",
    wasmir.GlobalOp: "globals",
    wasmir.TagOp: "tags",
}
_OTHERS: Mapping[type[wasmir.DeclarationOp], str] = {
    wasmir.TypeOp: "types",
    wasmir.ElemOp: "elements",
    wasmir.DataOp: "data",
}
"""The kinds of declarations by the names' field of a module."""


def custom_sections(
    entities: Entities, fields: Fields, source: Module | None
) -> Iterator[CustomSection]:
    """The custom sections, in order."""
    content = encode_names(_names(entities, fields, source))
    places = [s.after for s in source.custom_sections if s.name == _NAME] if source else []
    after = places[0] if places else _LAST_SECTION
    names = CustomSection(_NAME, memoryview(content), 0, after)
    is_written = not content
    for section in source.custom_sections if source else ():
        if not is_written and (section.name == _NAME or section.after > after):
            is_written = True
            yield names
        if section.name != _NAME and not section.name.startswith(_ABOUT_CODE):
            yield section
    if not is_written:
        yield names


def _names(entities: Entities, fields: Fields, source: Module | None) -> Names:
    module_name = entities.declared.module.attributes.get(MODULE_NAME)
    names = Names(module=module_name.data if isinstance(module_name, StringAttr) else None)
    for cls, field in _IMPORTABLE.items():
        setattr(names, field, _of_importable(entities, cls))
    names.globals |= {index: name for name, index in fields.counters.items()}
    names.memories |= {index: name for name, (index, _) in fields.areas.items()}
    for cls, field in _OTHERS.items():
        known = getattr(source.names, field) if source else _of_symbols(entities, cls)
        setattr(names, field, known)
    if source is not None:
        names.fields = source.names.fields
        names.locals = _of_parameters(entities, source)
    return names


def _of_importable(entities: Entities, cls: type[wasmir.ImportableOp]) -> IndexedNames:
    found: IndexedNames = {}
    for index, op in enumerate(entities.order[cls]):
        assert isinstance(op, wasmir.ImportableOp)
        name = op.debug_name
        if name is not None:
            found[index] = name
    return found


def _of_symbols(entities: Entities, cls: type[wasmir.DeclarationOp]) -> IndexedNames:
    """Symbols that are not made of kind and index are names."""
    return {
        index: op.sym_name.data
        for index, op in enumerate(entities.order[cls])
        if op.sym_name.data != f"{cls.WORD}{index}"
    }


def _of_parameters(entities: Entities, source: Module) -> dict[int, IndexedNames]:
    """The names of parameters. Other locals are new ones."""
    found: dict[int, IndexedNames] = {}
    for index, op in enumerate(entities.order[wasmir.FuncOp]):
        assert isinstance(op, wasmir.FuncOp)
        names = source.names.locals.get(op.index_value, {})
        count = len(op.function_type.inputs)
        kept = {number: name for number, name in names.items() if number < count}
        if kept:
            found[index] = kept
    return found

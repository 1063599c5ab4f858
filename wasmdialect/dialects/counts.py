"""The counts of a module as an attribute of its units, which hold only some of its declarations."""

from __future__ import annotations

from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    BytesAttr,
    DictionaryAttr,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    i64,
)
from xdsl.ir import Attribute

from wasmdialect._records import field_names
from wasmdialect.abi.layout import Counts
from wasmdialect.dialects.declared import ModuleDeclarations, count_declarations
from wasmdialect.dialects.fast import integer_attr
from wasmdialect.dialects.wasmir.declarations import name_text

COUNTS_ATTRIBUTE = "wasmvm.counts"
_EXTRA_FIELDS = "extra_fields"


def counts_attribute(counts: Counts) -> DictionaryAttr:
    """How many of each thing a module has, leaving out zeros."""
    entries: dict[str, Attribute] = {}
    for name in field_names(Counts):
        value = getattr(counts, name)
        if isinstance(value, int) and value:
            entries[name] = IntegerAttr(value, i64)
    if counts.extra_fields:
        entries[_EXTRA_FIELDS] = ArrayAttr(
            ArrayAttr([StringAttr(name), integer_attr(size, 64), integer_attr(align, 64)])
            for name, size, align in counts.extra_fields
        )
    return DictionaryAttr(entries)


def has_exceptions(module: ModuleOp) -> bool:
    """Whether the code of a module, or of the one that a unit is of, tests for exceptions. It does not
    read the fields that passes declared, of which there may be thousands."""
    attribute = module.attributes.get(COUNTS_ATTRIBUTE)
    if isinstance(attribute, DictionaryAttr):
        return "has_exceptions" in attribute.data  # zeros are left out
    return read_counts(module).has_exceptions != 0


def read_counts(module: ModuleOp) -> Counts:
    """The counts noted on a unit, or those of the declarations of a whole module, which has no note."""
    attribute = module.attributes.get(COUNTS_ATTRIBUTE)
    if not isinstance(attribute, DictionaryAttr):
        return count_declarations(ModuleDeclarations(module))
    numbers: dict[str, int] = {}
    extra: list[tuple[str, int, int]] = []
    for name, value in attribute.data.items():
        if isinstance(value, IntegerAttr):
            numbers[name] = value.value.data
        elif name == _EXTRA_FIELDS:
            for row in cast(ArrayAttr[ArrayAttr[Attribute]], value).data:
                field, size, align = cast(
                    tuple[StringAttr | BytesAttr, IntegerAttr, IntegerAttr], row.data
                )
                extra.append((name_text(field), size.value.data, align.value.data))
    return Counts(**numbers, extra_fields=tuple(extra))

"""Typing rules of table instructions (spec "Validation")."""

from __future__ import annotations

from wasmdialect.types import I32, matches
from wasmdialect.wasm.errors import ValidationError
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.rules.lookup import (
    look_up,
    rule,
    smaller_address,
    table_at,
)


@rule("table.get")
def _table_get(s: OperandStack, index: int) -> None:
    t = table_at(s.module, index).type
    s.pop(t.address)
    s.push(t.element)


@rule("table.set")
def _table_set(s: OperandStack, index: int) -> None:
    t = table_at(s.module, index).type
    s.written_tables.add(index)
    s.pop_all((t.address, t.element))


@rule("table.size")
def _table_size(s: OperandStack, index: int) -> None:
    s.push(table_at(s.module, index).type.address)


@rule("table.grow")
def _table_grow(s: OperandStack, index: int) -> None:
    t = table_at(s.module, index).type
    s.written_tables.add(index)
    s.pop_all((t.element, t.address))
    s.push(t.address)


@rule("table.fill")
def _table_fill(s: OperandStack, index: int) -> None:
    t = table_at(s.module, index).type
    s.written_tables.add(index)
    s.pop_all((t.address, t.element, t.address))


@rule("table.copy")
def _table_copy(s: OperandStack, immediate: tuple[int, int]) -> None:
    s.written_tables.add(immediate[0])
    destination, source = (table_at(s.module, index).type for index in immediate)
    if not matches(source.element, destination.element):
        raise ValidationError(
            f"type mismatch: cannot copy {source.element} to a table of {destination.element}"
        )
    s.pop_all(
        (destination.address, source.address, smaller_address(destination.address, source.address))
    )


@rule("table.init")
def _table_init(s: OperandStack, immediate: tuple[int, int]) -> None:
    segment, index = immediate
    table = table_at(s.module, index).type
    s.written_tables.add(index)
    element = look_up(s.module.elements, segment, "elem segment").type
    if not matches(element, table.element):
        raise ValidationError(f"type mismatch: table {index} cannot hold {element}")
    s.pop_all((table.address, I32, I32))


@rule("elem.drop")
def _elem_drop(s: OperandStack, segment: int) -> None:
    look_up(s.module.elements, segment, "elem segment")

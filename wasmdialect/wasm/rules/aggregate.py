"""Typing rules of structs, arrays, casts and conversions (spec "Validation")."""

from __future__ import annotations

from wasmdialect import types as wt
from wasmdialect.types import I32, RefType, matches, ref_type
from wasmdialect.wasm.errors import ValidationError
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.instructions.gc import NULLABLE_TARGET
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.rules.lookup import (
    RULES,
    Rule,
    array_at,
    check_data,
    look_up,
    pop_descriptor,
    ref_to,
    ref_to_new,
    rule,
    struct_at,
)


def _struct_new(takes_fields: bool, takes_descriptor: bool) -> Rule:
    def new(s: OperandStack, index: int) -> None:
        fields = struct_at(s.module, index).fields
        if takes_descriptor:
            s.pop(ref_type(True, wt.exact(_required_descriptor(s, index))))
        elif s.module.types[index].descriptor is not None:
            raise ValidationError("type with descriptor requires descriptor allocation")
        if takes_fields:
            s.pop_all([f.value for f in fields])
        else:
            for f in fields:
                _check_defaultable(f)
        s.push(ref_to_new(s.module, index))

    return new


def _required_descriptor(s: OperandStack, index: int) -> wt.DefType:
    descriptor = s.module.types[index].descriptor
    if descriptor is None:
        raise ValidationError("type without descriptor requires non-descriptor allocation")
    return descriptor


rule("struct.new")(_struct_new(takes_fields=True, takes_descriptor=False))
rule("struct.new_default")(_struct_new(takes_fields=False, takes_descriptor=False))
rule("struct.new_desc")(_struct_new(takes_fields=True, takes_descriptor=True))
rule("struct.new_default_desc")(_struct_new(takes_fields=False, takes_descriptor=True))


def _check_defaultable(f: wt.FieldType) -> None:
    if not wt.is_defaultable(f.value):
        raise ValidationError(f"type mismatch: {f.value} has no default value")


def _struct_field(s: OperandStack, immediate: tuple[int, int]) -> wt.FieldType:
    index, field = immediate
    return look_up(list(struct_at(s.module, index).fields), field, "field")


def _check_packed(f: wt.FieldType, packed: bool) -> None:
    if isinstance(f.storage, wt.PackedType) is not packed:
        word = "is not" if packed else "is"
        raise ValidationError(f"type mismatch: the field {word} packed")


def _struct_get(packed: bool) -> Rule:
    def get(s: OperandStack, immediate: tuple[int, int]) -> None:
        f = _struct_field(s, immediate)
        _check_packed(f, packed)
        s.pop(ref_to(s.module, immediate[0]))
        s.push(f.value)

    return get


rule("struct.get")(_struct_get(False))
rule("struct.get_s", "struct.get_u")(_struct_get(True))


@rule("struct.set")
def _struct_set(s: OperandStack, immediate: tuple[int, int]) -> None:
    f = _struct_field(s, immediate)
    if not f.mutable:
        raise ValidationError("immutable field")
    s.pop_all((ref_to(s.module, immediate[0]), f.value))


@rule("array.new")
def _array_new(s: OperandStack, index: int) -> None:
    s.pop_all((array_at(s.module, index).value, I32))
    s.push(ref_to_new(s.module, index))


@rule("array.new_default")
def _array_new_default(s: OperandStack, index: int) -> None:
    _check_defaultable(array_at(s.module, index))
    s.pop(I32)
    s.push(ref_to_new(s.module, index))


@rule("array.new_fixed")
def _array_new_fixed(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, count = immediate
    element = array_at(s.module, index).value
    if count > len(s.operands) - s.height and not s.frames[-1].unreachable:
        raise ValidationError(f"type mismatch: array.new_fixed requires {count} operands")
    for _ in range(min(count, len(s.operands) - s.height)):
        s.pop(element)
    s.push(ref_to_new(s.module, index))


def _check_array_data(element: wt.FieldType) -> None:
    if isinstance(element.storage, RefType):
        raise ValidationError("array type is not numeric or vector")


def _check_array_elem(s: OperandStack, element: wt.FieldType, segment: int) -> None:
    t = look_up(s.module.elements, segment, "elem segment").type
    if isinstance(element.storage, wt.PackedType) or not matches(t, element.storage):
        raise ValidationError(f"type mismatch: an array of {element} cannot hold {t}")


@rule("array.new_data")
def _array_new_data(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, segment = immediate
    _check_array_data(array_at(s.module, index))
    check_data(s.module, segment)
    s.pop_all((I32, I32))
    s.push(ref_to_new(s.module, index))


@rule("array.new_elem")
def _array_new_elem(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, segment = immediate
    _check_array_elem(s, array_at(s.module, index), segment)
    s.pop_all((I32, I32))
    s.push(ref_to_new(s.module, index))


def _array_get(packed: bool) -> Rule:
    def get(s: OperandStack, index: int) -> None:
        element = array_at(s.module, index)
        _check_packed(element, packed)
        s.pop_all((ref_to(s.module, index), I32))
        s.push(element.value)

    return get


rule("array.get")(_array_get(False))
rule("array.get_s", "array.get_u")(_array_get(True))


def _mutable_array(s: OperandStack, index: int) -> wt.FieldType:
    element = array_at(s.module, index)
    if not element.mutable:
        raise ValidationError("immutable array")
    return element


@rule("array.set")
def _array_set(s: OperandStack, index: int) -> None:
    element = _mutable_array(s, index)
    s.pop_all((ref_to(s.module, index), I32, element.value))


@rule("array.fill")
def _array_fill(s: OperandStack, index: int) -> None:
    element = _mutable_array(s, index)
    s.pop_all((ref_to(s.module, index), I32, element.value, I32))


@rule("array.copy")
def _array_copy(s: OperandStack, immediate: tuple[int, int]) -> None:
    destination, source = immediate
    into = _mutable_array(s, destination).storage
    if not wt.storage_matches(array_at(s.module, source).storage, into):
        raise ValidationError("array types do not match")
    s.pop_all((ref_to(s.module, destination), I32, ref_to(s.module, source), I32, I32))


@rule("array.init_data")
def _array_init_data(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, segment = immediate
    _check_array_data(_mutable_array(s, index))
    check_data(s.module, segment)
    s.pop_all((ref_to(s.module, index), I32, I32, I32))


@rule("array.init_elem")
def _array_init_elem(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, segment = immediate
    _check_array_elem(s, _mutable_array(s, index), segment)
    s.pop_all((ref_to(s.module, index), I32, I32, I32))


@rule("ref.test")
def _ref_test(s: OperandStack, heap: wt.HeapType) -> None:
    s.pop(ref_type(True, wt.top_of(heap)))
    s.push(I32)


def _ref_cast(nullable: bool) -> Rule:
    def cast(s: OperandStack, heap: wt.HeapType) -> None:
        s.pop(ref_type(True, wt.top_of(heap)))
        s.push(ref_type(nullable, heap))

    return cast


def _ref_cast_desc_eq(nullable: bool) -> Rule:
    def cast(s: OperandStack, heap: wt.HeapType) -> None:
        pop_descriptor(s, heap)
        s.pop(ref_type(True, wt.top_of(heap)))
        s.push(ref_type(nullable, heap))

    return cast


@rule("ref.get_desc")
def _ref_get_desc(s: OperandStack, index: int) -> None:
    t = s.module.types[index]
    if t.descriptor is None:
        raise ValidationError(f"type without descriptor: {index}")
    found = s.pop(ref_type(True, t))
    # Bottom and null are of every type, so of exactly this one too.
    exact = matches(found, ref_type(True, wt.exact(t)))
    s.push(ref_type(False, wt.exact(t.descriptor) if exact else t.descriptor))


def _convert(source: wt.HeapType, target: wt.HeapType) -> Rule:
    def convert(s: OperandStack, _: None) -> None:
        t = s.pop(ref_type(True, source))
        s.push(ref_type(isinstance(t, RefType) and t.nullable, target))

    return convert


rule("any.convert_extern")(_convert(wt.EXTERN, wt.ANY))
rule("extern.convert_any")(_convert(wt.ANY, wt.EXTERN))


for _row in BY_MNEMONIC["ref.cast"]:
    RULES[_row.opcode] = _ref_cast(_row.opcode in NULLABLE_TARGET)
for _row in BY_MNEMONIC["ref.cast_desc_eq"]:
    RULES[_row.opcode] = _ref_cast_desc_eq(_row.opcode in NULLABLE_TARGET)

"""The typing rules of instructions that the table does not type: one function for each, by mnemonic
(spec "Validation / Instructions")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from wasmdialect.wasm import types as wt
from wasmdialect.wasm.errors import DecodeError, ValidationError
from wasmdialect.wasm.instructions import BY_MNEMONIC, INSTRUCTIONS, Immediate, Instruction
from wasmdialect.wasm.instructions.gc import NULLABLE_TARGET
from wasmdialect.wasm.module import Catch, Global, Memory, Module, Table, Tag
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.type_section import storage_matches
from wasmdialect.wasm.types import BOT, I32, I64, RefType, ValType, matches, ref_type

Rule: TypeAlias = Callable[[OperandStack, Any], None]

RULES: dict[int, Rule] = {}
"""By opcode. Raises ValidationError without a place."""

_T = TypeVar("_T")


def _rule(*mnemonics: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        for mnemonic in mnemonics:
            for row in BY_MNEMONIC[mnemonic]:
                RULES[row.opcode] = rule
        return rule

    return register


def _get(space: list[_T], index: int, what: str) -> _T:
    if index >= len(space):
        raise ValidationError(f"unknown {what} {index}")
    return space[index]


def _table(module: Module, index: int) -> Table:
    return _get(module.tables, index, "table")


def _memory(module: Module, index: int) -> Memory:
    return _get(module.memories, index, "memory")


def _global(module: Module, index: int) -> Global:
    return _get(module.globals, index, "global")


def _tag(module: Module, index: int) -> Tag:
    return _get(module.tags, index, "tag")


def _func(module: Module, index: int) -> wt.FuncType:
    deftype = module.types[index]
    if not isinstance(deftype.composite, wt.FuncType):
        raise ValidationError(f"unknown type {index}: not a function type")
    return deftype.composite


def _struct(module: Module, index: int) -> wt.StructType:
    composite = module.types[index].composite
    if not isinstance(composite, wt.StructType):
        raise ValidationError(f"type mismatch: type {index} is not a struct type")
    return composite


def _array(module: Module, index: int) -> wt.FieldType:
    composite = module.types[index].composite
    if not isinstance(composite, wt.ArrayType):
        raise ValidationError(f"type mismatch: type {index} is not an array type")
    return composite.element


def _ref_to(module: Module, index: int, nullable: bool = True) -> RefType:
    return ref_type(nullable, module.types[index])


# --- control


@_rule("unreachable")
def _unreachable(s: OperandStack, _: None) -> None:
    s.mark_unreachable()


def _opener(opcode: int) -> Rule:
    return lambda s, signature: s.open(opcode, signature)


@_rule("if")
def _if(s: OperandStack, signature: wt.FuncType) -> None:
    s.pop(I32)
    s.open(0x04, signature)


@_rule("else")
def _else(s: OperandStack, _: None) -> None:
    if s.frames[-1].opcode != 0x04:
        raise DecodeError("unexpected token: else outside of an if")
    frame = s.close()
    s.height = len(s.operands)
    s.open(0x05, wt.FuncType((), frame.signature.results))
    s.operands.extend(frame.signature.params)


@_rule("end")
def _end(s: OperandStack, _: None) -> None:
    frame = s.close()
    signature = frame.signature
    if frame.opcode == 0x04 and not (
        len(signature.params) == len(signature.results)
        and all(map(matches, signature.params, signature.results))
    ):
        raise ValidationError(
            "type mismatch: if without else must have the same types at both ends"
        )
    s.operands.extend(signature.results)


@_rule("br")
def _br(s: OperandStack, depth: int) -> None:
    s.pop_all(s.label(depth).label_types)
    s.mark_unreachable()


@_rule("br_if")
def _br_if(s: OperandStack, depth: int) -> None:
    s.pop(I32)
    types = s.label(depth).label_types
    s.pop_all(types)
    s.push_all(types)


@_rule("br_table")
def _br_table(s: OperandStack, labels: tuple[int, ...]) -> None:
    s.pop(I32)
    default = s.label(labels[-1]).label_types
    for depth in dict.fromkeys(labels):
        types = s.label(depth).label_types
        if len(types) != len(default):
            raise ValidationError(
                f"type mismatch: labels of br_table take {len(default)} and {len(types)} values"
            )
        before = s.operands.copy()
        s.pop_all(types)
        s.operands[:] = before
    s.mark_unreachable()


@_rule("return")
def _return(s: OperandStack, _: None) -> None:
    s.pop_all(s.frames[0].signature.results)
    s.mark_unreachable()


def _check_tail(s: OperandStack, callee: wt.FuncType) -> None:
    results = s.frames[0].signature.results
    if len(callee.results) != len(results) or not all(map(matches, callee.results, results)):
        raise ValidationError("type mismatch: a tail call must give the results of its function")


def _call_type(s: OperandStack, callee: wt.FuncType, tail: bool) -> None:
    s.pop_all(callee.params)
    if tail:
        _check_tail(s, callee)
        s.mark_unreachable()
    else:
        s.push_all(callee.results)


@_rule("call")
def _call(s: OperandStack, index: int) -> None:
    _call_type(s, _get(s.module.functions, index, "function").signature, False)


@_rule("return_call")
def _return_call(s: OperandStack, index: int) -> None:
    _call_type(s, _get(s.module.functions, index, "function").signature, True)


def _indirect(s: OperandStack, immediate: tuple[int, int], tail: bool) -> None:
    type_index, table_index = immediate
    table = _table(s.module, table_index).type
    if not matches(table.element, wt.FUNCREF):
        raise ValidationError(f"type mismatch: table {table_index} holds {table.element}")
    callee = _func(s.module, type_index)
    s.pop(table.address)
    _call_type(s, callee, tail)


@_rule("call_indirect")
def _call_indirect(s: OperandStack, immediate: tuple[int, int]) -> None:
    _indirect(s, immediate, False)


@_rule("return_call_indirect")
def _return_call_indirect(s: OperandStack, immediate: tuple[int, int]) -> None:
    _indirect(s, immediate, True)


def _through_ref(s: OperandStack, index: int, tail: bool) -> None:
    callee = _func(s.module, index)
    s.pop(_ref_to(s.module, index))
    _call_type(s, callee, tail)


@_rule("call_ref")
def _call_ref(s: OperandStack, index: int) -> None:
    _through_ref(s, index, False)


@_rule("return_call_ref")
def _return_call_ref(s: OperandStack, index: int) -> None:
    _through_ref(s, index, True)


@_rule("throw")
def _throw(s: OperandStack, index: int) -> None:
    composite = _tag(s.module, index).type.type.composite
    assert isinstance(composite, wt.FuncType)
    s.pop_all(composite.params)
    s.mark_unreachable()


@_rule("throw_ref")
def _throw_ref(s: OperandStack, _: None) -> None:
    s.pop(wt.EXNREF)
    s.mark_unreachable()


@_rule("try_table")
def _try_table(s: OperandStack, immediate: tuple[wt.FuncType, tuple[Catch, ...]]) -> None:
    signature, catches = immediate
    for clause in catches:
        _check_catch(s, clause)
    s.open(0x1F, signature)


def _check_catch(s: OperandStack, clause: Catch) -> None:
    passed: tuple[ValType, ...] = ()
    if clause.tag is not None:
        composite = _tag(s.module, clause.tag).type.type.composite
        assert isinstance(composite, wt.FuncType)
        passed = composite.params
    if clause.kind.has_reference:
        passed = (*passed, ref_type(False, wt.EXN))
    wanted = s.label(clause.label).label_types
    if len(passed) != len(wanted) or not all(map(matches, passed, wanted)):
        raise ValidationError("type mismatch: a catch clause must pass what its label takes")


def _br_on(s: OperandStack, depth: int) -> tuple[ValType, ...]:
    return s.label(depth).label_types


@_rule("br_on_null")
def _br_on_null(s: OperandStack, depth: int) -> None:
    t = s.pop_ref()
    types = _br_on(s, depth)
    s.pop_all(types)
    s.push_all(types)
    s.push(BOT if t is None else ref_type(False, t.heap, t.exact))


@_rule("br_on_non_null")
def _br_on_non_null(s: OperandStack, depth: int) -> None:
    t = s.pop_ref()
    types = _br_on(s, depth)
    if not types or not isinstance(types[-1], RefType):
        raise ValidationError("type mismatch: br_on_non_null needs a label that takes a reference")
    if t is not None and not matches(ref_type(False, t.heap, t.exact), types[-1]):
        raise ValidationError(f"type mismatch: the label takes {types[-1]} but stack has [{t}]")
    s.pop_all(types[:-1])
    s.push_all(types[:-1])


def _cast_types(
    s: OperandStack, immediate: tuple[int, RefType, RefType]
) -> tuple[tuple[ValType, ...], RefType, RefType]:
    depth, source, target = immediate
    if not matches(target, source):
        raise ValidationError(f"type mismatch: {target} is no subtype of {source}")
    s.pop(source)
    types = _br_on(s, depth)
    if not types:
        raise ValidationError("type mismatch: the label takes nothing")
    return types, target, _difference(source, target)


def _difference(source: RefType, target: RefType) -> RefType:
    """What is left of `source` when the cast to `target` fails."""
    return ref_type(False, source.heap, source.exact) if target.nullable else source


def _branch_with(s: OperandStack, types: tuple[ValType, ...], taken: RefType, left: RefType):
    if not matches(taken, types[-1]):
        raise ValidationError(
            f"type mismatch: the label takes {types[-1]}, the branch passes {taken}"
        )
    s.pop_all(types[:-1])
    s.push_all(types[:-1])
    s.push(left)


@_rule("br_on_cast")
def _br_on_cast(s: OperandStack, immediate: tuple[int, RefType, RefType]) -> None:
    types, target, left = _cast_types(s, immediate)
    _branch_with(s, types, target, left)


@_rule("br_on_cast_fail")
def _br_on_cast_fail(s: OperandStack, immediate: tuple[int, RefType, RefType]) -> None:
    types, target, left = _cast_types(s, immediate)
    _branch_with(s, types, left, target)


# --- parametric, variables


@_rule("drop")
def _drop(s: OperandStack, _: None) -> None:
    s.pop_any()


def _select(s: OperandStack, _: None) -> None:
    s.pop(I32)
    first, second = s.pop_any(), s.pop_any()
    if isinstance(first, RefType) or isinstance(second, RefType):
        raise ValidationError("type mismatch: select of references must be annotated with a type")
    if first is not second and first is not BOT and second is not BOT:
        raise ValidationError(f"type mismatch: select of {second} and {first}")
    s.push(second if first is BOT else first)


def _select_typed(s: OperandStack, types: tuple[ValType, ...]) -> None:
    if len(types) != 1:
        raise ValidationError("invalid result arity: select has one result")
    s.pop_all((types[0], types[0], I32))
    s.push(types[0])


RULES[0x1B] = _select
RULES[0x1C] = _select_typed


@_rule("local.get")
def _local_get(s: OperandStack, index: int) -> None:
    t = _get(s.locals, index, "local")
    if index in s.unset:
        raise ValidationError(f"uninitialized local {index}")
    s.push(t)


@_rule("local.set")
def _local_set(s: OperandStack, index: int) -> None:
    s.pop(_get(s.locals, index, "local"))
    s.set_local(index)


@_rule("local.tee")
def _local_tee(s: OperandStack, index: int) -> None:
    t = _get(s.locals, index, "local")
    s.pop(t)
    s.push(t)
    s.set_local(index)


@_rule("global.get")
def _global_get(s: OperandStack, index: int) -> None:
    s.push(_global(s.module, index).type.value)


@_rule("global.set")
def _global_set(s: OperandStack, index: int) -> None:
    t = _global(s.module, index).type
    if not t.mutable:
        raise ValidationError(f"immutable global {index}")
    s.pop(t.value)


# --- tables and references


@_rule("ref.null")
def _ref_null(s: OperandStack, heap: wt.HeapType) -> None:
    s.push(ref_type(True, heap))


@_rule("ref.is_null")
def _ref_is_null(s: OperandStack, _: None) -> None:
    s.pop_ref()
    s.push(I32)


@_rule("ref.as_non_null")
def _ref_as_non_null(s: OperandStack, _: None) -> None:
    t = s.pop_ref()
    s.push(BOT if t is None else ref_type(False, t.heap, t.exact))


@_rule("ref.func")
def _ref_func(s: OperandStack, index: int) -> None:
    function = _get(s.module.functions, index, "function")
    if index not in s.module.declared_functions():
        raise ValidationError(f"undeclared function reference {index}")
    s.push(ref_type(False, function.type))


@_rule("table.get")
def _table_get(s: OperandStack, index: int) -> None:
    t = _table(s.module, index).type
    s.pop(t.address)
    s.push(t.element)


@_rule("table.set")
def _table_set(s: OperandStack, index: int) -> None:
    t = _table(s.module, index).type
    s.pop_all((t.address, t.element))


@_rule("table.size")
def _table_size(s: OperandStack, index: int) -> None:
    s.push(_table(s.module, index).type.address)


@_rule("table.grow")
def _table_grow(s: OperandStack, index: int) -> None:
    t = _table(s.module, index).type
    s.pop_all((t.element, t.address))
    s.push(t.address)


@_rule("table.fill")
def _table_fill(s: OperandStack, index: int) -> None:
    t = _table(s.module, index).type
    s.pop_all((t.address, t.element, t.address))


@_rule("table.copy")
def _table_copy(s: OperandStack, immediate: tuple[int, int]) -> None:
    destination, source = (_table(s.module, index).type for index in immediate)
    if not matches(source.element, destination.element):
        raise ValidationError(
            f"type mismatch: cannot copy {source.element} to a table of {destination.element}"
        )
    s.pop_all((destination.address, source.address, _shorter(destination.address, source.address)))


def _shorter(a: wt.NumType, b: wt.NumType) -> wt.NumType:
    return I64 if a is I64 and b is I64 else I32


@_rule("table.init")
def _table_init(s: OperandStack, immediate: tuple[int, int]) -> None:
    segment, index = immediate
    table = _table(s.module, index).type
    element = _get(s.module.elements, segment, "elem segment").type
    if not matches(element, table.element):
        raise ValidationError(f"type mismatch: table {index} cannot hold {element}")
    s.pop_all((table.address, I32, I32))


@_rule("elem.drop")
def _elem_drop(s: OperandStack, segment: int) -> None:
    _get(s.module.elements, segment, "elem segment")


# --- memories


def _data(module: Module, segment: int) -> None:
    if module.data_count is None:
        raise DecodeError("data count section required")
    if segment >= module.data_count:
        raise ValidationError(f"unknown data segment {segment}")


@_rule("memory.size")
def _memory_size(s: OperandStack, index: int) -> None:
    s.push(_memory(s.module, index).type.address)


@_rule("memory.grow")
def _memory_grow(s: OperandStack, index: int) -> None:
    address = _memory(s.module, index).type.address
    s.pop(address)
    s.push(address)


@_rule("memory.fill")
def _memory_fill(s: OperandStack, index: int) -> None:
    address = _memory(s.module, index).type.address
    s.pop_all((address, I32, address))


@_rule("memory.copy")
def _memory_copy(s: OperandStack, immediate: tuple[int, int]) -> None:
    destination, source = (_memory(s.module, index).type.address for index in immediate)
    s.pop_all((destination, source, _shorter(destination, source)))


@_rule("memory.init")
def _memory_init(s: OperandStack, immediate: tuple[int, int]) -> None:
    segment, index = immediate
    address = _memory(s.module, index).type.address
    _data(s.module, segment)
    s.pop_all((address, I32, I32))


@_rule("data.drop")
def _data_drop(s: OperandStack, segment: int) -> None:
    _data(s.module, segment)


def _memory_access(row: Instruction) -> Rule:
    """The rule of a load, store or atomic instruction: those with a memarg."""
    assert row.access is not None
    assert row.params is not None
    assert row.results is not None
    rest, results = row.params[1:], row.results
    natural = row.access.bytes.bit_length() - 1
    atomic = row.access.atomic
    lanes = 16 // row.access.bytes if row.immediates[-1] is Immediate.LANE else 0

    def access(s: OperandStack, immediate: Any) -> None:
        memarg = immediate
        if lanes:
            memarg, lane = immediate
            if lane >= lanes:
                raise ValidationError(f"invalid lane index {lane}")
        align_log2, offset, index = memarg
        memory = _memory(s.module, index)
        if align_log2 > natural:
            raise ValidationError("alignment must not be larger than natural")
        if atomic and align_log2 != natural:
            raise ValidationError("atomic alignment must be natural")
        address = memory.type.address
        if offset > 0xFFFF_FFFF and address is I32:
            raise ValidationError(f"offset out of range: {offset:#x}")
        if rest:
            s.pop_all(rest)
        s.pop(address)
        s.operands.extend(results)

    return access


def _lane_rule(row: Instruction) -> Rule:
    """The rule of an instruction with one lane index and no memory: extract_lane, replace_lane."""
    assert row.params is not None
    assert row.results is not None
    params, results = row.params, row.results
    shape = row.mnemonic.partition(".")[0]
    lanes = int(shape.partition("x")[2])

    def check(s: OperandStack, lane: int) -> None:
        if lane >= lanes:
            raise ValidationError(f"invalid lane index {lane}")
        s.pop_all(params)
        s.push_all(results)

    return check


@_rule("i8x16.shuffle")
def _shuffle(s: OperandStack, lanes: tuple[int, ...]) -> None:
    if max(lanes) >= 32:
        raise ValidationError(f"invalid lane index {max(lanes)}")
    s.pop_all((wt.V128, wt.V128))
    s.push(wt.V128)


# --- garbage-collected types


@_rule("struct.new")
def _struct_new(s: OperandStack, index: int) -> None:
    s.pop_all([f.value for f in _struct(s.module, index).fields])
    s.push(_ref_to(s.module, index, False))


@_rule("struct.new_default")
def _struct_new_default(s: OperandStack, index: int) -> None:
    for f in _struct(s.module, index).fields:
        _check_defaultable(f)
    s.push(_ref_to(s.module, index, False))


def _check_defaultable(f: wt.FieldType) -> None:
    if not wt.is_defaultable(f.value):
        raise ValidationError(f"type mismatch: {f.value} has no default value")


def _struct_field(s: OperandStack, immediate: tuple[int, int]) -> wt.FieldType:
    index, field = immediate
    return _get(list(_struct(s.module, index).fields), field, "field")


def _check_packed(f: wt.FieldType, packed: bool) -> None:
    if isinstance(f.storage, wt.PackedType) is not packed:
        word = "is not" if packed else "is"
        raise ValidationError(f"type mismatch: the field {word} packed")


def _struct_get(packed: bool) -> Rule:
    def get(s: OperandStack, immediate: tuple[int, int]) -> None:
        f = _struct_field(s, immediate)
        _check_packed(f, packed)
        s.pop(_ref_to(s.module, immediate[0]))
        s.push(f.value)

    return get


_rule("struct.get")(_struct_get(False))
_rule("struct.get_s", "struct.get_u")(_struct_get(True))


@_rule("struct.set")
def _struct_set(s: OperandStack, immediate: tuple[int, int]) -> None:
    f = _struct_field(s, immediate)
    if not f.mutable:
        raise ValidationError("immutable field")
    s.pop_all((_ref_to(s.module, immediate[0]), f.value))


@_rule("array.new")
def _array_new(s: OperandStack, index: int) -> None:
    s.pop_all((_array(s.module, index).value, I32))
    s.push(_ref_to(s.module, index, False))


@_rule("array.new_default")
def _array_new_default(s: OperandStack, index: int) -> None:
    _check_defaultable(_array(s.module, index))
    s.pop(I32)
    s.push(_ref_to(s.module, index, False))


@_rule("array.new_fixed")
def _array_new_fixed(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, count = immediate
    element = _array(s.module, index).value
    if count > len(s.operands) - s.height and not s.frames[-1].unreachable:
        raise ValidationError(f"type mismatch: array.new_fixed requires {count} operands")
    for _ in range(min(count, len(s.operands) - s.height)):
        s.pop(element)
    s.push(_ref_to(s.module, index, False))


def _check_array_data(element: wt.FieldType) -> None:
    if isinstance(element.storage, RefType):
        raise ValidationError("array type is not numeric or vector")


def _check_array_elem(s: OperandStack, element: wt.FieldType, segment: int) -> None:
    t = _get(s.module.elements, segment, "elem segment").type
    if isinstance(element.storage, wt.PackedType) or not matches(t, element.storage):
        raise ValidationError(f"type mismatch: an array of {element} cannot hold {t}")


@_rule("array.new_data")
def _array_new_data(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, segment = immediate
    _check_array_data(_array(s.module, index))
    _data(s.module, segment)
    s.pop_all((I32, I32))
    s.push(_ref_to(s.module, index, False))


@_rule("array.new_elem")
def _array_new_elem(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, segment = immediate
    _check_array_elem(s, _array(s.module, index), segment)
    s.pop_all((I32, I32))
    s.push(_ref_to(s.module, index, False))


def _array_get(packed: bool) -> Rule:
    def get(s: OperandStack, index: int) -> None:
        element = _array(s.module, index)
        _check_packed(element, packed)
        s.pop_all((_ref_to(s.module, index), I32))
        s.push(element.value)

    return get


_rule("array.get")(_array_get(False))
_rule("array.get_s", "array.get_u")(_array_get(True))


def _mutable_array(s: OperandStack, index: int) -> wt.FieldType:
    element = _array(s.module, index)
    if not element.mutable:
        raise ValidationError("immutable array")
    return element


@_rule("array.set")
def _array_set(s: OperandStack, index: int) -> None:
    element = _mutable_array(s, index)
    s.pop_all((_ref_to(s.module, index), I32, element.value))


@_rule("array.fill")
def _array_fill(s: OperandStack, index: int) -> None:
    element = _mutable_array(s, index)
    s.pop_all((_ref_to(s.module, index), I32, element.value, I32))


@_rule("array.copy")
def _array_copy(s: OperandStack, immediate: tuple[int, int]) -> None:
    destination, source = immediate
    into = _mutable_array(s, destination).storage
    if not storage_matches(_array(s.module, source).storage, into):
        raise ValidationError("array types do not match")
    s.pop_all((_ref_to(s.module, destination), I32, _ref_to(s.module, source), I32, I32))


@_rule("array.init_data")
def _array_init_data(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, segment = immediate
    _check_array_data(_mutable_array(s, index))
    _data(s.module, segment)
    s.pop_all((_ref_to(s.module, index), I32, I32, I32))


@_rule("array.init_elem")
def _array_init_elem(s: OperandStack, immediate: tuple[int, int]) -> None:
    index, segment = immediate
    _check_array_elem(s, _mutable_array(s, index), segment)
    s.pop_all((_ref_to(s.module, index), I32, I32, I32))


@_rule("ref.test")
def _ref_test(s: OperandStack, heap: wt.HeapType) -> None:
    s.pop(ref_type(True, wt.top_of(heap)))
    s.push(I32)


def _ref_cast(nullable: bool) -> Rule:
    def cast(s: OperandStack, heap: wt.HeapType) -> None:
        s.pop(ref_type(True, wt.top_of(heap)))
        s.push(ref_type(nullable, heap))

    return cast


def _convert(source: wt.HeapType, target: wt.HeapType) -> Rule:
    def convert(s: OperandStack, _: None) -> None:
        t = s.pop(ref_type(True, source))
        s.push(BOT if t is BOT else ref_type(isinstance(t, RefType) and t.nullable, target))

    return convert


_rule("any.convert_extern")(_convert(wt.EXTERN, wt.ANY))
_rule("extern.convert_any")(_convert(wt.ANY, wt.EXTERN))

for _row in BY_MNEMONIC["ref.cast"]:
    RULES[_row.opcode] = _ref_cast(_row.opcode in NULLABLE_TARGET)
for _row in INSTRUCTIONS:
    if _row.mnemonic in ("block", "loop"):
        RULES[_row.opcode] = _opener(_row.opcode)
    elif _row.access is not None:
        RULES[_row.opcode] = _memory_access(_row)
    elif _row.immediates == (Immediate.LANE,):
        RULES[_row.opcode] = _lane_rule(_row)

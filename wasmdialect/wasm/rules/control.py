"""Typing rules of control, parametric and variable instructions (spec "Validation")."""

from __future__ import annotations

from wasmdialect import types as wt
from wasmdialect.types import BOT, I32, RefType, ValType, matches, ref_type
from wasmdialect.wasm.errors import DecodeError, ValidationError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.instructions.opcodes import CATCH, CATCH_ALL, ELSE, IF, TRY, TRY_TABLE
from wasmdialect.wasm.module import Catch
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.rules.lookup import (
    RULES,
    Rule,
    func_type_at,
    global_at,
    look_up,
    pop_descriptor,
    ref_to,
    rule,
    table_at,
    tag_at,
)


@rule("unreachable")
def _unreachable(s: OperandStack, _: None) -> None:
    s.mark_unreachable()


def _opener(opcode: int) -> Rule:
    return lambda s, signature: s.open(opcode, signature)


@rule("if")
def _if(s: OperandStack, signature: wt.FuncType) -> None:
    s.pop(I32)
    s.open(IF, signature)


@rule("else")
def _else(s: OperandStack, _: None) -> None:
    if s.frames[-1].opcode != IF:
        raise DecodeError("unexpected token: else outside of an if")
    frame = s.close()
    s.height = len(s.operands)
    s.open(ELSE, wt.FuncType((), frame.signature.results))
    s.operands.extend(frame.signature.params)


@rule("end")
def _end(s: OperandStack, _: None) -> None:
    frame = s.close()
    signature = frame.signature
    if frame.opcode == IF and not (
        len(signature.params) == len(signature.results)
        and all(map(matches, signature.params, signature.results))
    ):
        raise ValidationError(
            "type mismatch: if without else must have the same types at both ends"
        )
    s.operands.extend(signature.results)


@rule("br")
def _br(s: OperandStack, depth: int) -> None:
    s.pop_all(s.label(depth).label_types)
    s.mark_unreachable()


@rule("br_if")
def _br_if(s: OperandStack, depth: int) -> None:
    s.pop(I32)
    types = s.label(depth).label_types
    if types:
        s.pop_all(types)
        s.push_all(types)


@rule("br_table")
def _br_table(s: OperandStack, labels: tuple[int, ...]) -> None:
    s.pop(I32)
    default = s.label(labels[-1]).label_types
    for depth in dict.fromkeys(labels):
        types = s.label(depth).label_types
        if len(types) != len(default):
            raise ValidationError(
                f"type mismatch: labels of br_table take {len(default)} and {len(types)} values"
            )
        s.check_top(types)
    s.mark_unreachable()


@rule("return")
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
        s.has_tail_calls = True
        _check_tail(s, callee)
        s.mark_unreachable()
    else:
        s.push_all(callee.results)


@rule("call")
def _call(s: OperandStack, index: int) -> None:
    _call_type(s, look_up(s.module.functions, index, "function").signature, False)
    s.callees.append(index)
    s.note_call(index)


@rule("return_call")
def _return_call(s: OperandStack, index: int) -> None:
    _call_type(s, look_up(s.module.functions, index, "function").signature, True)
    s.callees.append(index)


def _indirect(s: OperandStack, immediate: tuple[int, int], tail: bool) -> None:
    type_index, table_index = immediate
    table = table_at(s.module, table_index).type
    if not matches(table.element, wt.FUNCREF):
        raise ValidationError(f"type mismatch: table {table_index} holds {table.element}")
    callee = func_type_at(s.module, type_index)
    s.pop(table.address)
    _call_type(s, callee, tail)
    s.note_indirect(table_index, type_index, is_tail=tail)


@rule("call_indirect")
def _call_indirect(s: OperandStack, immediate: tuple[int, int]) -> None:
    _indirect(s, immediate, False)


@rule("return_call_indirect")
def _return_call_indirect(s: OperandStack, immediate: tuple[int, int]) -> None:
    _indirect(s, immediate, True)


def _through_ref(s: OperandStack, index: int, tail: bool) -> None:
    callee = func_type_at(s.module, index)
    s.pop(ref_to(s.module, index))
    _call_type(s, callee, tail)


@rule("call_ref")
def _call_ref(s: OperandStack, index: int) -> None:
    _through_ref(s, index, False)


@rule("return_call_ref")
def _return_call_ref(s: OperandStack, index: int) -> None:
    _through_ref(s, index, True)


@rule("throw")
def _throw(s: OperandStack, index: int) -> None:
    composite = tag_at(s.module, index).type.type.composite
    assert isinstance(composite, wt.FuncType)
    s.pop_all(composite.params)
    s.mark_unreachable()


@rule("throw_ref")
def _throw_ref(s: OperandStack, _: None) -> None:
    s.pop(wt.EXNREF)
    s.mark_unreachable()


@rule("try_table")
def _try_table(s: OperandStack, immediate: tuple[wt.FuncType, tuple[Catch, ...]]) -> None:
    signature, catches = immediate
    for clause in catches:
        _check_catch(s, clause)
    s.open(TRY_TABLE, signature)


def _check_catch(s: OperandStack, clause: Catch) -> None:
    passed: tuple[ValType, ...] = ()
    if clause.tag is not None:
        composite = tag_at(s.module, clause.tag).type.type.composite
        assert isinstance(composite, wt.FuncType)
        passed = composite.params
    if clause.kind.has_reference:
        passed = (*passed, ref_type(False, wt.EXN))
    wanted = s.label(clause.label).label_types
    if len(passed) != len(wanted) or not all(map(matches, passed, wanted)):
        raise ValidationError("type mismatch: a catch clause must pass what its label takes")


def _begin_clause(s: OperandStack, opcode: int, values: tuple[ValType, ...]) -> None:
    """A catch clause of a legacy `try`, which takes the values of an exception."""
    if s.frames[-1].opcode not in (TRY, CATCH):
        raise DecodeError("unexpected token: a catch clause outside of a try, or after catch_all")
    results = s.close().signature.results
    s.height = len(s.operands)
    s.open(opcode, wt.FuncType((), results))
    s.push_all(values)


@rule("catch")
def _catch(s: OperandStack, index: int) -> None:
    composite = tag_at(s.module, index).type.type.composite
    assert isinstance(composite, wt.FuncType)
    _begin_clause(s, CATCH, composite.params)


@rule("catch_all")
def _catch_all(s: OperandStack, _: None) -> None:
    _begin_clause(s, CATCH_ALL, ())


@rule("rethrow")
def _rethrow(s: OperandStack, depth: int) -> None:
    if s.label(depth).opcode not in (CATCH, CATCH_ALL):
        raise ValidationError(f"invalid rethrow label {depth}: it is not that of a catch clause")
    s.mark_unreachable()


@rule("delegate")
def _delegate(s: OperandStack, depth: int) -> None:
    if s.frames[-1].opcode != TRY:
        raise DecodeError("unexpected token: delegate does not end the body of a try")
    frame = s.close()
    s.label(depth)
    s.push_all(frame.signature.results)


def _br_on(s: OperandStack, depth: int) -> tuple[ValType, ...]:
    return s.label(depth).label_types


@rule("br_on_null")
def _br_on_null(s: OperandStack, depth: int) -> None:
    t = s.pop_ref()
    types = _br_on(s, depth)
    s.pop_all(types)
    s.push_all(types)
    s.push(ref_type(False, t.heap))


@rule("br_on_non_null")
def _br_on_non_null(s: OperandStack, depth: int) -> None:
    t = s.pop_ref()
    types = _br_on(s, depth)
    if not types or not isinstance(types[-1], RefType):
        raise ValidationError("type mismatch: br_on_non_null needs a label that takes a reference")
    if not matches(ref_type(False, t.heap), types[-1]):
        raise ValidationError(f"type mismatch: the label takes {types[-1]} but stack has [{t}]")
    s.pop_all(types[:-1])
    s.push_all(types[:-1])


def _cast_types(
    s: OperandStack, immediate: tuple[int, RefType, RefType]
) -> tuple[tuple[ValType, ...], RefType, RefType]:
    depth, source, target = immediate
    # Custom descriptors relax the rule of 3.0: the types need only be of the same hierarchy.
    relaxed = Feature.CUSTOM_DESCRIPTORS in s.module.features
    if not (
        wt.top_of(target.heap) is wt.top_of(source.heap) if relaxed else matches(target, source)
    ):
        raise ValidationError(f"type mismatch: {target} is not a subtype of {source}")
    s.pop(source)
    types = _br_on(s, depth)
    if not types:
        raise ValidationError("type mismatch: the label takes nothing")
    return types, target, _difference(source, target)


def _difference(source: RefType, target: RefType) -> RefType:
    """The type of a `source` for which the cast to `target` failed."""
    return ref_type(False, source.heap) if target.nullable else source


def _branch_with(s: OperandStack, types: tuple[ValType, ...], taken: RefType, left: RefType):
    if not matches(taken, types[-1]):
        raise ValidationError(
            f"type mismatch: the label takes {types[-1]}, the branch passes {taken}"
        )
    s.pop_all(types[:-1])
    s.push_all(types[:-1])
    s.push(left)


@rule("br_on_cast")
def _br_on_cast(s: OperandStack, immediate: tuple[int, RefType, RefType]) -> None:
    types, target, left = _cast_types(s, immediate)
    _branch_with(s, types, target, left)


@rule("br_on_cast_fail")
def _br_on_cast_fail(s: OperandStack, immediate: tuple[int, RefType, RefType]) -> None:
    types, target, left = _cast_types(s, immediate)
    _branch_with(s, types, left, target)


@rule("br_on_cast_desc_eq")
def _br_on_cast_desc_eq(s: OperandStack, immediate: tuple[int, RefType, RefType]) -> None:
    pop_descriptor(s, immediate[2].heap)
    _br_on_cast(s, immediate)


@rule("br_on_cast_desc_eq_fail")
def _br_on_cast_desc_eq_fail(s: OperandStack, immediate: tuple[int, RefType, RefType]) -> None:
    pop_descriptor(s, immediate[2].heap)
    _br_on_cast_fail(s, immediate)


@rule("drop")
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


@rule("local.get")
def _local_get(s: OperandStack, index: int) -> None:
    t = look_up(s.locals, index, "local")
    if index in s.unset:
        raise ValidationError(f"uninitialized local {index}")
    s.push(t)


@rule("local.set")
def _local_set(s: OperandStack, index: int) -> None:
    s.pop(look_up(s.locals, index, "local"))
    s.set_local(index)


@rule("local.tee")
def _local_tee(s: OperandStack, index: int) -> None:
    t = look_up(s.locals, index, "local")
    s.pop(t)
    s.push(t)
    s.set_local(index)


@rule("global.get")
def _global_get(s: OperandStack, index: int) -> None:
    s.push(global_at(s.module, index).type.value)


@rule("global.set")
def _global_set(s: OperandStack, index: int) -> None:
    t = global_at(s.module, index).type
    if not t.mutable:
        raise ValidationError(f"immutable global {index}")
    s.pop(t.value)


for _mnemonic in ("block", "loop", "try"):
    for _row in BY_MNEMONIC[_mnemonic]:
        RULES[_row.opcode] = _opener(_row.opcode)

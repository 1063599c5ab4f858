"""Typing rules of reference instructions (spec "Validation")."""

from __future__ import annotations

from wasmdialect import types as wt
from wasmdialect.types import I32, ref_type
from wasmdialect.wasm.errors import ValidationError
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.rules.lookup import (
    look_up,
    made_of,
    rule,
)


@rule("ref.null")
def _ref_null(s: OperandStack, heap: wt.HeapType) -> None:
    s.push(ref_type(True, heap))


@rule("ref.is_null")
def _ref_is_null(s: OperandStack, _: None) -> None:
    s.pop_ref()
    s.push(I32)


@rule("ref.as_non_null")
def _ref_as_non_null(s: OperandStack, _: None) -> None:
    t = s.pop_ref()
    s.push(ref_type(False, t.heap))


@rule("ref.func")
def _ref_func(s: OperandStack, index: int) -> None:
    function = look_up(s.module.functions, index, "function")
    if index not in s.module.declared_functions():
        raise ValidationError(f"undeclared function reference {index}")
    known = function.imported is None or function.exact_import
    s.push(made_of(s.module, function.type) if known else ref_type(False, function.type))

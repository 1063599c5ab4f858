"""The classes that are generated from the instruction table: those of one shape share a definition but
for the name."""

from __future__ import annotations

import pytest
from xdsl.dialects.builtin import i32, i64
from xdsl.dialects.test import TestOp as AnyOp
from xdsl.utils.exceptions import VerifyException

from wasmdialect.dialects.wasmir import WASMIR, op_class
from wasmdialect.dialects.wasmir.base import WasmOp, result_types
from wasmdialect.dialects.wasmir.types import value_type

GENERATED = [
    cls
    for cls in WASMIR.operations
    if issubclass(cls, WasmOp) and cls.__doc__ == f"`{cls.INSTRUCTION.mnemonic}`"
]


def test_each_class_has_its_own_name_and_the_types_of_its_row():
    assert len(GENERATED) > 450
    for cls in GENERATED:
        row, definition = cls.INSTRUCTION, cls.get_irdl_definition()
        assert definition.name == cls.name == f"wasmir.{row.mnemonic}"
        assert len(definition.operands) == len(row.params or ()), cls
        assert result_types(cls) == tuple(map(value_type, row.results or ())), cls


@pytest.mark.parametrize("mnemonic", ["i32.add", "i32.sub", "i64.add"])
def test_operands_are_of_the_types_of_the_row(mnemonic: str):
    cls = op_class(mnemonic)
    right, wrong = (i32, i64) if mnemonic.startswith("i32") else (i64, i32)
    for t in (right, wrong):
        values = AnyOp(result_types=[t, t]).results
        op = cls.create(operands=values, result_types=[right])
        if t is right:
            op.verify()
        else:
            with pytest.raises(VerifyException):
                op.verify()

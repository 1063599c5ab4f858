"""Formats of operations that are parsed when they are first used."""

from __future__ import annotations

from io import StringIO

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import Builtin, ModuleOp, i32
from xdsl.dialects.test import Test
from xdsl.dialects.test import TestOp as AnyOp
from xdsl.ir import Dialect, Operation
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import ParseError, PyRDLOpDefinitionError

from wasmdialect.dialects.late_formats import parsing_formats_late


def defined(text: str) -> type[IRDLOperation]:
    class UseOp(IRDLOperation):
        name = "late.use"
        operand = operand_def(i32)
        assembly_format = text

    return irdl_op_definition(UseOp)


def printed(op: Operation) -> str:
    output = StringIO()
    Printer(output).print_op(op)
    return output.getvalue()


def test_a_late_format_prints_and_parses_as_any_other():
    text = "`(` $operand `)` attr-dict"
    with parsing_formats_late():
        late = defined(text)
    forms: list[str] = []
    for cls in (defined(text), late):
        value = AnyOp(result_types=[i32])
        module = ModuleOp([value, cls.build(operands=[value.results[0]])])
        form = printed(module)
        forms.append(form)
        context = Context()
        for dialect in (Builtin, Test, Dialect("late", [cls])):
            context.load_dialect(dialect)
        assert printed(Parser(context, form).parse_module()) == form
    assert forms[0] == forms[1]
    assert "late.use(%0)" in forms[0]


def test_a_wrong_format_is_an_error_when_it_is_used():
    with parsing_formats_late():
        late = defined("$nothing")
    value = AnyOp(result_types=[i32])
    with pytest.raises(ParseError, match="nothing"):
        printed(late.build(operands=[value.results[0]]))


def test_formats_are_parsed_at_once_afterwards():
    with pytest.raises(RuntimeError, match="mine"), parsing_formats_late():
        raise RuntimeError("mine")
    with pytest.raises(PyRDLOpDefinitionError):
        defined("$nothing")

"""Every operation of wasmir that can stand in a function is interpreted."""

from __future__ import annotations

from xdsl.ir import Operation
from xdsl.traits import IsTerminator

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.wasmir.declarations import DECLARATION_OPS
from wasmdialect.interpreter import steps, translate


def is_interpreted(cls: type[Operation]) -> bool:
    """Whether an operation has a step, or ends a segment."""
    ends = issubclass(cls, wasmir.CallLike) or cls.has_trait(IsTerminator)
    table = (translate._TERMINATORS.keys() | translate._CALLEES.keys()) if ends else steps.MAKERS
    return any(base in table for base in cls.__mro__)


def test_every_operation_of_a_body_has_a_step():
    inside = [cls for cls in wasmir.WASMIR.operations if cls not in DECLARATION_OPS]
    assert len(inside) > 500
    assert [cls.name for cls in inside if not is_interpreted(cls)] == []

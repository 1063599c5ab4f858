"""Typing rules of vector instructions with lane indices (spec "Validation")."""

from __future__ import annotations

from wasmdialect import types as wt
from wasmdialect.wasm.errors import ValidationError
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction
from wasmdialect.wasm.operand_stack import OperandStack
from wasmdialect.wasm.rules.lookup import (
    RULES,
    Rule,
    rule,
)
from wasmdialect.wasm.shapes import SHAPES


def _lane_rule(row: Instruction) -> Rule:
    """The rule of an instruction with one lane index and no memory: extract_lane, replace_lane."""
    assert row.params is not None
    assert row.results is not None
    params, results = row.params, row.results
    assert row.shape is not None
    lanes = SHAPES[row.shape].lanes

    def check(s: OperandStack, lane: int) -> None:
        if lane >= lanes:
            raise ValidationError(f"invalid lane index {lane}")
        s.pop_all(params)
        s.push_all(results)

    return check


@rule("i8x16.shuffle")
def _shuffle(s: OperandStack, lanes: tuple[int, ...]) -> None:
    if max(lanes) >= 32:
        raise ValidationError(f"invalid lane index {max(lanes)}")
    s.pop_all((wt.V128, wt.V128))
    s.push(wt.V128)


for _row in INSTRUCTIONS:
    if _row.access is None and _row.immediates == (Immediate.LANE,):
        RULES[_row.opcode] = _lane_rule(_row)

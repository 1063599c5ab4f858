"""What the translation of a function gives to the makers of its steps: slots of values, and the state
that operations name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from wasmdialect.interpreter.errors import NotInterpreted
from wasmdialect.interpreter.state import Value
from wasmdialect.wasm.nans import may_give_any_nan
from wasmdialect.wasm.numerics import CANONICAL_NAN, is_nan
from wasmdialect.wasm.shapes import SHAPES

if TYPE_CHECKING:
    from xdsl.dialects.builtin import SymbolRefAttr
    from xdsl.ir import Operation, SSAValue

    from wasmdialect.interpreter.instance import Instance
    from wasmdialect.wasm.instructions import Instruction

Registers: TypeAlias = list[Value]
"""The values of a function that is running, by slot."""
Step: TypeAlias = Callable[[Registers], None]
"""An operation: reads its operands from slots, and writes its results into slots. Raises Trapped,
NumericTrap."""
Maker: TypeAlias = Callable[["StepContext", Any], "Step | None"]
"""The step of an operation, None if nothing happens when it runs."""


class StepContext:
    """A function being translated, for an instance."""

    def __init__(self, instance: Instance, *, canonical_nans: bool):
        self.instance = instance
        self.canonical_nans = canonical_nans
        self.slots: dict[SSAValue, int] = {}
        self.initial: Registers = []
        """The values that the slots start with: those of constants."""
        self.thrown = self.new_slot()
        """The slot of the exception that the last call threw, None if it threw none."""

    def new_slot(self, value: Value = None) -> int:
        """A slot of its own, which starts with a value."""
        self.initial.append(value)
        return len(self.initial) - 1

    def slot(self, value: SSAValue) -> int:
        """The slot of a value."""
        known = self.slots.get(value)
        if known is None:
            known = self.slots[value] = self.new_slot(0)
        return known

    def operands(self, op: Operation) -> list[int]:
        """The slots of the operands."""
        return [self.slot(value) for value in op.operands]

    def result(self, op: Operation) -> int:
        """The slot of the first result."""
        return self.slot(op.results[0])

    def define(self, op: Operation, value: Value) -> None:
        """The only result of an operation is a constant."""
        self.initial[self.result(op)] = value

    def named(self, symbol: SymbolRefAttr) -> Any:
        """The memory, table, global, tag, function or segment of the instance with a symbol."""
        return self.instance.entities[symbol.root_reference.data]

    def semantics(self, row: Instruction) -> Callable[..., Any]:
        """What a numeric instruction computes."""
        compute = row.semantics
        if compute is None:
            raise NotInterpreted(f"{row.mnemonic} has no semantics")
        if self.canonical_nans and may_give_any_nan(row):
            return _with_canonical_nan(row)
        return compute


@cache
def _with_canonical_nan(row: Instruction) -> Callable[..., int]:
    """As `canonicalize-nans` compiles it: a NaN it gives is the canonical one."""
    compute: Any = row.semantics
    assert row.shape is not None
    if row.shape in SHAPES:
        shape = SHAPES[row.shape]
        bits = shape.lane_bits

        def lanes(*operands: Any) -> int:
            found = shape.split(compute(*operands))
            return shape.join([CANONICAL_NAN[bits] if is_nan(x, bits) else x for x in found])

        return lanes
    bits = 32 if row.shape == "f32" else 64

    def scalar(*operands: int) -> int:
        found: int = compute(*operands)
        return CANONICAL_NAN[bits] if is_nan(found, bits) else found

    return scalar

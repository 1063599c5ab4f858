"""A constructor for each operation of wasmir that goes into a function: those of control, calls and
markers, added to the generated ones. The classes of the operations say what each one does.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, UnitAttr, i32
from xdsl.ir import Attribute, Block, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.branch_hints import set_hint
from wasmdialect.dialects.builder import Symbol, symbol_ref
from wasmdialect.dialects.fast import integer_attr, segments
from wasmdialect.dialects.wasmir_constructors import InstructionBuilder
from wasmdialect.types import NUMBERS
from wasmdialect.wasm.declared import DeclaredFunction

Edge = tuple[Block, Sequence[SSAValue]]
"""A block and the values of its arguments."""


class WasmIRBuilder(InstructionBuilder):
    """Builds operations of wasmir."""

    # --- numbers ---

    def numeric(self, mnemonic: str, *operands: SSAValue) -> SSAValue:
        """The instruction of that name without immediates, such as `i32.add`. Raises ValueError if
        there is none, or it takes other operands."""
        cls = wasmir.NUMERIC_OPS.get(mnemonic)
        if cls is None:
            raise ValueError(f"no numeric instruction is called {mnemonic!r}")
        types = tuple([operand.type for operand in operands])
        if types != cls.OPERAND_TYPES:
            takes, given = (", ".join(map(str, ts)) for ts in (cls.OPERAND_TYPES, types))
            raise ValueError(f"{mnemonic} takes ({takes}), not ({given})")
        return self.value(cls, operands, cls.RESULT_TYPE)

    def lane(self, mnemonic: str, lane: int, *operands: SSAValue) -> SSAValue:
        """An instruction on a lane, such as `i8x16.extract_lane_s` or `f32x4.replace_lane`. KeyError
        for another name."""
        cls = wasmir.LANE_OPS[mnemonic]
        return self.value(cls, operands, cls.RESULT_TYPE, {"lane": integer_attr(lane, 64)})

    def select(
        self,
        condition: SSAValue,
        true_value: SSAValue,
        false_value: SSAValue,
        result_type: Attribute | None = None,
    ) -> SSAValue:
        """`select`; the condition comes first. The result has the type of the first value, unless
        another is given."""
        operands = (condition, true_value, false_value)
        return self.value(wasmir.SelectOp, operands, result_type or true_value.type)

    # --- control ---

    def br(self, target: Block, arguments: Sequence[SSAValue] = ()) -> None:
        """End the block with a jump."""
        self.terminator(wasmir.BrOp, arguments, (target,))

    def br_if(
        self,
        condition: SSAValue,
        then_block: Block,
        else_block: Block,
        then_arguments: Sequence[SSAValue] = (),
        else_arguments: Sequence[SSAValue] = (),
        *,
        likely: bool | None = None,
    ) -> None:
        """End the block: go to `then_block` if the i32 is not zero, else to `else_block`. `likely` is a
        hint which of them it is."""
        branch = self.terminator(
            wasmir.BrIfOp,
            (condition, *then_arguments, *else_arguments),
            (then_block, else_block),
            segments(1, len(then_arguments), len(else_arguments)),
        )
        set_hint(branch, likely)

    def br_table(self, index: SSAValue, default: Edge, cases: Sequence[Edge]) -> None:
        """End the block: go to the case of that number (unsigned), to `default` if there is none."""
        operands = [index, *default[1]]
        for _, arguments in cases:
            operands.extend(arguments)
        sizes = [len(arguments) for _, arguments in cases]
        properties = segments(1, len(default[1]), sum(sizes))
        properties["case_sizes"] = DenseArrayBase.from_list(i32, sizes)
        blocks = [default[0], *(block for block, _ in cases)]
        self.terminator(wasmir.BrTableOp, operands, blocks, properties)

    def return_(self, values: Sequence[SSAValue] = ()) -> None:
        """End the block: return from the function."""
        self.step(wasmir.ReturnOp, values)

    def unreachable(self) -> None:
        """End the block with a trap."""
        self.step(wasmir.UnreachableOp)

    def call(
        self,
        callee: Symbol,
        arguments: Sequence[SSAValue] = (),
        result_types: Sequence[Attribute] | None = None,
    ) -> Sequence[SSAValue]:
        """Call a Wasm function; returns its results. Their types can be left out if there are none, or
        the function is one that a pass declared."""
        if result_types is None:
            result_types = _result_types(callee)
        return self.results(wasmir.CallOp, arguments, result_types, {"callee": symbol_ref(callee)})

    def call_indirect(
        self,
        table: Symbol,
        signature: Symbol,
        index: SSAValue,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        """Call the function at `index` of a table; `signature` is a `wasmir.type`."""
        properties: dict[str, Attribute] = {
            "table": symbol_ref(table),
            "signature": symbol_ref(signature),
        }
        operands = (index, *arguments)
        return self.results(wasmir.CallIndirectOp, operands, result_types, properties)

    def call_ref(
        self,
        signature: Symbol,
        reference: SSAValue,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute],
    ) -> Sequence[SSAValue]:
        """Call the function of a reference; `signature` is a `wasmir.type`."""
        properties: dict[str, Attribute] = {"signature": symbol_ref(signature)}
        return self.results(wasmir.CallRefOp, (reference, *arguments), result_types, properties)

    def known_non_null(self, reference: SSAValue) -> SSAValue:
        """A reference that cannot be null here, with a type that says so."""
        t = reference.type
        assert isinstance(t, wasmir.RefType)
        known: dict[str, Attribute] = {"known": UnitAttr()}
        return self.value(wasmir.RefAsNonNullOp, (reference,), t.as_non_null(), known)

    # --- exceptions ---

    def exception(self, tag: Symbol, values: Sequence[SSAValue] = ()) -> SSAValue:
        """An exception with a tag and its values, which nothing throws yet."""
        properties: dict[str, Attribute] = {"tag": symbol_ref(tag)}
        return self.value(wasmir.ExceptionOp, values, wasmir.EXN, properties)

    def throw_ref(self, exception: SSAValue) -> None:
        """End the block: leave the function with an exception."""
        self.step(wasmir.ThrowRefOp, (exception,))

    def trace_throw(self, exception: SSAValue) -> None:
        """Let a backtrace of an exception start here."""
        self.step(wasmir.TraceThrowOp, (exception,))

    def threw(self) -> SSAValue:
        """Whether the call before, which is `in_try`, threw an exception, as an i32."""
        return self.value(wasmir.ThrewOp, (), i32)

    def caught(self) -> SSAValue:
        """The exception that a call threw."""
        return self.value(wasmir.CaughtOp, (), wasmir.EXN)

    def exception_is(self, exception: SSAValue, tag: Symbol) -> SSAValue:
        """Whether an exception has a tag, as an i32."""
        return self.value(wasmir.ExceptionIsOp, (exception,), i32, {"tag": symbol_ref(tag)})

    def exception_values(
        self, exception: SSAValue, tag: Symbol, types: Sequence[Attribute]
    ) -> Sequence[SSAValue]:
        """The values of an exception with a tag, whose types these are."""
        properties: dict[str, Attribute] = {"tag": symbol_ref(tag)}
        return self.results(wasmir.ExceptionValuesOp, (exception,), types, properties)

    # --- tail calls ---

    def return_call(self, callee: Symbol, arguments: Sequence[SSAValue] = ()) -> None:
        """End the block: call a Wasm function and return its results."""
        self.step(wasmir.ReturnCallOp, arguments, {"callee": symbol_ref(callee)})

    def return_call_indirect(
        self, table: Symbol, signature: Symbol, index: SSAValue, arguments: Sequence[SSAValue]
    ) -> None:
        """End the block: call the function at `index` of a table and return its results."""
        properties: dict[str, Attribute] = {
            "table": symbol_ref(table),
            "signature": symbol_ref(signature),
        }
        self.step(wasmir.ReturnCallIndirectOp, (index, *arguments), properties)

    def return_call_ref(
        self, signature: Symbol, reference: SSAValue, arguments: Sequence[SSAValue]
    ) -> None:
        """End the block: call the function of a reference and return its results."""
        properties: dict[str, Attribute] = {"signature": symbol_ref(signature)}
        self.step(wasmir.ReturnCallRefOp, (reference, *arguments), properties)

    def mark_operators(self, count: int) -> None:
        """Mark that so many operators ran."""
        self.step(wasmir.OperatorsOp, (), {"count": integer_attr(count, 64)})

    def mark_loop_header(self) -> None:
        """Mark the start of a loop."""
        self.step(wasmir.LoopHeaderOp)

    def trap_fence(self) -> None:
        """Keep accesses on their side of the border of a region that cannot trap."""
        self.step(wasmir.TrapFenceOp)


_NUMBER_TYPES: dict[str, Attribute] = {name: wasmir.value_type(t) for name, t in NUMBERS.items()}


def _result_types(callee: Symbol) -> Sequence[Attribute]:
    """The types of the results of a function that says what they are. Raises ValueError."""
    if not isinstance(callee, DeclaredFunction):
        return ()
    for name in callee.results:
        if name not in _NUMBER_TYPES:
            raise ValueError(
                f"@{callee.symbol} returns {name}, which is not a number: give the types"
            )
    return [_NUMBER_TYPES[name] for name in callee.results]

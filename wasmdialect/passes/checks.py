"""What the passes that can stop a program share: a number in the frame, checks that split blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import DenseArrayBase, StringAttr, UnitAttr, i32, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue

from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import (
    append_op,
    append_terminator,
    append_value,
    integer_attr,
    relink,
    splice_front,
    take_operations,
)

_VOLATILE = UnitAttr()


class CheckInserter:
    """Rewrites the blocks of one function in order, ending a block wherever something is checked.

    A number is kept in a slot of the frame, which LLVM turns into a register: blocks of the
    function need no new arguments.
    """

    def __init__(self, function: wasmir.FuncOp):
        self.function = function
        self.location = function.location
        self.block = Block()
        prelude, location = self.block, self.location
        self.vmctx = append_value(prelude, wasmvm.VMContextOp, (), wasmvm.PTR, {}, location)
        self.limits = self.load(self.vmctx, "vmctx", "limits", wasmvm.PTR)
        slots: dict[str, Attribute] = {"count": integer_attr(1, 64)}
        self.slot = append_value(prelude, wasmvm.StackSlotsOp, (), wasmvm.PTR, slots, location)

    def run(
        self,
        enter: Callable[[], None],
        handlers: dict[type[Operation], Callable[[Operation], None]],
    ) -> None:
        """Insert what `enter` appends at the entry; give the operations that have a handler to it.
        A handler puts its operation back with `keep` or drops it."""
        blocks = [*self.function.body.blocks]
        prelude = self.block
        for block in blocks:
            self.block = block
            operations = [*take_operations(block)]
            if block is blocks[0]:
                splice_front(block, prelude)
                enter()
            for op in operations:
                handler = handlers.get(type(op))
                self.location = op.location
                if handler is None:
                    self.keep(op)
                else:
                    handler(op)

    def keep(self, op: Operation) -> None:
        """Put an operation where code is appended now."""
        relink(self.block, op)

    # --- building ---

    def value(self, mnemonic: str, *operands: SSAValue) -> SSAValue:
        """A numeric instruction."""
        cls = wasmir.NUMERIC_OPS[mnemonic]
        return append_value(self.block, cls, operands, cls.RESULT_TYPE, {}, self.location)

    def constant(self, value: int) -> SSAValue:
        """An i64."""
        cls = wasmir.CONST_OPS["i64.const"]
        properties: dict[str, Attribute] = {"value": integer_attr(value, 64)}
        return append_value(self.block, cls, (), i64, properties, self.location)

    def load(
        self,
        base: SSAValue,
        struct: str,
        field: str,
        result_type: Attribute = i64,
        *,
        volatile: bool = False,
    ) -> SSAValue:
        """Read a field."""
        properties = wasmvm.path_properties(wasmvm.Path(struct, None, field))
        if volatile:
            properties["volatile"] = _VOLATILE
        return append_value(
            self.block, wasmvm.LoadFieldOp, (base,), result_type, properties, self.location
        )

    def store(self, base: SSAValue, struct: str, field: str, value: SSAValue) -> None:
        """Write a field, before anything that follows can trap."""
        properties = wasmvm.path_properties(wasmvm.Path(struct, None, field))
        properties["volatile"] = _VOLATILE
        append_op(self.block, wasmvm.StoreFieldOp, (base, value), properties, self.location)

    def kept(self) -> SSAValue:
        """The number in the slot."""
        return append_value(
            self.block, wasmvm.LoadSlotOp, (self.slot,), i64, dict(_FIRST_SLOT), self.location
        )

    def set_kept(self, value: SSAValue) -> None:
        """Change the number in the slot."""
        append_op(
            self.block, wasmvm.StoreSlotOp, (self.slot, value), dict(_FIRST_SLOT), self.location
        )

    def call(self, builtin: str, results: Sequence[Attribute] = ()) -> SSAValue | None:
        """Call a builtin without arguments."""
        properties: dict[str, Attribute] = {"builtin": StringAttr(builtin)}
        if results:
            return append_value(
                self.block,
                wasmvm.CallBuiltinOp,
                (self.vmctx,),
                results[0],
                properties,
                self.location,
            )
        append_op(self.block, wasmvm.CallBuiltinOp, (self.vmctx,), properties, self.location)
        return None

    # --- control ---

    def new_block(self) -> Block:
        """A block behind all others."""
        block = Block()
        self.function.body.add_block(block)
        return block

    def branch_if(self, condition: SSAValue, then_block: Block, else_block: Block) -> None:
        """End the block with a two-way branch."""
        properties: dict[str, Attribute] = {"operandSegmentSizes": _ONE_OPERAND}
        append_terminator(
            self.block,
            wasmir.BrIfOp,
            (condition,),
            (then_block, else_block),
            properties,
            self.location,
        )

    def branch(self, target: Block) -> None:
        """End the block with a jump."""
        append_terminator(self.block, wasmir.BrOp, (), (target,), {}, self.location)


_FIRST_SLOT: dict[str, Attribute] = {"slot": integer_attr(0, 64)}
_ONE_OPERAND = DenseArrayBase.from_list(i32, (1, 0, 0))

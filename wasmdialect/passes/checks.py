"""Shared by the passes that can stop a program: a number in the frame, checks that split blocks."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import i64
from xdsl.ir import Block, Operation, SSAValue

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import ControlTransfer
from wasmdialect.dialects.fast import relink, splice_front, take_operations
from wasmdialect.dialects.wasm_builder import WasmBuilder
from wasmdialect.passes.transfers import require_transfer


class CheckInserter(WasmBuilder):
    """Rewrites the blocks of one function in order, ending a block at each check. A number is kept
    in a slot of the frame, which LLVM turns into a register: blocks of the function need no new
    arguments.
    """

    def __init__(self, function: wasmir.FuncOp):
        super().__init__(Block(), function.location)
        self.function = function
        self.instance = self.vmctx()
        """The VMContext, taken at the entry."""
        self.limits = self.load_field(self.instance, "vmctx.limits")
        self.slot = self.stack_slots(1)

    def run(
        self,
        enter: Callable[[], None],
        markers: dict[type[Operation], Callable[[Operation], None]],
        transfers: dict[type[ControlTransfer], Callable[[Operation], None]],
    ) -> None:
        """Insert the steps that `enter` appends at the entry; pass markers and operations from which
        control goes elsewhere to their handlers. A handler puts its operation back with `keep` or
        drops it. Raises PassFailedException for an operation that does not say where control goes.
        """
        blocks = [*self.function.body.blocks]
        prelude = self.block
        for block in blocks:
            self.begin(block)
            operations = [*take_operations(block)]
            if block is blocks[0]:
                splice_front(block, prelude)
                enter()
            for op in operations:
                handler = markers.get(type(op)) or transfers.get(require_transfer(op))
                self.location = op.location
                if handler is None:
                    self.keep(op)
                else:
                    handler(op)

    def keep(self, op: Operation) -> None:
        """Append an operation at the current point."""
        relink(self.block, op)

    def kept(self) -> SSAValue:
        """The number in the slot."""
        return self.load_slot(self.slot, 0, i64)

    def set_kept(self, value: SSAValue) -> None:
        """Change the number in the slot."""
        self.store_slot(self.slot, 0, value)

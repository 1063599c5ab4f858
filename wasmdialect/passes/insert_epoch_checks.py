"""insert-epoch-checks: stop a program when its deadline has passed.

The epoch is a number of the engine that any thread may increase; the deadline belongs to the store.
They are compared at the entry of a function and at loop headers, with the deadline kept in the
frame; if it seems to have passed, it is read again; if it has indeed passed, the runtime is asked,
which returns a new deadline or stops the program. Source of the rules: docs/abi.md, "Fuel and
epochs". Loop headers are markers of the importer: a loop without one is an error, since nothing
could stop it.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation
from xdsl.utils.exceptions import PassFailedException

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.blocks import reverse_postorder, successors
from wasmdialect.passes.base import FunctionPass
from wasmdialect.passes.checks import CheckInserter


@dataclass(frozen=True)
class InsertEpochChecks(FunctionPass):
    """Stop a program when its deadline has passed."""

    name = "insert-epoch-checks"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        if not _are_loops_marked(function):
            raise PassFailedException(
                f"@{function.sym_name.data} has a loop without a marker: switch markers on with"
                " --epoch-interruption (in Python: Config(epoch_interruption=True)) at the import"
            )
        _Epochs(function).insert_checks()


def _are_loops_marked(function: wasmir.FuncOp) -> bool:
    """Whether every back edge goes to a `wasmir.loop_header`."""
    numbers = {block: number for number, block in enumerate(reverse_postorder(function.entry))}
    return all(
        any(isinstance(op, wasmir.LoopHeaderOp) for op in target.ops)
        for block, number in numbers.items()
        for target in successors(block)
        if numbers[target] <= number
    )


class _Epochs(CheckInserter):
    def __init__(self, function: wasmir.FuncOp):
        super().__init__(function)
        self.counter = self.load_field(self.instance, "vmctx.epoch")
        self.set_kept(self.load_field(self.limits, "limits.epoch_deadline"))

    def insert_checks(self) -> None:
        self.run(self.check, {wasmir.LoopHeaderOp: self.loop_header}, {})

    def loop_header(self, op: Operation) -> None:
        self.keep(op)
        self.check()

    def check(self) -> None:
        """Compare epoch and deadline."""
        epoch = self.load_field(self.counter, "epoch.current", volatile=True)
        reread, ask, following = self.new_block(), self.new_block(), self.new_block()
        self.br_if(self.numeric("i64.ge_u", epoch, self.kept()), reread, following)
        self.begin(reread)
        deadline = self.load_field(self.limits, "limits.epoch_deadline")
        self.set_kept(deadline)
        self.br_if(self.numeric("i64.ge_u", epoch, deadline), ask, following)
        self.begin(ask)
        (extended,) = self.call_builtin("new_epoch", self.instance, (), (i64,))
        self.set_kept(extended)
        self.br(following)
        self.begin(following)

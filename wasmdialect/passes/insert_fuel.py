"""insert-fuel: count operators while a program runs, and stop it when its fuel is used up.

The counter in the runtime limits starts negative and counts up. Inside a function the count is kept in
the frame; it is written back before calls, `unreachable` and returns, read again after calls, and
compared with zero at the entry and at loop headers. Source of the rules: docs/abi.md, "Fuel and
epochs". The importer's markers say how many operators ran; without them the pass cannot work.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.ir import Operation
from xdsl.utils.exceptions import PassFailedException

from wasmdialect.dialects import wasmir
from wasmdialect.dialects.control_transfer import CallsCode, LeavesFunction
from wasmdialect.dialects.fast import drop
from wasmdialect.passes.base import FunctionPass
from wasmdialect.passes.checks import CheckInserter


@dataclass(frozen=True)
class InsertFuel(FunctionPass):
    """Count operators and stop a program that is out of fuel."""

    name = "insert-fuel"

    def apply_to_function(self, ctx: Context, function: wasmir.FuncOp) -> None:
        if not any(
            isinstance(op, wasmir.OperatorsOp) for b in function.body.blocks for op in b.ops
        ):
            raise PassFailedException(
                f"@{function.sym_name.data} has no markers to count: switch them on with"
                " --consume-fuel (in Python: Config(consume_fuel=True))"
            )
        _Fuel(function).insert_checks()


class _Fuel(CheckInserter):
    def insert_checks(self) -> None:
        self.run(
            self.enter,
            {wasmir.OperatorsOp: self.add_up, wasmir.LoopHeaderOp: self.loop_header},
            {CallsCode: self.leave_and_return, LeavesFunction: self.leave},
        )

    def enter(self) -> None:
        self.read()
        self.check()

    def add_up(self, op: Operation) -> None:
        assert isinstance(op, wasmir.OperatorsOp)
        count = self.i64_const(op.count.value.data)
        self.set_kept(self.numeric("i64.add", self.kept(), count))
        drop(op)

    def loop_header(self, op: Operation) -> None:
        self.keep(op)
        self.check()

    def leave(self, op: Operation) -> None:
        self.write()
        self.keep(op)

    def leave_and_return(self, op: Operation) -> None:
        self.leave(op)
        self.read()

    def read(self) -> None:
        """Load the store's counter into the frame."""
        self.set_kept(self.load_field(self.limits, "limits.fuel_consumed"))

    def write(self) -> None:
        """Write it back, before anything that follows can trap."""
        self.store_field(self.limits, "limits.fuel_consumed", self.kept(), volatile=True)

    def check(self) -> None:
        """Ask the runtime when no fuel is left. It may add more."""
        is_used_up = self.numeric("i64.ge_s", self.kept(), self.i64_const(0))
        out_of_fuel, following = self.new_block(), self.new_block()
        self.br_if(is_used_up, out_of_fuel, following)
        self.begin(out_of_fuel)
        self.write()
        self.call_builtin("out_of_gas", self.instance)
        self.read()
        self.br(following)
        self.begin(following)

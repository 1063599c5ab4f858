"""Building the wasmvm steps of exceptions, and of calls that may throw them (docs/abi.md,
"Exceptions"). Modules without exceptions have none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from xdsl.dialects.builtin import SymbolRefAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.exceptions import PassFailedException

from wasmdialect.abi.layout import EXCEPTION, VALUE_SLOT_SIZE
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.passes.vmctx_steps import VMContextSteps

_CALLS_WASM = (wasmir.CallLike, wasmvm.CallOp, wasmvm.CallPointerOp)
"""Operations that may throw; the runtime functions that compiled code calls do not."""


class ExceptionSteps(VMContextSteps):
    """Appends steps to a block of one function, those of exceptions included."""

    def __init__(
        self,
        function: wasmir.FuncOp,
        symbols: dict[str, Operation],
        bounds: Literal["guard", "explicit"],
        traps: Literal["exact", "relaxed"],
        has_exceptions: bool,
    ):
        super().__init__(function, symbols, bounds, traps)
        self.has_exceptions = has_exceptions
        """Whether the module throws or catches any, so that calls are tested."""
        self._untested: Operation | None = None
        """The call before, if `wasmir.threw` must test it."""

    # --- calls ---

    def after_call(self, op: Operation) -> None:
        """Leave the function if a call threw, unless what comes next tests that."""
        if not self.has_exceptions:
            return
        self.check_tested()
        if "in_try" in op.properties:
            self._untested = op
        elif isinstance(op, _CALLS_WASM):
            self.unwind_if_thrown(self.vmctx())

    def check_tested(self) -> None:
        """Raises PassFailedException if a call `in_try` comes before, without its test."""
        if self._untested is not None:
            raise PassFailedException(
                f"{self._untested.name} is in_try, but no wasmir.threw comes before the next call or"
                " the end of its block: put calls before it, or after the branch on wasmir.threw"
            )

    def behind_barrier(self, reference: SSAValue) -> SSAValue:
        """The function to call for a reference."""
        if not self.has_exceptions:
            return reference
        return self.exception_barrier(self.vmctx(), reference)

    # --- exceptions ---

    def _limits(self) -> SSAValue:
        return self.entry_field(self.vmctx(), wasmvm.Path("vmctx", None, "limits"))

    def tag_address(self, symbol: SymbolRefAttr) -> SSAValue:
        """What exceptions with a tag have in their first field."""
        index = self.declared(symbol, wasmir.TagOp).index_value
        return self.load_field(self.vmctx(), wasmvm.Path("tags", index, "tag"), invariant=True)

    def new_exception_of(self, tag: SymbolRefAttr, values: Sequence[SSAValue]) -> SSAValue:
        """An exception with a tag and its values."""
        size = EXCEPTION.size + VALUE_SLOT_SIZE * len(values)
        exception = self.new_exception(self.vmctx(), size)
        self.forget_fields()
        self.store_field(exception, "exception.tag", self.tag_address(tag))
        slots = self.exception_slots(exception)
        for slot, value in enumerate(values):
            self.store_slot(slots, slot, value)
        return exception

    def values_of(self, exception: SSAValue, types: Sequence[Attribute]) -> list[SSAValue]:
        """The values of an exception, which have these types."""
        slots = self.exception_slots(exception)
        return [self.load_slot(slots, slot, t) for slot, t in enumerate(types)]

    def throw(self, exception: SSAValue) -> None:
        """Leave the function with an exception."""
        self.store_field(self._limits(), "limits.exception", exception)
        self.unwind(self.vmctx())

    def threw_of(self, op: wasmir.ThrewOp) -> SSAValue:
        """Whether the call before threw. Raises PassFailedException if there is none."""
        if self._untested is None:
            raise PassFailedException(f"{op.name} comes after no call that is in_try")
        self._untested = None
        return self.thrown(self.vmctx())

    def take_thrown(self) -> SSAValue:
        """The exception that was thrown, which is caught now."""
        exception = self.load_field(self._limits(), "limits.exception", wasmir.EXN)
        null = self.ref_null(wasmir.EXNREF)
        self.store_field(self._limits(), "limits.exception", null)
        return exception


def _exception(r: ExceptionSteps, op: wasmir.ExceptionOp) -> None:
    r.give_values(op, [r.new_exception_of(op.tag, op.values)])


def _throw_ref(r: ExceptionSteps, op: wasmir.ThrowRefOp) -> None:
    r.check_not_null(op.exception)
    r.throw(op.exception)
    r.drop(op)


def _trace_throw(r: ExceptionSteps, op: wasmir.TraceThrowOp) -> None:
    r.builtin("trace_exception", op.exception)
    r.drop(op)


def _threw(r: ExceptionSteps, op: wasmir.ThrewOp) -> None:
    r.give_values(op, [r.threw_of(op)])


def _caught(r: ExceptionSteps, op: wasmir.CaughtOp) -> None:
    r.give_values(op, [r.take_thrown()])


def _exception_is(r: ExceptionSteps, op: wasmir.ExceptionIsOp) -> None:
    tag = r.load_field(op.exception, "exception.tag")
    r.give_values(op, [r.numeric("i64.eq", tag, r.tag_address(op.tag))])


def _exception_values(r: ExceptionSteps, op: wasmir.ExceptionValuesOp) -> None:
    r.give_values(op, r.values_of(op.exception, op.result_types))


HANDLERS: dict[type[Operation], Callable[[ExceptionSteps, Any], None]] = {
    wasmir.ExceptionOp: _exception,
    wasmir.ThrowRefOp: _throw_ref,
    wasmir.TraceThrowOp: _trace_throw,
    wasmir.ThrewOp: _threw,
    wasmir.CaughtOp: _caught,
    wasmir.ExceptionIsOp: _exception_is,
    wasmir.ExceptionValuesOp: _exception_values,
}
"""What replaces each operation."""

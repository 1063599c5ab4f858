"""The machine: a stack of frames of its own, so that calls never reach Python's recursion limit.

machine = Machine(steps=1_000_000)
instance = Instance(machine, module, imports)
machine.invoke(instance.exports["fib"], [20])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wasmdialect.abi.traps import TrapCode
from wasmdialect.dialects.fast import wasm_offset
from wasmdialect.interpreter.errors import Place, StepLimit, Stopped, Trapped, Uncaught
from wasmdialect.interpreter.state import ExceptionValue, Function, HostFunction, Value
from wasmdialect.interpreter.translate import Code, Observer, Segment, translate
from wasmdialect.wasm.numerics import NumericTrap

if TYPE_CHECKING:
    from xdsl.ir import Operation

    from wasmdialect.interpreter.context import Registers

STACK_VALUES = 1 << 22
"""Values in the registers of all frames before the stack is exhausted."""
_FRAME_VALUES = 16
"""How many values a frame counts for besides its registers."""


class Frame:
    """A function that is running, or waits for one that it called."""

    __slots__ = ("code", "in_try", "next", "registers", "results", "segment")

    def __init__(self, code: Code, registers: Registers):
        self.code = code
        self.registers = registers
        self.next: Segment | None = code.entry
        """Where it goes on."""
        self.segment = code.entry
        """The one that ran last."""
        self.results: Sequence[int] = ()
        """The slots of the results of the call it waits for."""
        self.in_try = False
        """Whether it tests if that call threw an exception."""


class Machine:
    """Runs functions of instances. One thread uses it."""

    def __init__(
        self,
        steps: int | None = None,
        *,
        stack: int = STACK_VALUES,
        canonical_nans: bool = False,
        threads: bool = False,
        observer: Observer | None = None,
    ):
        """`steps` is the number of operations after which StepLimit is raised. With `canonical_nans`,
        arithmetic gives no other NaN, as after `canonicalize-nans`. With `threads`, other machines may
        run in other threads, and waits for notifications wait."""
        self.limit = steps
        self.steps = 0
        """Operations that have run."""
        self.stack = stack
        self.canonical_nans = canonical_nans
        self.threads = threads
        self.observer = observer
        self.frames: list[Frame] = []
        self._base = 0
        self._results: Sequence[Value] = ()
        self._used = 0

    # --- for the host ---

    def invoke(self, function: Function, arguments: Sequence[Value]) -> list[Value]:
        """Call a function; returns its results. Raises Stopped."""
        outer, base = self._base, len(self.frames)
        self._base = base
        try:
            self.enter(function, arguments)
            self._run(base)
            return [*self._results]
        except RecursionError:  # of host functions that call Wasm
            raise Trapped(TrapCode.STACK_OVERFLOW) from None
        finally:
            while len(self.frames) > base:
                self._pop()
            self._base = outer

    def run_code(self, code: Code) -> list[Value]:
        """The results of a constant expression."""
        outer, base = self._base, len(self.frames)
        self._base = base
        self._push(code, ())
        try:
            self._run(base)
            return [*self._results]
        finally:
            self._base = outer

    # --- for control steps ---

    def enter(self, function: Function, arguments: Sequence[Value]) -> None:
        """Run a function; its results go to the frame on top of the stack."""
        if isinstance(function, HostFunction):
            try:
                results = function.call(*arguments)
            except Uncaught as error:
                self.throw(error.exception)
                return
            self._give(results)
            return
        code = function.code
        if code is None:
            code = function.code = translate(
                *(function.instance, function.name, function.op.body, self.observer),
                canonical_nans=self.canonical_nans,
            )
        self._push(code, arguments)

    def tail_call(self, function: Function, arguments: Sequence[Value]) -> None:
        """Run a function in place of the one on top of the stack."""
        self._pop()
        self.enter(function, arguments)

    def leave(self, results: Sequence[Value]) -> None:
        """Return from the function on top of the stack."""
        self._pop()
        self._give(results)

    def throw(self, exception: ExceptionValue) -> None:
        """Go on where the exception is caught. Raises Uncaught if it is not."""
        while len(self.frames) > self._base:
            frame = self.frames[-1]
            if frame.in_try:
                frame.registers[frame.code.thrown] = exception
                frame.in_try = False
                return
            self._pop()
        raise Uncaught(exception)

    # --- frames ---

    def _push(self, code: Code, arguments: Sequence[Value]) -> None:
        registers = code.initial.copy()
        registers[1 : 1 + code.parameters] = arguments
        self._used += len(registers) + _FRAME_VALUES
        if self._used > self.stack:
            self._used -= len(registers) + _FRAME_VALUES
            raise Trapped(TrapCode.STACK_OVERFLOW)
        self.frames.append(Frame(code, registers))

    def _pop(self) -> None:
        self._used -= len(self.frames.pop().registers) + _FRAME_VALUES

    def _give(self, results: Sequence[Value]) -> None:
        if len(self.frames) == self._base:
            self._results = results
            return
        frame = self.frames[-1]
        registers = frame.registers
        if frame.in_try:
            frame.in_try = False
            registers[frame.code.thrown] = None
        for slot, value in zip(frame.results, results, strict=True):
            registers[slot] = value

    # --- running ---

    def _run(self, base: int) -> None:
        """Run until the frames above `base` are gone."""
        frames = self.frames
        step, segment = None, None
        try:
            while len(frames) > base:
                frame = frames[-1]
                segment, registers = frame.next, frame.registers
                while segment is not None:
                    frame.segment = segment
                    self.steps += len(segment.steps) + 1
                    if self.limit is not None and self.steps > self.limit:
                        raise StepLimit(f"it ran for more than {self.limit} operations")
                    for step in segment.steps:
                        step(registers)
                    step = None
                    segment = segment.control(self, frame)
        except NumericTrap as error:
            raise self._located(Trapped(error.code), step) from None
        except Stopped as error:
            raise self._located(error, step) from None

    def _located(self, error: Stopped, step: object) -> Stopped:
        """The error with the places of the operations that were running."""
        if error.places:
            return error
        for number, frame in enumerate(reversed(self.frames)):
            op: Operation = frame.segment.control_op
            if number == 0 and step is not None:
                op = frame.segment.ops[frame.segment.steps.index(step)]  # pyright: ignore[reportArgumentType]
            error.places.append(Place(frame.code.name, op.name, wasm_offset(op.location)))
        return error

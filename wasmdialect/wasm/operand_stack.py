"""The state of validating a body: operand types and control frames (spec appendix "Validation
Algorithm")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wasmdialect import types as wt
from wasmdialect.types import BOT, ValType, matches
from wasmdialect.wasm.errors import ValidationError
from wasmdialect.wasm.inline_plan import Calls
from wasmdialect.wasm.instructions.opcodes import LOOP, TRY_TABLE
from wasmdialect.wasm.module import Module


@dataclass(slots=True)
class ControlFrame:
    """A control construct that is open."""

    opcode: int
    signature: wt.FuncType
    height: int
    """Operands below its parameters."""
    initialized: int
    """How many locals without a default value had been set when it was opened."""
    unreachable: bool = False

    @property
    def label_types(self) -> tuple[ValType, ...]:
        """The types that a branch to it passes: a loop's parameters, else the results."""
        return self.signature.params if self.opcode == LOOP else self.signature.results


class OperandStack:
    """Operand types, control frames and the initialisation of locals, of one body.

    Every method raises ValidationError, to which the caller adds the location.
    """

    def __init__(
        self,
        module: Module,
        signature: wt.FuncType,
        runs: Sequence[tuple[int, ValType]] = (),
    ):
        """`runs` are the declared locals: how many of which type."""
        self.module = module
        self.locals = [*signature.params]
        self.unset: set[int] = set()
        """Locals that have no value yet."""
        for count, t in runs:
            if not wt.is_defaultable(t):
                self.unset.update(range(len(self.locals), len(self.locals) + count))
            self.locals += [t] * count
        self.set_order: list[int] = []
        """Locals that have left `unset`, in order."""
        self.operands: list[ValType] = []
        outermost = wt.FuncType((), signature.results)
        self.frames: list[ControlFrame] = [ControlFrame(0, outermost, 0, 0)]
        self.height = 0
        """That of the innermost frame: operands below it are out of reach."""
        self.callees: list[int] = []
        """The functions called directly, in order."""
        self.calls: dict[int, Calls] = {}
        """The direct calls outside of `try_table` that come back, by callee."""
        self.has_tail_calls = False
        self.indirect: dict[tuple[int, int], Calls] = {}
        """The calls through tables, by the table and the index of the type. Tail calls and those in
        `try_table` are named, and not counted."""
        self.written_tables: set[int] = set()
        """The tables that instructions write."""

    def push(self, t: ValType) -> None:
        """Push one operand."""
        self.operands.append(t)

    def push_all(self, types: Sequence[ValType]) -> None:
        """Push operands, the last one on top."""
        self.operands.extend(types)

    def pop_any(self) -> ValType:
        """Pop an operand of any type; BOT from the empty stack of unreachable code."""
        if len(self.operands) > self.height:
            return self.operands.pop()
        if self.frames[-1].unreachable:
            return BOT
        raise ValidationError("type mismatch: instruction requires an operand but stack has []")

    def pop(self, expected: ValType) -> ValType:
        """Pop an operand that matches `expected`; returns its own type."""
        operands = self.operands
        if len(operands) > self.height:
            found = operands[-1]
            if found is expected or matches(found, expected):
                return operands.pop()
        elif self.frames[-1].unreachable:
            return BOT
        raise self._mismatch((expected,))

    def pop_all(self, expected: Sequence[ValType]) -> None:
        """Pop operands that match `expected`, whose last is on top."""
        self.check_top(expected)
        if expected:
            del self.operands[max(self.height, len(self.operands) - len(expected)) :]

    def check_top(self, expected: Sequence[ValType]) -> None:
        """Check that the operands on top match `expected`."""
        operands = self.operands
        count = len(expected)
        available = len(operands) - self.height
        if available < count and not self.frames[-1].unreachable:
            raise self._mismatch(expected)
        for k in range(1, min(count, available) + 1):
            found, wanted = operands[-k], expected[-k]
            if found is not wanted and not matches(found, wanted):
                raise self._mismatch(expected)

    def _mismatch(self, expected: Sequence[ValType]) -> ValidationError:
        count = len(expected)
        found = self.operands[self.height :][-count:]
        return ValidationError(
            f"type mismatch: instruction requires {_words(expected)} but stack has {_words(found)}"
        )

    def pop_ref(self) -> wt.RefType:
        """Pop a reference of any type; one to BOT_HEAP from the empty stack of unreachable code."""
        t = self.pop_any()
        if isinstance(t, wt.RefType):
            return t
        if t is BOT:
            return wt.ref_type(False, wt.BOT_HEAP)
        raise ValidationError(
            f"type mismatch: instruction requires a reference but stack has [{t}]"
        )

    def open(self, opcode: int, signature: wt.FuncType) -> None:
        """Enter a control construct, whose parameters are taken from the stack and put back."""
        params = signature.params
        if params:
            self.pop_all(params)
        self.height = len(self.operands)
        self.frames.append(ControlFrame(opcode, signature, self.height, len(self.set_order)))
        self.operands.extend(params)

    def close(self) -> ControlFrame:
        """Leave the innermost construct: its results must be all that is left. They are popped."""
        frame = self.frames[-1]
        results = frame.signature.results
        if results:
            self.pop_all(results)
        if len(self.operands) != frame.height:
            left = [*self.operands[frame.height :], *results]
            raise ValidationError(
                f"type mismatch: block requires {_words(results)} but stack has {_words(left)}"
            )
        self.frames.pop()
        if self.set_order:
            self.unset.update(self.set_order[frame.initialized :])
            del self.set_order[frame.initialized :]
        self.height = self.frames[-1].height if self.frames else 0
        return frame

    def mark_unreachable(self) -> None:
        """The following code is unreachable: the stack provides any operand."""
        del self.operands[self.height :]
        self.frames[-1].unreachable = True

    def label(self, depth: int) -> ControlFrame:
        """The frame of a label index."""
        if depth >= len(self.frames):
            raise ValidationError(f"unknown label {depth}")
        return self.frames[-1 - depth]

    def note_call(self, callee: int) -> None:
        """Record a direct call that comes back."""
        depth = self._loops()
        if depth is not None:
            known = self.calls.get(callee, _NO_CALLS)
            self.calls[callee] = Calls(known.sites + 1, max(known.depth, depth))

    def note_indirect(self, table: int, type_index: int, *, is_tail: bool) -> None:
        """Record a call through a table."""
        key, depth = (table, type_index), self._loops()
        known = self.indirect.get(key, _NO_CALLS)
        if is_tail or depth is None:
            self.indirect[key] = known
        else:
            self.indirect[key] = Calls(known.sites + 1, max(known.depth, depth))

    def _loops(self) -> int | None:
        """How many loops are open, None in a `try_table`."""
        depth = 0
        for frame in self.frames:
            if frame.opcode == LOOP:
                depth += 1
            elif frame.opcode == TRY_TABLE:
                return None
        return depth

    def set_local(self, index: int) -> None:
        """Record that a local has a value from here to the end of the innermost construct."""
        if index in self.unset:
            self.unset.discard(index)
            self.set_order.append(index)


_NO_CALLS = Calls(0, 0)


def _words(types: Sequence[ValType]) -> str:
    return "[" + " ".join(map(str, types)) + "]"

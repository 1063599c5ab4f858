"""Induction: how the integers of a function change from one iteration of a loop to the next.

A value is affine in a loop if it is `start + step * n` in iteration n, counted from 0, where start and
step are polynomials over values that do not change in the loop. An argument of a loop's header is a
basic induction variable if every jump back passes it on with the same sum added; what is computed from
these by addition, subtraction, multiplication with invariants and shifts is affine too. All is modulo
the width of the type, as the machine computes: nothing is assumed not to wrap around. (Aho et al.:
"Compilers", 9.6; Bachmann et al.: "Chains of Recurrences".)
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Attribute, Block, BlockArgument, Operation, OpResult, SSAValue

from wasmdialect.analyses.cache import analysis
from wasmdialect.analyses.def_use import DefUse
from wasmdialect.analyses.loops import Loop, Loops
from wasmdialect.analyses.polynomials import Polynomial
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.effects import effects_of
from wasmdialect.dialects.fast import operands_of

_DEPTH = 24
"""How many operations an expression is followed through."""
_WIDTHS: dict[Attribute, int] = {i32: 32, i64: 64}


@dataclass(frozen=True)
class Affine:
    """`start + step * n` in iteration n of a loop, modulo `2**width`.

    An argument of the loop's header stands in them for its value when the loop is entered. Any other
    value does not change while the loop runs; it may be computed in the loop, from such values alone
    and without a trap.
    """

    start: Polynomial
    step: Polynomial

    @property
    def is_invariant(self) -> bool:
        """Whether it is the same in each iteration."""
        return not self.step.terms

    def __add__(self, other: Affine) -> Affine:
        return Affine(self.start + other.start, self.step + other.step)

    def __sub__(self, other: Affine) -> Affine:
        return Affine(self.start - other.start, self.step - other.step)

    def times(self, other: Affine) -> Affine | None:
        """The product; None if both change."""
        if not self.is_invariant:
            return other.times(self) if other.is_invariant else None
        return Affine(self.start * other.start, self.start * other.step)

    def reduced(self, width: int) -> Affine:
        """The low bits."""
        return Affine(self.start.reduced(width), self.step.reduced(width))

    @property
    def is_small(self) -> bool:
        """Whether it is worth working with."""
        return self.start.is_small and self.step.is_small


class Induction:
    """The invariants, induction variables and affine values of the loops of a function."""

    def __init__(self, function: wasmir.FuncOp):
        self._loops = analysis(Loops, function)
        self._uses = analysis(DefUse, function)
        self._own = {loop.header: loop for loop in self._loops.all}
        """By header, as a loop may come from an analysis that was made before."""
        self._invariant: dict[tuple[Loop, SSAValue], bool] = {}
        self._relatives: dict[tuple[Loop, SSAValue], Polynomial | None] = {}
        self._basic: dict[Loop, dict[SSAValue, Affine]] = {}

    def is_invariant(self, value: SSAValue, loop: Loop) -> bool:
        """Whether a value is the same in each iteration of a loop: it is defined outside, or computed
        without a trap from such values alone."""
        return self._is_invariant(value, self._own[loop.header], _DEPTH)

    def variables(self, loop: Loop) -> dict[SSAValue, Affine]:
        """The basic induction variables of a loop, and the arguments of its header that do not
        change."""
        loop = self._own[loop.header]
        if loop not in self._basic:
            self._basic[loop] = self._find_basic(loop)
        return self._basic[loop]

    def affine(self, value: SSAValue, loop: Loop) -> Affine | None:
        """A value as an affine one in a loop; None if it is not an integer, or not known to be
        one."""
        loop, variables = self._own[loop.header], self.variables(loop)
        relative = self._relative(value, loop, _DEPTH)
        return None if relative is None else _closed(relative, variables, loop)

    # --- invariants ---

    def _is_invariant(self, value: SSAValue, loop: Loop, depth: int) -> bool:
        if self._is_outside(value, loop):
            return True
        if isinstance(value, BlockArgument) and value.owner is loop.header:
            return all(
                passed is value
                for branch, passed in self._uses.incoming(value)
                if self._is_inside(branch, loop)
            )
        key = loop, value
        known = self._invariant.get(key)
        if known is not None:
            return known
        if depth == 0 or not isinstance(value, OpResult):
            return False
        found = is_computed_alone(value.op) and all(
            self._is_invariant(operand, loop, depth - 1) for operand in operands_of(value.op)
        )
        self._invariant[key] = found
        return found

    def _is_outside(self, value: SSAValue, loop: Loop) -> bool:
        block = value.op.parent if isinstance(value, OpResult) else value.owner
        return isinstance(block, Block) and not self._loops.is_within(block, loop)

    def _is_inside(self, branch: Operation, loop: Loop) -> bool:
        return branch.parent is not None and self._loops.is_within(branch.parent, loop)

    # --- basic induction variables ---

    def _find_basic(self, loop: Loop) -> dict[SSAValue, Affine]:
        """The arguments whose step is a sum of what does not change."""
        steps: dict[BlockArgument, Polynomial] = {}
        for argument in loop.header.args:
            width = _WIDTHS.get(argument.type)
            if width is None:
                continue
            step: Polynomial | None = None
            for branch, passed in self._uses.incoming(argument):
                if not self._is_inside(branch, loop):
                    continue
                relative = self._relative(passed, loop, _DEPTH)
                change = None if relative is None else relative - Polynomial.value(width, argument)
                if change is None or (step is not None and change != step):
                    break
                step = change
            else:
                if step is not None:
                    steps[argument] = step
        # A step may use arguments that do not change themselves.
        changing: set[SSAValue] = {a for a in loop.header.args if a not in steps or steps[a].terms}
        found: dict[SSAValue, Affine] = {}
        for argument, step in steps.items():
            if not changing.isdisjoint(step.values):
                continue
            found[argument] = Affine(self._entry_value(argument, loop, step.width), step)
        unchanged = {a: f for a, f in found.items() if f.is_invariant}
        for argument, form in found.items():
            if not form.is_invariant:
                closed = _closed(form.step, unchanged, loop)
                assert closed is not None
                found[argument] = Affine(form.start, closed.start)
        return found

    def _entry_value(self, argument: BlockArgument, loop: Loop, width: int) -> Polynomial:
        """What enters the loop as an argument: the argument itself, if there are several ways in."""
        entering = {
            passed
            for branch, passed in self._uses.incoming(argument)
            if not self._is_inside(branch, loop)
        }
        if len(entering) != 1:
            return Polynomial.value(width, argument)
        (value,) = entering
        return self._relative(value, loop, _DEPTH) or Polynomial.value(width, argument)

    # --- expressions ---

    def _relative(self, value: SSAValue, loop: Loop, depth: int) -> Polynomial | None:
        """A value as a polynomial over invariants and what the arguments of the header are in the same
        iteration; None if it is not one."""
        width = _WIDTHS.get(value.type)
        if width is None:
            return None
        if isinstance(value, BlockArgument):
            if value.owner is loop.header or self._is_outside(value, loop):
                return Polynomial.value(width, value)
            return self._joined(value, loop, depth)
        assert isinstance(value, OpResult)
        key = loop, value
        if key not in self._relatives:
            found = self._computed(value.op, width, loop, depth - 1) if depth > 0 else None
            if found is None or not found.is_small:
                found = (
                    Polynomial.value(width, value)
                    if self._is_invariant(value, loop, _DEPTH)
                    else None
                )
            self._relatives[key] = found
        return self._relatives[key]

    def _joined(self, argument: BlockArgument, loop: Loop, depth: int) -> Polynomial | None:
        """An argument of a block to which all branches pass the same."""
        found: Polynomial | None = None
        if depth == 0:
            return None
        for _, passed in self._uses.incoming(argument):
            if passed is argument:
                continue
            each = self._relative(passed, loop, depth // 2)
            if each is None or (found is not None and each != found):
                return None
            found = each
        return found

    def _computed(self, op: Operation, width: int, loop: Loop, depth: int) -> Polynomial | None:
        """The result of an operation, of a width."""
        if isinstance(op, wasmir.ConstOp):
            return Polynomial.number(width, op.bits)
        if not isinstance(op, wasmir.NumericOp) or op.INSTRUCTION.shape not in ("i32", "i64"):
            return None
        operation = op.INSTRUCTION.operation
        if operation == "wrap":
            wide = self._relative(operands_of(op)[0], loop, depth)
            return None if wide is None else wide.reduced(width)
        if operation not in ("add", "sub", "mul", "shl", "or"):
            return None
        first, second = (self._relative(operand, loop, depth) for operand in operands_of(op))
        if first is None or second is None:
            return None
        match operation:
            case "add":
                return first + second
            case "sub":
                return first - second
            case "mul":
                return first * second
            case "shl":
                bits = second.as_number
                return None if bits is None else first * Polynomial.number(width, 1 << bits % width)
            case _:
                return _disjoint_or(first, second)


def is_computed_alone(op: Operation) -> bool:
    """Whether an operation computes its results from its operands alone, and cannot trap."""
    return not op.regions and not op.successors and effects_of(op) == frozenset()


def _disjoint_or(first: Polynomial, second: Polynomial) -> Polynomial | None:
    """`or` of a small number and what has zeros in its bits, which is their sum."""
    number = second.as_number
    if number is None or number < 0 or not first.is_multiple_of(1 << number.bit_length()):
        return None
    return first + second


def _closed(relative: Polynomial, variables: dict[SSAValue, Affine], loop: Loop) -> Affine | None:
    """A polynomial over arguments of the header with their affine forms put in."""
    width = relative.width
    nothing = Polynomial(width)
    total = Affine(nothing, nothing)
    for product, factor in relative.terms.items():
        term: Affine | None = Affine(Polynomial.number(width, factor), nothing)
        for value in product:
            if isinstance(value, BlockArgument) and value.owner is loop.header:
                form = variables.get(value)
                if form is None:
                    return None
                form = form.reduced(width)
            else:
                form = Affine(Polynomial.value(width, value), nothing)
            term = term.times(form)
            if term is None:
                return None
        total += term
    return total if total.is_small else None

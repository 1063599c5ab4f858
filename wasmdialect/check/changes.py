"""Counting the changes that a pass makes to a function, and stopping it after some of them.

A change is an insertion, a replacement or a removal of an operation, or a new operand, through a
builder, a rewriter or xDSL's methods; what one of them does by calling others is one change. Properties
that a pass sets on an operation are not counted: they belong to the next change.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from xdsl.ir import Block, Operation, SSAValue
from xdsl.ir.core import OpOperands
from xdsl.utils.exceptions import DiagnosticException

from wasmdialect.check.locate import describe
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.builder import OpBuilder
from wasmdialect.dialects.fast import Inserter
from wasmdialect.passes.base import FunctionPass
from wasmdialect.passes.wasmir_verify_ssa import verify_ssa

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from wasmdialect.check.stages import Pipeline, Stage

_Subject = Callable[..., "Operation | Block | None"]


def _argument(_: OpBuilder, op: Operation, *__: object) -> Operation:
    return op


def _place(builder: Inserter, *_: object) -> Block:
    return builder.block


def _itself(subject: Operation | Block, *_: object) -> Operation | Block:
    return subject


def _owner(value: SSAValue, *_: object) -> Operation | Block:
    return value.owner


def _user(operands: OpOperands, *_: object) -> Operation:
    return operands._op  # pyright: ignore[reportPrivateUsage]


_POINTS: list[tuple[type[Any], str, str, _Subject]] = [
    (OpBuilder, "replace", "replaced", _argument),
    (OpBuilder, "insert", "inserted", _place),
    *[(Inserter, name, "inserted", _place) for name in ("value", "results", "step", "terminator")],
    *[
        (Block, name, "inserted", _itself)
        for name in ("add_op", "insert_ops_before", "insert_ops_after")
    ],
    (Operation, "erase", "erased", _itself),
    (Operation, "detach", "removed", _itself),
    (SSAValue, "replace_all_uses_with", "replaced", _owner),
    (OpOperands, "__setitem__", "given another operand", _user),
]
"""Class, method, what it does, and which operation or block it does it to."""


class _Enough(BaseException):
    """The pass has made as many changes as it may."""


class _Counter:
    """Counts the changes to one function."""

    def __init__(self, function: str, most: int | None):
        self.function, self.most = function, most
        self.last = ""
        """The last change, in words."""
        self.count = 0
        self._depth = 0

    def wrap(self, method: Callable[..., Any], word: str, subject: _Subject) -> Callable[..., Any]:
        """The method, counted."""

        def counted(*args: Any, **kwargs: Any) -> Any:
            if self._depth == 0:
                self._note(word, subject(*args, *kwargs.values()))
            self._depth += 1
            try:
                return method(*args, **kwargs)
            finally:
                self._depth -= 1

        return counted

    def _note(self, word: str, subject: Operation | Block | None) -> None:
        if subject is None or _function_of(subject) != self.function:
            return
        if self.count == self.most:
            raise _Enough
        self.count += 1
        what = describe(subject) if isinstance(subject, Operation) else "an operation"
        self.last = f"{what} is {word}"


def _function_of(subject: Operation | Block) -> str | None:
    op = subject if isinstance(subject, Operation) else subject.parent_op()
    while op is not None and not isinstance(op, wasmir.FuncOp):
        op = op.parent_op()
    return None if op is None else op.sym_name.data


@contextmanager
def _counting(counter: _Counter) -> Generator[None]:
    """Counts what is done inside."""
    originals = [(cls, name, cls.__dict__[name]) for cls, name, _, _ in _POINTS]
    try:
        for (cls, name, original), (_, _, word, subject) in zip(originals, _POINTS, strict=True):
            setattr(cls, name, counter.wrap(original, word, subject))
        yield
    finally:
        for cls, name, original in originals:
            setattr(cls, name, original)


def apply_partly(
    pipeline: Pipeline, stage: Stage, function: str, most: int | None
) -> tuple[wasmir.FuncOp | None, int, str]:
    """The function after the first changes of a pass to it, how many were made, and the last one in
    words. None in place of the function if it does not verify between two changes."""
    module = stage.before.clone()
    counter = _Counter(function, most)
    with _counting(counter), suppress(_Enough):
        _apply(pipeline, stage, module, function)
    op = _find(module, function)
    if op is not None and not _verifies(module):
        op = None
    return op, counter.count, counter.last


def _apply(pipeline: Pipeline, stage: Stage, module: ModuleOp, function: str) -> None:
    op = _find(module, function)
    if isinstance(stage.ran, FunctionPass) and op is not None:
        stage.ran.apply_to_function(pipeline.session.context, op)
    else:
        stage.ran.apply(pipeline.session.context, module)


def _find(module: ModuleOp, function: str) -> wasmir.FuncOp | None:
    for op in module.ops:
        if isinstance(op, wasmir.FuncOp) and op.sym_name.data == function:
            return op
    return None


def _verifies(module: ModuleOp) -> bool:
    try:
        module.verify()
        verify_ssa(module)
    except (DiagnosticException, ValueError):
        return False
    return True


def first_bad_change(
    pipeline: Pipeline,
    stage: Stage,
    function: str,
    differs: Callable[[wasmir.FuncOp], bool],
) -> tuple[int, int, str] | None:
    """The number of the first change with which the function differs, the number of all changes, and
    what it is, in words; None if it cannot be found so. It is a binary search: if several changes are
    wrong, it finds one of them."""
    whole, total, _ = apply_partly(pipeline, stage, function, None)
    if whole is None or not differs(whole):
        return None
    good, bad = 0, total
    while bad - good > 1:
        middle = (good + bad) // 2
        found = _nearest(pipeline, stage, function, middle, good, bad)
        if found is None:
            break
        count, op = found
        good, bad = (good, count) if differs(op) else (count, bad)
    _, _, what = apply_partly(pipeline, stage, function, bad)
    return bad, total, what


def _nearest(
    pipeline: Pipeline, stage: Stage, function: str, middle: int, good: int, bad: int
) -> tuple[int, wasmir.FuncOp] | None:
    """The number of changes nearest to the middle after which the function verifies."""
    for distance in range(bad - good):
        for count in {middle + distance, middle - distance}:
            if good < count < bad:
                op, _, _ = apply_partly(pipeline, stage, function, count)
                if op is not None:
                    return count, op
    return None

"""Importing exceptions: `try_table` and the legacy `try` become branches to a handler.

A construct that catches exceptions has a handler, a block whose first argument is the exception. A
`throw` in the body is a branch to it, and each call there is followed by a branch that goes to it if
the call threw (docs/dialects/wasmir.md, "Exceptions"). The handler tries the clauses in turn; what it
does not catch it throws again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Attribute, Block, SSAValue

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import make_block
from wasmdialect.importer.function import Caught, Edge, Frame, FunctionImporter, Handler, Merge
from wasmdialect.wasm.instructions import BY_MNEMONIC
from wasmdialect.wasm.instructions.opcodes import TRY, TRY_TABLE
from wasmdialect.wasm.module import Catch

# --- throwing ---


def append_call(
    f: FunctionImporter,
    cls: type[wasmir.WasmOp],
    operands: Sequence[SSAValue],
    result_types: Sequence[Attribute],
    properties: dict[str, Attribute],
) -> None:
    """A call, and the branch to the handler if there is one around it."""
    frame = _handling(f.frames)
    if frame is None:
        f.stack.extend(f.results(cls, operands, result_types, properties))
        return
    properties["in_try"] = UnitAttr()
    results = f.results(cls, operands, result_types, properties)
    landing, following = _branch_if(f, f.threw())
    f.begin(landing)
    _go_to_handler(f, frame, f.caught())
    f.begin(following)
    f.stack.extend(results)


def _handling(frames: Sequence[Frame]) -> Frame | None:
    """The innermost of some frames that catches exceptions in its body."""
    return next((frame for frame in reversed(frames) if frame.handler is not None), None)


def _branch_if(f: FunctionImporter, condition: SSAValue) -> tuple[Block, Block]:
    """End the block with a branch; the blocks for a condition that is not 0, and for 0."""
    then_block, else_block = make_block(), make_block()
    targets = [(then_block, Edge([], [])), (else_block, Edge([], []))]
    f.branch(wasmir.BrIfOp, (condition,), targets)
    return then_block, else_block


def _go_to_handler(f: FunctionImporter, frame: Frame, exception: SSAValue) -> None:
    assert frame.handler is not None
    edge = Edge([exception], f.locals.copy())
    frame.handler.edges.append(edge)
    f.branch(wasmir.BrOp, (), [(frame.handler.block, edge)])


def _throw_from(f: FunctionImporter, frames: Sequence[Frame], exception: SSAValue) -> None:
    """Go on with an exception inside of these frames."""
    frame = _handling(frames)
    if frame is None:
        f.throw_ref(exception)
        f.reachable = False
        return
    if exception.type != wasmir.EXN:
        exception = f.value(wasmir.RefAsNonNullOp, (exception,), wasmir.EXN)
    _go_to_handler(f, frame, exception)


def _throw_here(f: FunctionImporter, exception: SSAValue) -> None:
    f.trace_throw(exception)
    _throw_from(f, f.frames, exception)


def _throw(f: FunctionImporter, index: int) -> None:
    values = f.pop_many(len(_tag_types(f, index)))
    _throw_here(f, f.exception(f.unit.ref("tag", index), values))


def _throw_ref(f: FunctionImporter, _: Any) -> None:
    _throw_here(f, f.stack.pop())


def _tag_types(f: FunctionImporter, index: int) -> tuple[Attribute, ...]:
    composite = f.unit.wasm.tags[index].type.type.composite
    assert isinstance(composite, wt.FuncType)
    return f.types(composite.params)


# --- catching ---


def _try_table(f: FunctionImporter, immediate: tuple[wt.FuncType, tuple[Catch, ...]]) -> None:
    signature, catches = immediate
    frame = f.open_block(signature, TRY_TABLE)
    if catches:
        frame.catches = catches
        frame.handler = Merge(make_block(), [])


def close_try(f: FunctionImporter) -> None:
    """`end` of a construct that catches exceptions."""
    _close(f, None)


def _close(f: FunctionImporter, delegate: int | None) -> None:
    """End a construct that catches exceptions; `delegate` is the label of the frame around it that
    handles them, if there is one."""
    frame = f.frames[-1]
    _leave(f, frame)
    caught = frame.caught
    exception = _begin_handler(f, frame) if caught is None else caught.exception
    f.frames.pop()
    f.note_assigned(frame)
    if caught is not None and caught.following is not None:
        f.begin(caught.following)
        f.locals = caught.locals
    elif caught is not None:
        exception = None  # the last clause catches everything
    if exception is not None:
        _try_clauses(f, frame.catches, exception)
        if f.reachable:
            outer = f.frames if delegate is None else f.frames[: len(f.frames) - delegate]
            _throw_from(f, outer, exception)
    if frame.merge.edges:
        f.resolve_merge(frame)


def _leave(f: FunctionImporter, frame: Frame) -> None:
    """Go from the end of the body, or of a clause, to the end of the construct."""
    if f.reachable:
        f.branch(wasmir.BrOp, (), [f.edge_to(frame)])


def _begin_handler(f: FunctionImporter, frame: Frame) -> SSAValue | None:
    """Start the handler after the body; the exception, or None if nothing there throws."""
    handler = frame.handler
    frame.handler = None
    if handler is None or not handler.edges:
        return None
    f.begin_merge(frame, handler, (wasmir.EXN,))
    return f.stack.pop()


def _try_clauses(f: FunctionImporter, catches: Sequence[Catch], exception: SSAValue) -> None:
    """Branch to the label of the first clause that catches the exception; continue where none does."""
    for clause in catches:
        following = None
        height = len(f.stack)
        if clause.tag is not None:
            following = _begin_clause(f, clause.tag, exception)
        if clause.kind.has_reference:
            f.stack.append(exception)
        f.branch(wasmir.BrOp, (), [f.edge_to(f.label(clause.label))])
        del f.stack[height:]
        if following is None:
            return
        f.begin(following)


def _begin_clause(f: FunctionImporter, tag: int, exception: SSAValue) -> Block:
    """Continue where an exception has a tag, with its values on the stack; the block for others."""
    symbol = f.unit.ref("tag", tag)
    matching, following = _branch_if(f, f.exception_is(exception, symbol))
    f.begin(matching)
    f.stack.extend(f.exception_values(exception, symbol, _tag_types(f, tag)))
    return following


# --- legacy exceptions ---


def _try(f: FunctionImporter, signature: wt.FuncType) -> None:
    f.open_block(signature, TRY).handler = Merge(make_block(), [])


def _begin_legacy_clause(f: FunctionImporter) -> Caught | None:
    """Go to where the next clause of a `try` is tried; None if it catches nothing."""
    frame = f.frames[-1]
    _leave(f, frame)
    if frame.caught is None:
        exception = _begin_handler(f, frame)
        if exception is None:
            return None
        frame.caught = Caught(exception, f.locals, None)
    else:
        assert frame.caught.following is not None
        f.begin(frame.caught.following)
    f.locals = frame.caught.locals.copy()
    del f.stack[frame.height :]
    return frame.caught


def _catch(f: FunctionImporter, tag: int) -> None:
    caught = _begin_legacy_clause(f)
    if caught is not None:
        caught.following = _begin_clause(f, tag, caught.exception)


def _catch_all(f: FunctionImporter, _: Any) -> None:
    caught = _begin_legacy_clause(f)
    if caught is not None:
        caught.following = None


def _rethrow(f: FunctionImporter, depth: int) -> None:
    caught = f.label(depth).caught
    assert caught is not None, "validation has checked that the label is one of a clause"
    _throw_here(f, caught.exception)


def _delegate(f: FunctionImporter, depth: int) -> None:
    _close(f, depth)


def _by_opcode(handlers: Mapping[str, Handler]) -> dict[int, Handler]:
    return {row.opcode: handlers[name] for name in handlers for row in BY_MNEMONIC[name]}


HANDLERS = _by_opcode(
    {
        "throw": _throw,
        "throw_ref": _throw_ref,
        "try_table": _try_table,
        "try": _try,
        "catch": _catch,
        "catch_all": _catch_all,
        "rethrow": _rethrow,
        "delegate": _delegate,
    }
)

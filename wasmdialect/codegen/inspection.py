"""Functions of a module at a stage of their way to machine code, as IR to look at."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from threading import RLock

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from wasmdialect.abi.symbols import function_symbol
from wasmdialect.codegen.listing import Line, printed_lines
from wasmdialect.codegen.llvm import CodegenError, compile_assembly, verify_text
from wasmdialect.codegen.pool import SingleTask, default_jobs, shared_pool
from wasmdialect.codegen.printed import printing_to_errors
from wasmdialect.codegen.process import WorkerFailure
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.source import Source, keep_function
from wasmdialect.codegen.stages import without_directives
from wasmdialect.dialects import wasmir
from wasmdialect.lowering.emit import emit_llvm
from wasmdialect.passes.base import take_reports
from wasmdialect.passes.pipeline import (
    POINTS,
    PassFailure,
    is_function_scoped,
    parse_passes,
    pass_text,
)
from wasmdialect.passes.registry import PassError


class Listing(str):
    """Text that notebooks show as it is."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return _preformatted(html.escape(self))


class IR:
    """A function at one stage, with the declarations it refers to. `str` is its text. It is a copy:
    what is changed in it changes nothing else."""

    def __init__(self, stage: str, module: ModuleOp, op: Operation):
        self.stage = stage
        """The point or pass it is at, in words."""
        self.module = module
        """The declarations, the function, and what passes have added, such as trampolines."""
        self.op = op
        """The function: a `wasmir.FuncOp`, or an `llvm.FuncOp` once it is lowered."""

    @property
    def ops(self) -> list[Operation]:
        """The operations in the function, in order."""
        return [op for region in self.op.regions for op in region.walk()]

    def __str__(self) -> str:
        return str(self.op)

    def __repr__(self) -> str:
        return f"<IR {self.stage}: {len(self.ops)} operations in {self.op.name}>"

    def _repr_html_(self) -> str:
        lines = printed_lines([self.op])
        heading = f"<b>{html.escape(self.stage)}</b> · {len(self.ops)} operations"
        return f"<div>{heading}</div>{_as_html(lines)}"


def _as_html(lines: Iterable[Line]) -> str:
    """Lines with their byte offsets, in any colours that a notebook has."""
    rows: list[str] = []
    for text, offset in lines:
        place = "" if offset is None else f"{offset:#x}"
        rows.append(f'<span style="opacity: .55">{place:>8}</span>  {html.escape(text)}')
    return _preformatted("\n".join(rows))


def _preformatted(content: str) -> str:
    style = "white-space: pre; line-height: 1.4; overflow: auto; max-height: 40em"
    return f'<pre style="{style}">{content}</pre>'


class Inspection:
    """A module whose functions are looked at."""

    def __init__(self, binary: bytes, file: str, settings: CompileSettings):
        """As `CompileSession`, and raises what that raises."""
        with printing_to_errors():
            self._session = CompileSession(binary, file, settings)
        self._lock = RLock()

    @property
    def source(self) -> Source:
        """The module."""
        return self._session.source

    def text(self, index: int) -> str | None:
        """A function in the text format, None if it came as IR."""
        return self.source.text(index)

    def at(self, index: int, point: str) -> IR:
        """A function at a point of the pipeline, after the passes that are added there. Raises
        PassError if there is no such point, or the module is past it."""
        return self._run(index, self._count_at(point), f"at {point}")

    def around(self, index: int, wanted: str | int, *, after: bool) -> IR:
        """A function before or after a pass: its name or text, or its number in the pipeline. Raises
        PassError if there is no such pass, or several."""
        number = self._find_pass(wanted)
        stage = f"{'after' if after else 'before'} {pass_text(self._session.passes[number])}"
        return self._run(index, number + after, stage)

    def llvm(self, index: int) -> str:
        """The LLVM IR of a function and its trampolines, as LLVM gets it, without locations."""
        module = self._run(index, len(self._session.passes), "").module
        keep_function(module, index)
        emitters = self._session.settings.target.emitters
        return emit_llvm(module, debug_info=False, emitters=emitters)

    def assembly(self, index: int) -> str:
        """The same as assembly. Raises CodegenError."""
        settings, text = self._session.settings, self.llvm(index)
        level = settings.level
        if settings.config.jobs == 0:
            verify_text(text)
            return without_directives(compile_assembly(text, settings.target, level))
        found: list[str] = []

        def on_failure(failure: WorkerFailure) -> None:
            raise CodegenError(str(failure))

        # LLVM may end the worker.
        request = ("assembly", text, settings.target.to_plain(), level)
        pool = shared_pool(default_jobs() if settings.config.jobs is None else settings.config.jobs)
        task = SingleTask(request, found.append, on_failure)
        pool.run(None, [task], settings.config.compile_timeout)
        return without_directives(found[0])

    def _run(self, index: int, count: int, stage: str) -> IR:
        """A function after so many passes."""
        session = self._session
        with self._lock, printing_to_errors():
            if session.is_ir or not is_function_scoped(session.passes[:count]):
                module = session.import_everything()
            else:
                module = session.import_functions([index])
            try:
                session.run_passes(module, count=count)
            except PassFailure as failure:
                raise session.reproduce(failure, [index]) from failure.__cause__
            finally:
                take_reports()
        return IR(stage, module, _function(module, session.source.name_of(index), index))

    def _count_at(self, point: str) -> int:
        """The number of passes up to a point."""
        session = self._session
        if point not in POINTS:
            near = get_close_matches(point, POINTS, n=1, cutoff=0.3)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise PassError(f"there is no point {point!r} in the pipeline{hint}")
        names = [p.name for p in session.passes]
        done = [p.name for p in session.done]
        ends: dict[str, Sequence[str]] = {
            "wasmir-end": _AFTER_WASMIR,
            "wasmvm-end": ("insert-stack-limit-checks", "wasmvm-to-llvm"),
        }
        past = [name for name in done if name in ends.get(point, _AFTER_WASMIR)]
        if past and point != "llvm-end":
            raise PassError(f"the module is past {point}: {past[0]} has lowered it")
        if point == "wasmir-start":
            config = session.settings.config
            text = config.at.get(point, "") if config.pipeline is None else ""
            return len(parse_passes(text, session.registry)) + len(config.passes.get(point, ()))
        return next(
            (n for n, name in enumerate(names) if name in ends.get(point, ())), len(session.passes)
        )

    def _find_pass(self, wanted: str | int) -> int:
        """The number of a pass in the pipeline."""
        passes = self._session.passes
        shown = ", ".join(f"{n}: {pass_text(p)}" for n, p in enumerate(passes))
        if isinstance(wanted, int):
            if not 0 <= wanted < len(passes):
                raise PassError(f"there is no pass number {wanted} in the pipeline ({shown})")
            return wanted
        found = [n for n, p in enumerate(passes) if wanted in (p.name, pass_text(p))]
        if len(found) == 1:
            return found[0]
        if found:
            numbers = " and ".join(map(str, found))
            raise PassError(
                f"pass {wanted!r} is in the pipeline several times, with numbers {numbers}: give one of"
                f" these ({shown})"
            )
        raise PassError(f"pass {wanted!r} is not in the pipeline ({shown})")


_AFTER_WASMIR = ("canonicalize-nans", "insert-fuel", "insert-epoch-checks", "insert-vmctx-loads")


def _function(module: ModuleOp, symbol: str, index: int) -> Operation:
    """The operation of a function with a body, at any stage."""
    lowered = function_symbol(index)
    for op in module.ops:
        if isinstance(op, wasmir.FuncOp) and op.sym_name.data == symbol and not op.is_declaration:
            return op
        if isinstance(op, llvm.FuncOp) and op.sym_name.data == lowered and op.body.blocks:
            return op
    raise PassError(f"a pass has removed function {index} ({symbol})")


def find_function(source: Source, wanted: str | int) -> int:
    """The index of a function by its export, its name, its symbol or its index, in this order. Raises
    LookupError, which lists similar ones."""
    functions = source.declared.functions
    if isinstance(wanted, int):
        if 0 <= wanted < len(functions):
            return wanted
        raise LookupError(f"there is no function {wanted}: the module has {len(functions)}")
    symbols = {op.sym_name.data: index for index, op in enumerate(functions)}
    exports = {
        op.name_text: symbols[target]
        for op in source.declared.exports
        if (target := op.target.root_reference.data) in symbols
    }
    names = source.function_names
    if wanted in exports:
        return exports[wanted]
    named = [index for index, name in names.items() if name == wanted]
    if len(named) > 1:
        indices = ", ".join(map(str, named[:_MOST_CANDIDATES]))
        more = " and more" if named[_MOST_CANDIDATES:] else ""
        raise LookupError(
            f"{len(named)} functions are called {wanted!r}: give an index ({indices}{more})"
        )
    if named:
        return named[0]
    if wanted in symbols:
        return symbols[wanted]
    if wanted.isdecimal() and wanted.isascii() and int(wanted) < len(functions):
        return int(wanted)
    known = [*dict.fromkeys((*exports, *names.values(), *symbols))]
    similar = [name for name in known if wanted and wanted.lower() in name.lower()]
    close = get_close_matches(wanted, known, n=_MOST_CANDIDATES)
    candidates = [*dict.fromkeys((*sorted(similar, key=len), *close))][:_MOST_CANDIDATES]
    hint = f"; did you mean {' or '.join(map(repr, candidates))}?" if candidates else ""
    raise LookupError(f"there is no function {wanted!r}{hint}")


_MOST_CANDIDATES = 6

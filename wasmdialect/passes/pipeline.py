"""Pipelines: parsing, the default one and its extension points, running with checks. `-p` runs
exactly the given passes. Without it the default pipeline runs, extended at four points with `--at`:
`wasmir-start`, `wasmir-end`, `wasmvm-end` and `llvm-end`. docs/pipelines.md has a diagram.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import fields
from difflib import get_close_matches
from functools import partial
from traceback import TracebackException, format_exception, walk_tb
from typing import Any, Literal, Protocol

from xdsl.context import Context
from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.utils.arg_spec import ArgSpec, parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException

from wasmdialect._settings import Config
from wasmdialect.analyses.cache import forget, keeping_results
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import wasm_offset
from wasmdialect.dialects.lowered import note_lowered
from wasmdialect.lowering.emit import EmitError, Emitters
from wasmdialect.passes import base, watch
from wasmdialect.passes.at_once import AtOnce
from wasmdialect.passes.base import Declarations, Declaring, begin_reports, pass_scope
from wasmdialect.passes.mandatory import LOWERING_PASSES, lowering_passes, optimizing_passes
from wasmdialect.passes.objects import pass_object
from wasmdialect.passes.registry import PassError, PassRegistry
from wasmdialect.passes.wasmvm_to_llvm import WasmVMToLLVM
from wasmdialect.passes.watch import run_watched
from wasmdialect.wasm.errors import WasmError

Point = Literal["wasmir-start", "wasmir-end", "wasmvm-end", "llvm-end"]
POINTS: tuple[Point, ...] = ("wasmir-start", "wasmir-end", "wasmvm-end", "llvm-end")
Verify = Literal["each", "ends", "none"]

_POINTS_BEFORE: dict[str, Sequence[Point]] = {
    "canonicalize-nans": ("wasmir-start", "wasmir-end"),
    "insert-fuel": ("wasmir-start", "wasmir-end"),
    "insert-epoch-checks": ("wasmir-start", "wasmir-end"),
    "insert-vmctx-loads": ("wasmir-start", "wasmir-end"),
    "insert-stack-limit-checks": ("wasmvm-end",),
    "wasmvm-to-llvm": ("wasmvm-end",),
}
"""The points that a module has passed when a pass has lowered it."""


Stages = Sequence[str | ModulePass]
"""A pipeline in parts: text, and passes that are given as objects."""


def default_pipeline(config: Config, done: Sequence[str] = ()) -> str:
    """The default pipeline as text, with what `at` and `passes` add at its points, for a module that
    the mandatory passes `done` have lowered already. Raises PassError."""
    return pipeline_text(default_stages(config, done))


def pipeline_text(stages: Stages) -> str:
    """A pipeline as text."""
    return ",".join(stage if isinstance(stage, str) else pass_text(stage) for stage in stages)


def pass_text(p: ModulePass, *, include_default: bool = False) -> str:
    """A pass with its options as text; its name, if there is no text for the options of an object."""
    try:
        return str(p.spec(include_default=include_default))
    except Exception:  # xDSL's conversion fails in many ways, and a field's own in any
        return p.name


def default_stages(config: Config, done: Sequence[str] = ()) -> Stages:
    """The default pipeline in parts, as `default_pipeline`. Raises PassError."""
    stages_at: dict[str, list[str | ModulePass]] = {p: [text] for p, text in config.at.items()}
    for point, passes in config.passes.items():
        stages_at[point] = [*stages_at.get(point, ()), *map(pass_object, passes)]
    for point in stages_at:
        if point not in POINTS:
            near = get_close_matches(point, POINTS, n=1, cutoff=0.3)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise PassError(f"there is no point {point!r} in the pipeline{hint}")
    for name in done:
        for point in _POINTS_BEFORE.get(name, ()):
            if stages_at.get(point):
                raise PassError(f"the module is past {point}: {name} has lowered it")
    lowering = {name: text for name, text in lowering_passes(config).items() if name not in done}
    stages = (
        *stages_at.get("wasmir-start", ()),
        *stages_at.get("wasmir-end", ()),
        lowering.get("canonicalize-nans"),
        lowering.get("insert-fuel"),
        lowering.get("insert-epoch-checks"),
        *(optimizing_passes(config).values() if "insert-vmctx-loads" in lowering else ()),
        lowering.get("insert-vmctx-loads"),
        lowering.get("insert-trampolines"),
        *stages_at.get("wasmvm-end", ()),
        lowering.get("insert-stack-limit-checks"),
        lowering.get("wasmvm-to-llvm"),
        *stages_at.get("llvm-end", ()),
    )
    return [stage for stage in stages if stage is not None and stage != ""]


def complete_pipeline(pipeline: str, config: Config, done: Sequence[str] = ()) -> str:
    """A user's pipeline, followed by the mandatory passes that are neither in it nor already
    `done`."""
    present = {spec.name for spec in _parse_specs(pipeline)}.union(done)
    lowering = lowering_passes(config)
    missing = [
        lowering[name] for name in LOWERING_PASSES if name in lowering and name not in present
    ]
    return ",".join(part for part in (pipeline, *missing) if part)


def _parse_specs(pipeline: str) -> list[ArgSpec]:
    try:
        return [*parse_pipeline(pipeline)]
    except ArgSpecParseError as error:
        raise PassError(f"malformed pipeline {pipeline!r}: {error}") from None


def set_up_passes(
    stages: Stages, registry: PassRegistry
) -> tuple[tuple[ModulePass, ...], tuple[ModulePass, ...]]:
    """The passes of a pipeline in parts, and those of them that were given as objects. These are
    copied, as `declare` returns another value for each module. Raises PassError."""
    passes: list[ModulePass] = []
    objects: list[ModulePass] = []
    for stage in stages:
        if isinstance(stage, str):
            passes += parse_passes(stage, registry)
        else:
            objects.append(copy(stage))
            passes.append(objects[-1])
    return tuple(passes), tuple(objects)


def parse_passes(pipeline: str, registry: PassRegistry) -> tuple[ModulePass, ...]:
    """The passes of a pipeline, set up with their options. Raises PassError."""
    return tuple(_set_up(spec, registry.find(spec.name)) for spec in _parse_specs(pipeline))


def _set_up(spec: ArgSpec, cls: type[ModulePass]) -> ModulePass:
    known = [f.name for f in fields(cls)]
    for option in spec.normalize_parameter_names().parameters:
        if option not in known:
            near = get_close_matches(option, known, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            options = f"; its options are {', '.join(known)}" if known else "; it has no options"
            raise PassError(f"pass {cls.name!r} has no option {option!r}{hint or options}")
    try:
        return cls.from_pass_spec(spec)
    except (ValueError, TypeError) as error:
        raise PassError(f"pass {cls.name!r}: {error}") from None


def is_function_scoped(passes: Sequence[ModulePass]) -> bool:
    """Whether all passes can run on units of a few functions."""
    return all(pass_scope(type(p)) == "function" for p in passes)


class PassFailure(Exception):
    """A pass raised an exception, or left IR that does not verify. `details` is the traceback
    inside the pass, the operation, and the path of a reproducer; Python shows them below the message.
    """

    def __init__(self, pass_name: str, message: str, details: str = ""):
        super().__init__(message)
        self.pass_name = pass_name
        self.details = ""
        self.add_details(details)

    def add_details(self, text: str) -> None:
        """Add lines to the details."""
        self.details += text
        if text:
            self.add_note(text.rstrip("\n"))


Observer = Callable[[str, ModuleOp, float], None]
"""Called after each pass with its text, the module and the seconds it took; before the first one with
an empty text."""
DeclareMissing = Callable[[ModuleOp], Mapping[str, Operation]]
"""Adds declarations of the symbols that the bodies of a unit refer to, or numbers a pass's
additions to a whole module; returns the undefined symbols, with an operation that uses each."""


def run_declare(p: ModulePass, declarations: Declarations) -> None:
    """Call the `declare` hook of a pass, if it has one. Raises PassFailure, WasmError."""
    if isinstance(p, Declaring):
        declarations.pass_name = p.name
        step = partial(p.declare, declarations)
        # A body that the hook asks for may not be valid.
        declared = _guarded(p.name, partial(run_watched, p.name, step), WasmError)
        if declared is not None:
            object.__setattr__(p, "declared", declared)  # passes are frozen otherwise


def declare_all(passes: Sequence[ModulePass], declarations: AddedFunctions) -> None:
    """Call the `declare` hooks of all passes, and then ask each which functions it wants. What a pass
    adds goes through the passes after it, and through those that lower. Raises PassFailure,
    WasmError."""
    counts: list[int] = []
    for p in passes:
        counts.append(len(declarations.added_functions))
        run_declare(p, declarations)
    for p, count in zip(passes, counts, strict=True):
        ask_what_is_wanted(p, declarations)
        added = [op.index_value for op in declarations.added_functions[count:]]
        if added and isinstance(p, base.FunctionPass) and p.name not in LOWERING_PASSES:
            object.__setattr__(p, "unwanted", p.unwanted.union(added))


class AddedFunctions(Declarations, Protocol):
    """Declarations that know which functions with a body hooks have added."""

    added_functions: list[wasmir.FuncOp]


def is_choosy(p: ModulePass) -> bool:
    """Whether a pass may not want some functions."""
    return isinstance(p, base.FunctionPass) and type(p).wants is not base.FunctionPass.wants


def ask_what_is_wanted(p: ModulePass, declarations: Declarations) -> None:
    """Ask a pass which functions it wants, after `run_declare`. Raises PassFailure."""
    if not (isinstance(p, base.FunctionPass) and is_choosy(p)):
        return

    def ask() -> frozenset[int]:
        defined = (f for f in declarations.functions if f.imported is None)
        return frozenset(f.index for f in defined if not p.wants(f))

    object.__setattr__(p, "unwanted", _guarded(p.name, partial(run_watched, p.name, ask)))


@keeping_results()
def run_passes(
    passes: Sequence[ModulePass],
    ctx: Context,
    module: ModuleOp,
    verify: Verify,
    observe: Observer | None = None,
    declare_missing: DeclareMissing | None = None,
    origin: str = "the importer",
    *,
    emitters: Emitters | None = None,
    is_optimized: bool = True,
) -> list[llvm.FuncOp]:
    """Run passes over a module, which `origin` made; `declare_missing` is called after each one that is
    not this package's. With `emitters`, those of a target, the module's functions are only to be
    written for it: if no pass and no observer looks at the stage of `llvm`, they are written at once
    and returned, with what only LLVM's passes read if they are to be `is_optimized`. Raises
    PassFailure, and EmitError when it writes."""
    writes_for = emitters if observe is None else None
    written: list[llvm.FuncOp] = []
    if verify != "none":
        _verify(module, origin)
    if observe is not None:
        observe("", module, 0.0)
    for number, p in enumerate(passes):
        if writes_for is not None and (at_once := AtOnce.of(passes[number:], writes_for)):
            if verify != "none":
                # The same as a graph, one by one. Another text would have other names for values, which
                # the cache would not know the code of.
                run_passes(passes[number:], ctx, module.clone(), verify, origin=origin)
            return _write_at_once(at_once, ctx, module, writes_for, is_optimized=is_optimized)
        begin_reports(p.name)
        started = time.perf_counter()
        is_own = type(p).__module__.startswith("wasmdialect.")
        is_last = number == len(passes) - 1
        if writes_for is not None and is_last and isinstance(p, WasmVMToLLVM):
            if verify != "none":
                # The same lowering, as a graph. Its text would have other numbers, which the cache
                # would not know the code of.
                graph = module.clone()
                _guarded(p.name, partial(p.apply, ctx, graph))
                _verify(graph, p.name)
            write = partial(p.write, module, writes_for, is_optimized=is_optimized)
            written = _guarded(p.name, write)
        else:
            step = partial(p.apply, ctx, module)
            _guarded(p.name, step if is_own else partial(run_watched, p.name, step))
        if declare_missing is not None and not is_own:
            _refuse_unknown(p.name, _guarded(p.name, partial(declare_missing, module)))
        if p.name in LOWERING_PASSES:
            note_lowered(module, p)
        forget(keep=getattr(type(p), "preserves", ()))
        seconds = time.perf_counter() - started
        if verify == "each" or (verify == "ends" and number == len(passes) - 1):
            _verify(module, p.name)
        if observe is not None:
            observe(pass_text(p), module, seconds)
    return written


def _write_at_once(
    at_once: AtOnce, ctx: Context, module: ModuleOp, emitters: Emitters, *, is_optimized: bool
) -> list[llvm.FuncOp]:
    """The functions of a module of wasmir. Raises PassFailure, EmitError."""
    begin_reports(at_once.lowering.name)
    step = partial(at_once.write, ctx, module, emitters, is_optimized=is_optimized)
    try:
        written = _guarded(at_once.lowering.name, step)
    except PassFailure:
        # One by one, they say which of them fails.
        for p in (at_once.loads, at_once.trampolines, at_once.checks, at_once.lowering):
            _guarded(p.name, partial(p.apply, ctx, module))
        raise
    forget()
    return written


def _guarded(pass_name: str, step: Callable[[], Any], *let_through: type[BaseException]) -> Any:
    """The result of a step of a pass. Raises PassFailure for any exception, including an exit or
    too deep a recursion, except for Ctrl-C, for EmitError (the module has what LLVM has not), and for
    `let_through`."""
    try:
        return step()
    except (KeyboardInterrupt, EmitError, *let_through):
        raise
    except BaseException as error:
        raise _failure(pass_name, error) from error


def _refuse_unknown(pass_name: str, unknown: Mapping[str, Operation]) -> None:
    for symbol, op in unknown.items():
        raise PassFailure(
            pass_name,
            f"pass {pass_name!r} refers to @{symbol}, which nothing declares",
            f"it is in {_describe_operation(op)}; a pass adds globals and imports in `declare`\n",
        )


def _verify(module: ModuleOp, after: str) -> None:
    from wasmdialect.passes.wasmir_verify_ssa import verify_ssa

    try:
        module.verify()
        verify_ssa(module)
    except DiagnosticException as error:
        message = f"the IR that {after} left does not verify: {error}"
        raise PassFailure(after, message, "".join(format_exception(error))) from error


_OWN_FRAMES = frozenset({__file__, base.__file__, watch.__file__})


_SHOWN_FRAMES = 20
"""Frames shown from each end of a longer traceback: too deep a recursion has thousands."""


def _failure(pass_name: str, error: BaseException) -> PassFailure:
    """A failure in a pass: its own frames, and the operation being processed."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    message = f"pass {pass_name!r} failed: {what}"
    described = TracebackException.from_exception(error)
    stack = described.stack
    while len(stack) > 1 and stack[0].filename in _OWN_FRAMES:
        del stack[0]
    if len(stack) > 2 * _SHOWN_FRAMES:
        del stack[_SHOWN_FRAMES:-_SHOWN_FRAMES]
    place = _operation_at(error)
    where = "" if place is None else f"it was at {_describe_operation(place)}\n"
    return PassFailure(pass_name, message, "".join(described.format()) + where)


def _operation_at(error: BaseException) -> Operation | None:
    """The operation in a variable of the innermost frame that has one; a declaration if there is no
    other."""
    found: Operation | None = None
    for frame, _ in walk_tb(error.__traceback__):
        here = [
            value
            for value in frame.f_locals.values()
            if isinstance(value, Operation)
            and not isinstance(value, ModuleOp)
            and hasattr(value, "location")  # else its constructor has failed
        ]
        inside = [op for op in here if not isinstance(op, wasmir.DeclarationOp)]
        if here:
            found = (inside or here)[-1]
    return found


def _describe_operation(op: Operation) -> str:
    offset = wasm_offset(op.location)
    place = "" if offset is None else f" (offset 0x{offset:x})"
    function: Operation | None = op
    while function is not None and not isinstance(function, wasmir.FuncOp):
        function = function.parent_op()
    inside = "" if function is None else f" in @{function.sym_name.data}"
    return f"{op.name}{place}{inside}"

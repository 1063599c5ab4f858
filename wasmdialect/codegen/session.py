"""A module being compiled: what parent and workers both set up from its bytes and settings.

The plan comes from the declarations alone, and the `declare` hooks of the passes are deterministic;
so each process makes the same plan for itself, and only function numbers travel between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from wasmdialect.codegen.reproducer import write_reproducer
from wasmdialect.codegen.search_path import current_folder, worker_path
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.importer.body import import_body
from wasmdialect.importer.declarations import PlanDeclarations
from wasmdialect.importer.markers import Markers
from wasmdialect.importer.plan import ModulePlan
from wasmdialect.importer.supported import check_supported
from wasmdialect.importer.unit import Unit
from wasmdialect.passes.base import Declaring
from wasmdialect.passes.pipeline import (
    Observer,
    PassFailure,
    complete_pipeline,
    default_pipeline,
    is_function_scoped,
    parse_passes,
    run_declare,
    run_passes,
)
from wasmdialect.passes.registry import PassRegistry
from wasmdialect.passes.wasmvm_to_llvm import COUNTS_ATTRIBUTE, counts_attribute
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.module import Function
from wasmdialect.wasm.validate import validate_declarations, validate_function


class CompileSession:
    """One module, decoded and planned, with the passes it goes through."""

    def __init__(
        self, binary: bytes, file: str, settings: CompileSettings, pipeline: str | None = None
    ):
        """`pipeline` replaces the complete one of the settings. Raises WasmError, PassError,
        PassFailure."""
        self.settings = settings
        self.module = decode_module(binary)
        validate_declarations(self.module)
        check_supported(self.module)
        self.registry = PassRegistry()
        for path in settings.load:
            self.registry.load_file(path)
        self.pipeline = expand_pipeline(settings) if pipeline is None else pipeline
        """The passes as text."""
        self.passes: tuple[ModulePass, ...] = parse_passes(self.pipeline, self.registry)
        self.plan = ModulePlan(self.module, file)
        self.declarations = PlanDeclarations(self.plan)
        self.markers = Markers(settings.fuel, settings.fuel or settings.epochs)
        self._declare()
        self.function_scoped = is_function_scoped(self.passes)
        self.context = self.registry.make_context()

    def _declare(self) -> None:
        """Call the `declare` hooks. The counts of the module are final then."""
        self._declaring = any(isinstance(p, Declaring) for p in self.passes)
        try:
            for p in self.passes:
                run_declare(p, self.declarations)
        except PassFailure as failure:
            self._counts = counts_attribute(self.plan.counts)
            raise self.reproduce(failure, ()) from failure.__cause__
        self._counts = counts_attribute(self.plan.counts)

    def import_functions(self, indices: Sequence[int], *, signatures: bool) -> ModuleOp:
        """A unit with the bodies of these functions; with the function types that get trampolines
        too if `signatures`. Raises WasmError."""
        unit = Unit(self.plan, self.markers)
        if signatures:
            unit.declare_signatures()
        for index in indices:
            self._import_body(unit, self.module.functions[index])
        return self._finished(unit)

    def import_everything(self) -> ModuleOp:
        """The whole module: all declarations and all bodies. Raises WasmError."""
        unit = Unit(self.plan, self.markers)
        unit.declare_everything()
        for function in self.module.defined_functions():
            self._import_body(unit, function)
        return self._finished(unit)

    def _finished(self, unit: Unit) -> ModuleOp:
        unit.module.attributes[COUNTS_ATTRIBUTE] = self._counts
        return unit.module

    def _import_body(self, unit: Unit, function: Function) -> None:
        declared, instructions = validate_function(self.module, function)
        import_body(unit, function, declared, instructions)

    def run_passes(self, module: ModuleOp, observe: Observer | None = None) -> None:
        """Run the pipeline over a unit or the whole module. Raises PassFailure."""
        run_passes(
            self.passes,
            self.context,
            module,
            self.settings.verify,
            observe,
            self.declare_missing,
        )

    def declare_missing(self, module: ModuleOp) -> Mapping[str, Operation]:
        """Declare in a unit what a pass has added a reference to; returns what nothing declares."""
        return Unit.of(self.plan, module).declare_missing()

    def reproduce(
        self, failure: PassFailure, indices: Sequence[int] | None, *, signatures: bool = True
    ) -> PassFailure:
        """The failure with the path of a reproducer: the bodies of these functions, or of all, before
        all passes."""
        try:
            again = self._import_again(indices, signatures)
            path = write_reproducer(again, self.pipeline, self.registry.files)
        except OSError as error:
            failure.details += f"no reproducer could be written: {error}\n"
        else:
            failure.details += f"reproducer: {path}\n"
        return failure

    def _import_again(self, indices: Sequence[int] | None, signatures: bool) -> ModuleOp:
        if indices is None:
            return self.import_everything()
        if not self._declaring:
            return self.import_functions(indices, signatures=signatures)
        unit = Unit(self.plan, self.markers)
        unit.declare_everything()  # which is what a `declare` hook may have looked at
        for index in indices:
            self._import_body(unit, self.module.functions[index])
        return self._finished(unit)


def session_request(session: CompileSession, binary: bytes, file: str) -> tuple[Any, ...]:
    """What lets a worker set up the same. Relative paths mean there what they mean here."""
    settings = session.settings.to_plain() | {"load": session.registry.files}
    path = worker_path(with_program=len(session.registry.files) > 0)
    return "session", binary, file, settings, path, current_folder()


def expand_pipeline(settings: CompileSettings) -> str:
    """The complete pipeline of some settings, as text. Raises PassError."""
    if settings.pipeline is not None:
        return complete_pipeline(settings.pipeline, settings.lowering)
    return default_pipeline(settings.lowering, settings.at)

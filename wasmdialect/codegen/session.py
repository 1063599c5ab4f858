"""A module being compiled: what parent and workers both set up from its bytes and settings.

The plan comes from the declarations alone, and the `declare` hooks of the passes are deterministic;
so each process makes the same plan for itself, and only function numbers travel between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from wasmdialect.codegen.reproducer import write_reproducer
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
    run_passes,
)
from wasmdialect.passes.registry import PassRegistry
from wasmdialect.passes.wasmvm_to_llvm import write_counts
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.module import Function
from wasmdialect.wasm.validate import validate_declarations, validate_function


class CompileSession:
    """One module, decoded and planned, with the passes it goes through."""

    def __init__(self, binary: bytes, file: str, settings: CompileSettings):
        self.settings = settings
        self.module = decode_module(binary)
        validate_declarations(self.module)
        check_supported(self.module)
        self.registry = PassRegistry()
        for path in settings.load:
            self.registry.load_file(path)
        self.pipeline = expand_pipeline(settings)
        """The passes as text, complete."""
        self.passes: tuple[ModulePass, ...] = parse_passes(self.pipeline, self.registry)
        self.plan = ModulePlan(self.module, file)
        self.declarations = PlanDeclarations(self.plan)
        for p in self.passes:
            if isinstance(p, Declaring):
                p.declare(self.declarations)
        self.markers = Markers(settings.fuel, settings.fuel or settings.epochs)
        self.function_scoped = is_function_scoped(self.passes)
        self.context = make_context()

    def import_functions(self, indices: Sequence[int], *, signatures: bool) -> ModuleOp:
        """A unit with the bodies of these functions; with the function types that get trampolines
        too if `signatures`. Raises WasmError."""
        unit = Unit(self.plan, self.markers)
        if signatures:
            unit.declare_signatures()
        for index in indices:
            self._import_body(unit, self.module.functions[index])
        write_counts(unit.module, self.plan.counts)
        return unit.module

    def import_everything(self) -> ModuleOp:
        """The whole module: all declarations and all bodies. Raises WasmError."""
        unit = Unit(self.plan, self.markers)
        unit.declare_everything()
        for function in self.module.defined_functions():
            self._import_body(unit, function)
        write_counts(unit.module, self.plan.counts)
        return unit.module

    def _import_body(self, unit: Unit, function: Function) -> None:
        declared, instructions = validate_function(self.module, function)
        import_body(unit, function, declared, instructions)

    def run_passes(self, module: ModuleOp, observe: Observer | None = None) -> None:
        """Run the pipeline over a unit or the whole module. Raises PassFailure."""
        run_passes(self.passes, self.context, module, self.settings.verify, observe)

    def reproduce(self, failure: PassFailure, again: ModuleOp) -> PassFailure:
        """The failure with the path of a reproducer; `again` is the module before all passes."""
        try:
            path = write_reproducer(again, self.pipeline, self.registry.files)
        except OSError as error:
            failure.details += f"no reproducer could be written: {error}\n"
        else:
            failure.details += f"reproducer: {path}\n"
        return failure


def expand_pipeline(settings: CompileSettings) -> str:
    """The complete pipeline of some settings, as text. Raises PassError."""
    if settings.pipeline is not None:
        return complete_pipeline(settings.pipeline, settings.lowering)
    return default_pipeline(settings.lowering, settings.at)


def make_context() -> Context:
    """A context in which every installed dialect can be found."""
    from xdsl.universe import Universe

    context = Context()
    dialects: dict[str, Callable[[], object]] = {**Universe.get_multiverse().all_dialects}
    for name, factory in dialects.items():
        context.register_dialect(name, factory)  # pyright: ignore[reportArgumentType]
    return context

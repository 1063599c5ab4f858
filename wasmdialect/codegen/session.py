"""A module being compiled, with its passes: workers set this up from its bytes and settings, and their
parent does if the user has added passes. The declarations come from the module alone, and the `declare`
hooks of the passes are deterministic; so each process derives the same ones, and only function numbers
travel between them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass

from wasmdialect._printable import printable
from wasmdialect._settings import SETTINGS
from wasmdialect.codegen.call_counts import call_counts_of
from wasmdialect.codegen.inlining import make_plan
from wasmdialect.codegen.input import WasmInput, is_ir
from wasmdialect.codegen.plain_session import Session, with_pipeline
from wasmdialect.codegen.settings import CompileSettings, Level
from wasmdialect.codegen.snippets import Snippets
from wasmdialect.codegen.source import IRSource, Source, WasmSource, number_again
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.counts import COUNTS_ATTRIBUTE
from wasmdialect.dialects.declared import ModuleDeclarations
from wasmdialect.importer.markers import Markers
from wasmdialect.importer.unit import declare_missing
from wasmdialect.object.provenance import PassProvenance
from wasmdialect.passes.base import Declaring, FunctionPass, defined_functions
from wasmdialect.passes.ir_declarations import IRDeclarations
from wasmdialect.passes.mandatory import (
    LOWERING_PASSES,
    OPTIMIZING_PASSES,
    default_passes,
    lowering_passes,
)
from wasmdialect.passes.pipeline import (
    Observer,
    PassFailure,
    Stages,
    complete_pipeline,
    declare_all,
    default_stages,
    is_choosy,
    is_function_scoped,
    parse_passes,
    pass_text,
    pipeline_text,
    run_passes,
    set_up_passes,
)
from wasmdialect.passes.registry import PassError, PassRegistry
from wasmdialect.passes.wasmir_direct_calls import WasmIRDirectCalls
from wasmdialect.passes.wasmir_inline import WasmIRInline, note_plan
from wasmdialect.passes.wasmir_verify_symbols import verify_symbols
from wasmdialect.wasm.features import parse_features
from wasmdialect.wasm.fixed_tables import Targets
from wasmdialect.wasm.inline_plan import Plan, guests

if TYPE_CHECKING:
    from wasmdialect.codegen.digests import PassDigest
    from wasmdialect.codegen.module_entry import PassInputs


class CompileSession(Session):
    """One module with its declarations, and the passes it goes through."""

    def __init__(
        self,
        binary: bytes,
        file: str,
        settings: CompileSettings,
        pipeline: str | None = None,
        catches: bool | None = None,
        earlier: CompileSession | None = None,
    ):
        """`binary` is a Wasm module, or the text of a module in IR form. `pipeline` replaces the
        complete one of the settings. `catches` is given by a process that has checked the declarations
        of a Wasm module: its source's `catches_without_tags`. `earlier` is a session that may be of
        the same module, which is not decoded again then. Raises WasmError, PassError, PassFailure,
        DeclarationError."""
        self.settings = settings
        self.file = file
        self.plan: Plan | None = None
        """What is inlined where, as far as units need it; None if that is not known yet."""
        self.targets: Targets = {}
        """What calls through tables call directly, as far as units need it, known with the plan."""
        self._binary = binary
        self.registry = PassRegistry()
        for path in settings.config.load:
            self.registry.load_file(path)
        self.context = self.registry.make_context()
        self.is_ir = is_ir(binary)
        """Whether the input is IR: then all passes run over the whole module, in this process."""
        self._input: WasmInput | None = None
        fuel = settings.config.consume_fuel
        markers = Markers(fuel, fuel or settings.config.epoch_interruption)
        features = parse_features(settings.config.features)
        self._snippets = Snippets(self.context, features, markers)
        self._source: Source
        if self.is_ir:
            self._source = IRSource(binary, file, self.context)
            self._origin = printable(file)
        else:
            known = None if earlier is None else earlier._input
            if known is None or not known.is_of(binary, features):
                known = WasmInput(binary, features, catches)
            self._input = known
            self._source = WasmSource(known, file, markers)
            self._origin = "the importer"
        self.done = self._done()
        """The mandatory passes that have lowered the module."""
        stages = (
            expand_stages(settings, [p.name for p in self.done]) if pipeline is None else [pipeline]
        )
        self.passes: tuple[ModulePass, ...]
        self.passes, self.objects = set_up_passes(stages, self.registry)
        pipeline = pipeline_text(stages)
        if self.done and self.passes[: len(self.done)] == self.done:  # the pipeline of an artifact
            self.passes = self.passes[len(self.done) :]
            pipeline = pipeline_text(self.passes)
        self.pipeline = pipeline
        self._declare()
        self.function_scoped = not self.is_ir and is_function_scoped(self.passes)

    @property
    def source(self) -> Source:
        return self._source

    @property
    def kept(self) -> Collection[int] | None:
        inlining = [p for p in self.passes if isinstance(p, WasmIRInline)]
        if not inlining:
            return None
        found = {symbol: self.source.ops.find(symbol) for p in inlining for symbol in p.noinline}
        for symbol, op in found.items():
            if not isinstance(op, wasmir.FuncOp):
                raise PassError(f"noinline names @{symbol}, which is not a function here")
        return {op.index_value for op in found.values() if op is not None}

    @property
    def has_direct_calls(self) -> bool:
        own = all(type(p).__module__.partition(".")[0] == "wasmdialect" for p in self.passes)
        return own and any(isinstance(p, WasmIRDirectCalls) for p in self.passes)

    @property
    def files(self) -> list[str]:
        return self.registry.files

    def pass_digests(self) -> list[PassDigest]:
        from wasmdialect.codegen.digests import PassDigest, digest, pass_digest

        passes = [
            PassDigest(pass_digest(type(p)), _left_alone(p))
            for p in self.passes
            if not self.is_object(p)
        ]
        passes += [PassDigest(digest(*row)) for row in self._snippets.files.items()]
        return [*passes, PassDigest(digest(self._binary))] if self._has_read_bodies else passes

    def pass_inputs(self) -> PassInputs | None:
        from wasmdialect.codegen.pass_inputs import pass_inputs

        inputs = pass_inputs(self.files, self.passes)
        if inputs is not None:
            inputs.files.extend(self._snippets.files.items())
        return inputs

    def provenance(self) -> list[PassProvenance]:
        passes = (*self.done, *self.passes)
        return [PassProvenance(self._text_of(p), self._digest_of(p)) for p in passes]

    def _text_of(self, p: ModulePass) -> str:
        """A pass with all options, or with those of the settings if no others were given."""
        from_settings = default_passes(self.settings.config).get(p.name)
        if from_settings is not None and parse_passes(from_settings, self.registry) == (p,):
            return from_settings
        return pass_text(p, include_default=True)

    def _digest_of(self, p: ModulePass) -> str:
        """The digest of a pass, empty if it is an object of which it cannot be told what it depends
        on."""
        from wasmdialect.codegen.digests import pass_digest
        from wasmdialect.codegen.object_digest import object_digest

        if not self.is_object(p):
            return pass_digest(type(p))
        try:
            return object_digest(p)
        except LookupError:
            return ""

    def with_pass(self, inserted: str, level: Level) -> CompileSession:
        left_out = OPTIMIZING_PASSES if level < 2 else ()
        passes = [p for p in self.passes if p.name not in left_out]
        names = [p.name for p in passes]
        own = (*LOWERING_PASSES, *OPTIMIZING_PASSES)
        at = min(names.index(name) for name in own if name in names)
        session = copy(self)
        added = parse_passes(inserted, self.registry)
        session.passes = (*passes[:at], *added, *passes[at:])
        session.pipeline = pipeline_text(session.passes)
        session.settings = with_pipeline(self.settings, session.pipeline, level)
        return session

    def _done(self) -> tuple[ModulePass, ...]:
        if not self.source.lowered_by:
            return ()
        texts = ",".join(self.source.lowered_by)
        wanted = lowering_passes(self.settings.config)
        done = parse_passes(texts, self.registry)
        for did in done:
            asked = wanted.get(did.name)
            if asked is None or parse_passes(asked, self.registry) != (did,):
                raise PassError(
                    f"the module was lowered with {did}, and is to be compiled"
                    f" {'without it' if asked is None else f'with {asked}'}: give the settings it was"
                    " lowered with"
                )
        names = {did.name for did in done}
        for name in (row.enables for row in SETTINGS if row.enables):
            if name in wanted and name not in names:
                raise PassError(f"the module was lowered without {name}, which has to come first")
        return done

    def _declare(self) -> None:
        """Call the `declare` hooks, and number their additions."""
        self._has_read_bodies = False
        self._declaring = any(isinstance(p, Declaring) for p in self.passes)
        if not self._declaring and not any(map(is_choosy, self.passes)):
            return
        declarations = IRDeclarations(self.source.declared.module, self._body, self._snippets.read)
        try:
            declare_all(self.passes, declarations)
        except PassFailure as failure:
            self.source.finish()
            shown = None if declarations.has_read_bodies else ()
            raise self.reproduce(failure, shown) from failure.__cause__
        self._has_read_bodies = declarations.has_read_bodies
        if self._declaring:
            self.source.finish()

    def _body(self, index: int) -> wasmir.FuncOp:
        """A function by itself. Raises WasmError."""
        unit = self.source.functions([index])
        (function,) = defined_functions(unit)
        return function

    def import_functions(self, indices: Sequence[int], signatures: Sequence[int] = ()) -> ModuleOp:
        """A unit with the bodies of these functions, and of those that are to be inlined into them; and
        the function types with these numbers, which get trampolines. Raises WasmError."""
        if self.plan is None:
            self.plan, self.targets = self._own_plan()
        needed = [*indices, *guests(self.plan, indices)]
        unit = self.source.functions(needed, signatures, self.targets)
        note_plan(unit, self.plan, indices)
        return unit

    def _own_plan(self) -> tuple[Plan, Targets]:
        """What the passes inline and call directly, as far as they run over units."""
        kept, has_direct_calls = self.kept, self.has_direct_calls
        if not self.function_scoped or (kept is None and not has_direct_calls):
            return {}, {}
        added = self.source.added_calls
        calls = self.source.survey([n for n in self.source.body_sizes if n not in added])
        if calls is None:
            return {}, {}
        calls = {**calls, **added}
        targets = self.source.targets(calls) if has_direct_calls else {}
        if kept is None:
            return {}, targets
        counts = call_counts_of(self.settings.config)
        return make_plan(self.source, calls, kept, self.pipeline, targets, counts), targets

    def import_everything(self) -> ModuleOp:
        """The whole module: all declarations and all bodies. Raises WasmError."""
        return self.source.everything()

    def run_passes(
        self,
        module: ModuleOp,
        observe: Observer | None = None,
        *,
        write_for: Level | None = None,
        count: int | None = None,
    ) -> list[llvm.FuncOp]:
        """Run the pipeline, or the first `count` passes of it, over a unit or the whole module; with
        `write_for`, the level of LLVM that will compile them, returns the functions that were written
        at once, each as a text of its own (`passes.pipeline.run_passes`): none at `-O3`. Raises
        PassFailure, and EmitError when it writes."""
        return run_passes(
            self.passes[:count],
            self.context,
            module,
            self.settings.config.verify,
            observe,
            self.declare_missing,
            self._origin,
            emitters=None if write_for in (None, 3) else self.settings.target.emitters,
            is_optimized=write_for != 0,
        )

    def declare_missing(self, module: ModuleOp) -> Mapping[str, Operation]:
        """Add declarations to a unit for new references of a pass, or number its additions to the
        whole module. Returns the undeclared symbols. Raises DeclarationError."""
        if COUNTS_ATTRIBUTE in module.attributes:
            return declare_missing(module, self.source.ops)
        number_again(module)
        unknown = declare_missing(module, ModuleDeclarations(module))
        if not unknown:
            verify_symbols(module)
        return unknown

    def reproduce(
        self,
        failure: PassFailure,
        indices: Sequence[int] | None,
        signatures: Sequence[int] | None = None,
    ) -> PassFailure:
        """The failure with the path of a reproducer: the bodies of these functions, or of all, before
        all passes."""
        from wasmdialect.codegen.reproducer import write_reproducer

        try:
            again = self._import_again(indices, signatures)
            path = write_reproducer(again, self.pipeline, self._files())
        except OSError as error:
            failure.add_details(f"no reproducer could be written: {error}\n")
        else:
            failure.add_details(f"reproducer: {path}\n")
        return failure

    def is_object(self, p: ModulePass) -> bool:
        """Whether a pass was given as an object."""
        return any(p is each for each in self.objects)

    def _files(self) -> list[str]:
        """The files that define the passes, as far as there are any."""
        from wasmdialect.codegen.object_digest import source_file

        files = [*self.files]
        for p in self.objects:
            file = source_file(type(p))
            if file is not None and file not in files:
                files.append(file)
        return files

    def _import_again(
        self, indices: Sequence[int] | None, signatures: Sequence[int] | None
    ) -> ModuleOp:
        if indices is None:
            return self.import_everything()
        if not self._declaring:
            all_signatures = self.source.signatures
            return self.import_functions(
                indices, all_signatures if signatures is None else signatures
            )
        # Including everything that a `declare` hook may have read.
        return self.source.everything(only=indices)


def expand_stages(settings: CompileSettings, done: Sequence[str] = ()) -> Stages:
    """The complete pipeline of some settings, for a module that the mandatory passes `done` have
    lowered already. Raises PassError."""
    config = settings.config
    if config.pipeline is None:
        return default_stages(config, done)
    if config.passes:
        raise PassError(
            "`passes` extends the default pipeline, and `pipeline` replaces it: use one"
        )
    return [complete_pipeline(config.pipeline, config, done)]


def _left_alone(p: ModulePass) -> frozenset[int]:
    """The functions whose code does not depend on a pass."""
    if not isinstance(p, FunctionPass) or isinstance(p, Declaring):
        return frozenset()
    return p.unwanted

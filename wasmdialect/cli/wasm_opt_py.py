"""wasm-opt-py: read a module, run passes over it, print it at any stage.

xDSL's driver with front ends for `.wasm` and `.wat`, targets behind the IR, and MLIR's spellings of
the options people type by reflex. Dumps, timings and reports go to stderr or to files, never into the
output, which is written whole or not at all.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, Region
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException
from xdsl.xdsl_opt_main import xDSLOptMain

from wasmdialect._printable import printable
from wasmdialect._settings import OPT, SETTINGS, Config
from wasmdialect._version import __version__
from wasmdialect.cli.errors import UsageError, guarded
from wasmdialect.cli.inputs import ModuleInput, input_form, is_text, locate, read_bytes, to_module
from wasmdialect.cli.ir_printer import print_module
from wasmdialect.cli.mlir_pipeline import flat_pipeline
from wasmdialect.cli.opt_arguments import add_arguments
from wasmdialect.cli.output import write_output
from wasmdialect.cli.pass_watch import PassWatch, timing_report
from wasmdialect.cli.points import parse_points
from wasmdialect.cli.streams import say, set_up_streams
from wasmdialect.codegen.exported import Makers, exported
from wasmdialect.codegen.garbage import relaxed_gc
from wasmdialect.codegen.printed import printing_to_errors
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.snippets import Snippets
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.counts import COUNTS_ATTRIBUTE
from wasmdialect.dialects.declared import ModuleDeclarations, extend_numbers
from wasmdialect.dialects.lowered import lowered_by
from wasmdialect.importer.markers import Markers
from wasmdialect.importer.unit import declare_missing
from wasmdialect.passes.base import Declaring, take_reports
from wasmdialect.passes.ir_declarations import IRDeclarations
from wasmdialect.passes.mandatory import OPTIMIZING_PASSES
from wasmdialect.passes.pipeline import (
    Observer,
    PassFailure,
    complete_pipeline,
    declare_all,
    default_pipeline,
    is_choosy,
    parse_passes,
    run_passes,
)
from wasmdialect.passes.registry import PassRegistry, installed_dialects
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import parse_features
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.validate import validate_module

if TYPE_CHECKING:
    from typing import TypeVar

    from wasmdialect.codegen.llvm import Level
    from wasmdialect.codegen.target import Target

    Output = TypeVar("Output", str, bytes)

_TARGETS_BY_EXTENSION = {
    ".mlir": "mlir",
    ".wat": "wat",
    ".wasm": "wasm",
    ".ll": "llvm",
    ".s": "asm",
    ".o": "obj",
}
_LOWERED_TARGETS = ("llvm", "asm", "obj")
_BINARY_TARGETS = ("wasm", "obj")
_MODULE_TARGETS = ("wat", "wasm")


class WasmOptPy(xDSLOptMain):
    """The driver. One instance does one command line."""

    version_format = f"wasm-opt-py {__version__} with xdsl {{xdsl_version}}"

    def __init__(self, args: Sequence[str]):
        self._module_input: ModuleInput | None = None
        self._registry = PassRegistry()
        """Loaded passes and dialects for a module that is read as IR; a session has its own."""
        self._makers = Makers()
        # It may be written without a value, and the file come next.
        spelt_out = ["--verify-each=true" if a == "--verify-each" else a for a in args]
        super().__init__("Read a WebAssembly module, run passes over it, print it.", spelt_out)

    # --- set-up: hooks of xDSL's driver ---

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        # xDSL's driver made the parser. This one lets later options replace those of that driver.
        arg_parser.__init__(
            prog="wasm-opt-py",
            description=arg_parser.description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            conflict_handler="resolve",
            add_help=False,
        )
        super().register_all_arguments(arg_parser)
        add_arguments(arg_parser)

    def get_input_stream(self) -> tuple[IO[bytes], str]:
        name = self.args.input_file or "-"
        data = read_bytes(name)
        form = self.args.frontend or input_form(data, name)
        if form == "mlir" and not is_text(data):
            raise UsageError(f"{printable(name)} is not MLIR: it is not UTF-8")
        return BytesIO(data), form

    def register_all_frontends(self) -> None:
        super().register_all_frontends()
        self.available_frontends["wasm"] = self._read_module
        self.available_frontends["wat"] = self._read_module

    def register_all_targets(self) -> None:
        # xDSL has a target called wat; the first registration wins.
        own: dict[str, Callable[[ModuleOp, IO[str]], None]] = {
            "wat": self._emit_wat,
            "wasm": self._emit_wasm,
            "llvm": self._emit_llvm,
            "asm": self._emit_asm,
            "obj": self._emit_obj,
        }
        self.available_targets.update(own)
        super().register_all_targets()

    def setup_pipeline(self) -> None:
        if self.args.target == "mlir" and not (
            self.args.print_no_properties or self.args.syntax_highlight
        ):
            self.available_targets["mlir"] = self._emit_mlir
        if self.args.pass_pipeline is not None:
            if self.args.passes:
                raise UsageError("-p and --pass-pipeline are the same: use one of them")
            self._load_files()
            self.args.passes = flat_pipeline(self.args.pass_pipeline, self._registry)
        if self.args.passes and self.args.at:
            raise UsageError(
                "-p is the whole pipeline; --at extends the default one: use one of them"
            )
        if self.args.verify_each is not None:
            self.args.verify = "each" if self.args.verify_each else "ends"
        if self.args.disable_verify:
            self.args.verify = "none"
        self._verifies_import = self.args.verify is not None
        self.args.verify = self.args.verify or "each"
        values = {row.name: getattr(self.args, row.name) for row in SETTINGS if OPT in row.commands}
        values["at"] = parse_points(self.args.at)
        self.config = Config(
            **values, pipeline=self.args.passes or None, target=self.args.target_triple
        )
        self.settings = CompileSettings.of(self.config)
        self.pipeline_text = self._pipeline_text()

    def _pipeline_text(self, done: Sequence[str] = ()) -> str:
        """The passes that run for this target, on a module that some of the mandatory passes have
        lowered: nothing is appended after the last requested stage."""
        config = self.config
        lowered = self.args.target in _LOWERED_TARGETS
        if config.pipeline is not None:
            pipeline = config.pipeline
            return complete_pipeline(pipeline, config, done) if lowered else pipeline
        whole = default_pipeline(config, done)
        if lowered or self.args.print_pipeline:
            return whole
        stages = [config.at.get(point) for point in ("wasmir-start", "wasmir-end")]
        if any(point in config.at for point in ("wasmvm-end", "llvm-end")):
            return whole
        return ",".join(stage for stage in stages if stage)

    # --- running ---

    def run(self) -> None:
        if self.args.show_dialects:
            self._load_files()
            names = {*installed_dialects(), *self._registry.dialects}
            write_output(None, f"Available Dialects: {','.join(sorted(names))}\n".encode())
            return
        if self.args.print_pipeline:
            write_output(self.args.output_file, f"{self.pipeline_text}\n".encode())
            return
        if self.args.target in _MODULE_TARGETS and self.args.func is not None:
            raise UsageError(f"-t {self.args.target} is a whole module: leave out --func")
        self._output = StringIO()
        self._rows: list[tuple[float, str]] = []
        with relaxed_gc():
            super().run()
        if self.args.mlir_timing:
            say(timing_report(self._rows))
        encoding = "latin-1" if self.args.target in _BINARY_TARGETS else "utf-8"
        write_output(self.args.output_file, self._output.getvalue().encode(encoding))
        self._write_reports()

    def prepare_output(self) -> IO[str]:
        """All output is collected and written at the end. Binary targets write characters up to
        255."""
        return _KeptOpen(self._output)

    def _read_module(self, stream: IO[bytes]) -> ModuleOp:
        name, features = self.get_input_name(), parse_features(self.args.features)
        self._module_input = module = to_module(stream.read(), Path(name).name, features)
        try:
            if self._is_copied:
                self._copied = decode_module(module.binary, features)
                validate_module(self._copied)
                return ModuleOp([])
            self.session = session = CompileSession(
                module.binary, module.file, self.settings, self.pipeline_text
            )
            if self.args.func is None:
                return session.import_everything()
            symbols = [op.sym_name.data for op in session.source.declared.functions]
            sizes = session.source.body_sizes
            defined = [i for i in _matching(symbols, self.args.func) if i in sizes]
            if not defined:
                raise UsageError(f"no function matches {self.args.func!r}")
            return session.import_functions(defined)
        except WasmError as error:
            raise locate(error, module) from None

    def parse_chunk(
        self, chunk: IO[bytes], file_extension: str, start_offset: int = 0
    ) -> ModuleOp | None:
        if file_extension not in ("wasm", "wat") and not self._registry.files:
            self._load_files()
            self._registry.register_dialects(self.ctx)
        with self._timed("Parser"):
            return super().parse_chunk(chunk, file_extension, start_offset)

    def output_resulting_program(self, prog: ModuleOp) -> str:
        with self._timed("Output"):
            return super().output_resulting_program(prog)

    @contextmanager
    def _timed(self, name: str) -> Generator[None]:
        """Make a row of the table of times."""
        start = time.perf_counter()
        yield
        self._rows.append((time.perf_counter() - start, name))

    def _load_files(self) -> None:
        """Load files of passes for this process, unless it was done before."""
        for path in self.args.load:
            self._registry.load_file(path)

    @property
    def _is_copied(self) -> bool:
        """Whether the output is the module that was read, without passes over it."""
        return self.args.target in _MODULE_TARGETS and not self.pipeline_text

    def apply_passes(self, prog: ModuleOp) -> None:
        if self._module_input is not None and self._is_copied:
            return
        try:
            with printing_to_errors():
                if self._module_input is None:
                    passes = self._passes_of_ir(prog)
                    verify, origin = self.args.verify, printable(self.get_input_name())
                    missing, watch = _number_added, self._watch(passes)
                    run_passes(passes, self.ctx, prog, verify, watch, missing, origin)
                else:
                    # What the importer makes of a valid module is verified if passes change it.
                    if self.session.passes or self._verifies_import or self._is_watched:
                        self.session.run_passes(prog, self._watch(self.session.passes))
        except PassFailure as failure:
            if self.args.verify_diagnostics and isinstance(failure.__cause__, DiagnosticException):
                raise failure.__cause__ from None  # xDSL's driver prints it and continues
            raise

    @property
    def _is_watched(self) -> bool:
        return self.args.mlir_print_ir_tree_dir is not None or self.args.target in _MODULE_TARGETS

    def _watch(self, passes: Sequence[ModulePass]) -> Observer:
        """What looks at the module after each pass."""
        watch = PassWatch(self.args, passes, self._ir)

        def observe(pass_text: str, module: ModuleOp, seconds: float) -> None:
            if self.args.target in _MODULE_TARGETS:
                self._makers.note(pass_text, module, seconds)
            watch(pass_text, module, seconds)
            if pass_text:
                self._rows.append((seconds, pass_text))

        return observe

    def _passes_of_ir(self, module: ModuleOp) -> tuple[ModulePass, ...]:
        """The passes for a module that was read as IR, except those that have already lowered it."""
        if self.args.func is not None:
            _keep_bodies(module, self.args.func)
        done = [text.partition("{")[0] for text in lowered_by(module)]
        passes = parse_passes(self._pipeline_text(done), self._registry)
        if not passes or COUNTS_ATTRIBUTE in module.attributes:
            return passes
        extend_numbers(module)
        if any(isinstance(p, Declaring) or is_choosy(p) for p in passes):
            snippets = Snippets(self.ctx, parse_features(self.args.features), Markers())
            declare_all(passes, IRDeclarations(module, read_module=snippets.read))
            extend_numbers(module)
        return passes

    def _ir(self, module: ModuleOp) -> str:
        shows = self.args.print_debuginfo is True
        return print_module(module, generic=self.args.print_op_generic, locations=shows)

    def _write_reports(self) -> None:
        taken = take_reports()
        if self.args.reports is None and self.config.pipeline is None:
            asked = ",".join(self.config.at.values())
            unasked = {name for name in OPTIMIZING_PASSES if name not in asked}
            taken = [r for r in taken if r.pass_name not in unasked]
        reports = [report.to_plain() for report in taken]
        if reports and self._module_input is not None:
            reports = [*map(self.session.source.located, reports)]
        lines = [json.dumps(report) for report in reports]
        if self.args.reports is not None:
            write_output(self.args.reports, "".join(f"{line}\n" for line in lines).encode())
        elif lines:
            say("\n".join(lines))

    # --- targets ---

    def _emit_mlir(self, module: ModuleOp, output: IO[str]) -> None:
        locations = self.args.print_debuginfo
        if locations is None:
            locations = self.args.output_file not in (None, "-") or not sys.stdout.isatty()
        text = print_module(module, generic=self.args.print_op_generic, locations=locations)
        output.write(f"{text}\n")

    def _emit_wat(self, module: ModuleOp, output: IO[str]) -> None:
        from wasmdialect.wasm import text

        output.write(text.print_module(self._to_wasm(module)))

    def _emit_wasm(self, module: ModuleOp, output: IO[str]) -> None:
        from wasmdialect.wasm.encode import encode_module

        output.write(encode_module(self._to_wasm(module)).decode("latin-1"))

    def _to_wasm(self, module: ModuleOp) -> Module:
        if self._module_input is not None and self._is_copied:
            return self._copied
        binary = None if self._module_input is None else self._module_input.binary
        return exported(module, binary, self.settings, self._makers)

    def _emit_llvm(self, module: ModuleOp, output: IO[str]) -> None:
        from wasmdialect.lowering.emit import emit_llvm

        output.write(emit_llvm(module, emitters=self.settings.target.emitters))

    def _emit_asm(self, module: ModuleOp, output: IO[str]) -> None:
        from wasmdialect.codegen.llvm import compile_assembly
        from wasmdialect.lowering.emit import emit_llvm

        emitters = self.settings.target.emitters
        text = emit_llvm(module, debug_info=False, emitters=emitters)
        output.write(self._compile(compile_assembly, text, module))

    def _emit_obj(self, module: ModuleOp, output: IO[str]) -> None:
        from wasmdialect.codegen.llvm import compile_object
        from wasmdialect.lowering.emit import emit_llvm

        text = emit_llvm(module, emitters=self.settings.target.emitters)
        output.write(self._compile(compile_object, text, module).decode("latin-1"))

    def _compile(
        self, compile_: Callable[[str, Target, Level], Output], text: str, module: ModuleOp
    ) -> Output:
        """The code of a text. Raises CodegenError where LLVM would abort the process, with the
        function."""
        from wasmdialect.codegen.llvm import CodegenError, verify_text
        from wasmdialect.codegen.refusal import find_refusal
        from wasmdialect.lowering.emit import EmitError

        target = self.settings.target
        try:
            verify_text(text)
            return compile_(text, target, self.settings.level)
        except CodegenError as error:
            try:
                refusal = find_refusal(module, target)
            except EmitError:
                refusal = None
            if refusal is None:
                raise
            message = f"LLVM refuses function {refusal.symbol}: {refusal.reason}\n{refusal.place}"
            raise CodegenError(message.rstrip()) from error


def _number_added(module: ModuleOp) -> Mapping[str, Operation]:
    """Number a pass's additions to a module that was read as IR, perhaps a part of one; returns the
    undeclared symbols."""
    if COUNTS_ATTRIBUTE in module.attributes:
        return {}
    extend_numbers(module)
    return declare_missing(module, ModuleDeclarations(module))


class _KeptOpen(StringIO):
    """A stream that forwards its output and stays usable when the driver closes it."""

    def __init__(self, kept: StringIO):
        super().__init__()
        self._kept = kept

    def write(self, s: str, /) -> int:
        return self._kept.write(s)

    def close(self) -> None:
        pass


def _matching(symbols: Sequence[str], wanted: str) -> list[int]:
    """The functions selected by a name, an index or a regular expression."""
    if wanted.isdecimal() and wanted.isascii():
        return [int(wanted)] if int(wanted) < len(symbols) else []
    if wanted in symbols:
        return [symbols.index(wanted)]
    try:
        pattern = re.compile(wanted)
    except re.error as error:
        raise UsageError(f"--func {wanted!r} is not a regular expression: {error}") from None
    return [index for index, symbol in enumerate(symbols) if pattern.fullmatch(symbol)]


def _keep_bodies(module: ModuleOp, wanted: str) -> None:
    """Turn all functions but the selected ones into declarations."""
    functions = [op for op in module.ops if isinstance(op, wasmir.FuncOp)]
    symbols = [f.sym_name.data for f in functions]
    kept = {symbols[i] for i in _matching(symbols, wanted)}
    if not kept:
        raise UsageError(f"no function matches {wanted!r}")
    for function in functions:
        if function.sym_name.data not in kept and not function.is_import:
            function.detach_region(function.body).drop_all_references()
            function.add_region(Region())


def _with_target(args: Sequence[str]) -> list[str]:
    """`-o x.o` implies `-t obj`, if there is no -t."""
    given = [*args]
    if any(a in ("-t", "--target") or a.startswith(("-t=", "--target=")) for a in given):
        return given
    for number, argument in enumerate(given[:-1]):
        if argument in ("-o", "--output-file"):
            implied = _TARGETS_BY_EXTENSION.get(Path(given[number + 1]).suffix)
            if implied is not None:
                return [*given, "-t", implied]
    return given


def main() -> None:
    """The command `wasm-opt-py`."""
    set_up_streams()
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run a command line; returns the exit code."""

    def command() -> int:
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
        WasmOptPy(_with_target(args)).run()
        return 0

    return guarded(command, debug="--debug" in args)

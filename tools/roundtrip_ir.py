"""Compile modules directly and through IR that was printed and read back, and compare the artifacts.

    python tools/roundtrip_ir.py SCRIPT.wast ... PROGRAM.wasm ...

Each module is printed as wasmir, after insert-trampolines and after wasmvm-to-llvm, with its
locations; the artifacts must be the same bytes except for their provenance. Modules that cannot be
compiled yet are counted and skipped. The exit code is 1 if anything differs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from xdsl.printer import Printer

from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import host_target
from wasmdialect.importer.errors import UnsupportedError
from wasmdialect.object.code_file import read_code_file
from wasmdialect.passes.pipeline import default_pipeline
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.text import wat2wasm
from wasmdialect.wasm.wast import DefineModule, parse_script

STAGES = {"wasmir": 0, "after insert-trampolines": 2, "llvm": 4}
"""The printed stages, and the number of passes of the default pipeline before each."""
ORIGINS = {".wasmdialect.provenance", ".wasmdialect.checksum"}
"""The sections that say what an artifact was made from."""


def roundtrip(wasm: bytes, settings: CompileSettings, jobs: int | None) -> dict[str, list[str]]:
    """The sections that differ, by stage. Raises WasmError for a module that cannot be compiled."""
    direct = _sections(compile_module(wasm, settings, file="module.wasm", jobs=jobs).artifact)
    passes = default_pipeline(settings.config).split(",")
    differing: dict[str, list[str]] = {}
    for stage, count in STAGES.items():
        text = print_stage(wasm, settings, ",".join(passes[:count]))
        artifact = compile_module(text, settings, file="module.mlir", jobs=jobs).artifact
        again = _sections(artifact)
        names = direct.keys() | again.keys()
        wrong = {name for name in names if direct.get(name) != again.get(name)} - ORIGINS
        if wrong:
            differing[stage] = sorted(wrong)
    return differing


def print_stage(wasm: bytes, settings: CompileSettings, pipeline: str) -> bytes:
    """A module as IR with its locations, after the passes of a pipeline."""
    session = CompileSession(wasm, "module.wasm", settings, pipeline)
    module = session.import_everything()
    session.run_passes(module)
    text = StringIO()
    Printer(text, print_debuginfo=True).print_op(module)
    return text.getvalue().encode()


def _sections(artifact: bytes) -> dict[str, bytes]:
    sections = read_code_file(artifact).sections
    return {s.name: artifact[s.offset : s.offset + s.size] for s in sections}


def modules_of(path: Path) -> Iterator[tuple[str, bytes]]:
    """The modules of a file, each with a name. Raises WasmError."""
    if path.suffix != ".wast":
        data = path.read_bytes()
        yield path.name, data if data[:1] == b"\0" else bytes(wat2wasm(data.decode()))
        return
    for command in parse_script(path.read_text(encoding="utf-8", errors="surrogateescape")):
        if isinstance(command, DefineModule):
            yield f"{path.name}:{command.line}", bytes(command.module.to_binary())


def main() -> int:
    """Check the files of the command line."""
    settings = CompileSettings(host_target())
    equal = unsupported = different = 0
    for path in map(Path, sys.argv[1:]):
        try:
            modules = [*modules_of(path)]
        except WasmError as error:
            print(f"{path.name}: not read: {error}")
            continue
        for name, wasm in modules:
            try:
                differing = roundtrip(wasm, settings, jobs=None)
            except UnsupportedError:
                unsupported += 1
                continue
            equal += not differing
            different += bool(differing)
            for stage, sections in differing.items():
                print(f"{name}: {stage}: {', '.join(sections)} differ")
    print(f"{equal} modules equal, {different} different, {unsupported} not supported yet")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())

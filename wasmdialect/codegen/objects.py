"""Relocatable objects of whole modules, for machines without artifacts."""

from __future__ import annotations

from wasmdialect.codegen.crashes import CompileCrash
from wasmdialect.codegen.garbage import relaxed_gc
from wasmdialect.codegen.pool import SingleTask, shared_pool
from wasmdialect.codegen.printed import printing_to_errors
from wasmdialect.codegen.process import WorkerFailure
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.lowering.emit import emit_llvm


def compile_to_object(binary: bytes, file: str, settings: CompileSettings) -> bytes:
    """An object as LLVM writes it, with the symbols of docs/artifact.md. Raises WasmError, PassError,
    PassFailure, CompileCrash."""
    with printing_to_errors(), relaxed_gc():
        session = CompileSession(binary, file, settings)
        module = session.import_everything()
        session.run_passes(module)
        text = emit_llvm(module, emitters=settings.target.emitters)
    data: list[bytes] = []

    def on_failure(failure: WorkerFailure) -> None:
        raise CompileCrash(f"compiling for {settings.target.triple} fails: {failure}")

    request = ("object", text, settings.target.to_plain(), settings.level)
    task = SingleTask(request, data.append, on_failure)
    shared_pool(1).run(None, [task], settings.config.compile_timeout)
    return data[0]

"""Relocatable objects of whole modules, for machines that there are no artifacts for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from wasmdialect.codegen.errors import CompileCrash
from wasmdialect.codegen.pool import Worker, WorkerDied, shared_pool
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.dialects.fast import relaxed_gc
from wasmdialect.lowering.emit import emit_llvm


def compile_to_object(binary: bytes, file: str, settings: CompileSettings) -> bytes:
    """An object as LLVM writes it, with the symbols of docs/artifact.md. Raises WasmError, PassError,
    PassFailure, CompileCrash."""
    session = CompileSession(binary, file, settings)
    with relaxed_gc():
        module = session.import_everything()
        session.run_passes(module)
        text = emit_llvm(module, big_endian=settings.target.is_big_endian)
    data: list[bytes] = []

    def on_death(number: int, worker: Worker, death: WorkerDied) -> Any:
        raise CompileCrash(f"compiling for {settings.target.triple} kills the compiler: {death}")

    task = ("object", text, asdict(settings.target), settings.level)
    shared_pool(1).run(None, [task], lambda _, result: data.append(result), on_death)
    return data[0]

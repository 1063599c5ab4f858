"""Functions at every stage: text, wasmir, the IR after each pass, LLVM IR, assembly.

This happens in workers, since LLVM may abort on the output of passes; such a function has one stage,
which says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from wasmdialect.codegen.llvm import compile_assembly, optimized_ir
from wasmdialect.codegen.pool import SingleTask, default_jobs, shared_pool
from wasmdialect.codegen.printed import printing_to_errors
from wasmdialect.codegen.process import WorkerFailure
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.lowering.emit import emit_llvm


@dataclass(frozen=True)
class Stage:
    """The program after a step."""

    title: str
    text: str
    extension: str
    """The extension of a file with this text."""


def function_stages(
    binary: bytes,
    file: str,
    settings: CompileSettings,
    indices: Sequence[int],
    on_function: Callable[[int, list[Stage]], None],
    jobs: int | None = None,
) -> None:
    """The stages of defined functions; `on_function` gets each one's index and stages, in any order.
    Raises WasmError, PassFailure."""

    def task(index: int) -> SingleTask:
        def on_reply(plain: Any) -> None:
            on_function(index, [Stage(*row) for row in plain])

        def on_failure(failure: WorkerFailure) -> None:
            on_function(index, [Stage("The compiler fails", f"{failure}\n", "txt")])

        return SingleTask(("stages", index), on_reply, on_failure)

    with printing_to_errors():
        session = CompileSession(binary, file, settings)
    pool = shared_pool(default_jobs() if jobs is None else max(jobs, 1))
    tasks = map(task, indices)
    pool.run(session.request(binary, file), tasks, settings.config.compile_timeout)


def list_stages(session: CompileSession, index: int) -> list[Stage]:
    """A defined function, with its trampolines, from the text format to assembly. Raises WasmError,
    PassFailure, CodegenError."""
    text = session.source.text(index)
    stages = [] if text is None else [Stage("WebAssembly", text, "wat")]
    module = session.import_functions([index])
    stages.append(Stage("import" if text else "IR", print_ir(module), "mlir"))

    def observe(pass_text: str, module: ModuleOp, seconds: float) -> None:
        if pass_text:
            stages.append(Stage(pass_text, print_ir(module), "mlir"))

    session.run_passes(module, observe)
    target, level = session.settings.target, session.settings.level
    text = emit_llvm(module, debug_info=False, emitters=target.emitters)
    stages.append(Stage("LLVM IR", text, "ll"))
    stages.append(Stage(f"LLVM IR after -O{level}", optimized_ir(text, target, level), "ll"))
    assembly = without_directives(compile_assembly(text, target, level))
    stages.append(Stage("assembly", assembly, "s"))
    return stages


def print_ir(module: ModuleOp) -> str:
    """A module as text, without the line that only the whole module has."""
    from xdsl.printer import Printer

    stream = StringIO()
    Printer(stream).print_op(module)
    return "\n".join(line[2:] for line in stream.getvalue().splitlines()[1:-1])


_DIRECTIVE = re.compile(r"\s+\.(?!L)")


def without_directives(assembly: str) -> str:
    """Assembly for reading."""
    return "\n".join(line for line in assembly.splitlines() if not _DIRECTIVE.match(line))

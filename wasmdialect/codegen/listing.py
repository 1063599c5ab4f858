"""Functions at every stage as lines, each with the byte offset of the instruction that it comes from.

It is `stages.py` for a viewer: declarations come last, LLVM's output is traced back to Wasm, and the
reports of the passes and the seconds are there. It happens in workers.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, Literal, TypeAlias

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.printer import Printer

from wasmdialect.codegen.budget import owner_of
from wasmdialect.codegen.llvm import optimized_forms
from wasmdialect.codegen.pool import SingleTask, default_jobs, shared_pool
from wasmdialect.codegen.process import WorkerFailure
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.source import keep_function
from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import wasm_offset
from wasmdialect.lowering.emit import emit_llvm
from wasmdialect.passes.base import take_reports

Kind: TypeAlias = Literal["wasm", "ir", "llvm", "asm", "failure"]
Line: TypeAlias = tuple[str, int | None]
"""Text, and an absolute byte offset."""


@dataclass(frozen=True)
class ListedStage:
    """A function after a step."""

    title: str
    """The pass as text, or another step in words."""
    kind: Kind
    is_pass: bool
    seconds: float
    lines: list[Line]


@dataclass(frozen=True)
class ListedFunction:
    """A function at every stage."""

    index: int
    stages: list[ListedStage]
    reports: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What passes reported on it, as `Report.to_plain`."""

    def to_plain(self) -> tuple[Any, ...]:
        """Values that `marshal` can write."""
        return self.index, [tuple(vars(stage).values()) for stage in self.stages], self.reports

    @classmethod
    def from_plain(cls, plain: tuple[Any, ...]) -> ListedFunction:
        """The inverse."""
        index, stages, reports = plain
        return cls(index, [ListedStage(*row) for row in stages], reports)


def listed_functions(
    session: CompileSession,
    binary: bytes,
    indices: Sequence[int],
    on_function: Callable[[ListedFunction], None],
) -> None:
    """List defined functions of a module; `on_function` gets them in any order. `session` stays open in
    the workers for the next call. A function that ends its worker has one stage, which says so. Raises
    WasmError, PassFailure."""

    def task(group: Sequence[int]) -> SingleTask:
        def on_reply(plain: Any) -> None:
            for each in plain:
                on_function(ListedFunction.from_plain(each))

        def on_failure(failure: WorkerFailure) -> None:
            lines: list[Line] = [(line, None) for line in f"{failure}".splitlines()]
            for index in group:
                stage = ListedStage("The compiler fails", "failure", False, 0.0, lines)
                on_function(ListedFunction(index, [stage]))

        return SingleTask(("listing", tuple(group)), on_reply, on_failure)

    if not indices:
        return
    config = session.settings.config
    groups = [[index] for index in indices] if session.function_scoped else [[*indices]]
    pool = shared_pool(default_jobs() if config.jobs is None else max(config.jobs, 1))
    request = session.request(binary, session.file)
    pool.run(request, map(task, groups), config.compile_timeout, token=session)


def list_functions(session: CompileSession, indices: Sequence[int]) -> list[ListedFunction]:
    """Defined functions, with their trampolines, from the text format to assembly. If a pass sees the
    whole module, it does so once for all of them. Raises WasmError, PassFailure, CodegenError."""
    started = time.perf_counter()
    if session.function_scoped:
        module = session.import_functions(indices)
    else:
        module = session.import_everything()
    seconds = (time.perf_counter() - started) / len(indices)
    listed = {index: ListedFunction(index, [], []) for index in indices}
    for index, function in listed.items():
        lines = session.source.lines(index)
        if lines is not None:
            start, body = session.source.body(index)
            lines[0] = (lines[0][0], _place(module, index))
            lines[-1] = (lines[-1][0].removesuffix(")"), lines[-1][1])
            lines.append((")", start + len(body) - 1))  # the `end` of the body
            function.stages.append(ListedStage("WebAssembly", "wasm", False, 0.0, lines))

    def observe(pass_text: str, module: ModuleOp, spent: float) -> None:
        title = pass_text or ("IR" if session.is_ir else "wasmir")
        spent = spent / len(listed) if pass_text else seconds
        for index, function in listed.items():
            lines = _ir_lines(module, index)
            function.stages.append(ListedStage(title, "ir", bool(pass_text), spent, lines))

    take_reports()
    session.run_passes(module, observe)
    for report in take_reports():
        if report.function_index in listed:
            listed[report.function_index].reports.append(report.to_plain())
    for index, function in listed.items():
        whole = module if len(indices) == 1 and session.function_scoped else module.clone()
        keep_function(whole, index)
        function.stages.extend(_llvm_stages(session, whole))
    return [*listed.values()]


def _llvm_stages(session: CompileSession, module: ModuleOp) -> Iterator[ListedStage]:
    target, level = session.settings.target, session.settings.level
    started = time.perf_counter()
    text = emit_llvm(module, emitters=target.emitters, locates_all=True)
    emitted = time.perf_counter()
    ir, assembly = optimized_forms(text, target, level)
    seconds = time.perf_counter() - emitted
    yield ListedStage("LLVM IR", "llvm", False, emitted - started, llvm_lines(text))
    yield ListedStage(f"LLVM IR after -O{level}", "llvm", False, seconds, llvm_lines(ir))
    yield ListedStage("assembly", "asm", False, 0.0, assembly_lines(assembly))


# --- IR ---


class _LocatedPrinter(Printer):
    """Notes the line that each operation begins on."""

    def __init__(self, stream: StringIO):
        super().__init__(stream)
        self.operations: list[tuple[int, Operation]] = []

    def print_op(self, op: Operation) -> None:
        self.operations.append((self._current_line, op))
        super().print_op(op)


def _ir_lines(module: ModuleOp, index: int) -> list[Line]:
    """A function, its trampolines and what passes have added, then the other declarations."""
    bodies: list[Operation] = []
    others: list[Operation] = []
    for op in module.ops:
        if not _is_other_function(op, index):
            (bodies if any(r.blocks for r in op.regions) else others).append(op)
    return printed_lines((*bodies, *others))


def printed_lines(operations: Iterable[Operation]) -> list[Line]:
    """Operations as text; each line has the offset of the operation that begins on it."""
    stream = StringIO()
    printer = _LocatedPrinter(stream)
    for op in operations:
        printer.print_op(op)
        printer.print_string("\n")
    offsets = {line: wasm_offset(op.location) for line, op in printer.operations}
    return [(line, offsets.get(n)) for n, line in enumerate(stream.getvalue().splitlines())]


def _place(module: ModuleOp, index: int) -> int | None:
    """The offset of a function in wasmir."""
    for op in module.ops:
        if isinstance(op, wasmir.FuncOp) and op.index_value == index:
            return wasm_offset(op.location)
    return None


def _is_other_function(op: Operation, index: int) -> bool:
    """Whether this is the body of another function of the module."""
    if isinstance(op, wasmir.FuncOp):
        return not op.is_declaration and op.index_value != index
    if isinstance(op, wasmvm.FuncOp | llvm.FuncOp) and any(r.blocks for r in op.regions):
        return owner_of(op.sym_name.data) not in (index, None)
    return False


# --- LLVM's output ---

_LOCATION = re.compile(r"^!(\d+) = !DILocation\(line: (\d+)", re.MULTILINE)
_REFERENCE = re.compile(r",? !dbg !(\d+)")
_UNREAD = re.compile(r"!\d+ = |!llvm\.|source_filename|target |; |\$\S+ = comdat|\s*$")
_PREDECESSORS = re.compile(r"\s+; preds = .*")


def llvm_lines(text: str) -> list[Line]:
    """LLVM IR without debug information, which becomes offsets."""
    offsets = {number: int(line) or None for number, line in _LOCATION.findall(text)}
    lines: list[Line] = []
    for line in text.splitlines():
        if _UNREAD.match(line):
            continue
        reference = _REFERENCE.search(line)
        offset = offsets.get(reference[1]) if reference is not None else None
        lines.append((_PREDECESSORS.sub("", _REFERENCE.sub("", line)), offset))
    return lines


_LOC = re.compile(r"\s+\.loc\s+\d+\s+(\d+)")
_DIRECTIVE = re.compile(
    r"\s+\.|\s*(?:#|//)|\s*$|\.L(tmp|func_begin|func_end|line_table|sec_end|cu_)\w*:"
)
_COMMENT = re.compile(r"\s+(?:# |//).*")
"""Of x86-64, riscv64 and s390x, and of aarch64, whose numbers begin with `#`."""
_LABEL = re.compile(r"[^\s#].*:")


def assembly_lines(text: str) -> list[Line]:
    """Instructions and labels."""
    lines: list[Line] = []
    offset: int | None = None
    for line in text.splitlines():
        location = _LOC.match(line)
        if location is not None:
            offset = int(location[1]) or None
        elif _LABEL.match(line):
            if not line.startswith(".L"):
                offset = None  # another function
            if not _DIRECTIVE.match(line):
                lines.append((_COMMENT.sub("", line), None))
        elif ".section" in line and ".debug" in line:
            break
        elif not _DIRECTIVE.match(line):
            mnemonic, *operands = _COMMENT.sub("", line).split(maxsplit=1)
            lines.append((f"    {mnemonic:<7} {''.join(operands)}".rstrip(), offset))
    return lines

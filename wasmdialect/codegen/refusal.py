"""Diagnosis when LLVM refuses the code of a function: which function, operation and pass. This is not
known at first, since a text holds only what LLVM needs. So the unit is rebuilt: with a text that
remembers its operations, and with the pipeline cut off after each pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import llvm
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from wasmdialect.codegen.batch import extract
from wasmdialect.codegen.guarded import is_risky
from wasmdialect.codegen.llvm import (
    REFUSES,
    CodegenError,
    code_attributes,
    compile_object,
    verify_text,
)
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.target import Target
from wasmdialect.dialects.fast import wasm_offset
from wasmdialect.lowering.emit import EmitError, emit_functions, operation_at
from wasmdialect.passes.mandatory import LOWERING_PASSES
from wasmdialect.passes.pipeline import PassFailure, run_passes


@dataclass(frozen=True, slots=True)
class Refusal:
    """A function that LLVM refuses."""

    symbol: str
    message: str
    place: str
    """The operation, if it can be determined; one line or none."""

    @property
    def reason(self) -> str:
        """LLVM's message in one line."""
        lines = [s.strip() for s in self.message.splitlines() if s.strip()]
        errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
        return (errors or lines)[0].removeprefix(REFUSES)


Verify = Callable[[str], None]
"""Raises CodegenError if LLVM refuses a text."""


def find_refusal(
    module: ModuleOp, target: Target, attributes: str = "", verify: Verify = verify_text
) -> Refusal | None:
    """The first function of a lowered module that LLVM refuses. Raises EmitError."""
    functions = {op.sym_name.data: op for op in module.ops if isinstance(op, llvm.FuncOp)}
    for code in emit_functions(module, attributes):
        try:
            verify(code.text)
            _compile(code.text, target)
        except CodegenError as error:
            symbol, message = code.symbols[0], str(error)
            line = _line_of(code.text, message) or _risky_line(code.text, target)
            op = None if line is None else operation_at(module, functions[symbol], line)
            place = "" if op is None else f"it was at {_describe(op)}\n"
            return Refusal(symbol, message, place)
    return None


def _compile(text: str, target: Target) -> None:
    """Compile a text if LLVM finds some errors only then. Raises CodegenError."""
    if is_risky(text):
        extract(compile_object(text, target, 0), text)


def explain_refusal(
    session: CompileSession,
    indices: Sequence[int] | None,
    signatures: Sequence[int] = (),
    verify: Verify = verify_text,
) -> PassFailure | None:
    """The error in the code of these functions, or of all, with the path of a reproducer; None if LLVM
    accepts them one by one."""
    module = _import(session, indices, signatures)
    session.run_passes(module)
    refusal = find_refusal(module, session.settings.target, _attributes(session), verify)
    if refusal is None:
        return None
    culprit = _culprit(session, indices, signatures, verify)
    by = f"what pass {culprit!r} made of " if culprit else ""
    name = _name(session, refusal.symbol)
    failure = PassFailure(
        culprit or "",
        f"LLVM refuses {by}function {name}: {refusal.reason}",
        f"{refusal.message.rstrip()}\n{refusal.place}",
    )
    return session.reproduce(failure, indices, signatures)


def _attributes(session: CompileSession) -> str:
    settings = session.settings
    return code_attributes(settings.target, branch_protection=settings.config.branch_protection)


def _import(
    session: CompileSession, indices: Sequence[int] | None, signatures: Sequence[int]
) -> ModuleOp:
    if indices is None:
        return session.import_everything()
    return session.import_functions(indices, signatures)


def _culprit(
    session: CompileSession,
    indices: Sequence[int] | None,
    signatures: Sequence[int],
    verify: Verify,
) -> str | None:
    """The first pass without which LLVM accepts the code, with all before it and the lowering; None
    if it is the lowering itself."""
    passes = session.passes
    for number, p in enumerate(passes):
        if p.name in LOWERING_PASSES:
            continue
        kept = [
            *passes[: number + 1],
            *(q for q in passes[number + 1 :] if q.name in LOWERING_PASSES),
        ]
        module = _import(session, indices, signatures)
        try:
            run_passes(kept, session.context, module, "none", None, session.declare_missing)
            refused = find_refusal(module, session.settings.target, _attributes(session), verify)
        except (EmitError, PassFailure):
            continue  # depends on a later pass
        if refused is not None:
            return p.name
    return None


def _name(session: CompileSession, symbol: str) -> str:
    from wasmdialect.abi.symbol_parts import parse_symbol

    parsed = parse_symbol(symbol)
    if parsed is None or parsed[0] != "function":
        return symbol
    return f"{parsed[1]} ({session.source.name_of(parsed[1])})"


_LINE = re.compile(r"<string>:(\d+):\d+: error")
_VALUE = re.compile(r"^\s*(%\d+) = ", re.MULTILINE)


def _line_of(text: str, message: str) -> str | None:
    """The line that LLVM's message is about, as far as it can be determined: by its number, or by the
    number of the value."""
    lines = text.splitlines()
    line, value = _LINE.search(message), _VALUE.search(message)
    if line is not None:
        return lines[int(line[1]) - 1]
    if value is not None:
        return next((s for s in lines if s.startswith(f"  {value[1]} = ")), None)
    return None


_RESULT = re.compile(r"( +%\S+ =) (?:\w+ )?call (.+?) (?:asm|@)")


def _risky_line(text: str, target: Target) -> str | None:
    """The first line that LLVM does not compile when it is the only one of those in question."""
    lines = text.splitlines()
    risky = [number for number, line in enumerate(lines) if is_risky(line)]
    for kept in risky:
        others = {number: _without_call(lines[number]) for number in risky if number != kept}
        alone = [others.get(number, line) for number, line in enumerate(lines)]
        try:
            _compile("\n".join(alone), target)
        except CodegenError:
            return lines[kept]
    return None


def _without_call(line: str) -> str:
    """A line that defines the same value in place of a call."""
    result = _RESULT.match(line)
    return "" if result is None else f"{result[1]} freeze {result[2]} poison"


def _describe(op: Operation) -> str:
    offset = wasm_offset(op.location)
    return op.name if offset is None else f"{op.name} (offset 0x{offset:x})"

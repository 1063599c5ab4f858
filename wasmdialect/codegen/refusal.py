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

from wasmdialect.codegen.llvm import CodegenError, code_attributes, verify_text
from wasmdialect.codegen.session import CompileSession
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
        return (errors or lines)[0].removeprefix("LLVM refuses the IR: ")


Verify = Callable[[str], None]
"""Raises CodegenError if LLVM refuses a text."""


def find_refusal(
    module: ModuleOp, attributes: str = "", verify: Verify = verify_text
) -> Refusal | None:
    """The first function of a lowered module that LLVM refuses. Raises EmitError."""
    functions = {op.sym_name.data: op for op in module.ops if isinstance(op, llvm.FuncOp)}
    for code in emit_functions(module, attributes):
        try:
            verify(code.text)
        except CodegenError as error:
            symbol, message = code.symbols[0], str(error)
            return Refusal(symbol, message, _place(module, functions[symbol], code.text, message))
    return None


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
    refusal = find_refusal(module, _attributes(session), verify)
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
            refused = find_refusal(module, _attributes(session), verify)
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


def _place(module: ModuleOp, function: llvm.FuncOp, text: str, message: str) -> str:
    """The operation that LLVM's message is about, as far as it can be determined: by the line of the
    text, or by the number of the value."""
    line, value = _LINE.search(message), _VALUE.search(message)
    written = text.splitlines()[int(line[1]) - 1] if line is not None else None
    if written is None and value is not None:
        written = next((s for s in text.splitlines() if s.startswith(f"  {value[1]} = ")), None)
    op = None if written is None else operation_at(module, function, written)
    return "" if op is None else f"it was at {_describe(op)}\n"


def _describe(op: Operation) -> str:
    offset = wasm_offset(op.location)
    return op.name if offset is None else f"{op.name} (offset 0x{offset:x})"

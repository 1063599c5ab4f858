"""What is run and measured: a call of an export, or a program with WASI; and what can be observed of
it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wasmdialect import types as wt
from wasmdialect._printable import printable
from wasmdialect.check.calls import format_value
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.declared import ModuleDeclarations

WASI = "wasi_snapshot_preview1"
START = "_start"


class WorkloadError(Exception):
    """The module cannot be run as is asked; the message says why."""


@dataclass(frozen=True)
class Exports:
    """What a module exports."""

    functions: dict[str, wt.FuncType]
    memories: tuple[str, ...]
    globals: dict[str, wt.ValType]
    """Those that are numbers."""
    imports_wasi: bool


def exports_of(declared: ModuleDeclarations) -> Exports:
    """The exports of a module without passes. Raises WorkloadError if it imports anything but WASI."""
    functions: dict[str, wt.FuncType] = {}
    memories: list[str] = []
    variables: dict[str, wt.ValType] = {}
    for export in declared.exports:
        op = declared.symbols[export.target.root_reference.data]
        if isinstance(op, wasmir.FuncOp):
            signature = declared.types.function(op).composite
            assert isinstance(signature, wt.FuncType)
            functions[export.name_text] = signature
        elif isinstance(op, wasmir.MemoryOp) and op.shared is None:
            memories.append(export.name_text)
        elif isinstance(op, wasmir.GlobalOp):
            t = declared.types.value(op.value_type)
            if not isinstance(t, wt.RefType):
                variables[export.name_text] = t
    return Exports(functions, tuple(memories), variables, _imports_wasi(declared))


def _imports_wasi(declared: ModuleDeclarations) -> bool:
    found = False
    for op in declared.imports:
        assert op.imported is not None
        module, name = op.imported
        if module != WASI:
            raise WorkloadError(
                f"the module imports {printable(module)}.{printable(name)}, and only WASI can be given"
                " to it here"
            )
        found = True
    return found


@dataclass(frozen=True)
class Workload:
    """What each process does again and again, in a new instance for each measurement."""

    invoke: str
    parameters: tuple[wt.ValType, ...]
    results: tuple[wt.ValType, ...]
    arguments: tuple[int, ...]
    """As bits."""
    exports: Exports
    argv: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    directories: tuple[tuple[str, str], ...] = ()
    """On the host and for the program."""
    stdin: bytes = b""

    @property
    def is_program(self) -> bool:
        """Whether it is run once in each instance, as its state would not be the same again."""
        return self.invoke == START

    def to_plain(self) -> dict[str, Any]:
        """As JSON, without standard input, which has a file."""
        return {
            "invoke": self.invoke,
            "program": self.is_program,
            "parameters": [str(t) for t in self.parameters],
            "results": [str(t) for t in self.results],
            "arguments": [str(bits) for bits in self.arguments],
            "memories": self.exports.memories,
            "globals": {name: str(t) for name, t in self.exports.globals.items()},
            "wasi": self.exports.imports_wasi,
            "initialize": "_initialize" in self.exports.functions
            and self.invoke not in ("_initialize", START),
            "argv": self.argv,
            "environment": self.environment,
            "directories": self.directories,
        }

    def describe(self, outcome: dict[str, Any]) -> str:
        """What a process says of a run, in words."""
        if "trap" in outcome:
            words = f"trap {outcome['trap']}"
        elif "exit" in outcome:
            words = f"exit code {outcome['exit']}"
        else:
            words = " ".join(map(_described, self.results, outcome["values"])) or "no results"
        for stream in ("stdout", "stderr"):
            if stream in outcome:
                count, digest, tail = outcome[stream]
                words += f"; {count} bytes on {stream}"
                words += f", SHA-256 {digest[:16]}, at the end {tail!r}" if count else ""
        return words


def _described(t: wt.ValType, bits: str) -> str:
    return f"{t}:{bits if bits in ('nan', 'reference') else format_value(t, int(bits))}"


OUTCOME = "the outcome"


def differences(
    workload: Workload, before: dict[str, Any], after: dict[str, Any]
) -> dict[str, tuple[str, str]]:
    """What is not the same in two observations of a run: a name for it, and both in words."""
    found: dict[str, tuple[str, str]] = {}
    if before["outcome"] != after["outcome"]:
        found[OUTCOME] = workload.describe(before["outcome"]), workload.describe(after["outcome"])
    for name, old in before["memories"].items():
        new, what = after["memories"][name], f"memory {printable(name)}"
        if old != new:
            found[what] = f"{what}: {_memory(old)}", f"{what}: {_memory(new)}"
    for name, old in before["globals"].items():
        new, what = after["globals"].get(name, old), f"global {printable(name)}"
        if old != new:
            t = workload.exports.globals[name]
            found[what] = f"{what}: {_described(t, old)}", f"{what}: {_described(t, new)}"
    return found


def _memory(digest: Sequence[Any]) -> str:
    return f"{digest[0]} bytes, SHA-256 {digest[1][:16]}"

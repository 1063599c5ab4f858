"""Checks every trap of compiled code against the artifact's tables, while scripts run.

A trap that a signal reports must be in the trap table under its exact program counter with its code,
and the address map must lead to an instruction that can raise it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from wasmdialect.abi.layout import FUNC_REF
from wasmdialect.abi.traps import TrapCode
from wasmdialect.api import wast
from wasmdialect.runtime.module import LoadedModule
from wasmdialect.runtime.native import TrapRecord
from wasmdialect.runtime.native.outcomes import TrapKind
from wasmdialect.runtime.published import module_at
from wasmdialect.runtime.store import StoreState
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.features import VERSIONS
from wasmdialect.wasm.instructions import BY_OPCODE, Instruction
from wasmdialect.wasm.validate import validate_function


@dataclass
class Audit:
    """What was seen."""

    problems: list[str] = field(default_factory=list[str])
    seen: Counter[str] = field(default_factory=Counter[str])
    """Traps: `explicit`, `null`, `memory`, and `unmapped` of the latter."""
    binaries: dict[int, bytes] = field(default_factory=dict[int, bytes])
    """The bytes of each module, by the address of its code."""

    def check(self, record: TrapRecord) -> None:
        """Look a trap up in all tables."""
        kind, code = _kind_and_code(record)
        module = module_at(record.pc)
        assert module is not None
        self.seen[kind] += 1
        found = module.code_at(record.pc)
        assert found is not None
        at = record.pc - found.text_address
        listed = found.traps.look_up(at)
        if listed != code:
            self.problems.append(f"{kind} trap {code} at {at:#x}: the table says {listed}")
        if code == TrapCode.STACK_OVERFLOW:
            return  # it belongs to the function as a whole
        assert found.address_map is not None
        offset = found.address_map.look_up(at)
        if offset is None:
            if kind == "memory":
                self.seen["unmapped"] += 1
            else:
                self.problems.append(f"{kind} trap {code} at {at:#x}: the map has nothing")
            return
        row = self._instruction_at(module, offset)
        if row is None or code not in row.traps:
            name = "nothing" if row is None else row.mnemonic
            self.problems.append(f"{kind} trap {code} is mapped to {offset:#x}, where {name} is")

    def _instruction_at(self, module: LoadedModule, offset: int) -> Instruction | None:
        decoded = decode_module(self.binaries[module.text_address], VERSIONS["all"])
        for function in decoded.defined_functions():
            assert function.code is not None
            if function.code.offset <= offset < function.code.offset + len(function.code.bytes):
                _, instructions = validate_function(decoded, function)
                found = [opcode for opcode, _, start in instructions if start == offset]
                return BY_OPCODE[found[0]] if found else None
        return None


def _kind_and_code(record: TrapRecord) -> tuple[str, int | None]:
    if record.kind is TrapKind.SIGNAL_ILL:
        return "explicit", record.code
    if record.fault_address < FUNC_REF.size:
        return "null", TrapCode.INDIRECT_CALL_TO_NULL
    return "memory", TrapCode.MEMORY_OUT_OF_BOUNDS


@contextmanager
def audited_traps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Audit]:
    """Check all traps of scripts that run inside."""
    audit = Audit()
    fail, compile_ = StoreState._failure, wast.CompiledScripts.compile

    def failure(self: StoreState, record: TrapRecord) -> BaseException:
        if record.kind in (TrapKind.SIGNAL_ILL, TrapKind.SIGNAL_SEGV):
            audit.check(record)
        return fail(self, record)

    def compile_and_note(self: Any, binary: bytes) -> LoadedModule:
        loaded = compile_(self, binary)
        audit.binaries[loaded.text_address] = binary
        return loaded

    with monkeypatch.context() as patches:
        patches.setattr(StoreState, "_failure", failure)
        patches.setattr(wast.CompiledScripts, "compile", compile_and_note)
        yield audit

"""What a module says of how often its code runs: branch hints (WebAssembly 3.0) and the frequencies of
instructions (the proposal "Compilation Hints"), by function.

Hints never change what a module does. A section that is malformed or there twice gives none, and hints
for what is not there are never asked for; `custom_sections` has the check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import WASM_3_0
from wasmdialect.wasm.reader import Reader

if TYPE_CHECKING:
    from wasmdialect.wasm.module import Module

BRANCH_HINT = "metadata.code.branch_hint"
INSTRUCTION_FREQUENCY = "metadata.code.instr_freq"
NEVER, ALWAYS = 0, 127
"""Frequencies that stand for calls which are never, or always, to be inlined."""

Hints = dict[int, dict[int, int]]
"""By function index, by offset from the start of its body."""


class FunctionHints(NamedTuple):
    """The hints for one function, by offset from the start of its body."""

    branches: Mapping[int, bool] = {}
    """Whether a branch, an `if` or `br_if`, is likely to be taken."""
    frequencies: Mapping[int, int] = {}
    """How often an instruction runs for one run of the function: 32 and the logarithm with base 2,
    from 1 to 64, or `NEVER` or `ALWAYS`."""


NO_HINTS = FunctionHints()


def decode_hints(content: bytes | memoryview, most: int) -> Hints:
    """The content of a section with one byte, of at most `most`, for each instruction. Raises
    DecodeError."""
    r = Reader(content, 0, WASM_3_0)
    out: Hints = {}
    for _ in range(r.count()):
        function = r.u32()
        hints: dict[int, int] = {}
        for _ in range(r.count()):
            at = r.pos
            offset, size = r.u32(), r.u32()
            value = r.byte() if size == 1 else most + 1
            if value > most or offset in hints:
                raise r.error("malformed hint", at)
            hints[offset] = value
        if function in out:
            raise r.error("duplicate function")
        out[function] = hints
    if r.pos != len(r.data):
        raise r.error("unexpected content after the end")
    return out


def module_hints(module: Module) -> Mapping[int, FunctionHints]:
    """The hints of a module, by function; they are decoded once."""
    if module.hints is None:
        branches = _section(module, BRANCH_HINT, 1)
        frequencies = _section(module, INSTRUCTION_FREQUENCY, ALWAYS)
        module.hints = {
            index: FunctionHints(
                {offset: value == 1 for offset, value in branches.get(index, {}).items()},
                frequencies.get(index, {}),
            )
            for index in sorted(branches.keys() | frequencies.keys())
        }
    return module.hints


def _section(module: Module, name: str, most: int) -> Hints:
    contents = [section.bytes for section in module.custom_sections if section.name == name]
    if len(contents) != 1:
        return {}
    try:
        return decode_hints(contents[0], most)
    except WasmError:
        return {}

"""Hints at random for what a module has, so that some are right and most are wrong."""

from __future__ import annotations

import random

from wasmdialect.wasm.custom_sections import encode_branch_hints
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.encode import encode_custom
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.hints import BRANCH_HINT, INSTRUCTION_FREQUENCY
from wasmdialect.wasm.instructions.opcodes import BR_IF, CALL, CALL_INDIRECT, IF
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.validate import validate_function


def with_random_hints(binary: bytes, seed: str) -> bytes:
    """The module with hints for about half of its branches and calls, in sections at the end."""
    r = random.Random(seed)
    module = decode_module(binary, frozenset(Feature))
    branches: dict[int, dict[int, bool]] = {}
    frequencies: dict[int, dict[int, int]] = {}
    for function in module.defined_functions():
        assert function.code is not None
        _, instructions = validate_function(module, function)
        for opcode, _, offset in instructions:
            at = offset - function.code.offset
            if opcode in (IF, BR_IF) and r.randrange(2):
                branches.setdefault(function.index, {})[at] = r.randrange(2) == 1
            elif opcode in (CALL, CALL_INDIRECT) and r.randrange(3) == 0:
                frequencies.setdefault(function.index, {})[at] = r.choice((0, 1, 20, 32, 40, 127))
    return (
        binary
        + encode_custom(BRANCH_HINT, encode_branch_hints(branches))
        + encode_custom(INSTRUCTION_FREQUENCY, encode_frequencies(frequencies))
    )


def encode_frequencies(frequencies: dict[int, dict[int, int]]) -> bytes:
    """The content of a section of instruction frequencies."""
    out = encode_unsigned(len(frequencies))
    for function, hints in frequencies.items():
        out += encode_unsigned(function) + encode_unsigned(len(hints))
        for offset, value in hints.items():
            out += encode_unsigned(offset) + bytes([1, value])
    return out

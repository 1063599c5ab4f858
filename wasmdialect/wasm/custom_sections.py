"""Standardised custom sections: their contents, and whether these are well-formed and valid (spec
appendix "Custom Sections"; the tool conventions for `producers` and `target_features`).

A fault in a custom section never makes a module invalid, so nothing else calls the check.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wasmdialect.wasm.body import decode_instructions, decode_locals
from wasmdialect.wasm.errors import ValidationError, WasmError
from wasmdialect.wasm.features import WASM_3_0
from wasmdialect.wasm.hints import BRANCH_HINT, decode_hints
from wasmdialect.wasm.instructions.opcodes import BR_IF, IF
from wasmdialect.wasm.leb128 import encode_unsigned
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.names import read_names
from wasmdialect.wasm.reader import Reader

_BRANCHES = frozenset({IF, BR_IF})

BranchHints = dict[int, dict[int, bool]]
"""By function index, by offset from the start of its body: whether the branch is likely."""


def check_custom_sections(module: Module) -> None:
    """Raise DecodeError or ValidationError for the first custom section with something wrong.

    The module itself is valid.
    """
    for section in module.custom_sections:
        read = _READERS.get(section.name)
        if read is None:
            continue
        try:
            content = read(section.bytes)
        except WasmError as error:
            error.message = f"@{section.name} annotation: {error.message}"
            error.offset = section.offset + (error.offset or 0)
            raise
        if section.name == BRANCH_HINT:
            _check_targets(module, content)


def _check_targets(module: Module, hints: BranchHints) -> None:
    for index, of_function in hints.items():
        code = module.functions[index].code if index < len(module.functions) else None
        offsets: set[int] = set()
        if code is not None:
            reader = Reader(code.bytes, 0, module.features)
            decode_locals(reader)
            offsets = {
                at for opcode, _, at in decode_instructions(reader, None) if opcode in _BRANCHES
            }
        for offset in of_function:
            if offset not in offsets:
                error = ValidationError(f"@{BRANCH_HINT} annotation: invalid target")
                error.offset = None if code is None else code.offset + offset
                error.function, error.function_name = index, module.function_name(index)
                raise error


def decode_branch_hints(content: bytes | memoryview) -> BranchHints:
    """The content of a `metadata.code.branch_hint` section. Raises DecodeError."""
    return {
        function: {offset: value == 1 for offset, value in hints.items()}
        for function, hints in decode_hints(content, 1).items()
    }


def encode_branch_hints(hints: BranchHints) -> bytes:
    """The content of a `metadata.code.branch_hint` section."""
    out = encode_unsigned(len(hints))
    for function in sorted(hints):
        of_function = hints[function]
        out += encode_unsigned(function) + encode_unsigned(len(of_function))
        for offset in sorted(of_function):
            out += encode_unsigned(offset) + bytes([1, of_function[offset]])
    return out


def decode_producers(content: bytes | memoryview) -> dict[str, dict[str, str]]:
    """The content of a `producers` section: by field (`language`, ...), versions by name.

    Raises DecodeError.
    """
    r = Reader(content, 0, WASM_3_0)
    out: dict[str, dict[str, str]] = {}
    for _ in range(r.count()):
        field = r.name()
        out[field] = {r.name(): r.name() for _ in range(r.count())}
    _expect_end(r)
    return out


def decode_target_features(content: bytes | memoryview) -> list[tuple[str, str]]:
    """The content of a `target_features` section: `+`, `-` or `=`, and a feature.

    Raises DecodeError."""
    r = Reader(content, 0, WASM_3_0)
    out: list[tuple[str, str]] = []
    for _ in range(r.count()):
        at = r.pos
        prefix = chr(r.byte())
        if prefix not in "+-=":
            raise r.error("malformed prefix", at)
        out.append((prefix, r.name()))
    _expect_end(r)
    return out


def _expect_end(r: Reader) -> None:
    if r.pos != len(r.data):
        raise r.error("unexpected content after the end")


_READERS: dict[str, Callable[[bytes | memoryview], Any]] = {
    "name": read_names,
    BRANCH_HINT: decode_branch_hints,
    "producers": decode_producers,
    "target_features": decode_target_features,
}

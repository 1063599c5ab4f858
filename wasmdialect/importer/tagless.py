"""Whether a module without tags uses exceptions all the same: it can catch those of others.

The code of such a module tests for exceptions after each call, which must be known before the first
function is imported. To decode all functions would take too long, and there are very few such modules.
So only those are looked at that have the bytes of a `try_table` with a clause for all exceptions.
"""

from __future__ import annotations

import re

from wasmdialect import types as wt
from wasmdialect.wasm.body import decode_instructions, decode_local_runs
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import BY_OPCODE
from wasmdialect.wasm.module import Function, Module
from wasmdialect.wasm.reader import Reader

_LEB128 = rb"[\x80-\xff]{0,4}[\x00-\x7f]"
_MAY_CATCH = re.compile(rb"\x1f[\x63\x64]?" + _LEB128 + _LEB128 + rb"[\x02\x03]")
"""`try_table`, a block type, which may be a reference type, the number of clauses, and the first of
them: `catch_all` or `catch_all_ref`."""


_EXCEPTIONS = frozenset(
    opcode
    for opcode, instruction in BY_OPCODE.items()
    if instruction.feature in (Feature.EXCEPTIONS, Feature.LEGACY_EXCEPTIONS)
)


def catches_without_tags(module: Module) -> bool:
    """Whether a module without tags can catch an exception or has references to some."""
    if Feature.EXCEPTIONS not in module.features:
        return False
    return _mentions_exceptions(module) or any(
        _catches(module, function) for function in module.defined_functions()
    )


def _mentions_exceptions(module: Module) -> bool:
    """Whether a declaration has values that are exceptions."""
    used = {function.type_index: function for function in module.functions}
    types = [value for function in used.values() for value in _values(function)]
    types += [table.type.element for table in module.tables]
    types += [variable.type.value for variable in module.globals]
    return any(map(wt.is_exception, {*types}))


def _values(function: Function) -> tuple[wt.ValType, ...]:
    return (*function.signature.params, *function.signature.results)


def _catches(module: Module, function: Function) -> bool:
    code = function.code
    assert code is not None
    is_legacy = Feature.LEGACY_EXCEPTIONS in module.features
    if not is_legacy and _MAY_CATCH.search(code.bytes) is None:
        return False
    end = code.offset + len(code.bytes)
    reader = Reader(module.binary, code.offset, module.features, module.types)
    try:
        decode_local_runs(reader, 0)
        instructions = decode_instructions(reader, end)
    except WasmError:
        return False  # it is reported when the function is imported
    return not _EXCEPTIONS.isdisjoint([opcode for opcode, _, _ in instructions])

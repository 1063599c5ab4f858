"""What the glue knows of functions and stores, as the bytes of its structures."""

from __future__ import annotations

import struct

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.native.structures import (
    HOST_FUNCTION,
    NUMBER_CODES,
    STORE,
    TEMPLATE,
    WASM_FUNCTION,
)
from wasmdialect.types import FuncType

if TYPE_CHECKING:
    from collections.abc import Callable

    from wasmdialect.runtime.native.structures import Word
    from wasmdialect.types import DefType


def _packer(words: tuple[Word, ...], *names: str) -> Callable[..., bytes]:
    """A function that makes the bytes of a structure from its words in the order of the names."""
    order = [names.index(word.name) for word in words]
    form = struct.Struct(f"={len(words)}Q")
    if order == [*range(len(names))]:
        return form.pack
    return lambda *values: form.pack(*[values[index] for index in order])


pack_store = _packer(STORE, "limits", "max_wasm_stack", "is_open", "user")
pack_function = _packer(
    WASM_FUNCTION, *("store_id", "store", "array_call", "vmctx", "param_count", "result_count")
)
pack_template = _packer(TEMPLATE, "content", "size", "places", "place_count")
pack_host_function = _packer(HOST_FUNCTION, "function", "param_count", "result_count")

_codes: dict[DefType, bytes | None] = {}


def number_codes(type: DefType) -> bytes | None:
    """The codes of the parameters and results, None if one of them is not a number."""
    if type not in _codes:
        signature = type.composite
        assert isinstance(signature, FuncType)
        names = [t.name for t in (*signature.params, *signature.results)]
        known = all(name in NUMBER_CODES for name in names)
        _codes[type] = bytes(NUMBER_CODES[name] for name in names) if known else None
    return _codes[type]

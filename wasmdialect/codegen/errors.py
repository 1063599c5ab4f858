"""Errors of compilation, and how they travel from a worker to its parent."""

from __future__ import annotations

import traceback
from typing import Any

from wasmdialect.codegen.llvm import CodegenError
from wasmdialect.importer.errors import UnsupportedError
from wasmdialect.lowering.emit import EmitError
from wasmdialect.object.extract import ExtractError
from wasmdialect.passes.pipeline import PassFailure
from wasmdialect.passes.registry import PassError
from wasmdialect.wasm.declared import DeclarationError
from wasmdialect.wasm.errors import DecodeError, ValidationError, WasmError
from wasmdialect.wasm.features import Feature


class IRError(WasmError):
    """The input is text of the IR that cannot be compiled as a module."""


class WorkerError(Exception):
    """A worker failed in a way that is a bug of this project; `details` is its traceback."""

    def __init__(self, message: str, details: str):
        super().__init__(message)
        self.details = details


_PLAIN_ERRORS: dict[str, type[Exception]] = {
    cls.__name__: cls
    for cls in (CodegenError, DeclarationError, EmitError, ExtractError, PassError)
}
_WASM_ERRORS: dict[str, type[WasmError]] = {
    cls.__name__: cls for cls in (DecodeError, IRError, ValidationError)
}


def error_to_plain(error: BaseException) -> dict[str, Any]:
    """An exception as values that `marshal` can write."""
    plain: dict[str, Any] = {"class": type(error).__name__, "message": str(error)}
    if isinstance(error, UnsupportedError):
        plain |= {"feature": error.feature.name, "message": error.message, "offset": error.offset}
        plain["function"] = error.function
    elif isinstance(error, WasmError):
        plain |= {"message": error.message, "offset": error.offset, "function": error.function}
        plain["function_name"] = error.function_name
    elif isinstance(error, PassFailure):
        plain |= {"pass": error.pass_name, "details": error.details}
    else:
        plain["details"] = "".join(traceback.format_exception(error))
    return plain


def error_from_plain(plain: dict[str, Any]) -> Exception:
    """The exception that `error_to_plain` described."""
    name, message = plain["class"], plain["message"]
    if name == UnsupportedError.__name__:
        error = UnsupportedError(Feature[plain["feature"]], plain["offset"], "")
        error.message, error.function = message, plain["function"]
        return error
    if name in _WASM_ERRORS:
        wasm = _WASM_ERRORS[name](message, offset=plain["offset"], function=plain["function"])
        wasm.function_name = plain["function_name"]
        return wasm
    if name == PassFailure.__name__:
        return PassFailure(plain["pass"], message, plain["details"])
    if name in _PLAIN_ERRORS:
        return _PLAIN_ERRORS[name](message)
    return WorkerError(f"{name}: {message}", plain["details"])

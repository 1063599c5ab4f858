"""Arguments and results of functions as text: `run --invoke`."""

from __future__ import annotations

import math
import struct
from typing import Any

from wasmdialect.api.types import ValType
from wasmdialect.cli.errors import UsageError
from wasmdialect.types import F32, F64, I32, I64, V128, RefType
from wasmdialect.types import ValType as WasmType


def parse_argument(text: str, t: ValType) -> Any:
    """An argument on the command line as a value of a type. Raises UsageError."""
    try:
        if not text.isascii():
            raise ValueError
        if t.value_type in (I32, I64, V128):
            return _parse_integer(text, 8 * t.value_type.size)
        if not isinstance(t.value_type, RefType):
            return _parse_float(text)
    except ValueError:
        raise UsageError(f"{text!r} is not an {t.name}") from None
    if text == "null":
        return None
    raise UsageError(f"an argument of type {t.name} can only be `null` here, not {text!r}")


def parse_bits(text: str, t: WasmType) -> int:
    """An argument on the command line as bits; a reference, which is null, as 0. Raises UsageError."""
    from wasmdialect.wasm.float_text import parse_float

    if t in (F32, F64):
        try:
            return parse_float(text, 8 * t.size)
        except ValueError as error:
            raise UsageError(str(error)) from None
    value = parse_argument(text, ValType.of(t))
    return 0 if value is None else value & ((1 << (8 * t.size)) - 1)


def _parse_integer(text: str, bits: int) -> int:
    value = int(text, 0)
    if not -(1 << (bits - 1)) <= value < 1 << bits:
        raise UsageError(f"{text} does not fit i{bits}")
    return value


def _parse_float(text: str) -> float:
    if "0x" in text.lower():
        return float.fromhex(text)
    return float(text)


def format_result(value: Any, t: ValType) -> str:
    """A result as a line like `i32:832040`."""
    return f"{t.name}:{_format(value, t.value_type)}"


def _format(value: Any, t: WasmType) -> str:
    if t in (I32, I64):
        return str(value)
    if t is V128:
        return f"0x{value:032x}"
    if t is F32:
        return _shortest_f32(value)
    if t is F64:
        return repr(value)
    return "null" if value is None else "non-null"


def _shortest_f32(value: float) -> str:
    """The shortest decimal that is this f32."""
    if not math.isfinite(value):
        return repr(value)
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("<f", float(text)) == struct.pack("<f", value):
            return repr(float(text))
    return repr(value)

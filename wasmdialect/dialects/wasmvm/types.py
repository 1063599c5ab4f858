"""Types of wasmvm: pointers, those of the fields of the layout table, and trap codes."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    I64,
    IntegerAttr,
    i32,
    i64,
)
from xdsl.dialects.llvm import LLVMPointerType
from xdsl.ir import Attribute
from xdsl.utils.exceptions import VerifyException

PTR = LLVMPointerType()
FIELD_TYPES: dict[str, Attribute] = {"ptr": PTR, "i32": i32, "i64": i64}


def verify_trap_code(code: IntegerAttr[I64]) -> None:
    """Raises VerifyException if a number cannot be a trap code."""
    if not 0 <= code.value.data <= 0xFF:
        raise VerifyException("a trap code is one byte")

"""Types of wasmvm: pointers, and those of the fields of the layout table."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    i32,
    i64,
)
from xdsl.dialects.llvm import LLVMPointerType
from xdsl.ir import Attribute

PTR = LLVMPointerType()
FIELD_TYPES: dict[str, Attribute] = {"ptr": PTR, "i32": i32, "i64": i64}

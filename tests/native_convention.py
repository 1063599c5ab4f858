"""Calls by the native convention (docs/abi.md, "Calling conventions"), as native code makes them that
knows the type. They must not trap, and call no host function: nobody has entered the store."""

from __future__ import annotations

import ctypes
from typing import Any

from wasmdialect import Func
from wasmdialect.abi.layout import FUNC_REF
from wasmdialect.abi.returns import native_returns

CTYPES: dict[str, Any] = {
    "i32": ctypes.c_int32,
    "i64": ctypes.c_int64,
    "f32": ctypes.c_float,
    "f64": ctypes.c_double,
}


def call_natively(function: Func, *arguments: Any) -> Any:
    """What a function of numbers returns, in the form in which the API returns it."""
    reference = function.reference
    params, results = reference.signature.params, reference.signature.results
    address = reference.address + FUNC_REF.field("native_call").offset
    types = [ctypes.c_uint64, ctypes.c_uint64, *(CTYPES[t.name] for t in params)]
    values = [reference.vmctx, reference.vmctx, *arguments]
    plan = native_returns([t.size for t in results])
    area = ctypes.create_string_buffer(plan.area_size)
    if plan.area_size:
        types.append(ctypes.c_void_p)
        values.append(ctypes.addressof(area))
    first = CTYPES[results[0].name] if results else None
    code = ctypes.CFUNCTYPE(first, *types)(ctypes.c_uint64.from_address(address).value)
    returned = [code(*values)]
    for index, offset in plan.memory:
        returned.append(CTYPES[results[index].name].from_buffer(area, offset).value)
    return returned[0] if len(results) < 2 else returned

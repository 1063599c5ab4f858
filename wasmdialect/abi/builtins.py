"""Functions of the runtime that compiled code calls: entry i of the array at `vmctx.builtins`.

They use the platform's C convention; the first argument is always the caller's VMContext and is not
listed. 0 to 22 are Wasmtime 12.0.0's (docs/abi.md, "Builtin functions"); this project's start at 64.
A builtin that fails does not return: its native stub raises the trap (see runtime/native).
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

ValueType: TypeAlias = "Literal['i32', 'i64', 'ptr']"


class Builtin(FrozenRecord):
    """One runtime function."""

    index: int
    name: str
    params: tuple[ValueType, ...] = ()
    result: ValueType | None = None
    native: bool = False
    """Served by native code alone; the others call into Python and can fail."""


_ROWS = (
    Builtin(0, "memory32_grow", ("i64", "i32"), "ptr"),
    Builtin(1, "table_copy", ("i32", "i32", "i32", "i32", "i32")),
    Builtin(2, "table_init", ("i32", "i32", "i32", "i32", "i32")),
    Builtin(3, "elem_drop", ("i32",)),
    Builtin(4, "memory_copy", ("i32", "i64", "i32", "i64", "i64")),
    Builtin(5, "memory_fill", ("i32", "i64", "i32", "i64")),
    Builtin(6, "memory_init", ("i32", "i32", "i64", "i32", "i32")),
    Builtin(7, "ref_func", ("i32",), "ptr"),
    Builtin(8, "data_drop", ("i32",)),
    Builtin(9, "table_get_lazy_init_func_ref", ("i32", "i32"), "ptr"),
    Builtin(10, "table_grow_func_ref", ("i32", "i32", "ptr"), "i32"),
    Builtin(11, "table_grow_externref", ("i32", "i32", "ptr"), "i32"),
    Builtin(12, "table_fill_externref", ("i32", "i32", "ptr", "i32")),
    Builtin(13, "table_fill_func_ref", ("i32", "i32", "ptr", "i32")),
    Builtin(14, "drop_externref", ("ptr",)),
    Builtin(15, "activations_table_insert_with_gc", ("ptr",)),
    Builtin(16, "externref_global_get", ("i32",), "ptr"),
    Builtin(17, "externref_global_set", ("i32", "ptr")),
    Builtin(18, "memory_atomic_notify", ("i32", "i64", "i32"), "i32"),
    Builtin(19, "memory_atomic_wait32", ("i32", "i64", "i32", "i64"), "i32"),
    Builtin(20, "memory_atomic_wait64", ("i32", "i64", "i64", "i64"), "i32"),
    Builtin(21, "out_of_gas"),
    Builtin(22, "new_epoch", (), "i64"),
    # This project's own. The two copies take addresses that have been checked already.
    Builtin(64, "raise_pending", (), None, native=True),
    Builtin(65, "trap", ("i32",), None, native=True),
    Builtin(66, "memmove", ("ptr", "ptr", "i64"), None, native=True),
    Builtin(67, "memset", ("ptr", "i32", "i64"), None, native=True),
    # The second of two type ids if the first is that of a subtype, else the first.
    Builtin(68, "supertype", ("i32", "i32"), "i32"),
    # Memory of so many bytes for an exception, when there is none left.
    Builtin(69, "new_exception", ("i64",), "i64"),
    # Leaves compiled code with the exception in `limits.exception`, unless the code at a return address
    # tests for exceptions; 0 is no such code.
    Builtin(70, "uncaught", ("i64",)),
    # A function that lets no exception into the frames of one that does not test for them.
    Builtin(71, "exception_barrier", ("ptr",), "ptr"),
    # Notes in the throw trace where an exception was made.
    Builtin(72, "trace_exception", ("ptr",), None, native=True),
    # Compiles the code that a veneer of lazy code, by an address in it, stands for.
    Builtin(73, "compile_lazily", ("i64",)),
    # Notes that the caller runs often: 0, or one of its loops, counted from 1. Returns how far from the
    # VMContext better code for that loop is, 0 if there is none.
    Builtin(74, "tier_up", ("i32",), "i64"),
)

BUILTINS: Mapping[str, Builtin] = {b.name: b for b in _ROWS}
"""Every builtin by name."""

PASS_BUILTINS = "wasmdialect.builtin"
"""The module that builtins of passes are imported from, which the host binds by their names."""

BUILTIN_COUNT = 1 + max(b.index for b in _ROWS)
"""Length of the array at `vmctx.builtins`."""

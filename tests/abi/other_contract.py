"""`behaviour()` with the tables of the contract changed, on both sides at once: prints it as JSON.

Changed are the layout of every structure, the order of the VMContext's regions, the size of value
slots, magic numbers, the bit of initialised elements, the numbers of builtins and traps, what comes
back in registers, the guard, symbols, and what the native glue shares with Python; the glue is built
again. If one of these is written a second time anywhere, something goes wrong here.

This must run before anything else of the package is imported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import wasmdialect
from wasmdialect._cpuinfo import MACHINE
from wasmdialect._records import Record
from wasmdialect.abi import (
    builtins,
    layout,
    reservation,
    returns,
    symbols,
    tail_calls,
    trap_table,
)


def change(record: Record, **values: Any) -> None:
    """Change a record, frozen or not, for everyone who has it."""
    vars(record).update(values)


def change_structures(structures: Iterable[layout.Struct]) -> None:
    """Fields in the reverse order, after a gap, each at its alignment; the size grows."""
    for structure in structures:
        offset = 16
        for row in reversed(structure.fields):
            offset = layout.align_up(offset, row.size)
            change(row, offset=offset)
            offset += row.size
        change(structure, size=layout.align_up(offset, 16) + 16, fields=structure.fields[::-1])


def change_abi() -> None:
    """The tables that compiled code and the runtime share."""
    change_structures(layout.STRUCTS.values())
    layout.REGIONS = layout.REGIONS[::-1]
    layout.VMCONTEXT_MAGIC = 0x1234_5678
    layout.ARRAY_HOST_MAGIC = 0x2345_6789
    layout.VALUE_SLOT_SIZE *= 2
    layout.TABLE_ELEMENT_INITIALIZED = 2
    reservation.GUARD_SIZE >>= 1
    returns.MAX_INTEGER_RESULTS = 2
    returns.MAX_FLOAT_RESULTS = 1
    tail_calls.INTEGER_REGISTERS = 5
    tail_calls.VECTOR_REGISTERS = 7
    tail_calls.ENTRY_WORD_SIZE = 8
    for builtin in builtins.BUILTINS.values():
        change(builtin, index=100 - builtin.index)
    builtins.BUILTIN_COUNT = 101
    for trap in trap_table.TRAPS.values():
        change(trap, code=135 - 2 * trap.code)
    for kind in symbols.SYMBOLS:
        symbols.SYMBOLS[kind] = f"{kind} <{{}}>"
    symbols.TAIL_TO_WASM = "tail-to-wasm <{}>"
    symbols.FUNCTION = symbols.SYMBOLS["function"]


def change_glue() -> None:
    """The tables that the native glue and Python share, and the glue that is built from them."""
    structures = load_alone("wasmdialect.runtime.native.structures")
    for name in ("ACTIVATION", "THREAD", "STORE", "WASM_FUNCTION", "HOST_FUNCTION", "TEMPLATE"):
        setattr(structures, name, getattr(structures, name)[::-1])
    for name in ("ACTIVATION", "THREAD", "STORE"):
        setattr(structures, f"{name}_OFFSETS", structures.offsets(getattr(structures, name)))
    structures.FRAME_CAPACITY = 100
    structures.THREAD_SIZE = structures.FRAMES_OFFSET + 100 * structures.WORD_SIZE
    structures.NUMBER_CODES = {name: 65 + i for i, name in enumerate(structures.NUMBER_CODES)}
    structures.HANDLER_GENERATIONS = 3
    structures.STATUS = {"RETURNED": 0, "TRAPPED": 5}
    structures.TRAP_KINDS = {name: 20 - n for name, n in structures.TRAP_KINDS.items()}
    structures.PENDING = {"NONE": 0, "HOST_ERROR": 7, "INTERRUPT": 6}
    structures.PREVIOUS_HANDLER = structures.PREVIOUS_HANDLER[::-1]
    sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
    import build_native

    import wasmdialect.runtime.native.glue as glue

    (architecture,) = (a for a in build_native.ARCHITECTURES if a.name == MACHINE)
    built = build_native.build(architecture)
    glue.read_blob = lambda _: built


def load_alone(name: str) -> Any:
    """A module of a package whose other modules are to see it changed."""
    path = Path(wasmdialect.__file__).parents[1] / f"{name.replace('.', '/')}.py"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    change_abi()
    change_glue()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from behaviour import behaviour

    print(json.dumps(behaviour()))

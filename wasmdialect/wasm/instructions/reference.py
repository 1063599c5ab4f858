"""Reference and table instructions (0x25-0x26, 0xD0-0xD4, 0xFC 12-17); GC ones are in `gc`."""

from __future__ import annotations

from wasmdialect.abi.traps import TrapCode
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions.model import Immediate as Im
from wasmdialect.wasm.instructions.model import State, row

_REFS = Feature.REFERENCE_TYPES
_BULK = Feature.BULK_MEMORY
_OUT_OF_BOUNDS = (TrapCode.TABLE_OUT_OF_BOUNDS,)

# fmt: off
ROWS = (
    row("ref.null", 0xD0, None, Im.HEAP_TYPE, feature=_REFS),
    row("ref.is_null", 0xD1, None, feature=_REFS),
    row("ref.func", 0xD2, None, Im.FUNCTION, feature=_REFS),
    row("ref.eq", 0xD3, "eqref eqref -> i32", feature=Feature.GC),
    row("ref.as_non_null", 0xD4, None, feature=Feature.FUNCTION_REFERENCES, traps=(TrapCode.NULL_REFERENCE,)),

    row("table.get", 0x25, None, Im.TABLE, feature=_REFS, traps=_OUT_OF_BOUNDS, reads=State.TABLE),
    row("table.set", 0x26, None, Im.TABLE, feature=_REFS, traps=_OUT_OF_BOUNDS, writes=State.TABLE),
    row("table.init", 0xFC00C, None, Im.ELEM, Im.TABLE, feature=_BULK, traps=_OUT_OF_BOUNDS, reads=State.SEGMENT, writes=State.TABLE),
    row("elem.drop", 0xFC00D, "->", Im.ELEM, feature=_BULK, writes=State.SEGMENT),
    row("table.copy", 0xFC00E, None, Im.TABLE, Im.TABLE, feature=_BULK, traps=_OUT_OF_BOUNDS, reads=State.TABLE, writes=State.TABLE),
    row("table.grow", 0xFC00F, None, Im.TABLE, feature=_REFS, reads=State.TABLE, writes=State.TABLE),
    row("table.size", 0xFC010, None, Im.TABLE, feature=_REFS, reads=State.TABLE),
    row("table.fill", 0xFC011, None, Im.TABLE, feature=_REFS, traps=_OUT_OF_BOUNDS, writes=State.TABLE),
)
# fmt: on

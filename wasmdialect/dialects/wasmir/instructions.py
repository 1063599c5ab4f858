"""The operation classes generated from the instruction table, by name: `I32AddOp`, `I64Load8SOp`,
...

`instructions.pyi` declares them for editors and type checkers; `tools/generate_stubs.py` writes it.
"""

from wasmdialect.dialects.wasmir import atomic as _atomic
from wasmdialect.dialects.wasmir import memory as _memory
from wasmdialect.dialects.wasmir import numeric as _numeric
from wasmdialect.dialects.wasmir import vector as _vector
from wasmdialect.dialects.wasmir import wide as _wide
from wasmdialect.dialects.wasmir.base import WasmOp as _WasmOp

CLASSES: dict[str, type[_WasmOp]] = {
    **_numeric.CLASSES,
    **_wide.CLASSES,
    **_vector.CLASSES,
    **_memory.CLASSES,
    **_atomic.CLASSES,
}
"""The classes by name."""

globals().update(CLASSES)
__all__ = sorted(CLASSES)  # pyright: ignore[reportUnsupportedDunderAll]

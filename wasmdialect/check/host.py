"""What imported functions do in a check, interpreted or compiled: nothing but return values that depend
on their name, their arguments, and how often they have been called."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from wasmdialect import types as wt
from wasmdialect.abi.builtins import PASS_BUILTINS
from wasmdialect.check.calls import format_value
from wasmdialect.wasm.numerics import bits_from_float

WASI = "wasi_snapshot_preview1"
_ENOSYS = 52
"""The result of every function of WASI: not supported."""
_NUMBERS = (0, 1, 2, 3, 5, 8, 64, 1000)


class Host:
    """The functions that a run imports; it takes down their calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        """Those since they were taken."""
        self._count = 0

    def call(
        self, name: tuple[str, str], signature: wt.FuncType, arguments: Sequence[int]
    ) -> list[int]:
        """The results of an imported function; references are 0 for null, and so are those returned."""
        if name[0] == PASS_BUILTINS:  # not a part of what the module itself does
            return [constant(t, 0) for t in signature.results]
        values = zip(signature.params, arguments, strict=True)
        text = f"{'::'.join(name)}({', '.join(format_value(*value) for value in values)})"
        self.calls.append(text)
        self._count += 1
        return [self._result(name, t, f"{self._count} {text}") for t in signature.results]

    def _result(self, name: tuple[str, str], t: wt.ValType, seed: str) -> int:
        if isinstance(t, wt.RefType):
            return 0
        if name[0] == WASI:
            return _ENOSYS
        number = _NUMBERS[hashlib.sha256(seed.encode()).digest()[0] % len(_NUMBERS)]
        return constant(t, number)

    def take(self) -> tuple[str, ...]:
        """The calls since the last time."""
        taken = tuple(self.calls)
        self.calls.clear()
        return taken


def constant(t: wt.ValType, number: int) -> int:
    """A small number as the bits of a type."""
    if isinstance(t, wt.RefType):
        return 0
    return bits_from_float(float(number), t.bits) if t in (wt.F32, wt.F64) else number


IMPORTED_GLOBAL = 1
"""The value of imported globals."""

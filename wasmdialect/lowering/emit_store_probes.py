"""Store probes, for machines where a store that faults may write some of its bytes."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.ir import Operation

from wasmdialect.abi.debug_locations import MEMORY_COLUMN
from wasmdialect.abi.layout import Alias
from wasmdialect.dialects import llvm_ext
from wasmdialect.dialects.fast import number_of, operands_of
from wasmdialect.lowering.emit_function import Emitter, FunctionEmitter, load_text


def _no_probe(f: FunctionEmitter, op: llvm_ext.StoreProbeOp) -> None:
    """A store that faults writes nothing, as on x86-64 and s390x."""


_IN_ONE = {2: "i16", 4: "i32", 8: "i64"}
"""What is loaded into a register that nothing reads; one of the zero register on aarch64."""


def _load(f: FunctionEmitter, op: llvm_ext.StoreProbeOp) -> None:
    """Load the bytes that will be stored: the store and its probe have one address to compute. Of a
    vector, load the last byte, which needs no vector register."""
    width, name = number_of(op, "bytes"), f.unique_name()
    place, t = f.names[operands_of(op)[0]], _IN_ONE.get(width, "i8")
    if width not in _IN_ONE:
        f.lines.append(f'  %"{name}.last" = getelementptr i8, ptr {place}, i64 {width - 1}\n')
        place = f'%"{name}.last"'
    tag = f.text.tag(Alias.LINEAR)
    load = load_text(t, place, 1, tag, volatile=True, ordering="", invariant=False)
    f.lines.append(f'  %"{name}.probe" = {load}{f.location(op, MEMORY_COLUMN)}\n')


STORE_PROBE_EMITTERS: dict[type[Operation], Emitter] = {llvm_ext.StoreProbeOp: _no_probe}
TORN_STORES: Mapping[type[Operation], Emitter] = {llvm_ext.StoreProbeOp: _load}
"""For a machine with torn stores."""

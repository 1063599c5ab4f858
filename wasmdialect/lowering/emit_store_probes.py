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


def _load_last_byte(f: FunctionEmitter, op: llvm_ext.StoreProbeOp) -> None:
    (address,) = operands_of(op)
    last = f'%"{f.unique_name()}.last"'
    place = f.names[address]
    f.lines.append(f"  {last} = getelementptr i8, ptr {place}, i64 {number_of(op, 'bytes') - 1}\n")
    tag = f.text.tag(Alias.LINEAR)
    load = load_text("i8", last, 1, tag, volatile=True, ordering="", invariant=False)
    f.lines.append(f'  %"{f.unique_name()}.probe" = {load}{f.location(op, MEMORY_COLUMN)}\n')


STORE_PROBE_EMITTERS: dict[type[Operation], Emitter] = {llvm_ext.StoreProbeOp: _no_probe}
TORN_STORES: Mapping[type[Operation], Emitter] = {llvm_ext.StoreProbeOp: _load_last_byte}
"""For a machine with torn stores."""

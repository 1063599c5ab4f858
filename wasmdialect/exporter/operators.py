"""Operations that are one instruction: their encoding, and the order of their operands on the stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xdsl.ir import Operation, SSAValue

from wasmdialect.dialects import wasmir, wasmvm
from wasmdialect.dialects.fast import operands_of
from wasmdialect.dialects.wasmir.immediates import immediate_of
from wasmdialect.dialects.wasmir.types import RefType
from wasmdialect.exporter.entities import Entities
from wasmdialect.exporter.errors import FormlessError
from wasmdialect.wasm.encode import encode_instruction, encode_opcode
from wasmdialect.wasm.instructions import BY_MNEMONIC

_UNTYPED_SELECT, _TYPED_SELECT = (row.opcode for row in BY_MNEMONIC["select"])
_FIRST_IS_LAST: frozenset[type[Operation]] = frozenset(
    {
        wasmir.SelectOp,
        wasmir.CallIndirectOp,
        wasmir.CallRefOp,
        wasmir.ReturnCallIndirectOp,
        wasmir.ReturnCallRefOp,
    }
)
"""Operations whose first operand, the condition or what is called, is on the top of the stack."""
CALLS: frozenset[type[Operation]] = frozenset(
    {wasmir.CallOp, wasmir.CallIndirectOp, wasmir.CallRefOp}
)
_USES_DATA = (wasmir.MemoryInitOp, wasmir.DataDropOp)
_TERMINATORS = (wasmir.ReturnOp, wasmir.UnreachableOp, wasmir.ThrowRefOp)
_OPERATIONS: tuple[type[wasmir.WasmOp], ...] = (
    *wasmir.PLAIN_OPS,
    wasmir.SelectOp,
    wasmir.CallOp,
    wasmir.CallIndirectOp,
    wasmir.CallRefOp,
    wasmir.ReturnCallOp,
    wasmir.ReturnCallIndirectOp,
    wasmir.ReturnCallRefOp,
    *_TERMINATORS,
)


def stack_operands(op: Operation) -> Sequence[SSAValue]:
    """The operands of an operation, the one that is pushed last at the end."""
    operands = operands_of(op)
    if op.__class__ in _FIRST_IS_LAST:
        return (*operands[1:], operands[0])
    return operands


class Encoder:
    """Encodes the operations of one module."""

    def __init__(self, entities: Entities):
        self.entities = entities
        self.uses_data = False
        """Whether an instruction names a data segment."""
        self._referenced: set[int] = set()
        self._fixed: dict[type[Operation], bytes] = {}
        """The classes without immediates."""
        self._encoded: dict[tuple[Any, ...], bytes] = {}
        self._encoders: dict[type[Operation], Callable[[Any], bytes]] = {}
        self._fixed[wasmvm.TrapOp] = encode_opcode(wasmir.UnreachableOp.INSTRUCTION.opcode)
        for cls in _OPERATIONS:
            row = cls.INSTRUCTION
            if cls is wasmir.SelectOp:
                self._encoders[cls] = self._select
            elif cls is wasmir.RefFuncOp:
                self._encoders[cls] = self._ref_func
            elif cls in _USES_DATA:
                self._encoders[cls] = self._data
            elif not row.immediates:
                self._fixed[cls] = encode_opcode(row.opcode)
            else:
                self._encoders[cls] = self._general

    def encode(self, op: Operation) -> bytes:
        """The instruction of an operation. Raises FormlessError if it has none."""
        cls = op.__class__
        fixed = self._fixed.get(cls)
        if fixed is not None:
            return fixed
        encoder = self._encoders.get(cls)
        if encoder is None:
            raise FormlessError(op.name)
        return encoder(op)

    def _general(self, op: wasmir.WasmOp) -> bytes:
        row = op.INSTRUCTION
        immediate = immediate_of(op, row, self.entities.index_of)
        key = (row.opcode, immediate)
        known = self._encoded.get(key)
        if known is None:
            known = self._encoded[key] = encode_instruction(row.opcode, immediate)
        return known

    def _ref_func(self, op: wasmir.RefFuncOp) -> bytes:
        self._referenced.add(self.entities.index_of(op.function))
        return self._general(op)

    def _data(self, op: wasmir.WasmOp) -> bytes:
        self.uses_data = True
        return self._general(op)

    def take_referenced(self) -> set[int]:
        """The functions that `ref.func` named since the last time this was called."""
        referenced, self._referenced = self._referenced, set()
        return referenced

    def _select(self, op: wasmir.SelectOp) -> bytes:
        t = op.result.type
        if not isinstance(t, RefType):
            return encode_opcode(_UNTYPED_SELECT)
        return encode_instruction(_TYPED_SELECT, (self.entities.value_type(t),))

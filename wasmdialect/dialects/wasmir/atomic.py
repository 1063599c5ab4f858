"""Atomic operations of wasmir, generated from the instruction table: sequentially consistent accesses,
waiting, notifying, and the fence. They print as `wasmir.i32.atomic.rmw.add @memory[%address + 16],
%value`. Each is naturally aligned, and traps where the address is not.
"""

from __future__ import annotations

from abc import ABC
from typing import ClassVar, Self

from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import eq, irdl_op_definition, operand_def, result_def
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import EffectInstance

from wasmdialect.dialects.wasmir.base import MayTrap, WasmOp, define, take_rows
from wasmdialect.dialects.wasmir.effects import effects_of
from wasmdialect.dialects.wasmir.memory import AddressType, PlacedAccess
from wasmdialect.dialects.wasmir.types import value_type
from wasmdialect.wasm.instructions import INSTRUCTIONS, Immediate, Instruction


class AtomicAccess(PlacedAccess, MayTrap, ABC):
    """An atomic instruction with an address. Other threads may see it, and it sees them: it reads and
    writes memory for every pass, even a load."""

    VALUE_TYPES: ClassVar[tuple[Attribute, ...]]
    """The types of the operands after the address."""
    RESULT_TYPES: ClassVar[tuple[Attribute, ...]]

    @property
    def value_operands(self) -> tuple[SSAValue, ...]:
        """The operands after the address."""
        return tuple(self.operands[1:])

    def effects(self) -> frozenset[EffectInstance]:
        # In bounds or not, the address may be unaligned.
        return effects_of(self.INSTRUCTION)

    def print(self, printer: Printer) -> None:
        self._print_access(printer)
        for value in self.value_operands:
            printer.print_string(", ")
            printer.print_ssa_value(value)
        self._print_flags(printer)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        address, properties = cls._parse_access(parser)
        operands = [address]
        for t in cls.VALUE_TYPES:
            parser.parse_punctuation(",")
            operands.append(parser.resolve_operand(parser.parse_unresolved_operand(), t))
        attributes = cls._parse_flags(parser, properties)
        return cls.create(
            operands=operands,
            result_types=cls.RESULT_TYPES,
            properties=properties,
            attributes=attributes,
        )


class AtomicLoadOp(AtomicAccess, ABC):
    """An atomic load; a narrow one is zero-extended."""


class AtomicStoreOp(AtomicAccess, ABC):
    """An atomic store of the low bytes of the value."""


class AtomicRMWOp(AtomicAccess, ABC):
    """An atomic read-modify-write; the result is the old value, zero-extended."""

    @property
    def operation(self) -> str:
        """What it does with the old value and the operand: `add`, `sub`, `and`, `or`, `xor`, `xchg`."""
        return self.INSTRUCTION.operation.rpartition(".")[2]


class AtomicCompareExchangeOp(AtomicAccess, ABC):
    """An atomic compare-and-exchange of the low bytes; the result is the old value, zero-extended."""


class AtomicWaitOp(AtomicAccess, ABC):
    """Sleep until notified, unless memory has another value than expected: 0 if notified, 1 if the
    value differs, 2 after the timeout (in nanoseconds; a negative one is none)."""


class AtomicNotifyOp(AtomicAccess, ABC):
    """Wake threads that wait on the address; the result is how many."""


_GROUPS: dict[tuple[bool, int, int], tuple[type[AtomicAccess], tuple[str, ...]]] = {
    (True, 1, 1): (AtomicLoadOp, ()),
    (True, 2, 0): (AtomicStoreOp, ("value",)),
    (True, 2, 1): (AtomicRMWOp, ("value",)),
    (True, 3, 1): (AtomicCompareExchangeOp, ("expected", "replacement")),
    (False, 2, 1): (AtomicNotifyOp, ("count",)),
    (False, 3, 1): (AtomicWaitOp, ("expected", "timeout")),
}
"""By whether the mnemonic names the type of a value, number of operands and of results: the base class,
and the names of the operands after the address."""


def _atomic_class(row: Instruction) -> type[AtomicAccess]:
    assert row.params is not None
    assert row.results is not None
    base, names = _GROUPS[row.shape is not None, len(row.params), len(row.results)]
    values = tuple(map(value_type, row.params[1:]))
    results = tuple(map(value_type, row.results))
    fields: dict[str, object] = {
        "address": operand_def(AddressType),
        **{name: operand_def(eq(t)) for name, t in zip(names, values, strict=True)},
    }
    if results:
        fields["result"] = result_def(eq(results[0]))
    cls = define(row, base, fields)
    cls.VALUE_TYPES, cls.RESULT_TYPES = values, results
    return cls


ATOMIC_ACCESS_OPS: dict[str, type[AtomicAccess]] = {
    row.mnemonic: _atomic_class(row)
    for row in INSTRUCTIONS
    if row.access is not None and row.access.atomic and row.immediates == (Immediate.MEMARG,)
}
"""The atomic instructions with an address, by mnemonic."""

CLASSES: dict[str, type[AtomicAccess]] = {cls.__name__: cls for cls in ATOMIC_ACCESS_OPS.values()}
"""Every class generated from the table in this module, by class name."""


@irdl_op_definition
class AtomicFenceOp(WasmOp):
    """`atomic.fence`: all threads see what is before it before what is after it."""

    name = "wasmir.atomic.fence"
    assembly_format = "attr-dict"


FENCE_OPS: tuple[type[WasmOp], ...] = (AtomicFenceOp,)
take_rows(FENCE_OPS)

"""Base classes of wasmir operations, with which passes select groups of instructions."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar, cast

from xdsl.dialects.builtin import FlatSymbolRefAttr, SymbolRefAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import InferenceContext, IRDLOperation, OpDef, get_accessors_from_op_def, traits_def
from xdsl.traits import EffectInstance

from wasmdialect.dialects.fast import operand_of
from wasmdialect.dialects.wasmir.effects import TRAPS, InstructionEffects, effects_of
from wasmdialect.dialects.wasmir.immediates import properties_of
from wasmdialect.wasm.instructions import BY_MNEMONIC, Instruction


class WasmOp(IRDLOperation, ABC):
    """An operator of WebAssembly. (IRDL wants class constants in capitals.)"""

    INSTRUCTION: ClassVar[Instruction]
    """Its row in the instruction table."""

    traits = traits_def(InstructionEffects())

    def effects(self) -> frozenset[EffectInstance]:
        """Reads and writes of Wasm state, and whether it may trap."""
        return effects_of(self.INSTRUCTION)


def instruction_of(cls: type[Operation]) -> Instruction | None:
    """The row of a class of operations, None if it is not of WebAssembly."""
    # `issubclass` of an abstract class asks all its subclasses: 50 ms for the classes of all dialects.
    return cast(type[WasmOp], cls).INSTRUCTION if WasmOp in cls.__mro__ else None


_OpT = TypeVar("_OpT", bound=WasmOp)


def define(row: Instruction, base: type[_OpT], fields: Mapping[str, object]) -> type[_OpT]:
    """The class of an instruction: `i32.trunc_f32_s` is `I32TruncF32SOp`. Its properties are those of
    the immediates; `fields` are its operands, results and traits."""
    name = "".join(word[0].upper() + word[1:] for word in row.words) + "Op"
    namespace: dict[str, object] = {
        "__doc__": f"`{row.mnemonic}`",
        "__module__": base.__module__,
        "name": f"wasmir.{row.mnemonic}",
    }
    shape = (base, row.params, row.results, row.immediates, row.traps, *fields)
    if shape not in _SHAPES:
        properties = {p.name: p.definition() for p in properties_of(row)}
        given = cast(type[_OpT], type(name, (base,), {**namespace, **properties, **fields}))
        definition = OpDef.from_pyrdl(given)
        verify = getattr(given, "verify_", None)
        _SHAPES[shape] = definition, get_accessors_from_op_def(definition, verify)
    definition, accessors = _SHAPES[shape]
    own = replace(definition, name=f"wasmir.{row.mnemonic}")
    namespace |= {**accessors, "get_irdl_definition": classmethod(lambda _: own)}
    cls = cast(type[_OpT], type(name, (base,), namespace))
    cls.INSTRUCTION = row
    return cls


_SHAPES: dict[tuple[object, ...], tuple[OpDef, dict[str, object]]] = {}
"""What `irdl_op_definition` derives from a class, by all that it depends on: nothing but the name
differs between `i32.add` and `i32.sub`, and there are five hundred classes."""


def take_rows(classes: Sequence[type[WasmOp]]) -> None:
    """Give classes that are written by hand their rows."""
    for cls in classes:
        cls.INSTRUCTION = _ROWS[cls.name]


_ROWS = {f"wasmir.{mnemonic}": rows[0] for mnemonic, rows in BY_MNEMONIC.items()}
"""The row of each name of an operation; the first one of those that share a mnemonic."""


def result_types(cls: type[WasmOp]) -> tuple[Attribute, ...]:
    """The types of the results, as far as the class alone decides them."""
    constraints = [result.constr for _, result in cls.get_irdl_definition().results]
    return tuple(
        t
        for constraint in constraints
        if constraint.can_infer(set(), length_known=True)
        for t in constraint.infer(_NOTHING_KNOWN, length=1)
    )


_NOTHING_KNOWN = InferenceContext()


class MayTrap(Operation, ABC):
    """An operation that can stop execution with a trap."""


class MemoryAccess(WasmOp, MayTrap, ABC):
    """A load or store: `address` (an index into linear memory), constant `offset`, width `bytes`."""

    @property
    def address_operand(self) -> SSAValue:
        """The dynamic part of the address, unsigned."""
        return operand_of(self, 0)

    @property
    def static_offset(self) -> int:
        """The constant part of the address, unsigned."""
        raise NotImplementedError

    @property
    def bytes(self) -> int:
        """The number of bytes accessed."""
        access = self.INSTRUCTION.access
        assert access is not None
        return access.bytes

    @property
    def memory_symbol(self) -> FlatSymbolRefAttr:
        """The memory it accesses."""
        raise NotImplementedError

    @property
    def known_in_bounds(self) -> bool:
        """Whether an analysis has proved that it cannot trap."""
        raise NotImplementedError

    @property
    def is_plain(self) -> bool:
        """Whether it is in a region in which nothing can trap: its order with traps does not matter."""
        return "plain" in self.properties

    def effects(self) -> frozenset[EffectInstance]:
        effects = effects_of(self.INSTRUCTION)
        return effects - {TRAPS} if self.known_in_bounds else effects


class LoadLike(MemoryAccess, ABC):
    """A load from linear memory; the only result is the value."""


class StoreLike(MemoryAccess, ABC):
    """A store to linear memory; the second operand is the value."""

    @property
    def stored_value(self) -> SSAValue:
        """The value before it is narrowed to `bytes`."""
        return operand_of(self, 1)


class CallLike(MayTrap, ABC):
    """A call of a Wasm function, direct or not."""

    @property
    def call_arguments(self) -> Sequence[SSAValue]:
        """The Wasm arguments."""
        raise NotImplementedError

    @property
    def called_symbol(self) -> SymbolRefAttr | None:
        """The function, if it is known statically."""
        raise NotImplementedError

"""The module's side of importing a body or a constant expression: types, locations, symbols."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from xdsl.dialects.builtin import FunctionType, SymbolRefAttr

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import Locations
from wasmdialect.dialects.wasmir.immediates import Attributes, attributes_of
from wasmdialect.dialects.wasmir.types import ValueType
from wasmdialect.importer.errors import UnsupportedError
from wasmdialect.importer.supported import missing_feature
from wasmdialect.wasm.instructions import Instruction
from wasmdialect.wasm.module import Module


class ImportContext(ABC):
    """A module of wasmir under construction, for the importer of a body."""

    def __init__(self, wasm: Module, file: str):
        self.wasm = wasm
        self.locations = Locations(file)
        """`file` is the file name in locations: that of the input."""
        self._function_types: dict[wt.FuncType, FunctionType] = {}
        self._properties: dict[tuple[int, Any], Attributes] = {}
        self._type_indices = wt.type_indices(wasm.types)

    @abstractmethod
    def ref(self, word: str, index: int) -> SymbolRefAttr:
        """The symbol of an entity, by the keyword of its kind in the text format."""

    def value_type(self, t: wt.ValType, offset: int = 0) -> ValueType:
        """The IR type of a value type. Raises UnsupportedError if the IR has none yet."""
        if isinstance(t, wt.RefType) and isinstance(t.heap, wt.DefType):
            return wasmir.RefType.of(t.nullable, self.ref("type", self._type_indices[t.heap]))
        try:
            return wasmir.value_type(t)
        except KeyError:
            feature = missing_feature(t)
            assert feature is not None
            raise UnsupportedError(feature, offset, f"values of type {t}") from None

    def function_type(self, signature: wt.FuncType, offset: int = 0) -> FunctionType:
        """The IR type of a function type. Raises UnsupportedError if the IR has none yet."""
        known = self._function_types.get(signature)
        if known is None:
            known = self._function_types[signature] = FunctionType.from_lists(
                [self.value_type(t, offset) for t in signature.params],
                [self.value_type(t, offset) for t in signature.results],
            )
        return known

    def callee_type(self, index: int) -> FunctionType:
        """The IR type of a function by its index."""
        return self.function_type(self.wasm.functions[index].signature)

    def reference_to(self, function: int) -> ValueType:
        """The type of a reference to a function."""
        t = self.wasm.types[self.wasm.functions[function].type_index]
        return self.value_type(wt.ref_type(False, t))

    def properties(self, row: Instruction, immediate: Any) -> Attributes:
        """The properties of an operation, from the immediate of its instruction (a new dictionary)."""
        key = (row.opcode, immediate)
        known = self._properties.get(key)
        if known is None:
            known = self._properties[key] = attributes_of(row, immediate, self.ref)
        return known.copy()

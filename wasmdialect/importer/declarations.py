"""What passes declare, added to the plan of a module behind everything it has."""

from __future__ import annotations

from typing import NoReturn

from wasmdialect.importer.plan import ModulePlan
from wasmdialect.wasm import types as wt
from wasmdialect.wasm.encode import encode_instruction
from wasmdialect.wasm.module import ConstExpr, ExternKind, Function, Global, ImportName, Instr

_TYPES: dict[str, wt.NumType] = {t.name: t for t in (wt.I32, wt.I64, wt.F32, wt.F64)}
_CONST = {wt.I32: 0x41, wt.I64: 0x42, wt.F32: 0x43, wt.F64: 0x44}


class DeclarationError(Exception):
    """A pass declares something twice, or something that cannot be."""


class PlanDeclarations:
    """Implements `wasmdialect.passes.base.Declarations` on a plan."""

    def __init__(self, plan: ModulePlan):
        self.plan = plan
        self.counters: list[str] = []
        """Names of the counters, in order of declaration."""

    def add_counter(self, name: str) -> None:
        self.add_field(name, 8, 8)
        self.counters.append(name)

    def add_field(self, name: str, size: int, alignment: int) -> None:
        if any(name == known for known, _, _ in self.plan.extra_fields):
            self._refuse(f"field {name!r} is declared twice")
        if size <= 0 or alignment not in (1, 2, 4, 8, 16):
            self._refuse(f"field {name!r} cannot have size {size} and alignment {alignment}")
        self.plan.extra_fields.append((name, size, alignment))

    def add_global(self, name: str, value_type: str, *, mutable: bool = True, init: int = 0) -> int:
        t = self._type(value_type)
        index = len(self.plan.module.globals)
        encoded = memoryview(encode_instruction(_CONST[t], init) + b"\x0b")
        value = ConstExpr((Instr(_CONST[t], init, 0),), 0, encoded)
        global_type = wt.GlobalType(t, mutable)
        self.plan.module.globals.append(Global(index, global_type, global_type, init=value))
        self.plan.add_entity(ExternKind.GLOBAL, index, name)
        return index

    def add_import(
        self, module: str, name: str, params: tuple[str, ...], results: tuple[str, ...]
    ) -> int:
        signature = wt.func_def_type(
            [self._type(t) for t in params], [self._type(t) for t in results]
        )
        type_index = self.plan.add_type(signature)
        index = len(self.plan.module.functions)
        imported = ImportName(module, name)
        self.plan.module.functions.append(Function(index, type_index, signature, imported))
        self.plan.module.import_order.append((ExternKind.FUNC, index))
        self.plan.add_entity(ExternKind.FUNC, index, name)
        return index

    def function_symbol(self, index: int) -> str:
        return self.plan.function_symbols[index]

    def global_symbol(self, index: int) -> str:
        return self.plan.global_symbols[index]

    def _type(self, name: str) -> wt.NumType:
        t = _TYPES.get(name)
        if t is None:
            self._refuse(f"{name!r} is no type for a declaration; use one of {', '.join(_TYPES)}")
        return t

    def _refuse(self, message: str) -> NoReturn:
        raise DeclarationError(message)

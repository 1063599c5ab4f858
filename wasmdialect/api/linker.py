"""Linker: instantiation by the names of imports."""

from __future__ import annotations

from wasmdialect._printable import printable
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.api.extern import unwrap_extern
from wasmdialect.api.func import Caller, Func
from wasmdialect.api.instance import Instance
from wasmdialect.api.module import Module
from wasmdialect.api.store import state_of, store_of
from wasmdialect.api.types import FuncType
from wasmdialect.runtime.errors import LinkError, Trap, WasmtimeError
from wasmdialect.types import RefType

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from wasmdialect.api.config import Engine
    from wasmdialect.api.extern import Extern
    from wasmdialect.api.store import Storelike
    from wasmdialect.api.types import ValType

    _Definition = Callable[[Storelike], Extern]
    """Gives an item for a store: itself, or a function made for the store."""


@final
class Linker:
    """Named items for instantiating modules."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self.allow_shadowing = False
        self._definitions: dict[tuple[str, str], _Definition] = {}

    def _define(self, module: str, name: str, definition: _Definition) -> None:
        if (module, name) in self._definitions and not self.allow_shadowing:
            raise WasmtimeError(f"import of `{module}::{name}` defined twice")
        self._definitions[module, name] = definition

    def define(self, store: Storelike, module: str, name: str, item: Extern) -> None:
        """Define an item of a store; raises WasmtimeError if it belongs to another one."""
        state_of(store, unwrap_extern(item))
        self._define(module, name, lambda _: item)

    def define_func(
        self,
        module: str,
        name: str,
        ty: FuncType,
        func: Callable[..., Any],
        access_caller: bool = False,
    ) -> None:
        """Define a Python function, for any store."""
        if not isinstance(ty, FuncType):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected a FuncType")
        self._define(module, name, lambda store: Func(store_of(store), ty, func, access_caller))

    def define_instance(self, store: Storelike, name: str, instance: Instance) -> None:
        """Define every export of an instance under a module name."""
        if not isinstance(instance, Instance):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected an `Instance`")
        for field, item in instance.exports(store).items():
            self.define(store, name, field, item)

    def define_wasi(self) -> None:
        """Define WASI preview 1; the store decides what it gives access to (`Store.set_wasi`)."""
        from wasmdialect.api.wasi import wasi_functions

        for name, ty, func in wasi_functions():
            self.define_func("wasi_snapshot_preview1", name, ty, func, access_caller=True)

    def define_module(self, store: Storelike, name: str, module: Module) -> None:
        """Instantiate a module and define its exports; a reactor's `_initialize` is called."""
        if not isinstance(module, Module):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected a `Module`")
        instance = self.instantiate(store, module)
        initialize = instance.exports(store).get("_initialize")
        if isinstance(initialize, Func):
            initialize(store)
        self.define_instance(store, name, instance)

    def define_unknown_imports_as_traps(self, module: Module) -> None:
        """Define the module's undefined function imports as functions that trap when called."""
        for item in module.imports:
            if (item.module, item.name) in self._definitions or not isinstance(item.type, FuncType):
                continue

            def trap(*_: Any, name: str = printable(f"{item.module}::{item.name}")) -> None:
                raise Trap(f"unknown import: `{name}` has not been defined")

            self.define_func(item.module, item.name, item.type, trap)

    def define_unknown_imports_as_default_values(self, store: Storelike, module: Module) -> None:
        """Define the module's undefined function imports as functions that return zeros."""
        for item in module.imports:
            if (item.module, item.name) in self._definitions or not isinstance(item.type, FuncType):
                continue
            values = [_default(t) for t in item.type.results]
            returned: Any = None if not values else values[0] if len(values) == 1 else values

            def constant(*_: Any, value: Any = returned) -> Any:
                return value

            self.define_func(item.module, item.name, item.type, constant)

    def get(self, store: Storelike, module: str, name: str) -> Extern:
        """A defined item. Raises WasmtimeError."""
        definition = self._definitions.get((module, name))
        if definition is None:
            raise WasmtimeError("item not defined in linker")
        item = definition(store)
        state_of(store, unwrap_extern(item))
        return item

    def get_default(self, store: Storelike, name: str) -> Func:
        """The default export of a module: `` (empty) or `_start`. Raises WasmtimeError."""
        for field in ("", "_start"):
            if (name, field) in self._definitions:
                item = self.get(store, name, field)
                if isinstance(item, Func):
                    return item
        raise WasmtimeError(f"module `{name}` has no default export")

    def instantiate(self, store: Storelike, module: Module) -> Instance:
        """Instantiate a module with the defined items. Raises WasmtimeError for an import that is
        missing or has another type, Trap, or the exception of a host function."""
        imports: list[Extern] = []
        for item in module.loaded.info.imports:
            definition = self._definitions.get((item.module, item.name))
            if definition is None:
                name = printable(f"{item.module}::{item.name}")
                raise LinkError(f"unknown import: `{name}` has not been defined")
            imports.append(definition(store))
        return Instance(store, module, imports)


def _default(t: ValType) -> Any:
    if isinstance(t.value_type, RefType):
        return None
    return 0.0 if t.value_type.is_float else 0


__all__ = ["Caller", "Linker"]

"""Linker: instantiation by the names of imports. InstancePre: with imports that have been found."""

from __future__ import annotations

from wasmdialect._closable import Closable
from wasmdialect._printable import printable
from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.abi.builtins import PASS_BUILTINS
from wasmdialect.api.config import Engine
from wasmdialect.api.extern import Global, Memory, Table, unwrap_extern
from wasmdialect.api.func import Caller, Func
from wasmdialect.api.instance import Instance
from wasmdialect.api.module import Module, extern_type
from wasmdialect.api.store import state_of, store_of
from wasmdialect.api.types import FuncType, GlobalType, MemoryType, TableType
from wasmdialect.runtime.errors import LinkError, WasmtimeError
from wasmdialect.types import F32, F64, RefType

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from wasmdialect.api.extern import Extern
    from wasmdialect.api.store import Storelike
    from wasmdialect.api.types import ExternType, ValType
    from wasmdialect.object.info import ImportInfo

    _Definition = Callable[[Storelike], Extern]
    """Gives an item for a store: itself, or a function made for the store."""


@final
class Linker(Closable):
    """Named items for instantiating modules."""

    def __init__(self, engine: Engine):
        if not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError("expected an Engine")
        self.engine = engine
        self.allow_shadowing = False
        self._definitions: dict[tuple[str, str], _Definition] = {}
        self._builtins: dict[str, tuple[Callable[..., Any], bool]] = {}
        """Those of `define_builtin`, and whether each takes the caller."""

    def _define(self, module: str, name: str, definition: _Definition) -> None:
        for text in (module, name):
            if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"expected the name of an import, got {text!r}")
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

    def define_builtin(
        self, name: str, function: Callable[..., Any], access_caller: bool = False
    ) -> None:
        """Bind the builtin that a pass calls by this name (`declarations.add_builtin`), for any store.
        The pass says what its parameters and results are. With `access_caller` the function gets a
        `Caller` first."""
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected the name of a builtin, got {name!r}")
        if not callable(function):
            raise TypeError(f"expected a function for builtin {name!r}, got {function!r}")
        if name in self._builtins and not self.allow_shadowing:
            raise WasmtimeError(f"builtin `{printable(name)}` defined twice")
        self._builtins[name] = function, access_caller

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
        """Define what a module exports. A reactor is instantiated once, now, and its `_initialize` is
        called. A command, which exports `_start`, is instantiated anew in each call of one of its
        functions; of its other exports nothing is defined."""
        _expect_module(module)
        kinds = {item.name: item.type for item in module.exports}
        for field in ("_start", "_initialize"):
            if not isinstance(kinds.get(field, _NO_TYPE), FuncType):
                raise WasmtimeError(f"`{field}` must be a function")
        if "_start" not in kinds:
            self.define_instance(store, name, self._initialized(store, module))
        elif "_initialize" in kinds:
            raise WasmtimeError("a program cannot be both a command and a reactor")
        else:
            self._define_command(name, module, kinds)

    def _initialized(self, store: Storelike, module: Module) -> Instance:
        instance = self.instantiate(store, module)
        initialize = instance.exports(store).get("_initialize")
        if isinstance(initialize, Func):
            initialize(store)
        return instance

    def _define_command(self, name: str, module: Module, kinds: dict[str, ExternType]) -> None:
        pre = self.instantiate_pre(module)
        for field, ty in kinds.items():
            if isinstance(ty, FuncType):
                self.define_func(name, field, ty, _run_anew(pre, field), access_caller=True)
            elif field not in _EXPORTS_OF_COMMANDS:
                raise WasmtimeError(f"command export {printable(field)!r} is not a function")

    def define_unknown_imports_as_traps(self, module: Module) -> None:
        """Define the module's undefined function imports as functions that fail when they are called,
        with WasmtimeError."""
        _expect_module(module)
        for item in module.imports:
            if self._is_defined(item.module, item.name) or not isinstance(item.type, FuncType):
                continue

            def fail(*_: Any, name: str = printable(f"{item.module}::{item.name}")) -> None:
                raise WasmtimeError(f"unknown import: `{name}` has not been defined")

            self.define_func(item.module, item.name, item.type, fail)

    def define_unknown_imports_as_default_values(self, store: Storelike, module: Module) -> None:
        """Define the module's undefined imports: functions that return zeros, globals of value zero,
        and memories and tables of their smallest size. Zero is null for references."""
        _expect_module(module)
        for item in module.imports:
            if self._is_defined(item.module, item.name):
                continue
            if isinstance(item.type, FuncType):
                self.define_func(item.module, item.name, item.type, _constant(item.type))
            else:
                self.define(store, item.module, item.name, _default_item(store, item.type))

    def get(self, store: Storelike, module: str, name: str) -> Extern:
        """A defined item. Raises WasmtimeError."""
        definition = self._definitions.get((module, name))
        if definition is None:
            raise WasmtimeError("item not defined in linker")
        item = definition(store)
        state_of(store, unwrap_extern(item))
        return item

    def get_default(self, store: Storelike, name: str) -> Func:
        """The default function of a module: its export with the empty name, else `_start`, else a
        function that does nothing. Raises WasmtimeError if that export is not a function."""
        for field in ("", "_start"):
            if (name, field) not in self._definitions:
                continue
            item = self.get(store, name, field)
            if not isinstance(item, Func):
                raise WasmtimeError(f"default export in '{printable(name)}' is not a function")
            return item
        return Func(store_of(store), FuncType([], []), lambda: None)

    def instantiate(self, store: Storelike, module: Module) -> Instance:
        """Instantiate a module with the defined items. Raises WasmtimeError for an import that is
        missing or has another type, Trap, or the exception of a host function."""
        return self.instantiate_pre(module).instantiate(store)

    def instantiate_pre(self, module: Module) -> InstancePre:
        """A module with the items that its imports have now, for any number of instances. Raises
        WasmtimeError for an import that is missing."""
        _expect_module(module)
        found: list[_Definition] = []
        for item in module.loaded.info.imports:
            definition = self._definitions.get((item.module, item.name))
            if definition is None and self._is_defined(item.module, item.name):
                definition = self._builtin(module, item)
            if definition is None:
                raise LinkError(_unknown(item))
            found.append(definition)
        return InstancePre(module, found)

    def _is_defined(self, module: str, name: str) -> bool:
        is_builtin = module == PASS_BUILTINS and name in self._builtins
        return is_builtin or (module, name) in self._definitions

    def _builtin(self, module: Module, item: ImportInfo) -> _Definition | None:
        ty = extern_type(module.loaded, item.kind, item.index)
        if not isinstance(ty, FuncType):
            return None
        function, access_caller = self._builtins[item.name]
        return lambda store: Func(store_of(store), ty, function, access_caller)


@final
class InstancePre(Closable):
    """A module whose imports have been found: `Linker.instantiate_pre` makes it."""

    def __init__(self, module: Module, definitions: list[_Definition]):
        self._module, self._definitions = module, definitions

    @property
    def module(self) -> Module:
        """The module."""
        return self._module

    def instantiate(self, store: Storelike) -> Instance:
        """Instantiate it in a store. Raises WasmtimeError for an import of another type or store,
        Trap, or the exception of a host function."""
        return Instance(store, self._module, [make(store) for make in self._definitions])


def _unknown(item: ImportInfo) -> str:
    """What to say of an import that is not defined."""
    name = printable(f"{item.module}::{item.name}")
    message = f"unknown import: `{name}` has not been defined"
    if item.added_by is None:
        return message
    added = f"{message}; pass {item.added_by!r} added it"
    if item.module != PASS_BUILTINS:
        return added
    return (
        f"{added}: bind it with `Linker.define_builtin({item.name!r}, function)`; commands bind a"
        " function of a --load file that is marked with `@builtin`"
    )


def _expect_module(module: Module) -> None:
    if not isinstance(module, Module):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("expected a `Module`")


_NO_TYPE = FuncType([], [])

_EXPORTS_OF_COMMANDS = frozenset(
    {"memory", "table", "__indirect_function_table", "__data_end", "__heap_base", "__dso_handle"}
    | {"__rtlib_unwind_info"}
)
"""What toolchains export of a command besides functions; it is not defined."""


def _run_anew(pre: InstancePre, field: str) -> Callable[..., Any]:
    """A host function that calls an export of a new instance."""

    def run(caller: Caller, *arguments: Any) -> Any:
        function = pre.instantiate(caller).exports(caller)[field]
        assert isinstance(function, Func)
        return function(caller, *arguments)

    return run


def _constant(ty: FuncType) -> Callable[..., Any]:
    """A function that returns zeros."""
    values = [_zero(t) for t in ty.results]
    returned: Any = None if not values else values[0] if len(values) == 1 else values
    return lambda *_: returned


def _default_item(store: Storelike, ty: ExternType) -> Extern:
    """A new item of a type. Raises WasmtimeError."""
    match ty:
        case MemoryType() if ty.shared:
            from wasmdialect.api.shared_memory import SharedMemory

            return SharedMemory(store_of(store).engine, ty)
        case MemoryType():
            return Memory(store, ty)
        case TableType():
            return Table(store, ty, None)
        case GlobalType():
            return Global(store, ty, _zero(ty.content))
        case _:
            raise WasmtimeError(f"there is no default value of the type {ty}")


def _zero(t: ValType) -> Any:
    if isinstance(t.value_type, RefType):
        return None
    return 0.0 if t.value_type in (F32, F64) else 0


__all__ = ["Caller", "InstancePre", "Linker"]

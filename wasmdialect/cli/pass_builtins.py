"""Binding what `--load` files mark with `@builtin`, for commands that run programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from traceback import TracebackException
from typing import TYPE_CHECKING, Any

from wasmdialect.abi.builtins import PASS_BUILTINS
from wasmdialect.runtime.errors import ExitTrap, Trap, WasmtimeError

if TYPE_CHECKING:
    from wasmdialect.api.linker import Linker
    from wasmdialect.api.module import Module
    from wasmdialect.passes.builtins import Builtin


class BuiltinError(WasmtimeError):
    """A builtin raised an exception. The message has the frames of the file it is in."""


def imports_builtins(module: Module) -> bool:
    """Whether passes have declared builtins."""
    return any(item.module == PASS_BUILTINS for item in module.imports)


def define_builtins(linker: Linker, module: Module, files: Sequence[str]) -> None:
    """Define the builtins of a module that files mark. Raises PassError."""
    if not files or not imports_builtins(module):
        return
    from wasmdialect.codegen.importing import importing

    with importing:
        from wasmdialect.codegen.printed import printing_to_errors
        from wasmdialect.passes.registry import PassRegistry
    registry = PassRegistry()
    with printing_to_errors():
        for file in files:
            registry.load_file(file)
    for name, found in registry.builtins.items():
        linker.define_builtin(name, _explained(found), found.access_caller)


def _explained(found: Builtin) -> Callable[..., Any]:
    """The function, with errors that say whose they are."""

    def call(*arguments: Any) -> Any:
        try:
            return found.function(*arguments)
        except (Trap, ExitTrap, WasmtimeError):
            raise
        except Exception as error:  # the user's function may raise anything
            described = TracebackException.from_exception(error)
            del described.stack[0]  # this function
            shown = "".join(described.format()).rstrip()
            raise BuiltinError(f"builtin {found.name!r} failed\n{shown}") from error

    return call

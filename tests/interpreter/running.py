"""What tests of the interpreter share: a module as wasmir, and an instance of it."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import ModuleOp

from wasmdialect import Config, wat2wasm
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.interpreter import Function, Instance, Machine


def imported(source: str, pipeline: str = "") -> ModuleOp:
    """The wasmir of a module in the text format, or of one that is IR, after some passes."""
    is_wasm = source.lstrip().startswith("(module")
    data = bytes(wat2wasm(source)) if is_wasm else source.encode()
    session = CompileSession(data, "m.wasm", CompileSettings.of(Config()), pipeline)
    module = session.import_everything()
    session.run_passes(module)
    return module


def instance_of(source: str, machine: Machine | None = None, **imports: Any) -> Instance:
    """An instance; the imports are those from the module `m`."""
    externs = {("m", name): extern for name, extern in imports.items()}
    return Instance(machine or Machine(), imported(source), externs)


def call(instance: Instance, name: str, *arguments: Any) -> list[Any]:
    """The results of an exported function."""
    function: Function = instance.exports[name]  # pyright: ignore[reportAssignmentType]
    return instance.machine.invoke(function, arguments)

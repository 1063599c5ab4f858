"""A module through passes over wasmir and back to WebAssembly."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from wasmdialect._settings import Config
from wasmdialect.codegen.input import is_ir
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.exporter.errors import ExportError, FormlessError
from wasmdialect.exporter.module import export_module
from wasmdialect.passes.base import defined_functions
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.errors import WasmError
from wasmdialect.wasm.features import parse_features
from wasmdialect.wasm.module import Module
from wasmdialect.wasm.validate import validate_module


def wasmir_pipeline(config: Config) -> str:
    """The passes of a Config that run over wasmir. Raises ExportError if it adds passes to a later
    stage, from which there is no way back."""
    if config.pipeline is not None:
        return config.pipeline
    for point in config.at:
        if point not in ("wasmir-start", "wasmir-end"):
            raise ExportError(f"there is no way from {point} back to WebAssembly")
    stages = [config.at.get(point) for point in ("wasmir-start", "wasmir-end")]
    return ",".join(stage for stage in stages if stage)


def to_wasm(binary: bytes, file: str, settings: CompileSettings) -> Module:
    """The module after the passes of some settings over wasmir. `binary` is a Wasm module, or the text
    of a module in IR form, which `file` names in messages. Raises WasmError, PassError, PassFailure,
    DeclarationError."""
    session = CompileSession(binary, file, settings, wasmir_pipeline(settings.config))
    module = session.import_everything()
    makers = Makers()
    session.run_passes(module, makers.note)
    return exported(module, binary, settings, makers)


class Makers:
    """Which pass made the first operation of each kind."""

    def __init__(self):
        self._by_name: dict[str, str] = {}

    def note(self, pass_text: str, module: ModuleOp, _: float) -> None:
        """An observer of passes: look at what is new after one."""
        found = {
            type(op)
            for function in defined_functions(module)
            for block in function.body.blocks
            for op in block.ops
        }
        for cls in found:
            self._by_name.setdefault(cls.name, pass_text)

    def of(self, operation: str) -> str:
        """The pass that made an operation with this name; empty if none did."""
        return self._by_name.get(operation, "")


def exported(
    module: ModuleOp, binary: bytes | None, settings: CompileSettings, makers: Makers
) -> Module:
    """A module of wasmir as WebAssembly, which is checked. `binary` is what it was read from: if that
    is a Wasm module, its custom sections are kept. Raises ExportError."""
    features = parse_features(settings.config.features)
    source = None if binary is None or is_ir(binary) else decode_module(binary, features)
    try:
        out = export_module(module, source, features)
    except FormlessError as error:
        maker = makers.of(error.operation)
        if maker:
            error.message += f"; the pass {maker} made it"
        raise
    try:
        validate_module(out)
    except WasmError as error:
        raise ExportError(f"the IR does not make a valid module: {error}") from None
    return out

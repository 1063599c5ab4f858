"""The functions of a module as IR: what passes make of them, for a program or a notebook."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING, final
from wasmdialect.runtime.errors import WasmtimeError

if TYPE_CHECKING:
    from wasmdialect._settings import Config
    from wasmdialect.codegen.inspection import IR, Inspection, Listing


def inspect_module(config: Config, module: str | bytes) -> Inspection:
    """A module, binary or text, whose functions are looked at. Raises WasmtimeError for a bad one."""
    from wasmdialect.codegen.importing import importing

    with importing:
        from wasmdialect.api.forms import is_mlir
        from wasmdialect.codegen.inspection import Inspection
        from wasmdialect.codegen.settings import CompileSettings
        from wasmdialect.wasm.errors import WasmError
        from wasmdialect.wasm.features import parse_features
        from wasmdialect.wasm.text import parse_module
    binary = module.encode("utf-8", "surrogateescape") if isinstance(module, str) else module
    file = "module.wasm"
    try:
        if isinstance(module, str) or binary[:1] != b"\0":
            if is_mlir(binary):
                file = "module.mlir"
            else:
                text = binary.decode("utf-8", "surrogateescape")
                binary = bytes(parse_module(text, parse_features(config.features)).binary)
        return Inspection(binary, file, CompileSettings.of(config))
    except WasmError as error:
        raise WasmtimeError(error.in_context()) from error


def find(inspection: Inspection, wanted: str | int) -> ModuleFunction:
    """A function by its index, name or export. Raises WasmtimeError."""
    from wasmdialect.codegen.inspection import find_function

    if type(wanted) is not int and not isinstance(wanted, str):
        raise TypeError("expected the name, an export or the index of a function")
    try:
        return ModuleFunction(inspection, find_function(inspection.source, wanted))
    except LookupError as error:
        raise WasmtimeError(str(error.args[0])) from None


@final
class ModuleFunction:
    """A function of a module at each stage of its way to machine code."""

    def __init__(self, inspection: Inspection, index: int):
        self._inspection = inspection
        self.index = index
        """Its index in the module; imported functions come first."""
        self.name: str = inspection.source.name_of(index)
        """Its symbol in the IR: the name it has in the module, if that is unique."""

    @property
    def is_imported(self) -> bool:
        """Whether it is imported, and so has no body."""
        return self.index not in self._inspection.source.body_sizes

    @property
    def wat(self) -> Listing:
        """Its text format. Raises WasmtimeError for a function of a module that was given as IR, and
        for one that a pass added."""
        from wasmdialect.codegen.inspection import Listing

        text = self._inspection.text(self._with_body())
        if text is None:
            why = "it is not from WebAssembly, but from IR or from a pass"
            raise WasmtimeError(f"function {self.index} ({self.name}) has no text format: {why}")
        return Listing(text)

    def at(self, point: str) -> IR:
        """Its IR at a point of the pipeline (wasmir-start, wasmir-end, wasmvm-end, llvm-end), after the
        passes that are added there. Raises PassError for another point, PassFailure if a pass
        fails."""
        return self._inspection.at(self._with_body(), point)

    def before(self, name: str | int) -> IR:
        """Its IR before a pass of the pipeline: its name, its name with its options as they are
        printed, or its number. Raises as `at`."""
        return self._inspection.around(self._with_body(), name, after=False)

    def after(self, name: str | int) -> IR:
        """Its IR after a pass. Parameters and errors are those of `before`."""
        return self._inspection.around(self._with_body(), name, after=True)

    @property
    def llvm(self) -> Listing:
        """The LLVM IR of it and its trampolines, before LLVM's own passes."""
        from wasmdialect.codegen.inspection import Listing

        return Listing(self._inspection.llvm(self._with_body()))

    @property
    def asm(self) -> Listing:
        """The assembly of it and its trampolines, after LLVM's passes. Raises CodegenError if LLVM
        refuses what passes made."""
        from wasmdialect.codegen.inspection import Listing

        return Listing(self._inspection.assembly(self._with_body()))

    def _with_body(self) -> int:
        if self.is_imported:
            raise WasmtimeError(f"function {self.index} ({self.name}) is imported: it has no body")
        return self.index

    def __repr__(self) -> str:
        imported = ", imported" if self.is_imported else ""
        return f"<function {self.index} ({self.name}){imported}>"

"""to_wasm: a module through passes, and back to WebAssembly."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.errors import WasmtimeError

if TYPE_CHECKING:
    from wasmdialect.api.config import Config


def to_wasm(wasm: str | bytes | bytearray, config: Config | None = None) -> bytearray:
    """A module after the passes of a Config, as WebAssembly in the binary format.

    `wasm` is binary or text, of Wasm or of wasmir. The passes are those of `config.pipeline`, or of
    `config.at` at `wasmir-start` and `wasmir-end`. Raises WasmtimeError for a bad module, and if
    passes leave something that has no form in WebAssembly.
    """
    from wasmdialect.api.config import Config
    from wasmdialect.api.forms import is_mlir
    from wasmdialect.api.module import wat2wasm
    from wasmdialect.codegen.exported import to_wasm
    from wasmdialect.codegen.garbage import relaxed_gc
    from wasmdialect.codegen.settings import CompileSettings
    from wasmdialect.wasm.errors import WasmError

    if not isinstance(wasm, str | bytes | bytearray):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("expected wasm bytes")
    config = Config() if config is None else config
    source = wasm.encode("utf-8", "surrogateescape") if isinstance(wasm, str) else bytes(wasm)
    name = "module.wasm"
    if source[:1] not in (b"", b"\0"):
        if is_mlir(source):
            name = "module.mlir"
        else:
            source = bytes(wat2wasm(source))
    try:
        with relaxed_gc():
            return bytearray(to_wasm(source, name, CompileSettings.of(config)).binary)
    except WasmError as error:
        raise WasmtimeError(error.in_context()) from error

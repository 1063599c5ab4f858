"""`wasmdialect run --count-calls`: the pass that counts calls, and the file with what it counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmdialect._printable import printable
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import input_form, read_bytes, to_module
from wasmdialect.cli.output import write_output

if TYPE_CHECKING:
    from wasmdialect._settings import Config
    from wasmdialect.api.instance import Instance

_PASS = "count-call-sites"
_POINT = "wasmir-start"


class CallCounter:
    """Counts the calls of a program that is run."""

    def __init__(self, file: str, path: str, config: Config):
        """Add the pass to the settings of a module in a file. Raises UsageError for what the pass
        cannot be added to, OSError and WasmError."""
        if file == "-" or config.pipeline is not None:
            raise UsageError("--count-calls needs a module in a file, and the default pipeline")
        data = read_bytes(file)
        if data.startswith(b"\x7fELF") or input_form(data, file) == "mlir":
            raise UsageError(f"--count-calls needs WebAssembly, and {printable(file)} is none")
        self._data, self._file, self._path = data, file, path
        others = config.at.get(_POINT, "")
        config.at = {**config.at, _POINT: f"{_PASS},{others}" if others else _PASS}

    def write(self, instance: Instance) -> None:
        """Write what was counted. Raises OSError."""
        from wasmdialect.codegen.call_counts import write_call_counts
        from wasmdialect.wasm.features import Feature

        binary = to_module(self._data, self._file, frozenset(Feature)).binary
        field = instance.fields.get("call-sites")
        text = write_call_counts(binary, () if field is None else field.buffer)
        write_output(self._path, text.encode())

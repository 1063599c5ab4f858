"""A reproducer of a failure in a pass: the IR before all passes, and the command that fails."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from shlex import quote

from xdsl.dialects.builtin import ModuleOp

from wasmdialect._version import __version__


def write_reproducer(module: ModuleOp, pipeline: str, load: Sequence[str]) -> str:
    """Write the IR to a file that stays; returns its path.

    The file says which versions were used and how to run it. Raises OSError.
    """
    with tempfile.NamedTemporaryFile(
        "w", prefix="wasmdialect-reproducer-", suffix=".mlir", delete=False, encoding="utf-8"
    ) as file:
        loads = "".join(f" --load {quote(path)}" for path in load)
        file.write(
            f"// wasmdialect {__version__}, xdsl {version('xdsl')}, llvmlite {version('llvmlite')},"
            f" Python {platform.python_version()}\n"
            f"// wasm-opt-py {file.name}{loads} -p {quote(pipeline)}\n{module!s}\n"
        )
        return file.name

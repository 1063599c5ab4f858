"""Writing results: whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def write_output(path: str | None, data: bytes) -> None:
    """Write to a file by renaming a finished one, or to standard output. Raises OSError."""
    if path is None or path == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    fd, temporary = tempfile.mkstemp(dir=target.parent or ".", prefix=f".{target.name}.")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise

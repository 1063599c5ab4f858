"""The module search path of workers: that of this process, without the user's folders. Python puts the
folder of the program first, or the current directory (`-c`, `-m`, a prompt): the compiler would import
any `types.py` or `llvmlite.py` there. Workers do without that entry, or have it last: if the package
itself is there, and for sessions that load passes, which may import their neighbours.
"""

from __future__ import annotations

import os
import sys

import wasmdialect


def worker_path(*, with_program: bool) -> list[str]:
    """`sys.path` for a worker; `with_program` keeps the folder of the program, as the last one."""
    path = [entry and os.path.abspath(entry) for entry in sys.path]
    program = _program_folder(path)
    if program is not None:
        path.remove(program)
    home = os.path.dirname(os.path.dirname(os.path.abspath(wasmdialect.__file__)))
    if home not in path:
        path.append(home)
    if with_program and program is not None:
        path.append(program or current_folder())
    return path


def current_folder() -> str:
    """The current directory; the root if it has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return os.path.sep


def _program_folder(path: list[str]) -> str | None:
    """The entry that Python has put first for the program, None if there is none."""
    if sys.flags.safe_path:
        return None
    if "" in path:
        return ""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if file is None:
        return None
    if getattr(main, "__spec__", None) is None:  # python FILE
        folder = os.path.dirname(os.path.realpath(file))
    else:  # python -m MODULE
        folder = current_folder()
    return folder if folder in path else None

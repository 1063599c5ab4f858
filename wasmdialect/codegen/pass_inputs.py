"""What the files given with `--load` import from their folders. It is found by reading their source,
because a pass may import when it runs. Python itself says where a module is, then and before the result
is used again.
"""

from __future__ import annotations

import ast
import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.machinery import PathFinder

from xdsl.passes import ModulePass

from wasmdialect.codegen.module_entry import PassInputs
from wasmdialect.codegen.module_key import digest_of_file

_TOOLS = ("wasmdialect", "xdsl")
_IMPORTING = frozenset(("__import__", "builtins", "eval", "exec", "importlib", "pkgutil", "runpy"))
"""With these a file may import what its source does not name."""


def pass_inputs(loaded: Sequence[str], passes: Iterable[ModulePass]) -> PassInputs | None:
    """The inputs of the passes in loaded files. Raises LookupError if they cannot be told: source that
    imports by other means than `import`, or a pass of another package."""
    for p in passes:
        package = type(p).__module__.partition(".")[0]
        if package not in _TOOLS and not package.startswith("wasmdialect_loaded_"):
            raise LookupError(f"{p.name} is a pass of {package}")
    if not loaded:
        return None
    closure = _Closure(loaded)
    for path in loaded:
        closure.add_file(path)
    for path in _loaded_from(closure.folders):
        closure.files.setdefault(path, digest_of_file(path))
    return PassInputs([*closure.files.items()], [*closure.imports.items()], closure.search)


def imported_files(path: str) -> set[str]:
    """A file, and those of its folder that it imports, as far as that can be told."""
    closure = _Closure([path])
    with contextlib.suppress(LookupError):
        closure.add_file(path)
    return {*closure.files}


class _Closure:
    """Files, and everything that they import from their folders."""

    def __init__(self, files: Sequence[str]):
        self.folders = {os.path.dirname(path) for path in files}
        self.search = [os.path.abspath(folder) for folder in sys.path]
        self.files: dict[str, str | None] = {}
        self.imports: dict[str, str | None] = {}

    def add_file(self, path: str) -> None:
        """Add a file, and what it imports. Raises LookupError."""
        if path in self.files:
            return
        self.files[path] = digest_of_file(path)
        for name in _imported_names(path):
            self._add_import(name)

    def _add_import(self, name: str) -> None:
        if name in _TOOLS or name in sys.builtin_module_names or name in self.imports:
            return
        spec = PathFinder.find_spec(name, self.search)
        self.imports[name] = None if spec is None else spec.origin
        if spec is None:
            return
        if spec.submodule_search_locations is not None:
            if any(_is_in(place, self.folders) for place in spec.submodule_search_locations):
                raise LookupError(f"{name} is a package")
        elif spec.origin is not None and _is_in(spec.origin, self.folders):
            if not spec.origin.endswith(".py"):
                raise LookupError(f"{spec.origin} is not source")
            self.add_file(spec.origin)


def _imported_names(path: str) -> Iterator[str]:
    """The first parts of the names of the modules that a file imports, anywhere in it."""
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(), path)
    except (OSError, SyntaxError, ValueError) as error:
        raise LookupError(f"{path} cannot be read: {error}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in _IMPORTING:
            raise LookupError(f"{path} has {node.id}")
        if isinstance(node, ast.ImportFrom):
            names = [] if node.module is None or node.level else [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            first = name.partition(".")[0]
            if first in _IMPORTING:
                raise LookupError(f"{path} imports {first}")
            yield first


def _loaded_from(folders: set[str]) -> Iterator[str]:
    """The source of modules that somebody else has loaded from these folders."""
    for module in [*sys.modules.values()]:
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py"):
            path = os.path.realpath(file)
            if _is_in(path, folders):
                yield path


def _is_in(path: str, folders: set[str]) -> bool:
    real = os.path.realpath(path)
    return any(real.startswith(os.path.join(folder, "")) for folder in folders)

"""Digests of the inputs of machine code besides a body: this package, passes, declarations."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wasmdialect._version import __version__
from wasmdialect.wasm.leb128 import decode_unsigned

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

_PACKAGE = Path(__file__).parents[1]
_CUSTOM, _CODE, _DATA = 0, 10, 11


def digest(*parts: str | bytes) -> str:
    """SHA-256 of some strings, in hexadecimal; no two different sequences have the same."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


_versions: dict[str, str] = {}
_tool_digests: list[str] = []


def tool_versions() -> dict[str, str]:
    """The tools of a compilation: names and versions. Unless they are known, this loads LLVM."""
    if not _versions:
        _versions.update(_ask_tools())
    return _versions


def tool_digest() -> str:
    """Of this package's source and the versions of its dependencies."""
    if not _tool_digests:
        versions = [f"{name} {v}" for name, v in tool_versions().items()]
        _tool_digests.append(digest(*versions, *_contents(_PACKAGE.rglob("*.py"))))
    return _tool_digests[0]


def know_tools(versions: dict[str, str], digest: str) -> None:
    """Take from the cache what does not have to be asked then (`codegen.tools`)."""
    if not _tool_digests:
        _versions.update(versions)
        _tool_digests.append(digest)


def _ask_tools() -> dict[str, str]:
    from wasmdialect.codegen.importing import importing

    with importing:
        from importlib.metadata import version

        from wasmdialect.codegen.llvm import llvm

        return {
            "wasmdialect": __version__,
            "python": platform.python_version(),
            "xdsl": version("xdsl"),
            "llvmlite": version("llvmlite"),
            "llvm": ".".join(map(str, llvm.llvm_version_info)),
            "capstone": version("capstone"),
        }


def pass_digest(cls: type[ModulePass]) -> str:
    """Of the source of a pass: its own file, and every file that it imports, or that is loaded, from
    the same folder or, in a package, from that package. (xDSL's own passes: the file and the
    version.)"""
    import inspect

    from wasmdialect.codegen.pass_inputs import imported_files

    package = cls.__module__.partition(".")[0]
    if package == "wasmdialect":
        return own_pass_digest(cls.name)
    file = Path(inspect.getfile(cls)).resolve()
    if package == "xdsl":
        return _installed_pass_digest(file)
    module = sys.modules.get(package)
    is_package = getattr(module, "__path__", None) and module is not None and module.__file__
    root = Path(module.__file__).parent if is_package else file.parent  # pyright: ignore
    loaded = {Path(f).resolve() for m in [*sys.modules.values()] if (f := _source(m)) is not None}
    imported = {Path(f) for f in imported_files(str(file))}
    return digest(*_contents(imported.union(f for f in loaded if f.is_relative_to(root))))


@cache
def own_pass_digest(name: str) -> str:
    """Of a pass of this package, whose source is part of the tools."""
    return digest(tool_digest(), name)


@cache
def _installed_pass_digest(file: Path) -> str:
    """Of a pass of xDSL, which does not change while it is loaded."""
    return digest(tool_digest(), *_contents([file]))


def _source(module: object) -> str | None:
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) and file.endswith(".py") else None


def _contents(files: Iterable[Path]) -> Iterable[bytes]:
    for file in sorted(files):
        yield file.name.encode()
        yield file.read_bytes()


class PassDigest(NamedTuple):
    """The digest of the source of a pass, and where it matters."""

    digest: str
    unwanted: frozenset[int] = frozenset()
    """Indices of functions that the pass leaves alone; trampolines then, too."""

    def leaves_alone(self, functions: Iterable[int]) -> bool:
        """Whether code of these functions, if any, does not depend on the pass."""
        return bool(self.unwanted) and self.unwanted.issuperset(functions)


def declarations_digest(binary: bytes) -> str:
    """Of everything in a decoded module that the code of a function can depend on besides its body:
    all sections but the bodies, the contents of data segments, and custom ones other than names."""
    parts: list[bytes] = []
    position = 8
    while position < len(binary):
        kind, start = binary[position], position + 1
        size, start = decode_unsigned(binary, start, 32)
        content = binary[start : start + size]
        if kind not in (_CODE, _DATA, _CUSTOM) or (kind == _CUSTOM and content[:5] == b"\4name"):
            parts.append(content)
        position = start + size
    return digest(*parts)

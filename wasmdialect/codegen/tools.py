"""The tools of a compilation and this machine's processor, as an earlier process found them.

Asking the tools means loading them, for most of a second. So the cache keeps the answers under a
*stamp*: what the file system says about the source of this package and the tools' installations, and
Linux about the processor. The answers are digests of contents, and so are the keys that hold them.
"""

from __future__ import annotations

import os
import sys

from wasmdialect._cpuinfo import MACHINE, auxiliary_vector, first_processor
from wasmdialect._loaded import LOADED_AT
from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.codegen.importing import importing
from wasmdialect.codegen.sealing import key_of, seal, unseal
from wasmdialect.codegen.target import Target, host_target, know_host

if TYPE_CHECKING:
    from typing import Any

    from wasmdialect.codegen.store import Store

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_DISTRIBUTIONS = ("capstone-", "lark-", "llvmlite-", "xdsl-")
_PROCESSOR = ("vendor_id", "cpu family", "model", "stepping", "flags")
_CAPABILITIES = (16, 26)
"""The entries of the auxiliary vector that say what the processor can do (AT_HWCAP, AT_HWCAP2)."""
_SETTLED = 2_000_000_000
"""Nanoseconds after which a change gives a file another time, on any file system."""


class Tools(FrozenRecord):
    """What keys need to know."""

    digest: str
    """Of this package's source and the versions of its dependencies."""
    lark: str
    """The version of the parser of text, which functions do not depend on."""
    versions: dict[str, str]
    """Those of `digests.tool_versions`."""
    host: Target
    """This machine."""


_stamps: list[str | None] = []
"""The stamp when this process first needed it."""


def known_tools(store: Store) -> Tools | None:
    """The tools as the cache knows them; None if it does not, or the source of this package has
    changed since they were loaded, or may have."""
    key = _stamp()
    if key is None:
        return None
    plain = unseal(key, store.get(key))
    if plain is None:
        return None
    digest, lark, versions, host, libraries = plain
    if any(_facts_of(path) != facts for path, facts in libraries):
        return None
    return Tools(digest, lark, versions, Target(*host))


def use_tools(tools: Tools) -> None:
    """Compile with what is known about the tools, without asking them."""
    with importing:
        from wasmdialect.codegen.digests import know_tools
    know_tools(tools.versions, tools.digest)
    know_host(tools.host)


def learn_tools(store: Store) -> Tools | None:
    """The tools, asked; the cache knows them from now on. None if the source of this package has
    changed since they were loaded, or may have."""
    key = _stamp()
    if key is None:
        return None
    with importing:
        from importlib.metadata import version

        from wasmdialect.codegen.digests import tool_digest, tool_versions

        lark = version("lark")
    tools = Tools(tool_digest(), lark, tool_versions(), host_target())
    if not is_current():
        return None
    libraries = [(path, _facts_of(path)) for path in _llvm_libraries()]
    store.insert(key, seal(key, (*_plain(tools), libraries)))
    return tools


def _plain(tools: Tools) -> tuple[Any, ...]:
    return tools.digest, tools.lark, tools.versions, (*vars(tools.host).values(),)


def is_current() -> bool:
    """Whether the tools are what they were when this process first asked."""
    stamp = _stamp()
    return stamp is not None and stamp == _read_stamp()


def _stamp() -> str | None:
    if not _stamps:
        _stamps.append(_read_stamp())
    return _stamps[0]


def _read_stamp() -> str | None:
    processor = first_processor()
    vector = auxiliary_vector()
    capabilities = [vector.get(entry) for entry in _CAPABILITIES]
    if "flags" not in processor if MACHINE == "x86_64" else capabilities[0] is None:
        return None
    facts: list[Any] = [sys.version, sys.flags.optimize, MACHINE, capabilities]
    facts.append([processor.get(name) for name in _PROCESSOR])
    try:
        newest = _add_sources(_PACKAGE, facts)
    except OSError:  # it is in an archive, say
        return None
    if newest > LOADED_AT - _SETTLED:
        return None
    for folder in sys.path:
        _add_distributions(folder or os.curdir, facts)
    return key_of("tools", repr(facts))


def _add_sources(folder: str, facts: list[Any]) -> int:
    """Add what changes with each file of source; returns the time of the newest change."""
    newest = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                status = entry.stat()
                newest = max(newest, status.st_ctime_ns)
                facts.append((entry.path, _facts(status), status.st_ctime_ns))
            elif entry.is_dir() and entry.name != "__pycache__":
                newest = max(newest, _add_sources(entry.path, facts))
    return newest


def _add_distributions(folder: str, facts: list[Any]) -> None:
    """Add the installations of tools in a folder: their versions are in the names."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in sorted(names):
        if name.startswith(_DISTRIBUTIONS):
            path = os.path.join(folder, name)
            facts.append((path, _facts_of(path)))


def _facts_of(path: str) -> tuple[int, ...] | None:
    try:
        return _facts(os.stat(path))
    except OSError:
        return None


def _facts(status: os.stat_result) -> tuple[int, ...]:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _llvm_libraries() -> list[str]:
    """The files with LLVM's code: llvmlite may take the system's, which has versions of its own."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        mapped = {line.split(maxsplit=5)[-1].strip() for line in maps}
    return sorted(path for path in mapped if "llvm" in os.path.basename(path).lower())

"""The cache of a Config, and modules that are in it as a whole: such a module is loaded without loading
the compiler."""

from __future__ import annotations

import os
import time

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.codegen.lazy_entry import find_lazy_entry
from wasmdialect.codegen.module_entry import (
    artifact_key,
    find_entry,
    is_artifact_of,
    is_unchanged,
    keep_entry,
)
from wasmdialect.codegen.module_key import module_key
from wasmdialect.codegen.show import show
from wasmdialect.codegen.store import DirectoryStore, default_directory
from wasmdialect.codegen.tools import is_current, known_tools, learn_tools, use_tools
from wasmdialect.codegen.trusted_path import UntrustedPathError
from wasmdialect.object.errors import ArtifactError
from wasmdialect.runtime.module import load_bytes, load_descriptor

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from wasmdialect.api.config import Config
    from wasmdialect.api.lazily import LazySource
    from wasmdialect.codegen.compiler import Compilation
    from wasmdialect.codegen.lazy import LazyCompiler
    from wasmdialect.codegen.store import Store
    from wasmdialect.codegen.tools import Tools
    from wasmdialect.runtime.module import LoadedModule


class CachedModule(FrozenRecord):
    """A module from the cache, in memory, and what its compilation said."""

    loaded: LoadedModule
    artifact: bytes | memoryview
    pipeline: str
    reports: list[dict[str, Any]]
    seconds: dict[str, float]


def find_or_compile(
    config: Config,
    module: str | bytes,
    compile: Callable[[], Compilation | LazyCompiler],
    *,
    is_ir: bool = False,
) -> CachedModule | Compilation | LazySource:
    """The module from the cache, else the result of `compile`, which the cache keeps. `is_ir` says that
    the module is IR whatever it looks like. Raises what `compile` raises."""
    try:
        store = cache_store(config)
    except OSError:
        store = None  # the compiler will say so
    if store is None:
        _start_workers(config, len(module))
        return _compile(compile, None)
    started = time.perf_counter()
    known = tools = known_tools(store)
    key = _key(module, config, tools, is_ir)
    found = _find(store, key, started)
    if known is None:
        # The module may be in the cache all the same, but hardly ever is. Asking loads LLVM.
        _start_workers(config, len(module))
        tools = learn_tools(store)
        key = _key(module, config, tools, is_ir)
        found = _find(store, key, started)
    if found is not None:
        return found
    place = None if key is None else (store, key)
    if place is not None and config.compilation != "eager" and config.jobs != 0:
        entry = find_lazy_entry(*place)
        if entry is not None:
            from wasmdialect.api.lazily import LazySource

            show(entry.printed)
            return LazySource(entry, compile, place)
    if known is not None:
        use_tools(known)
        _start_workers(config, len(module))
    return _compile(compile, place)


def _compile(
    compile: Callable[[], Compilation | LazyCompiler], place: tuple[Store, str] | None
) -> Compilation | LazySource:
    """Compile a module, and keep it if everything is compiled now; otherwise it is kept later."""
    compiled = compile()
    from wasmdialect.codegen.lazy import LazyCompiler

    if isinstance(compiled, LazyCompiler):
        from wasmdialect.api.lazily import LazySource

        return LazySource(compiled, compile, place)
    entry = compiled.entry
    if place is not None and entry is not None and is_current() and is_unchanged(entry.inputs):
        keep_entry(*place, entry, compiled.artifact)
    return compiled


def _start_workers(config: Config, size: int) -> None:
    """Let the compiler be loaded, for workers, while this process reads the module."""
    if config.jobs == 0:
        return
    from wasmdialect.codegen.importing import importing

    with importing:
        from wasmdialect.codegen.pool import default_jobs, shared_pool
    jobs = default_jobs() if config.jobs is None else config.jobs
    shared_pool(jobs).prepare(1 if size < _SMALL else min(jobs, default_jobs()))


_SMALL = 32 * 1024
"""Bytes of a module for which one worker is enough at first."""


def _key(module: str | bytes, config: Config, tools: Tools | None, is_ir: bool) -> str | None:
    return None if tools is None else module_key(module, config, tools, is_ir=is_ir)


def _find(store: Store, key: str | None, started: float) -> CachedModule | None:
    entry = None if key is None else find_entry(store, key)
    if key is None or entry is None:
        return None
    found = _load(store, artifact_key(key))
    if found is None or not is_artifact_of(entry, found[1]):
        return None
    show(entry.printed)
    seconds = {"total": time.perf_counter() - started}
    return CachedModule(*found, entry.pipeline, entry.reports, seconds)


def _load(store: Store, key: str) -> tuple[LoadedModule, bytes | memoryview] | None:
    """The artifact under a key, loaded; None if it is not there, or damaged."""
    try:
        if not isinstance(store, DirectoryStore):
            data = store.get(key)
            return None if data is None else (load_bytes(data), data)
        opened = store.open_entry(key)
        if opened is None:
            return None
        try:
            return load_descriptor(opened)
        finally:
            os.close(opened)
    except (ArtifactError, OSError):
        return None


_own_stores: dict[str, Store | None] = {}
_directory_stores: dict[str, Store] = {}


def cache_store(config: Config) -> Store | None:
    """The store of the incremental cache, None if it is off. Raises OSError if a requested
    directory cannot hold it, or is not the user's alone; if the user's own cannot, nothing is
    cached."""
    wanted = config.cache
    if wanted is False:
        return None
    if wanted is True:
        try:
            return _own_store(default_directory())
        except RuntimeError:  # nobody's home
            return None
    if isinstance(wanted, str | os.PathLike):
        return _directory_store(os.fspath(wanted))
    return wanted


def _own_store(path: str) -> Store | None:
    """The user's own store, None if there can be none."""
    if path not in _own_stores:
        _own_stores[path] = _open_own_store(path)
    return _own_stores[path]


def _open_own_store(path: str) -> Store | None:
    try:
        return _directory_store(path)
    except UntrustedPathError as error:
        import warnings

        reason = f"{error.filename} {error.strerror}"
        warnings.warn(f"compiling without the cache: {reason}", RuntimeWarning, stacklevel=2)
    except OSError:  # read-only
        return None
    return None


def _directory_store(path: str) -> Store:
    if path not in _directory_stores:
        _directory_stores[path] = DirectoryStore(path)
    return _directory_stores[path]

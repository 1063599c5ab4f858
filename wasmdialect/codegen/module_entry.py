"""A whole compiled module in the cache: its artifact as it is, and beside it an entry with the rest.
Reading them loads no part of the compiler.
"""

from __future__ import annotations

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.codegen.module_key import digest_of_file
from wasmdialect.codegen.sealing import key_of, seal, unseal
from wasmdialect.object.artifact import read_checksum
from wasmdialect.object.errors import ArtifactError

if TYPE_CHECKING:
    from typing import Any

    from wasmdialect.codegen.store import Store


class PassInputs(FrozenRecord):
    """What the files given with `--load` import from their folders, as it was found by compiling."""

    files: list[tuple[str, str | None]]
    """The files, each with the digest of its contents."""
    imports: list[tuple[str, str | None]]
    """The imported modules, each with the file where Python finds it; None if it does not."""
    search: list[str]
    """Where Python looked for them."""


class ModuleEntry(FrozenRecord):
    """What there is to know about a compiled module besides its artifact."""

    checksum: bytes
    """Of the artifact."""
    pipeline: str
    reports: list[dict[str, Any]]
    printed: str
    """The output of passes."""
    inputs: PassInputs | None
    """None if all passes come with the tools."""


def find_entry(store: Store, key: str) -> ModuleEntry | None:
    """The entry under a key, if passes import what they imported then."""
    plain = unseal(key, store.get(key))
    if plain is None:
        return None
    checksum, pipeline, reports, printed, inputs = plain
    found = None if inputs is None else PassInputs(*inputs)
    if not is_unchanged(found):
        return None
    return ModuleEntry(checksum, pipeline, reports, printed, found)


def keep_entry(store: Store, key: str, entry: ModuleEntry, artifact: bytes) -> None:
    """Keep a compiled module. The entry comes last: without an artifact it is worth nothing."""
    inputs = entry.inputs
    plain = None if inputs is None else (inputs.files, inputs.imports, inputs.search)
    values = (entry.checksum, entry.pipeline, entry.reports, entry.printed, plain)
    store.insert(artifact_key(key), artifact)
    store.insert(key, seal(key, values))


def artifact_key(key: str) -> str:
    """The key of the artifact of a module."""
    return key_of("artifact", key)


def is_artifact_of(entry: ModuleEntry, artifact: bytes | memoryview) -> bool:
    """Whether an undamaged artifact is the one that the entry was made for."""
    try:
        return read_checksum(artifact) == entry.checksum
    except ArtifactError:
        return False


def is_unchanged(inputs: PassInputs | None) -> bool:
    """Whether passes would import what they imported when these inputs were found."""
    if inputs is None:
        return True
    from importlib.machinery import PathFinder

    if any(digest_of_file(path) != digest for path, digest in inputs.files):
        return False
    for name, origin in inputs.imports:
        spec = PathFinder.find_spec(name, inputs.search)
        if (None if spec is None else spec.origin) != origin:
            return False
    return True

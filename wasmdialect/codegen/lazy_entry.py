"""A lazily compiled module in the cache: the code that was compiled the last time it ran, linked, and
everything that running it needs. Reading it loads no part of the compiler.
"""

from __future__ import annotations

import os

from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.codegen.module_entry import PassInputs, is_unchanged
from wasmdialect.codegen.sealing import key_of, seal, unseal
from wasmdialect.object.artifact import Artifact, EngineInfo
from wasmdialect.object.errors import ArtifactError
from wasmdialect.object.image import PlacedFunction
from wasmdialect.object.info import ArtifactInfo
from wasmdialect.object.provenance import Provenance

if TYPE_CHECKING:
    from typing import Any

    from wasmdialect.codegen.store import Store


class LazyEntry(FrozenRecord):
    """What the cache keeps of a lazily compiled module."""

    pipeline: str
    reports: list[dict[str, Any]]
    """The reports about the functions that have code."""
    printed: str
    """The output of passes about them."""
    inputs: PassInputs | None
    body_bytes: int
    """The size of all function bodies."""
    artifact: Artifact
    """Everything but the code."""
    improvable: list[int]
    """The functions whose code is that for their first call."""
    code: Artifact
    """The code, as it is where the code of lazy modules begins (`runtime.lazy.link_first`)."""


def find_lazy_entry(store: Store, key: str) -> LazyEntry | None:
    """The entry of the module with a key, if passes import what they imported then."""
    own = _key_of(key)
    plain = unseal(own, store.get(own))
    if plain is None:
        return None
    pipeline, reports, printed, inputs, body_bytes, whole, improvable, code = plain
    found = None if inputs is None else PassInputs(*inputs)
    if not is_unchanged(found):
        return None
    try:
        artifact = _artifact(*whole)
    except (ArtifactError, ValueError):
        return None
    return LazyEntry(
        *(pipeline, reports, printed, found, body_bytes, artifact, improvable),
        _with_code(artifact, *code),
    )


def keep_lazy_entry(store: Store, key: str, entry: LazyEntry) -> None:
    """Keep a module, with its code so far."""
    own, inputs, whole, code = _key_of(key), entry.inputs, entry.artifact, entry.code
    values = (
        *(entry.pipeline, entry.reports, entry.printed),
        None if inputs is None else (inputs.files, inputs.imports, inputs.search),
        entry.body_bytes,
        (
            *(whole.engine.to_bytes(), whole.info.to_bytes(), bytes(whole.wasm_data)),
            *(bytes(whole.names), whole.provenance.to_bytes(), whole.elf_machine),
            bytes(whole.traps),
        ),
        entry.improvable,
        (
            *(bytes(code.text), bytes(code.eh_frame), bytes(code.rodata), code.rodata_offset),
            [(f.symbol, f.offset, f.size) for f in code.functions],
            None if code.address_map is None else bytes(code.address_map),
            bytes(code.traps),
            None if code.inlined is None else bytes(code.inlined),
        ),
    )
    store.insert(own, seal(own, values))


def _key_of(key: str) -> str:
    return key_of("lazy", key, str(_PAGE_SIZE))


_PAGE_SIZE = os.sysconf("SC_PAGESIZE")
"""Distances in linked code depend on it."""


def read_samples(store: Store, key: str) -> dict[int, int]:
    """How often each function of a module was running when it was looked at, in all processes so
    far."""
    own = key_of("samples", key)
    return unseal(own, store.get(own)) or {}


def keep_samples(store: Store, key: str, samples: dict[int, int]) -> None:
    """Keep them for the next process."""
    own = key_of("samples", key)
    store.insert(own, seal(own, samples))


def _artifact(
    engine: bytes,
    info: bytes,
    wasm_data: bytes,
    names: bytes,
    provenance: bytes,
    elf_machine: int,
    traps: bytes,
) -> Artifact:
    return Artifact(
        *(EngineInfo.from_bytes(engine), ArtifactInfo.from_bytes(info)),
        *(b"", b"", b"", 0, (), None, traps, wasm_data, names),
        *(Provenance.from_bytes(provenance), elf_machine),
    )


def _with_code(
    module: Artifact,
    text: bytes,
    eh_frame: bytes,
    rodata: bytes,
    rodata_offset: int,
    functions: list[tuple[str, int, int]],
    address_map: bytes | None,
    traps: bytes,
    inlined: bytes | None,
) -> Artifact:
    placed = tuple(PlacedFunction(*function) for function in functions)
    return Artifact(
        *(module.engine, module.info, text, eh_frame, rodata, rodata_offset, placed),
        *(address_map, traps, b"", b"", module.provenance, module.elf_machine),
        inlined=inlined,
    )

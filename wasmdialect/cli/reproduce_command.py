"""`wasmdialect reproduce`: build an artifact again from its input and compare the bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wasmdialect._printable import printable
from wasmdialect._settings import SETTING_OF, Config
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.inputs import read_bytes, to_source
from wasmdialect.cli.options import DEBUG_OPTION, finish, setting_option
from wasmdialect.object.artifact import Artifact, read_artifact
from wasmdialect.object.code_file import read_code_file
from wasmdialect.object.provenance import Provenance

if TYPE_CHECKING:
    from wasmdialect.codegen.settings import CompileSettings


@click.command("reproduce")
@click.argument("artifact")
@click.argument("file", metavar="INPUT")
@click.option(
    "--load", multiple=True, metavar="FILE", help="A file of passes that it was built with."
)
@setting_option(SETTING_OF["jobs"])
@DEBUG_OPTION
def command(artifact: str, file: str, load: tuple[str, ...], jobs: int | None, debug: bool) -> None:
    """Compile INPUT with the settings recorded in ARTIFACT, and compare the bytes. The exit code is 0
    if they are equal, else 1, with possible reasons printed.

    \b
    wasmdialect reproduce prog.cwasm prog.wasm
    """
    finish(lambda: reproduce(artifact, file, load, jobs), debug=debug)


def reproduce(artifact: str, file: str, load: tuple[str, ...], jobs: int | None) -> int:
    """Build again and compare; returns the exit code."""
    from wasmdialect.codegen.compiler import compile_module

    data = read_bytes(artifact)
    old = read_artifact(data)
    module = to_source(read_bytes(file), Path(file).name, "all")
    given = Provenance.of(module.binary, {})
    if given.input_sha256 != old.provenance.input_sha256:
        raise UsageError(
            f"{printable(artifact)} was not compiled from {printable(file)}: the input had"
            f" {old.provenance.input_size} bytes and SHA-256 {old.provenance.input_sha256}"
        )
    settings = _settings_of(old, load)
    compiled = compile_module(module.binary, settings, file=module.file, jobs=jobs)
    if compiled.artifact == data:
        print(f"{printable(artifact)}: the same {len(data)} bytes again")
        return 0
    print(f"{printable(artifact)}: other bytes than before")
    for line in _differences(data, compiled.artifact):
        print(f"  {printable(line)}")
    return 1


def _settings_of(artifact: Artifact, load: tuple[str, ...]) -> CompileSettings:
    from wasmdialect.codegen.settings import CompileSettings
    from wasmdialect.codegen.target import Target

    engine = artifact.engine
    # The module was accepted when the artifact was made.
    config = Config(pipeline=engine.pipeline, load=load, features="all", **engine.settings)
    target = Target(engine.triple, engine.cpu, engine.features)
    return replace(CompileSettings.of(config), target=target)


def _differences(before: bytes, after: bytes) -> Iterator[str]:
    """Possible reasons, and the sections that differ."""
    old, new = read_artifact(before), read_artifact(after)
    for name, version in old.provenance.versions.items():
        now = new.provenance.versions.get(name)
        if now != version:
            yield f"{name} was {version}, is {now}"
    for was, now in zip(old.engine.passes, new.engine.passes, strict=False):
        if was != now:
            yield f"the source of {was['text']} is another one"
    sections = {s.name: (s.offset, s.size) for s in read_code_file(after).sections}
    for section in read_code_file(before).sections:
        start, size = sections.get(section.name, (0, 0))
        content = before[section.offset : section.offset + section.size]
        if content != after[start : start + size]:
            yield f"section {section.name} differs"

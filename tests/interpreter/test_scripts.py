"""The interpreter runs the WebAssembly test-suite: the smaller scripts here, all of them in
`tools/spec_table.py --engine interpreter`."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec.scripts import features_of, find_testsuite, out_of_scope, read_script, scripts

from wasmdialect import Config
from wasmdialect.api.wast_interpreted import interpret_commands
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.wasm.wast import parse_script

LARGEST = 6_000
"""Bytes of a script, so that all of them take seconds."""
PIPELINES = ("", "wasmir-canonicalize,wasmir-gvn,wasmir-dce")


def small_scripts() -> list[str]:
    """The scripts in scope that are small."""
    folder = find_testsuite()
    if folder is None:
        return ["i32.wast"]
    listed = out_of_scope()
    names = [name for name in scripts() if name not in listed]
    return [name for name in names if (folder / name).stat().st_size <= LARGEST]


@pytest.mark.parametrize("name", small_scripts())
def test_scripts_pass_as_imported_and_after_the_general_passes(testsuite: Path, name: str):
    commands = parse_script(read_script(testsuite, name))
    for pipeline in PIPELINES:
        config = Config(features=features_of(name), pipeline=pipeline)
        result = interpret_commands(commands, CompileSettings.of(config))
        assert result.failures == []

"""The WebAssembly test-suite, run at two levels with both kinds of bounds checks."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec.scripts import features_of, find_testsuite, out_of_scope, read_script, scripts
from spec.trap_audit import audited_traps

from wasmdialect import Config
from wasmdialect.api.wast import run_script
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import host_target

CONFIGURATIONS = [(level, bounds) for level in (0, 2) for bounds in ("guard", "explicit")]

TRAPPING = {
    ("traps.wast", "guard"): {"explicit", "memory"},
    ("traps.wast", "explicit"): {"explicit"},
    ("call_indirect.wast", "guard"): {"explicit", "null"},
    ("call_indirect.wast", "explicit"): {"explicit"},
}
"""The kinds of traps that scripts certainly have, so that the audit shows that it looks."""


@pytest.mark.parametrize("name", [n for n in scripts() if n not in out_of_scope()] or ["i32.wast"])
@pytest.mark.parametrize(("level", "bounds"), CONFIGURATIONS)
def test_script(
    testsuite: Path, name: str, level: int, bounds: str, monkeypatch: pytest.MonkeyPatch
):
    """Every command passes, and every trap is in the tables as it happened."""
    settings = CompileSettings(
        host_target(), Config(opt_level=level, bounds=bounds, features=features_of(name))
    )
    with audited_traps(monkeypatch) as audit:
        result = run_script(read_script(testsuite, name), settings)
    assert result.commands > 0
    assert result.failures == []
    assert audit.problems == []
    assert audit.seen["unmapped"] <= 0.05 * audit.seen["memory"]
    kinds = TRAPPING.get((name, bounds), set())
    assert kinds <= audit.seen.keys(), "traps have not been looked up"


@pytest.mark.parametrize("name", sorted(out_of_scope()))
def test_files_out_of_scope_still_fail(testsuite: Path, name: str):
    """A file that passes has to leave the list."""
    settings = CompileSettings(host_target(), Config(opt_level=0, features=features_of(name)))
    result = run_script(read_script(testsuite, name), settings)
    feature = out_of_scope()[name]
    assert any(f"not supported yet: {feature}" in f.message for f in result.failures)


def test_the_list_names_real_files(testsuite: Path):
    assert set(out_of_scope()) <= set(scripts())
    assert find_testsuite() == testsuite

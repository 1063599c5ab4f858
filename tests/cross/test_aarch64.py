"""Code for aarch64 does what the specification says, under emulation: integers and control."""

from __future__ import annotations

from pathlib import Path

import pytest
from cross.emulator import emulated_aarch64
from spec.scripts import read_script

from wasmdialect.api.wast import run_script
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.target import parse_target
from wasmdialect.object.link import LinkOptions

SCRIPTS = (
    *("i32", "i64", "int_exprs", "int_literals", "block", "loop", "br", "br_if", "if"),
    *("call", "call_indirect", "return", "select", "switch", "nop", "unreachable", "unwind"),
    *("fac", "forward", "labels", "stack", "local_get", "local_set", "local_tee", "func"),
    *("memory_trap", "traps", "address", "left-to-right", "conversions"),
)
OPTIONS = {
    "plain": CompileSettings(parse_target("aarch64-unknown-linux-gnu"), bounds="explicit"),
    "-O0": CompileSettings(parse_target("aarch64-unknown-linux-gnu"), level=0, bounds="explicit"),
    "veneers": CompileSettings(
        parse_target("aarch64-unknown-linux-gnu"),
        bounds="explicit",
        branch_protection=True,
        link=LinkOptions(force_veneers=True),
    ),
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", SCRIPTS)
def test_script(testsuite: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: str):
    with emulated_aarch64(monkeypatch):
        result = run_script(read_script(testsuite, f"{name}.wast"), OPTIONS[options])
    assert result.commands > 0
    assert result.failures == []

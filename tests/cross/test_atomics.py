"""Atomic instructions on aarch64: loops of exclusive accesses at the base, one instruction where the
processor has them (LSE), and no calls of a library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import capstone
import pytest
from cross.executable import make_executable
from cross.kernel import QEMU, run_under_qemu
from cross.startup import TRIPLE
from spec.scripts import read_script

from wasmdialect import Config, wat2wasm
from wasmdialect.codegen.compiler import compile_module
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.object.artifact import read_artifact

ACCESSES = {
    f"{t}.atomic.rmw{part}.{op}{'_u' if part else ''}": t
    for t, parts in (("i32", ("", "8", "16")), ("i64", ("", "8", "16", "32")))
    for part in parts
    for op in ("add", "sub", "and", "or", "xor", "xchg")
}


def settings(cpu: str, level: int) -> CompileSettings:
    config: Any = {"target": TRIPLE, "cpu": cpu, "opt_level": level, "features": "threads"}
    return CompileSettings.of(Config(**config))


def mnemonics(cpu: str, level: int, functions: str) -> list[list[str]]:
    """The instructions of each function."""
    text = f"(module (memory 1 1 shared) {functions})"
    data = compile_module(bytes(wat2wasm(text)), settings(cpu, level), jobs=1).artifact
    artifact = read_artifact(data)
    disassembler: Any = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    return [
        [i.mnemonic for i in disassembler.disasm(bytes(artifact.text[f.offset :][: f.size]), 0)]
        for f in artifact.functions
        if "function" in f.symbol
    ]


def is_exclusive(mnemonic: str) -> bool:
    return mnemonic.startswith(("ldxr", "ldaxr", "stxr", "stlxr"))


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("cpu", ["base", "armv8.1-a", "armv8.4-a"])
def test_read_modify_write(cpu: str, level: int):
    functions = " ".join(
        f"(func (param i32 {t}) (result {t}) ({m} (local.get 0) (local.get 1)))"
        for m, t in ACCESSES.items()
    )
    found = mnemonics(cpu, level, functions)
    assert len(found) == len(ACCESSES)
    for code in found:
        assert not {"bl", "blr"} & {*code}
        assert any(map(is_exclusive, code)) == (cpu == "base")
        single = [m for m in code if m.startswith(("ldadd", "ldclr", "ldset", "ldeor", "swp"))]
        assert len(single) == (cpu != "base")


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("cpu", ["base", "armv8.1-a"])
def test_compare_and_exchange(cpu: str, level: int):
    """Without optimisation LLVM has a loop of its own for it, in which nothing is spilled."""
    (code,) = mnemonics(
        *(cpu, level),
        """(func (param i32 i64 i64) (result i64)
          (i64.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))""",
    )
    assert not {"bl", "blr"} & {*code}
    assert ("casal" in code) == (cpu != "base" and level > 0)
    assert ("ldaxr" in code) == (cpu == "base" or level == 0)


@pytest.mark.skipif(QEMU is None, reason="qemu-aarch64 (qemu-user) is not installed")
@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize("cpu", ["base", "armv8.1-a", "armv8.4-a"])
def test_the_script_of_the_test_suite(testsuite: Path, tmp_path: Path, cpu: str, level: int):
    """The first module of the script, with a memory that is not shared: the start-up object has no
    others."""
    script = read_script(testsuite, "proposals/threads/atomic.wast").replace("1 1 shared", "1 1")
    (first,) = script.split("(module")[1:2]
    program = make_executable(
        f"(module{first}",
        lambda binary: compile_module(binary, settings(cpu, level), jobs=1).artifact,
    )
    assert run_under_qemu(program, tmp_path) == (0, "")

"""Several texts in one LLVM module: the code is that of each text alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from wasmdialect import Config
from wasmdialect.abi.attributes import HAS_TRAP_FREE_LOOPS
from wasmdialect.codegen import batch
from wasmdialect.codegen.batch import Texts, compile_texts
from wasmdialect.codegen.llvm import CodegenError, Level
from wasmdialect.codegen.session import CompileSession
from wasmdialect.codegen.settings import CompileSettings
from wasmdialect.codegen.unit import emit_texts
from wasmdialect.wasm.text import parse_module

EXAMPLES = Path(__file__).parents[2] / "examples"
KERNELS = (EXAMPLES / "kernels.wasm").read_bytes()
WASI = (EXAMPLES / "wasi.wasm").read_bytes()
SIMD = parse_module((EXAMPLES / "simd.wat").read_text()).binary
AARCH64 = "aarch64-unknown-linux-gnu"


def texts_of(binary: bytes, settings: CompileSettings) -> Texts:
    """The texts of a module."""
    session = CompileSession(binary, "module.wasm", settings)
    module = session.import_everything()
    session.run_passes(module)
    texts, _ = emit_texts(module, settings, settings.config.opt_level)
    return {number: (text.text, level) for number, (text, level) in enumerate(texts)}


def compiled(texts: Texts, settings: CompileSettings) -> tuple[dict[int, Any], list[list[int]]]:
    """The functions of each text, and which were compiled together."""
    starts: list[list[int]] = []
    codes: dict[int, Any] = {}

    def take(number: int, code: Any) -> None:
        codes[number] = code.functions

    compile_texts(texts, settings.target, starts.append, take)
    return codes, starts


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("triple", [None, AARCH64])
@pytest.mark.parametrize("binary", [KERNELS, SIMD, WASI], ids=["kernels", "simd", "wasi"])
def test_code_is_the_same_as_from_a_module_of_its_own(
    binary: bytes, triple: str | None, level: Level, monkeypatch: pytest.MonkeyPatch
):
    """Code, constants, relocations, address map, traps and unwind tables."""
    settings = CompileSettings.of(Config(opt_level=level, target=triple))
    texts = texts_of(binary, settings)
    monkeypatch.setattr(batch, "SMALL", 64_000)
    monkeypatch.setattr(batch, "TOGETHER", 10**6)
    together, starts = compiled(texts, settings)
    assert len(starts) < len(texts) / 2
    with_loops = {n for n, (text, _) in texts.items() if HAS_TRAP_FREE_LOOPS in text}
    small = {n for n in with_loops if len(texts[n][0]) <= 64_000}
    assert not small or small in map(set, starts), "these get other passes, all together"
    monkeypatch.setattr(batch, "SMALL", 0)
    monkeypatch.setattr(batch, "TOGETHER", 10**6)
    alone, starts = compiled(texts, settings)
    assert len(starts) == len(texts)
    assert together == alone


def test_a_batch_is_bounded(monkeypatch: pytest.MonkeyPatch):
    settings = CompileSettings.of(Config(opt_level=0))
    texts = texts_of(KERNELS, settings)
    sizes = [len(text) for text, _ in texts.values()]
    monkeypatch.setattr(batch, "SMALL", 10_000)
    monkeypatch.setattr(batch, "TOGETHER", 30_000)
    _, starts = compiled(texts, settings)
    for numbers in starts:
        assert len(numbers) == 1 or sum(sizes[n] for n in numbers) <= 30_000
    assert sorted(number for numbers in starts for number in numbers) == [*texts]
    many = dict.fromkeys(range(150), texts[min(texts, key=sizes.__getitem__)])
    _, starts = compiled(many, settings)
    assert max(map(len, starts)) <= 90


def test_levels_are_not_mixed():
    settings = CompileSettings.of(Config(opt_level=2))
    texts = texts_of(KERNELS, settings)
    mixed: dict[int, tuple[str, Level]] = {
        n: (text, 0 if n % 2 else 2) for n, (text, _) in texts.items()
    }
    codes, starts = compiled(mixed, settings)
    assert [*codes] != [*mixed]
    assert all(len({mixed[n][1] for n in numbers}) == 1 for numbers in starts)


def test_refused_text_in_a_batch_is_an_error():
    settings = CompileSettings.of(Config(opt_level=0))
    texts = dict(texts_of(KERNELS, settings))
    text, level = texts[1]
    texts[1] = re.sub(r"ret .*", "ret i7 %0", text), level
    with pytest.raises(CodegenError, match="i7"):
        compiled(texts, settings)


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ("}", '@"c0" = private constant i32 7, section ".rodata.c0", align 16'),
        ("b0:", '  call void asm sideeffect "nop # !7", ""()'),
    ],
    ids=["constant", "assembly"],
)
def test_what_a_pass_wrote_out_is_not_renumbered(after: str, line: str):
    """Constants of two texts would share a section; a string can look like a metadata node."""
    settings = CompileSettings.of(Config(opt_level=0))
    texts = dict(texts_of(KERNELS, settings))
    leaf = min(texts, key=lambda n: len(texts[n][0]))
    text, level = texts[leaf]
    texts[leaf] = text.replace(f"\n{after}\n", f"\n{after}\n{line}\n", 1), level
    _, starts = compiled(texts, settings)
    assert [leaf] in starts

"""Artifacts that were damaged, cut or made up: refused with a reason, and the loader never crashes."""

from __future__ import annotations

import random
from pathlib import Path

import fuzz_artifacts
import pytest

from wasmdialect import Config, Engine, Module
from wasmdialect.object.artifact import ArtifactError
from wasmdialect.runtime.module import load_bytes

MUTATIONS = 10_000
TEXT = """(module (memory 1) (data "bytes") (table 1 funcref) (elem (i32.const 0) $f)
  (func $f (export "f") (param i32) (result i32) (i32.div_u (i32.load (local.get 0)) (local.get 0)))
  (func (export "g") (result f64) (f64.const 1.25)))"""


@pytest.fixture(scope="module")
def artifact() -> bytes:
    return bytes(Module(Engine(Config(jobs=1)), TEXT).serialize())


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Flip bits, cut, insert, overwrite with another part, or fill with noise."""
    mutated = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 8))):
        at = rng.randrange(len(mutated))
        match rng.randrange(6):
            case 0:
                mutated[at] ^= 1 << rng.randrange(8)
            case 1:
                del mutated[at:]
            case 2:
                del mutated[at : at + rng.randrange(1, 64)]
            case 3:
                mutated[at:at] = rng.randbytes(rng.randrange(1, 64))
            case 4:
                source = rng.randrange(len(mutated))
                mutated[at : at + 32] = mutated[source : source + 32]
            case _:
                mutated[at : at + 8] = rng.choice((bytes(8), b"\xff" * 8, rng.randbytes(8)))
        if not mutated:
            break
    return bytes(mutated)


@pytest.mark.parametrize("part", range(10))
def test_mutations(artifact: bytes, part: int):
    rng = random.Random(part)
    for _ in range(MUTATIONS // 10):
        mutated = mutate(rng, artifact)
        if mutated == artifact:
            continue
        with pytest.raises(ArtifactError):
            load_bytes(mutated)


def test_with_a_right_checksum(tmp_path: Path):
    """Somebody who makes files up makes the checksum right too: each is refused, or works. This is a
    slice of `make fuzz`; each mutant is loaded, shown, instantiated and called in another process."""
    fuzz_artifacts.write_seeds(tmp_path)
    outcome = fuzz_artifacts.try_range(tmp_path, seed=0, numbers=range(150))
    assert outcome.failures == []
    assert outcome.counts.total() == 150
    assert outcome.counts["works"] >= 10
    assert outcome.counts["refused"] >= 50


def test_mutants_that_crash_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the slice above cannot show."""
    fuzz_artifacts.write_seeds(tmp_path)
    script = tmp_path / "fuzz.py"
    script.write_text(
        f"""
import ctypes, sys
sys.path.insert(0, {str(Path(fuzz_artifacts.__file__).parent)!r})
import fuzz_artifacts

def use(which, data, *_):
    if data == b"1":
        ctypes.string_at(0)
    if data == b"3":
        raise KeyError("x")
    return "works"

fuzz_artifacts.mutant = lambda seeds, seed, number: (0, str(number).encode())
fuzz_artifacts.use = use
sys.exit(fuzz_artifacts.main())
"""
    )
    monkeypatch.setattr(fuzz_artifacts, "__file__", str(script))
    outcome = fuzz_artifacts.try_range(tmp_path, seed=0, numbers=range(5))
    assert outcome.failures[0] == "1: crashes: SIGSEGV"
    assert outcome.failures[1].startswith("3: KeyError")
    assert outcome.counts == {"works": 3, "crashes": 1, "KeyError": 1}

"""Artifacts that were damaged, cut or made up: refused with a reason, and the loader never crashes."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import zlib

import pytest

from wasmdialect import Config, Engine, Module
from wasmdialect.object.artifact import CHECKSUM_SECTION, CHECKSUM_SIZE, ArtifactError
from wasmdialect.object.elf import FILE_HEADER, SECTION_HEADER, ElfError, ElfFile
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


def seal(data: bytearray) -> bytes:
    """Put the right checksum into a damaged file, as far as one can still be found in it."""
    elf = ElfFile(bytes(data))
    section = elf.section(CHECKSUM_SECTION)
    assert section is not None
    data[section.offset : section.offset + CHECKSUM_SIZE] = bytes(CHECKSUM_SIZE)
    data[section.offset : section.offset + CHECKSUM_SIZE] = zlib.crc32(data).to_bytes(4, "little")
    return bytes(data)


LOADER = """
import sys
from wasmdialect.object.artifact import ArtifactError
from wasmdialect.runtime.module import load_bytes
import struct
data = sys.stdin.buffer.read()
refused = loaded = 0
while data:
    (size,) = struct.unpack_from("<I", data)
    try:
        load_bytes(data[4 : 4 + size])
        loaded += 1
    except (ArtifactError, MemoryError):
        refused += 1
    data = data[4 + size :]
print(refused, loaded)
"""


def test_with_a_right_checksum(artifact: bytes):
    """Somebody who makes files up can make the checksum right too: loading gives a reason or works."""
    rng = random.Random(1)
    files: list[bytes] = []
    text = ElfFile(artifact).section(".text")
    assert text is not None
    end = struct.unpack_from("<Q", artifact, 40)[0]
    headers = [*range(16, FILE_HEADER.size), *range(end, end + 15 * SECTION_HEADER.size)]
    while len(files) < 1000:
        mutated = bytearray(artifact)
        for _ in range(rng.choice((1, 2, 4))):
            # Not the code: running what somebody made up cannot be made safe.
            at = rng.choice((rng.choice(headers), rng.randrange(64, len(artifact))))
            if not text.offset <= at < text.offset + text.size:
                mutated[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        try:
            files.append(seal(mutated))
        except (ElfError, AssertionError):
            continue  # no checksum can be found in it
    stream = b"".join(struct.pack("<I", len(file)) + file for file in files)
    result = subprocess.run([sys.executable, "-c", LOADER], input=stream, capture_output=True)
    assert result.returncode == 0, result.stderr.decode()
    refused, loaded = map(int, result.stdout.split())
    assert refused + loaded == len(files)
    assert refused > 0

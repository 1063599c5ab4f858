"""What a call of WASI takes of the host's memory does not depend on the numbers of the program."""

from __future__ import annotations

import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wasi.program import Program

from wasmdialect.wasi import listing
from wasmdialect.wasi.memory import MAX_BUFFERS
from wasmdialect.wasi.polling import MAX_SUBSCRIPTIONS

ARRAY = 1 << 20
"""Where arrays of buffers are, behind what the program itself uses."""


@pytest.fixture
def p(tmp_path: Path) -> Program:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "a.txt").write_text("some text")
    program = Program("wasmdialect", tmp_path / "w")
    program.memory.grow(program.store, 300)
    return program


def peak(call: Callable[[], Any]) -> int:
    """The bytes that Python takes at most while it does something, beside what it has then."""
    call()  # what is loaded and kept by the first call
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def buffers(p: Program, count: int, address: int, size: int) -> None:
    p.put(ARRAY, struct.pack("<II", address, size) * count)


@pytest.mark.parametrize("size", [0, 1])
@pytest.mark.parametrize("name", ["fd_write", "fd_read", "fd_pwrite", "fd_pread"])
def test_an_array_of_buffers_is_read_in_parts(p: Program, name: str, size: int):
    """Each took 100 bytes, also the empty ones: 10 MB here, 3 GB in a whole memory."""
    _, fd = p.open("a.txt", rights=66)
    buffers(p, 100_000, 8192, size)
    rest = (0, 0) if "p" in name else (0,)
    assert p.call(name, fd, ARRAY, 100_000, *rest) == 0
    assert peak(lambda: p.call(name, fd, ARRAY, 100_000, *rest)) < 4 << 20


def test_the_array_of_buffers_must_be_in_memory(p: Program):
    assert p.call("fd_write", 1, ARRAY, 1 << 28, 0) == 21
    assert p.call("fd_read", 0, ARRAY, (1 << 32) - 1, 0) == 21


def test_what_is_behind_many_empty_buffers_is_read(p: Program):
    """Taking the first ones only would read nothing: the end of the file."""
    _, fd = p.open("a.txt")
    buffers(p, 3000, 8192, 0)
    p.put(ARRAY + 8 * 3000, struct.pack("<II", 8192, 4))
    assert (p.call("fd_read", fd, ARRAY, 3001, 0), p.u32()) == (0, 4)
    assert p.get(8192, 4) == b"some"


def test_more_output_than_a_result_can_say(p: Program):
    """Overlapping buffers of 4 TB: a short write of what Linux moves at once."""
    buffers(p, MAX_BUFFERS, 0, 16 << 20)
    assert (p.call("fd_write", 2, ARRAY, MAX_BUFFERS, 0), p.u32()) == (0, 0x7FFF_F000)


def custom(folder: Path, callback: Callable[[bytes], int | None]) -> Program:
    """A program whose standard output is a function."""
    program = Program("wasmdialect", folder, stdout=callback)
    program.memory.grow(program.store, 300)
    return program


def test_a_callback_gets_overlapping_buffers_in_pieces(tmp_path: Path):
    pieces: list[int] = []
    p = custom(tmp_path, lambda data: pieces.append(len(data)))
    buffers(p, 50, 4096, (5 << 20) + 3)
    p.put(4096, bytes(ARRAY - 4096))
    assert p.call("fd_write", 1, ARRAY, 50, 0) == 0
    assert p.u32() == sum(pieces) == 50 * ((5 << 20) + 3)
    assert max(pieces) == 1 << 20
    assert peak(lambda: p.call("fd_write", 1, ARRAY, 50, 0)) < 8 << 20


def test_a_callback_gets_what_fits_at_once(tmp_path: Path):
    found: list[bytes] = []
    p = custom(tmp_path, found.append)
    assert p.write(1, b"one ", b"", b"piece") == (0, 9)
    assert p.write(1) == (0, 0)
    assert p.write(1, b"") == (0, 0)
    assert found == [b"one piece", b"", b""]


def test_a_callback_that_fails_later_makes_a_short_write(tmp_path: Path):
    left = [None, -28]
    p = custom(tmp_path, lambda _: left.pop(0))
    buffers(p, 1, 4096, 3 << 20)
    assert (p.call("fd_write", 1, ARRAY, 1, 0), p.u32()) == (0, 1 << 20)
    left[:] = [-28]
    assert p.call("fd_write", 1, ARRAY, 1, 0) == 51


def test_subscriptions_are_bounded(p: Program):
    clock = struct.pack("<QB7xI4xQQH6x", 7, 0, 1, 0, 0, 0)
    p.put(ARRAY, clock * (MAX_SUBSCRIPTIONS + 1))
    events = ARRAY + 48 * (MAX_SUBSCRIPTIONS + 1)
    assert p.call("poll_oneoff", ARRAY, events, MAX_SUBSCRIPTIONS + 1, 0) == 48
    assert (p.call("poll_oneoff", ARRAY, events, MAX_SUBSCRIPTIONS, 0), p.u32()) == (
        0,
        MAX_SUBSCRIPTIONS,
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("path_filestat_get", (3, 0, ARRAY, 15 << 20, 0)),
        ("path_open", (3, 0, ARRAY, 15 << 20, 0, 2, 2, 0, 0)),
        ("path_symlink", (ARRAY, 15 << 20, 3, 1000, 1)),
        ("path_create_directory", (3, ARRAY, 15 << 20)),
        ("random_get", (ARRAY, 15 << 20)),
    ],
)
def test_a_range_of_the_program_is_not_copied_whole(
    p: Program, name: str, arguments: tuple[int, ...]
):
    assert p.call(name, *arguments) == (0 if name == "random_get" else 37)
    assert peak(lambda: p.call(name, *arguments)) < 4 << 20


# --- directories


def entries(p: Program, fd: int, cookie: int, size: int) -> list[tuple[int, bytes]]:
    """The whole entries of one `fd_readdir`: cookie of the next one, and name."""
    assert p.call("fd_readdir", fd, ARRAY, size, cookie, 0) == 0
    data = p.get(ARRAY, p.u32())
    found: list[tuple[int, bytes]] = []
    while len(data) >= 24:
        following, _, length, _ = struct.unpack_from("<QQIB", data)
        if len(data) < 24 + length:
            break
        found.append((following, data[24 : 24 + length]))
        data = data[24 + length :]
    return found


@pytest.fixture
def files(p: Program, monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """A directory of more files than are kept."""
    monkeypatch.setattr(listing, "KEPT", 8)
    for number in range(100):
        (p.folder / f"file-{number}").touch()
    return {b".", b"..", b"a.txt", *(f"file-{n}".encode() for n in range(100))}


@pytest.mark.parametrize("size", [40, 100, 1000, 100_000])
def test_a_directory_is_read_as_it_is_asked_for(p: Program, files: set[bytes], size: int):
    _, fd = p.open(".", oflags=2, rights=1 << 14)
    names: list[bytes] = []
    cookie = 0
    while found := entries(p, fd, cookie, size):
        names += [name for _, name in found]
        cookie = found[-1][0]
    assert len(names) == len(files)
    assert {*names} == files


def test_a_program_deletes_files_while_it_reads(p: Program, files: set[bytes]):
    _, fd = p.open(".", oflags=2, rights=1 << 14)
    cookie = 0
    while found := entries(p, fd, cookie, 100):
        for _, name in found:
            if name not in (b".", b".."):
                assert p.call("path_unlink_file", 3, *p.path(name)) == 0
        cookie = found[-1][0]
    assert os.listdir(p.folder) == []


def test_a_program_goes_back_further_than_what_is_kept(p: Program, files: set[bytes]):
    _, fd = p.open(".", oflags=2, rights=1 << 14)
    everything = entries(p, fd, 0, 100_000)
    for cookie in (50, 3, 90, 1, 102, 0):
        assert entries(p, fd, cookie, 100_000) == everything[cookie:]
    assert entries(p, fd, 1 << 63, 100) == []


def test_records_that_are_kept(p: Program, files: set[bytes]):
    directory = os.open(p.folder, os.O_RDONLY)
    try:
        records = listing.Listing(directory)
        count = 0
        for _ in records.records(0):
            count += 1
            assert len(records._kept) <= listing.KEPT
        assert count == len(files)
    finally:
        os.close(directory)


def test_a_name_that_preview_1_does_not_have(p: Program):
    (Path(os.fsdecode(p.folder)) / os.fsdecode(b"\xff")).touch()
    _, fd = p.open(".", oflags=2, rights=1 << 14)
    for _ in range(2):  # an error, and not the end of the directory
        assert p.call("fd_readdir", fd, ARRAY, 1000, 0, 0) == 25

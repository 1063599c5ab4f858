"""A program's descriptors when several threads use them: a number of the host is not used again while
another thread may still read from it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from wasmdialect import Config, Engine, Store, WasiConfig
from wasmdialect.wasi.abi import Errno
from wasmdialect.wasi.descriptors import Descriptor, DescriptorTable, File
from wasmdialect.wasi.errors import WasiError
from wasmdialect.wasi.host_fd import HostFd


def pipe_table(*, shared: bool) -> tuple[DescriptorTable, int]:
    """A table with the reading end of a pipe at 0, and the number of the writing end."""
    reading, writing = os.pipe()
    table = DescriptorTable([File(HostFd(reading), False, os.O_RDONLY, 0)])
    table.shared = shared
    return table, writing


def test_a_read_that_began_before_a_close_reads_what_it_began_with(tmp_path: Path):
    table, writing = pipe_table(shared=True)
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    buffer = bytearray(6)
    used = threading.Event()
    closed = threading.Event()

    def read() -> None:
        file = table.file(0)
        used.set()
        closed.wait()
        file.read([memoryview(buffer)])

    thread = threading.Thread(target=read)
    thread.start()
    used.wait()
    table.close(0)
    with open(secret, "rb"):  # gets the lowest free number of the host
        closed.set()
        os.write(writing, b"piped.")
        thread.join()
    os.close(writing)
    assert bytes(buffer) == b"piped."
    with pytest.raises(WasiError):
        table.file(0)


def test_what_nobody_uses_is_closed_at_once():
    for shared in (False, True):
        table, writing = pipe_table(shared=shared)
        table.close(0)
        with pytest.raises(BrokenPipeError):
            os.write(writing, b"x")
        os.close(writing)


def test_renumbering_closes_what_had_the_number():
    table, writing = pipe_table(shared=True)
    table.add(Descriptor())
    table.renumber(1, 0)
    with pytest.raises(BrokenPipeError):
        os.write(writing, b"x")
    os.close(writing)
    with pytest.raises(WasiError) as caught:
        table.get(1)
    assert caught.value.errno == Errno.BADF
    assert table.add(Descriptor()) == 1


def test_threads_get_different_numbers():
    table = DescriptorTable([])
    table.shared = True
    found: list[int] = []

    def add() -> None:
        found.extend(table.add(Descriptor()) for _ in range(2000))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(8000))


def test_stores_of_one_program_share_their_context():
    engine = Engine(Config())
    first, second = Store(engine), Store(engine)
    second.share_wasi(first)
    assert second.wasi is None
    first.set_wasi(WasiConfig())
    second.share_wasi(first)
    assert second.wasi is first.wasi
    assert second.wasi is not None

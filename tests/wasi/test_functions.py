"""Each WASI function does the same as Wasmtime's, with the same error numbers."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wasi.program import Program

from wasmdialect import DirPerms, FilePerms, WasiConfig

Scenario = Callable[[Program], Any]
SCENARIOS: dict[str, Scenario] = {}


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[function.__name__] = function
    return function


@scenario
def arguments(p: Program) -> Any:
    assert p.call("args_sizes_get", 0, 4) == 0
    count, size = p.u32(0), p.u32(4)
    assert p.call("args_get", 100, 200) == 0
    return count, size, p.get(100, 4 * count), p.get(200, size)


@scenario
def environment(p: Program) -> Any:
    assert p.call("environ_sizes_get", 0, 4) == 0
    count, size = p.u32(0), p.u32(4)
    assert p.call("environ_get", 100, 200) == 0
    return count, size, p.get(100, 4 * count), p.get(200, size)


@scenario
def clocks(p: Program) -> Any:
    errors = [p.call("clock_time_get", clock, 1, 0) for clock in (0, 1)]
    first = p.u64()
    p.call("clock_time_get", 1, 1, 0)
    return errors, p.u64() >= first, [p.call("clock_res_get", clock, 0) for clock in (0, 1)]


@scenario
def random(p: Program) -> Any:
    assert p.call("random_get", 5000, 64) == 0
    return p.get(5000, 64) != bytes(64), p.call("random_get", 5000, 0)


@scenario
def bad_addresses(p: Program) -> Any:
    """Pointers outside of the memory: FAULT or a trap, never a crash."""
    end = 4 * 65536
    out: list[Any] = []
    for name, arguments_ in (
        ("clock_time_get", (0, 1, end)),
        ("random_get", (end - 1, 2)),
        ("args_get", (end, 0)),
        ("fd_write", (1, end - 4, 1, 0)),
        ("fd_prestat_get", (3, end - 4)),
    ):
        try:
            out.append(p.call(name, *arguments_) != 0)
        except (p.api.Trap, p.api.WasmtimeError):
            out.append(True)
    return out


@scenario
def preopens(p: Program) -> Any:
    out: list[Any] = [p.call("fd_prestat_get", fd, 0) for fd in (3, 4, 1, 99)]
    p.call("fd_prestat_get", 3, 0)
    out += [p.get(0, 1), p.u32(4), p.call("fd_prestat_dir_name", 3, 100, 2), p.get(100, 2)]
    out.append(p.call("fd_prestat_dir_name", 3, 100, 1))
    return out


@scenario
def write_and_read(p: Program) -> Any:
    out: list[Any] = []
    error, fd = p.open("new.txt", oflags=1)
    out += [error, p.write(fd, b"hello world"), p.call("fd_tell", fd, 0), p.u64()]
    out += [p.call("fd_seek", fd, 0, 0, 0), p.u64(), p.read(fd, 3), p.read(fd, 100), p.read(fd, 10)]
    out += [p.call("fd_seek", fd, (1 << 64) - 5, 2, 0), p.u64(), p.read(fd, 100)]
    out += [p.call("fd_seek", fd, (1 << 64) - 50, 0, 0)]
    out += [p.call("fd_close", fd), p.call("fd_close", fd), p.read(fd, 1)]
    return out, (p.folder / "new.txt").read_bytes()


@scenario
def positional(p: Program) -> Any:
    _, fd = p.open("a.txt")
    p.put(4096, struct.pack("<II", 8192, 4))
    out = [p.call("fd_pread", fd, 4096, 1, 2, 0), p.u32(), p.get(8192, 4)]
    p.put(8192, b"XY")
    p.put(4096, struct.pack("<II", 8192, 2))
    out += [p.call("fd_pwrite", fd, 4096, 1, 1, 0), p.u32(), p.call("fd_tell", fd, 0), p.u64()]
    return out, (p.folder / "a.txt").read_bytes()


@scenario
def open_flags(p: Program) -> Any:
    cases = {
        "missing": ("nothing", 0), "create": ("c1", 1), "exclusive": ("a.txt", 1 | 4),
        "exclusive new": ("c2", 1 | 4), "truncate": ("a.txt", 8), "directory": ("sub", 2),
        "directory of a file": ("a.txt", 2), "plain directory": ("sub", 0),
        "create directory": ("c3", 1 | 2), "empty": ("", 0), "dot": (".", 2), "slash": ("sub/", 2),
        "file slash": ("a.txt/", 0), "deep": ("sub/inner/deep.txt", 0), "below a file": ("a.txt/x", 0),
        "twice slash": ("sub//inner///deep.txt", 0), "dots": ("sub/../sub/./inner/deep.txt", 0),
    }  # fmt: skip
    out = {name: p.open(path, oflags)[0] for name, (path, oflags) in cases.items()}
    return out, (p.folder / "a.txt").read_bytes()


@scenario
def append(p: Program) -> Any:
    _, fd = p.open("a.txt", fdflags=1)
    return p.write(fd, b"!"), p.write(fd, b"?"), (p.folder / "a.txt").read_bytes()


@scenario
def read_only_descriptor(p: Program) -> Any:
    _, fd = p.open("a.txt", rights=2)
    return p.write(fd, b"x")[0] != 0, p.read(fd, 4)


@scenario
def wrong_kinds(p: Program) -> Any:
    _, fd = p.open("sub", oflags=2, rights=1 << 14)
    return [
        p.read(fd, 4)[0] != 0,
        p.write(fd, b"x")[0] != 0,
        p.call("fd_seek", fd, 0, 0, 0) != 0,
        p.call("fd_readdir", p.open("a.txt")[1], 16384, 100, 0, 0) != 0,
        p.open("x", fd=p.open("a.txt")[1])[0],
        p.call("fd_seek", 1, 0, 1, 0),
        p.write(0, b"x")[0] != 0,
        p.read(1, 4)[0] != 0,
        p.read(99, 4)[0],
    ]


@scenario
def sizes(p: Program) -> Any:
    _, fd = p.open("a.txt")
    out = [p.call("fd_filestat_set_size", fd, 3), p.stat("a.txt")]
    out += [
        p.call("fd_filestat_set_size", fd, 6),
        p.stat("a.txt"),
        p.call("fd_filestat_get", fd, 64),
    ]
    return out, p.get(80, 1), p.u64(96), (p.folder / "a.txt").read_bytes()


@scenario
def stats(p: Program) -> Any:
    return [p.stat(name) for name in ("a.txt", "sub", "nothing", "link", "broken", "loop")] + [
        p.stat(name, follow=0)[:2] for name in ("link", "broken", "loop", "sub")
    ]


@scenario
def times(p: Program) -> Any:
    second = 1_000_000_000
    path = p.path("a.txt")
    out = [p.call("path_filestat_set_times", 3, 1, *path, 5 * second, 7 * second, 1 | 4)]
    found = (p.folder / "a.txt").stat()
    _, fd = p.open("a.txt")
    out.append(p.call("fd_filestat_set_times", fd, 9 * second, 11 * second, 4))
    out.append(p.call("fd_filestat_set_times", fd, 0, 0, 1 | 2))
    after = (p.folder / "a.txt").stat()
    return out, found.st_atime_ns, found.st_mtime_ns, after.st_mtime_ns


@scenario
def directories(p: Program) -> Any:
    make = [
        p.call("path_create_directory", 3, *p.path(name))
        for name in ("d", "d", "d/e", "x/y", "a.txt/z")
    ]
    remove = [
        p.call("path_remove_directory", 3, *p.path(name))
        for name in ("d", "d/e", "d", "a.txt", "nothing", "link")
    ]
    return make, remove, p.list(".")


@scenario
def unlink(p: Program) -> Any:
    out = [
        p.call("path_unlink_file", 3, *p.path(name)) != 0
        for name in ("a.txt", "a.txt", "sub", "link", "broken", "nothing")
    ]
    return out, p.list("."), sorted(os.listdir(p.folder / "sub"))


@scenario
def rename(p: Program) -> Any:
    def move(old: str, new: str) -> int:
        return p.call("path_rename", 3, *p.path(old), 3, *p.path(new, 2000))

    out = [move("a.txt", "b.txt"), move("a.txt", "c.txt"), move("b.txt", "sub/moved.txt")]
    out += [move("sub", "renamed"), move("renamed", "renamed/inside") != 0, move("link", "link2")]
    return out, p.list("."), p.list("renamed")


@scenario
def links(p: Program) -> Any:
    def link(old: str, new: str) -> int:
        return p.call("path_link", 3, 0, *p.path(old), 3, *p.path(new, 2000))

    def symlink(target: str, name: str) -> int:
        return p.call("path_symlink", *p.path(target), 3, *p.path(name, 2000))

    def readlink(name: str, size: int = 50) -> tuple[int, bytes]:
        error = p.call("path_readlink", 3, *p.path(name), 5000, size, 0)
        return error, p.get(5000, p.u32()) if error == 0 else b""

    out: list[Any] = [link("a.txt", "hard"), link("nothing", "x"), link("sub", "y") != 0]
    out += [
        symlink("a.txt", "soft"),
        symlink("a.txt", "soft"),
        readlink("soft"),
        readlink("soft", 3),
    ]
    out += [readlink("a.txt"), readlink("nothing"), p.open("soft")[0], p.open("soft", follow=0)[0]]
    return out, p.list(".")


@scenario
def listing(p: Program) -> Any:
    for i in range(40):
        (p.folder / f"file-{i:02}-{'x' * i}").write_text("")
    return p.list("."), p.list(".", 200) == p.list("."), p.list("sub", 64)


@scenario
def renumber(p: Program) -> Any:
    _, first = p.open("a.txt")
    _, second = p.open("sub/inner/deep.txt")
    out = [
        first,
        second,
        p.call("fd_renumber", first, second),
        p.read(second, 4),
        p.read(first, 4)[0],
    ]
    return out, p.call("fd_renumber", first, 77), p.open("a.txt")[1]


@scenario
def synchronising(p: Program) -> Any:
    _, fd = p.open("a.txt")
    return [
        p.call("fd_sync", fd), p.call("fd_datasync", fd), p.call("fd_advise", fd, 0, 10, 1),
        p.call("sched_yield"), p.call("fd_sync", 99),
    ]  # fmt: skip


@scenario
def descriptor_status(p: Program) -> Any:
    out = []
    for fd in (1, 3, p.open("a.txt")[1], p.open("a.txt", fdflags=1)[1], 99):
        p.put(64, bytes(24))
        out.append((p.call("fd_fdstat_get", fd, 64), p.get(64, 1), p.get(66, 2)))
    _, fd = p.open("a.txt")
    out.append(p.call("fd_fdstat_set_flags", fd, 1))
    out.append(p.write(fd, b"end"))
    return out, (p.folder / "a.txt").read_bytes()


@scenario
def standard_output(p: Program) -> Any:
    return p.write(1, b"to stdout\n"), p.write(2, b"dropped"), p.read(0, 10)


@scenario
def polling(p: Program) -> Any:
    clock = struct.pack("<QB7xI4xQQH6x", 7, 0, 1, 1000, 0, 0)
    write = struct.pack("<QB7xI28x", 8, 2, 1)
    out = [p.call("poll_oneoff", 16384, 20480, 0, 0)]
    p.put(16384, clock)
    out += [p.call("poll_oneoff", 16384, 20480, 1, 0), p.u32(), p.get(20480, 11)]
    p.put(16384, write)
    out += [p.call("poll_oneoff", 16384, 20480, 1, 0), p.u32(), p.get(20480, 11)]
    return out


@scenario
def sockets(p: Program) -> Any:
    """Nothing is a socket: NOTSOCK for what is open, BADF for the rest."""
    p.put(4096, struct.pack("<II", 8192, 4))
    descriptors = (0, 1, 2, 3, p.open("a.txt")[1], p.open("sub", oflags=2, rights=1 << 14)[1], 99)
    return [
        [p.call("sock_shutdown", fd, how) for fd in descriptors for how in (1, 2, 3)],
        [p.call("sock_accept", fd, 0, 0) for fd in descriptors],
        [p.call("sock_recv", fd, 4096, 1, 0, 0, 8) for fd in descriptors],
        [p.call("sock_send", fd, 4096, 1, 0, 0) for fd in descriptors],
    ]


@scenario
def more_buffers_than_iov_max(p: Program) -> Any:
    """A short write or read, not an error; each engine takes as many buffers as it likes."""
    _, fd = p.open("new", oflags=1)
    p.put(4096, struct.pack("<II", 200_000, 4) * 5000)
    out: list[Any] = []
    for name, rest in (("fd_write", ()), ("fd_pwrite", (0,)), ("fd_pread", (0,))):
        for count in (1025, 5000):
            out.append((p.call(name, fd, 4096, count, *rest, 0), p.u32() > 0))
    p.call("fd_seek", fd, 0, 0, 0)
    return out, p.call("fd_read", fd, 4096, 5000, 0), p.u32() > 0


@scenario
def nothing_but_empty_buffers(p: Program) -> Any:
    _, fd = p.open("a.txt", rights=66)
    p.put(4096, struct.pack("<II", 8192, 0) * 2000 + struct.pack("<II", 200_000, 4))
    out = [
        (p.call(name, fd, 4096, n, 0), p.u32())
        for name in ("fd_read", "fd_write")
        for n in (0, 2000)
    ]
    return out, p.call("fd_read", fd, 4096, 2001, 0), p.u32(), p.get(200_000, 4)


@scenario
def too_many_subscriptions(p: Program) -> Any:
    return p.call("poll_oneoff", 0, 100_000, 0x0FFF_FFFF, 0), p.call(
        "poll_oneoff", 0, 0, 1 << 31, 0
    )


@scenario
def long_paths(p: Program) -> Any:
    p.put(5000, b"a" * 100_000)
    out = [p.call("path_filestat_get", 3, 0, 5000, n, 0) for n in (255, 256, 4095, 4096, 100_000)]
    return out, [p.open(b"b" * n)[0] for n in (4095, 4096)]


def make_folder(root: Path) -> Path:
    folder = root / "shared"
    (folder / "sub" / "inner").mkdir(parents=True)
    (folder / "a.txt").write_text("some text")
    (folder / "sub" / "inner" / "deep.txt").write_text("deep")
    (folder / "link").symlink_to("a.txt")
    (folder / "broken").symlink_to("nothing")
    (folder / "loop").symlink_to("loop")
    return folder


@pytest.mark.parametrize("name", SCENARIOS)
def test_same_as_wasmtime(name: str, tmp_path: Path):
    found = {}
    for engine in ("wasmdialect", "wasmtime"):
        (tmp_path / engine).mkdir()
        program = Program(engine, make_folder(tmp_path / engine))
        found[engine] = SCENARIOS[name](program)
    assert found["wasmdialect"] == found["wasmtime"]


def test_standard_output_has_the_bytes(tmp_path: Path):
    program = Program("wasmdialect", make_folder(tmp_path))
    program.write(1, b"to ", b"stdout\n")
    assert (tmp_path / "wasmdialect.stdout").read_bytes() == b"to stdout\n"


def test_many_buffers_at_once(tmp_path: Path):
    """Wasmtime reads and writes one buffer a call; all of them are used here."""
    p = Program("wasmdialect", make_folder(tmp_path))
    _, fd = p.open("new", oflags=1)
    assert p.write(fd, b"hello ", b"", b"world") == (0, 11)
    p.call("fd_seek", fd, 0, 0, 0)
    assert p.read(fd, 3, 0, 5, 100) == (0, b"hello world")


def test_unknown_numbers(tmp_path: Path):
    """Where Wasmtime ends the program, it gets an error here."""
    p = Program("wasmdialect", make_folder(tmp_path))
    _, fd = p.open("a.txt")
    assert p.call("fd_seek", fd, 0, 7, 0) == 28
    assert p.call("fd_advise", fd, 0, 10, 99) == 28
    assert p.call("clock_time_get", 9, 0, 0) == 28
    assert p.call("fd_write", 1, 4 * 65536 - 4, 1, 0) == 21


@pytest.mark.parametrize(
    ("engine", "permissions"),
    [
        ("wasmdialect", (False,)),
        ("wasmdialect", (DirPerms.READ_ONLY, FilePerms.READ_ONLY)),
        ("wasmtime", (False,)),
    ],
)
def test_directory_that_may_not_change(tmp_path: Path, engine: str, permissions: tuple[Any, ...]):
    p = Program(engine, make_folder(tmp_path), *permissions)
    before = sorted(os.listdir(p.folder))
    assert p.open("a.txt", rights=2)[0] == 0
    assert p.open("new", oflags=1)[0] != 0
    assert p.open("a.txt", oflags=8)[0] != 0
    assert p.call("path_create_directory", 3, *p.path("d")) != 0
    assert p.call("path_unlink_file", 3, *p.path("a.txt")) != 0
    assert p.call("path_rename", 3, *p.path("a.txt"), 3, *p.path("b", 2000)) != 0
    assert p.call("path_symlink", *p.path("a.txt"), 3, *p.path("s", 2000)) != 0
    error, fd = p.open("a.txt")
    assert error != 0 or p.write(fd, b"x")[0] != 0
    assert sorted(os.listdir(p.folder)) == before
    assert (p.folder / "a.txt").read_text() == "some text"


@pytest.mark.parametrize(
    "permissions", [(DirPerms.READ_ONLY,), (DirPerms.READ_ONLY, FilePerms.READ_WRITE)]
)
def test_files_that_may_change_in_a_directory_that_may_not(
    tmp_path: Path, permissions: tuple[Any, ...]
):
    p = Program("wasmdialect", make_folder(tmp_path), *permissions)
    assert p.open("new", oflags=1)[0] == 63
    assert p.call("path_unlink_file", 3, *p.path("a.txt")) == 63
    error, fd = p.open("a.txt")
    assert (error, p.write(fd, b"x")) == (0, (0, 1))
    assert (p.folder / "a.txt").read_text() == "xome text"


def test_files_that_may_not_change_in_a_directory_that_may(tmp_path: Path):
    p = Program("wasmdialect", make_folder(tmp_path), DirPerms.READ_WRITE, FilePerms.READ_ONLY)
    assert p.open("a.txt", oflags=8)[0] == 63  # truncated
    assert p.open("new", oflags=1)[0] == 63  # which could be written
    assert p.call("path_create_directory", 3, *p.path("d")) == 0
    _, fd = p.open("d", oflags=2, rights=0)
    assert p.open("../a.txt", fd=fd)[0] != 0
    assert p.call("path_rename", 3, *p.path("a.txt"), fd, *p.path("b.txt", 2000)) == 0
    assert p.open("b.txt", fd=fd)[0] == 63
    assert p.open("b.txt", rights=2, fd=fd)[0] == 0
    assert (p.folder / "d" / "b.txt").read_text() == "some text"


@pytest.mark.parametrize(
    "permissions", [(3,), ("rw",), (True, FilePerms.READ_ONLY), (DirPerms.READ_ONLY, True)]
)
def test_permissions_of_another_type(tmp_path: Path, permissions: tuple[Any, ...]):
    with pytest.raises(TypeError):
        WasiConfig().preopen_dir(str(tmp_path), "/w", *permissions)

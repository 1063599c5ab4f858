"""No path leads out of a directory: `..`, absolute paths, links, links swapped while they are used."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from wasi.program import Program


@pytest.fixture
def p(tmp_path: Path) -> Program:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("secret")
    inside = tmp_path / "inside"
    (inside / "sub").mkdir(parents=True)
    (inside / "file").write_text("public")
    (inside / "up").symlink_to("..")
    (inside / "sub" / "up2").symlink_to("../..")
    (inside / "absolute").symlink_to(tmp_path)
    (inside / "absolute_file").symlink_to(tmp_path / "secret.txt")
    (inside / "relative_file").symlink_to("../secret.txt")
    (inside / "chain").symlink_to("up/secret.txt")
    (inside / "fine").symlink_to("sub/../file")
    (inside / "sub" / "back").symlink_to("../file")
    return Program("wasmdialect", inside)


ESCAPES = [
    "..", "../", "../secret.txt", "sub/../../secret.txt", "./../secret.txt", "sub/../..", "/",
    "/etc/passwd", "//etc/passwd", "up", "up/secret.txt", "up/outside/file", "sub/up2/secret.txt",
    "absolute", "absolute/secret.txt", "absolute_file", "relative_file", "chain", "up/inside/file",
    "sub/up2/inside/file", "up/inside/../secret.txt", ".././secret.txt", "sub/./../.././secret.txt",
    "absolute/inside/file", "sub/../up", "fine/../../secret.txt",
]  # fmt: skip


@pytest.mark.parametrize("path", ESCAPES)
def test_escapes(p: Program, path: str):
    outside = p.folder.parent
    for oflags in (0, 1, 2, 8):
        assert p.open(path, oflags)[0] != 0
    assert p.stat(path)[0] != 0
    assert p.call("path_create_directory", 3, *p.path(path + "/made")) != 0
    assert p.call("path_rename", 3, *p.path("file"), 3, *p.path(path + "/moved", 2000)) != 0
    assert p.call("path_link", 3, 1, *p.path(path), 3, *p.path("linked", 2000)) != 0
    assert p.call("path_filestat_set_times", 3, 1, *p.path(path), 0, 0, 1 | 4) != 0
    assert (outside / "secret.txt").read_text() == "secret"
    assert sorted(os.listdir(outside)) == ["inside", "outside", "secret.txt", "wasmdialect.stdout"]
    assert (p.folder / "file").read_text() == "public"


@pytest.mark.parametrize(
    "path", ["file", "fine", "sub/back", "sub/../file", "./file", "sub/../sub/back"]
)
def test_inside(p: Program, path: str):
    error, fd = p.open(path, rights=2)
    assert error == 0
    assert p.read(fd, 20) == (0, b"public")


def test_links_can_be_removed_but_not_followed(p: Program):
    assert p.call("path_unlink_file", 3, *p.path("absolute_file")) == 0
    assert (p.folder.parent / "secret.txt").exists()
    assert p.call("path_remove_directory", 3, *p.path("up")) != 0


def test_links_that_the_program_makes(p: Program):
    assert p.call("path_symlink", *p.path("/etc"), 3, *p.path("etc", 2000)) != 0
    assert p.call("path_symlink", *p.path(".."), 3, *p.path("dots", 2000)) == 0
    assert p.open("dots/secret.txt")[0] != 0
    assert p.call("path_symlink", *p.path("../.."), 3, *p.path("sub/more", 2000)) == 0
    assert p.open("sub/more/secret.txt")[0] != 0


@pytest.mark.parametrize("path", [b"a\0b", b"file\0", b"\xff\xfe", b"x" * 5000, b"a/" * 3000])
def test_strange_paths(p: Program, path: bytes):
    assert p.open(path)[0] != 0


def test_descriptors_of_the_host_are_out_of_reach(p: Program):
    with open(p.folder.parent / "secret.txt") as secret:
        for fd in range(4, secret.fileno() + 5):
            assert p.read(fd, 10)[0] != 0


def test_swapped_while_in_use(p: Program):
    """Another thread turns a directory into a link to the outside and back, all the time."""
    inside = p.folder
    (inside / "real").mkdir()
    (inside / "real" / "file").write_text("public")
    (inside / "evil").symlink_to("../outside")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(inside / "real", inside / "swapped")
            os.rename(inside / "swapped", inside / "real")
            os.rename(inside / "real", inside / "kept")
            os.rename(inside / "evil", inside / "real")
            os.rename(inside / "real", inside / "evil")
            os.rename(inside / "kept", inside / "real")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        opened = 0
        for _ in range(3000):
            error, fd = p.open("real/file", rights=2)
            if error == 0:
                opened += 1
                assert p.read(fd, 10) == (0, b"public")
                p.call("fd_close", fd)
    finally:
        stop.set()
        thread.join()
    assert opened > 0

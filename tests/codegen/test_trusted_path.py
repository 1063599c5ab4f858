"""The cache is used only where nobody but the user and root can change it: what is in it is run."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.commands import run

from wasmdialect import Config, Engine, Module
from wasmdialect.codegen.store import DirectoryStore
from wasmdialect.codegen.trusted_path import (
    UntrustedPathError,
    check_trusted,
    make_trusted_directory,
)

KEY = "ab" * 32
STRANGER = 12345


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let a file or directory belong to somebody else; where that takes root, be somebody else."""

    def give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: STRANGER)

    return give


def test_a_directory_is_made_for_the_user_alone(tmp_path: Path):
    old = os.umask(0)
    try:
        store = DirectoryStore(tmp_path / "a" / "b")
        store.insert(KEY, b"code")
    finally:
        os.umask(old)
    for made in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "ab"):
        assert made.stat().st_mode & 0o777 == 0o700
    assert os.stat(store._file(KEY)).st_mode & 0o777 == 0o600
    assert store.get(KEY) == b"code"


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o770])
def test_a_directory_that_others_can_write(tmp_path: Path, mode: int):
    cache = tmp_path / "cache"
    cache.mkdir()
    os.chown(cache, -1, os.getegid())
    cache.chmod(mode)
    if mode == 0o770 and os.getegid() == os.geteuid():
        make_trusted_directory(cache)  # the user's own group
        return
    with pytest.raises(UntrustedPathError, match="can be written by"):
        DirectoryStore(cache)


def test_a_group_with_others(tmp_path: Path):
    if os.geteuid() != 0:
        pytest.skip("giving a directory to another group takes root")
    cache = tmp_path / "cache"
    cache.mkdir()
    os.chown(cache, -1, STRANGER)
    cache.chmod(0o770)
    with pytest.raises(UntrustedPathError, match=f"written by group {STRANGER}"):
        DirectoryStore(cache)
    cache.chmod(0o750)
    DirectoryStore(cache)


def test_a_parent_that_others_can_write(tmp_path: Path):
    parent = tmp_path / "parent"
    (parent / "cache").mkdir(parents=True)
    parent.chmod(0o777)
    with pytest.raises(UntrustedPathError, match="can be written by everybody") as raised:
        DirectoryStore(parent / "cache")
    assert raised.value.filename == str(parent)
    parent.chmod(0o1777)  # as /tmp: only the owner can replace what is in it
    DirectoryStore(parent / "cache")


def test_a_directory_of_somebody_else(tmp_path: Path, give_away: Callable[[Path], None]):
    cache = tmp_path / "cache"
    cache.mkdir()
    give_away(cache)
    with pytest.raises(UntrustedPathError, match="belongs to user"):
        DirectoryStore(cache)


def test_nothing_is_made_in_the_home_of_somebody_else(
    tmp_path: Path, give_away: Callable[[Path], None]
):
    """`sudo` with the HOME of whoever called it."""
    home = tmp_path / "home"
    home.mkdir()
    give_away(home)
    with pytest.raises(UntrustedPathError, match="belongs to user"):
        DirectoryStore(home / ".cache" / "wasmdialect")
    assert os.listdir(home) == []


def test_links_on_the_way(tmp_path: Path, give_away: Callable[[Path], None]):
    (tmp_path / "disk").mkdir()
    (tmp_path / "own").symlink_to("disk")
    DirectoryStore(tmp_path / "own" / "cache").insert(KEY, b"code")
    assert DirectoryStore(tmp_path / "disk" / "cache").get(KEY) == b"code"
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "into").symlink_to(tmp_path / "open")
    with pytest.raises(UntrustedPathError, match="can be written by everybody"):
        DirectoryStore(tmp_path / "into" / "cache")
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(OSError, match="symbolic links"):
        check_trusted(tmp_path / "round")
    (tmp_path / "theirs").symlink_to("disk")
    give_away(tmp_path / "theirs")
    with pytest.raises(UntrustedPathError, match="belongs to user"):
        DirectoryStore(tmp_path / "theirs" / "cache")


def test_entries_that_are_not_read(tmp_path: Path, give_away: Callable[[Path], None]):
    store = DirectoryStore(tmp_path / "cache")
    store.insert(KEY, b"code")
    file = Path(store._file(KEY))
    file.chmod(0o666)
    assert store.get(KEY) is None
    file.chmod(0o600)
    assert store.get(KEY) == b"code"
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert store.get(KEY) is None
    file.unlink()
    os.mkfifo(file, 0o600)
    assert store.get(KEY) is None
    store.insert(KEY, b"again")
    assert store.get(KEY) == b"again"
    give_away(file)
    assert store.get(KEY) is None


def test_a_file_that_is_half_written_is_not_written_through(tmp_path: Path):
    """Whatever has the name of a part of an entry is not opened."""
    store = DirectoryStore(tmp_path / "cache")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    file = Path(store._file(KEY))
    file.parent.mkdir()
    part = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    part.symlink_to(victim)
    store.insert(KEY, b"code")
    assert victim.read_text() == "precious"
    store.insert(KEY, b"code")
    assert store.get(KEY) == b"code"


def test_a_cache_that_was_asked_for_is_an_error(tmp_path: Path):
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    with pytest.raises(UntrustedPathError, match="can be written by everybody"):
        Module(Engine(Config(jobs=0, opt_level=0, cache=str(cache))), "(module (func))")


def test_without_a_cache_of_ones_own_there_is_one_warning(tmp_path: Path):
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    (tmp_path / "m.wat").write_text('(module (func (export "f") (result i32) (i32.const 4)))')
    environment = {"WASMDIALECT_CACHE_DIR": str(cache)}
    done = run(tmp_path, "wasmdialect", "run", "m.wat", "--invoke", "f", environment=environment)
    assert (done.returncode, done.stdout) == (0, "i32:4\n")
    assert done.stderr == (
        f"warning: compiling without the cache: {cache} can be written by everybody;"
        " run chmod o-w on it\n"
    )
    assert os.listdir(cache) == []

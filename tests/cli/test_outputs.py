"""What `-o` does to what is there: links, modes, devices, pipes, folders, full disks."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import processes
import pytest
from cli.commands import BIN, check_error, run

from wasmdialect.cli import output
from wasmdialect.cli.errors import UsageError
from wasmdialect.cli.output import write_output

NEW = b"new contents"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o777])
def test_the_mode_of_a_file_stays(folder: Path, mode: int):
    (folder / "out").write_text("old")
    (folder / "out").chmod(mode)
    write_output("out", NEW)
    assert (folder / "out").read_bytes() == NEW
    assert stat.S_IMODE((folder / "out").stat().st_mode) == mode
    assert names(folder) == ["out"]


@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_a_new_file_has_the_mode_that_umask_says(folder: Path, umask: int):
    before = os.umask(umask)
    try:
        write_output("out", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "out").stat().st_mode) == 0o666 & ~umask


def test_a_symbolic_link_stays_and_its_target_is_replaced(folder: Path):
    (folder / "there").mkdir()
    (folder / "there" / "target").write_text("old")
    (folder / "second").symlink_to("there/target")
    (folder / "first").symlink_to(folder / "second")
    write_output("first", NEW)
    assert (folder / "first").is_symlink()
    assert (folder / "second").readlink() == Path("there/target")
    assert (folder / "there" / "target").read_bytes() == NEW
    assert names(folder) == ["first", "second", "there"]
    assert names(folder / "there") == ["target"]


def test_a_dangling_link_makes_its_target(folder: Path):
    (folder / "link").symlink_to("target")
    write_output("link", NEW)
    assert (folder / "link").is_symlink()
    assert (folder / "target").read_bytes() == NEW


def test_links_in_a_circle(folder: Path):
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    with pytest.raises(OSError, match=r"symbolic links: 'a'"):
        write_output("a", NEW)


def test_other_hard_links_keep_the_old_contents(folder: Path):
    (folder / "out").write_text("old")
    (folder / "other").hardlink_to(folder / "out")
    write_output("out", NEW)
    assert ((folder / "out").read_bytes(), (folder / "other").read_text()) == (NEW, "old")


def test_a_device_stays_a_device(folder: Path):
    """A terminal: nothing can take its place in /dev/pts, also if this goes wrong."""
    ours, theirs = os.openpty()
    (folder / "link").symlink_to(os.ttyname(theirs))
    for name in (os.ttyname(theirs), "link"):
        write_output(name, NEW)
        assert os.read(ours, 100) == NEW
        assert stat.S_ISCHR(os.stat(name).st_mode)
    assert (folder / "link").is_symlink()
    os.close(ours)
    os.close(theirs)


def test_devices_that_root_could_replace():
    assert as_nobody("/dev/null") == ""
    assert as_nobody("/dev/full") == "No space left on device /dev/full"
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_pipe_is_written(folder: Path):
    os.mkfifo("pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((folder / "pipe").read_bytes()))
    reader.start()
    data = bytes(300_000)  # more than a pipe holds
    write_output("pipe", data)
    reader.join()
    assert got == [data]
    assert stat.S_ISFIFO((folder / "pipe").stat().st_mode)


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}", "/proc/{pid}/fd/{}", "link"])
def test_an_open_descriptor_is_written_where_it_is(folder: Path, name: str):
    """As with `>>`: what is in the file stays, and the file is the same one."""
    with open("out", "ab") as file:
        file.write(b"old ")
        file.flush()
        inode = os.fstat(file.fileno()).st_ino
        (folder / "link").symlink_to(f"/dev/fd/{file.fileno()}")
        write_output(name.format(file.fileno(), pid=os.getpid()), NEW)
    assert (folder / "out").read_bytes() == b"old " + NEW
    assert (folder / "out").stat().st_ino == inode


def test_standard_output_by_its_names(folder: Path):
    (folder / "m.wat").write_text("(module)")
    for name in ("-", "/dev/stdout", "/proc/self/fd/1"):
        command = [BIN / "wasm-opt-py", "m.wat", "-t", "wat", "-o", name]
        with open("out", "w") as file:
            file.write("before\n")
            file.flush()
            done = processes.run(command, timeout=120, stdout=file, text=True)
        assert done.returncode == 0, done.stderr
        assert (folder / "out").read_text() == "before\n(module)\n"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (".", IsADirectoryError),
        ("sub", IsADirectoryError),
        ("sub/", IsADirectoryError),
        ("new/", IsADirectoryError),
        ("to_sub", IsADirectoryError),
        ("missing/out", FileNotFoundError),
        ("file/out", NotADirectoryError),
        ("/proc/self/fd/99999", OSError),
        ("n" * 300, OSError),
    ],
)
def test_what_cannot_be_written(folder: Path, path: str, error: type[OSError]):
    """The error names what was asked for, and nothing is left."""
    (folder / "sub").mkdir()
    (folder / "to_sub").symlink_to("sub")
    (folder / "file").write_text("old")
    before = names(folder)
    with pytest.raises(error) as caught:
        write_output(path, NEW)
    assert caught.value.filename == path
    assert caught.value.strerror
    assert names(folder) == before
    assert names(folder / "sub") == []
    assert (folder / "file").read_text() == "old"


def test_an_output_without_a_name():
    with pytest.raises(UsageError):
        write_output("", NEW)


@pytest.mark.parametrize("when", ["write", "chmod", "rename"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_is_interrupted_leaves_the_old_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, when: str, error: BaseException
):
    (folder / "out").write_text("old")

    def fail(*_: object) -> None:
        raise error

    class Full:
        def __init__(self, fd: int, _mode: str):
            self._fd = fd

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            os.close(self._fd)

        write = staticmethod(fail)

    name, stand_in = {
        "write": ("fdopen", Full), "chmod": ("fchmod", fail), "rename": ("replace", fail)
    }[when]  # fmt: skip
    monkeypatch.setattr(output.os, name, stand_in)
    with pytest.raises(type(error)) as caught:
        write_output("out", NEW)
    assert getattr(caught.value, "filename", "out") == "out"
    assert names(folder) == ["out"]
    assert (folder / "out").read_text() == "old"


AS_NOBODY = """
import os, sys
sys.path.insert(0, {root!r})
from wasmdialect.cli.output import write_output
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    write_output({path!r}, b"new contents")
except OSError as error:
    print(error.strerror, error.filename)
"""


def as_nobody(path: str) -> str:
    """What is said after writing as a user who may do nothing special."""
    source = AS_NOBODY.format(root=str(Path(__file__).parents[2]), path=path)
    done = processes.run([sys.executable, "-c", source], timeout=60, text=True)
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user too")
@pytest.mark.parametrize("folder_mode", [0o555, 0o1777])
def test_a_file_in_a_folder_that_cannot_be_written(folder_mode: int):
    """Read-only, or sticky and the file is another's: it is written in place."""
    with_access = Path("/tmp") / f"wasmdialect-test-{os.getpid()}"
    with_access.mkdir(mode=0o755)
    try:
        (with_access / "out").write_text("old")
        (with_access / "out").chmod(0o666)
        (with_access / "locked").write_text("old")
        with_access.chmod(folder_mode)
        assert as_nobody(f"{with_access}/out") == ""
        assert (with_access / "out").read_bytes() == NEW
        locked = f"{with_access}/locked"
        assert as_nobody(locked) == f"Permission denied {locked}"
        assert names(with_access) == ["locked", "out"]
    finally:
        for path in with_access.iterdir():
            path.unlink()
        with_access.rmdir()


def test_the_input_as_the_output(folder: Path):
    (folder / "m.wat").write_text("(module (memory 1))")
    done = run(folder, "wasm-opt-py", "m.wat", "-t", "wat", "-o", "m.wat")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (folder / "m.wat").read_text() == "(module\n  (memory (;0;) 1))\n"


def test_commands_name_what_was_asked_for(folder: Path):
    (folder / "m.wat").write_text("(module (func))")
    check_error(run(folder, "wasmdialect", "compile", "m.wat", "-o", "no/x"), 1, "error: no/x: No")
    check_error(run(folder, "wasm-opt-py", "m.wat", "-o", "no/x"), 1, "error: no/x: No such file")
    assert names(folder) == ["m.wat"]

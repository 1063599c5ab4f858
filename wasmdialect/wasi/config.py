"""The resources of a program: arguments, environment, standard streams and directories."""

from __future__ import annotations

import os
import sys

from wasmdialect._closable import Closable
from wasmdialect._records import FrozenRecord
from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.errors import WasmtimeError
from wasmdialect.wasi.host_fd import HostFd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal, TypeAlias

    from wasmdialect.wasi.permissions import DirPerms, FilePerms

    HostPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    CustomOutput: TypeAlias = Callable[[bytes], int | None]


class WasiConfigError(WasmtimeError):
    """A WasiConfig cannot be set up as asked: a file or directory does not open."""


class Preopen(FrozenRecord):
    """A directory that is open before the program starts."""

    host: HostFd
    name: bytes
    mutable: bool
    """Whether entries of directories may be changed."""
    files_mutable: bool
    """Whether files may be written."""


class Output(FrozenRecord):
    """Where standard output or error goes: to a descriptor, a function, or nowhere."""

    host: HostFd | None = None
    python: Literal["stdout", "stderr"] | None = None
    """The object of `sys` that writes to the same place."""
    callback: CustomOutput | None = None


class WasiConfig(Closable):
    """The configuration of a WASI program, with the names and behaviour of wasmtime-py.

    By default there are no arguments, no environment and no directories, standard input is empty
    and the output is dropped. Files and directories are opened when they are set and stay open as
    long as the configuration or a context made from it lives.
    """

    def __init__(self) -> None:
        self.arguments: tuple[bytes, ...] = ()
        self.environment: tuple[tuple[bytes, bytes], ...] = ()
        self.stdin: HostFd | None = None
        self.stdout = Output()
        self.stderr = Output()
        self.preopens: list[Preopen] = []

    def copy(self) -> WasiConfig:
        """A copy with the same settings, which shares the open files."""
        other = WasiConfig()
        other.__dict__.update(self.__dict__, preopens=[*self.preopens])
        return other

    def _set_argv(self, argv: Iterable[str]) -> None:
        self.arguments = tuple(map(_guest_string, argv))

    argv = property(None, _set_argv, doc="Set the arguments, the program's name first.")

    def inherit_argv(self) -> None:
        """Pass on the arguments of this process, as the system started it (`sys.orig_argv`)."""
        self.arguments = tuple(map(os.fsencode, sys.orig_argv))

    def _set_env(self, pairs: Iterable[Iterable[str]]) -> None:
        self.environment = tuple(
            (_guest_string(name), _guest_string(value)) for name, value in pairs
        )

    env = property(None, _set_env, doc="Set the environment: pairs of a name and a value.")

    def inherit_env(self) -> None:
        """Pass on the environment of this process."""
        self.environment = tuple(
            (os.fsencode(name), os.fsencode(value)) for name, value in os.environ.items()
        )

    def _set_stdin_file(self, path: HostPath) -> None:
        self.stdin = _open("stdin", path, os.O_RDONLY)

    stdin_file = property(
        None, _set_stdin_file, doc="Read standard input from a file; WasiConfigError if it fails."
    )

    def inherit_stdin(self) -> None:
        """Read standard input from that of this process."""
        self.stdin = HostFd(0, owned=False)

    def _set_stdout_file(self, path: HostPath) -> None:
        self.stdout = Output(_open("stdout", path, _CREATE))

    stdout_file = property(
        None,
        _set_stdout_file,
        doc="Write standard output to a file, created or emptied now; WasiConfigError if it fails.",
    )

    def _set_stdout_custom(self, callback: CustomOutput) -> None:
        self.stdout = Output(callback=callback)

    stdout_custom = property(
        None,
        _set_stdout_custom,
        doc="Call a function with what is written to standard output; it returns how many bytes it "
        "took (None: all) or an error number, negated. An exception ends the program.",
    )

    def inherit_stdout(self) -> None:
        """Write standard output to that of this process, in order with what Python writes."""
        self.stdout = Output(HostFd(1, owned=False), "stdout")

    def _set_stderr_file(self, path: HostPath) -> None:
        self.stderr = Output(_open("stderr", path, _CREATE))

    stderr_file = property(
        None,
        _set_stderr_file,
        doc="Write standard error to a file, created or emptied now; WasiConfigError if it fails.",
    )

    def _set_stderr_custom(self, callback: CustomOutput) -> None:
        self.stderr = Output(callback=callback)

    stderr_custom = property(
        None,
        _set_stderr_custom,
        doc="Call a function with what is written to standard error, as for `stdout_custom`.",
    )

    def inherit_stderr(self) -> None:
        """Write standard error to that of this process, in order with what Python writes."""
        self.stderr = Output(HostFd(2, owned=False), "stderr")

    def preopen_dir(
        self,
        path: HostPath,
        guest_path: str,
        fs_mutable: bool | DirPerms = True,
        file_perms: FilePerms | None = None,
    ) -> None:
        """Give the program the directory `path` under the name `guest_path`. Without `fs_mutable` it
        is read-only. In its place directories and files can have permissions of their own: DirPerms
        and, by default READ_WRITE, FilePerms. Raises WasiConfigError if it does not open.
        """
        mutable, files_mutable = _permissions(fs_mutable, file_perms)
        flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
        host = _open("preopened directory", path, flags)
        name = _guest_string(guest_path)
        self.preopens.append(Preopen(host, name, mutable, files_mutable))


_CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def _open(purpose: str, path: HostPath, flags: int) -> HostFd:
    try:
        return HostFd(os.open(path, flags, 0o666))
    except OSError as error:
        raise WasiConfigError(f"failed to open {purpose} {path!r}: {error.strerror}") from error


def _permissions(directories: bool | DirPerms, files: FilePerms | None) -> tuple[bool, bool]:
    """Whether directories and files may be changed. Raises TypeError."""
    if isinstance(directories, bool) and files is None:
        return directories, directories
    from wasmdialect.wasi.permissions import DirPerms, FilePerms

    if files is None:
        files = FilePerms.READ_WRITE
    if not isinstance(directories, DirPerms) or not isinstance(files, FilePerms):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("expected a bool, or DirPerms and FilePerms")
    return directories is DirPerms.READ_WRITE, files is FilePerms.READ_WRITE


def _guest_string(text: str) -> bytes:
    """A string as the program sees it: UTF-8 that ends at the first null byte."""
    return text.encode().partition(b"\0")[0]

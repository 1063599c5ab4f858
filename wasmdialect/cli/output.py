"""Writing results: whole or not at all, losing nothing but the old contents."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress

from wasmdialect.cli.errors import UsageError


def write_output(path: str | None, data: bytes) -> None:
    """Write to a file, or to standard output for None and `-`. Raises UsageError, and OSError with the
    given name. A regular file is replaced by renaming a finished one, so that at every moment it is
    either the old or the new one. Its permissions stay; symbolic links stay, and their target is
    replaced; other hard links to it keep the old contents. Some outputs are written in place: devices,
    pipes, open descriptors (`/dev/stdout`, `/dev/fd/3`), files in folders that cannot be written.
    """
    if path is None or path == "-":
        write_standard_output(data)
        return
    if not path:
        raise UsageError("the name of an output is empty")
    try:
        _write_file(path, data)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def write_standard_output(data: bytes) -> None:
    """Write and flush. Raises OSError."""
    sys.stdout.flush()  # what was printed comes first
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _write_file(path: str, data: bytes) -> None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None and stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    target = _follow(path)
    if isinstance(target, int):
        _write_descriptor(target, data)
    elif mode is None:
        _replace(target, data, None)
    elif not stat.S_ISREG(mode) or target.startswith("/proc/"):
        _write_in_place(target, data)
    elif not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    else:
        try:
            _replace(target, data, mode)
        except PermissionError:  # the folder: it is read-only, or sticky and the file is another's
            _write_in_place(target, data)


def _follow(path: str) -> str | int:
    """The target of the symbolic links at the end of a path, existing or not; the number, if it is a
    descriptor of this process. (Links in /proc to open files do not lead to an equivalent path.)"""
    own_descriptors = os.path.realpath("/proc/self/fd")
    for _ in range(_MAX_LINKS):
        folder, name = os.path.split(path)
        if not name:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        folder = os.path.realpath(folder or ".")
        path = os.path.join(folder, name)
        if folder == own_descriptors:
            return int(name)
        if folder.startswith("/proc/") or not os.path.islink(path):
            return path
        path = os.path.join(folder, os.readlink(path))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


_MAX_LINKS = 40
"""As many as Linux follows."""


def _replace(target: str, data: bytes, mode: int | None) -> None:
    """Rename a new file over a regular one with that mode, or to where there is none."""
    temporary = os.path.join(os.path.dirname(target), f".wasmdialect-{os.urandom(8).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    fd = os.open(temporary, flags, 0o666 if mode is None else 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            if mode is not None:
                os.fchmod(fd, mode & 0o777)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _write_in_place(path: str, data: bytes) -> None:
    with open(path, "wb", buffering=0) as file:
        _write_all(file.fileno(), data)


def _write_descriptor(number: int, data: bytes) -> None:
    """Write to an open descriptor at its current position: `>>` keeps the old contents."""
    sys.stdout.flush()
    _write_all(number, data)


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]

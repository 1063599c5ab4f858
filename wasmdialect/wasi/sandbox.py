"""Path resolution that cannot leave a directory.

A path is walked one component at a time. Each directory on the way is opened by its own name, relative
to the previous one and without following a link; a symbolic link is read and its target walked in the
same manner; `..` goes back to the previously open directory. So whatever others rename or replace
meanwhile, the walk is in a directory that it has reached from the root by descending, and the last
system call gets one plain name in it and does not follow that either.
"""

from __future__ import annotations

import errno
import os
from types import TracebackType
from typing import Self

from wasmdialect.wasi.abi import Errno
from wasmdialect.wasi.errors import WasiError
from wasmdialect.wasi.state import MAX_PATH

_MAX_LINKS = 40
"""Symbolic links followed in one path, as in Linux."""

_OPEN_DIRECTORY = (
    getattr(os, "O_PATH", 0)  # requires only search permission
    | getattr(os, "O_DIRECTORY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
)

_OPEN_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)


class Entry:
    """The target of a path: the name of an entry, existing or not, in the open directory `parent`.

    `name` is a plain name, or `.` for the directory itself. Use it as a context manager and only in
    system calls that take `dir_fd` and do not follow symbolic links.
    """

    __slots__ = ("_walked", "name", "parent")

    def __init__(self, walked: list[int], name: bytes):
        self._walked = walked
        self.parent = walked[-1]
        self.name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _close(self._walked)


def resolve(root: int, path: bytes, *, follow: bool) -> Entry:
    """Walk a relative path down from the directory `root`, an open descriptor of the host.

    With `follow`, or if the path ends in a slash, a symbolic link as the last component is followed;
    a path ending in a slash leads to the entry `.` of what must be a directory.

    Raises WasiError: PERM if the path leads outside `root`, INVAL for a null byte, NOENT for an
    empty path, LOOP for too many links; OSError as system calls do.
    """
    walked = [root]
    try:
        return Entry(walked, _walk(walked, path, follow))
    except BaseException:
        _close(walked)
        raise


def open_beneath(root: int, path: bytes, flags: int, *, follow: bool) -> int:
    """Open the target of a relative path, with the flags of `os.open`; returns a new host descriptor.
    Raises the exceptions of `resolve` and `os.open`; LOOP for a symbolic link that is not to be
    followed.
    """
    creates = flags & os.O_CREAT
    if creates and names_directory(path):
        with resolve(root, strip_slashes(path), follow=False):
            raise WasiError(Errno.ISDIR)
    if creates and flags & os.O_EXCL:
        follow = False
    with resolve(root, path, follow=follow) as entry:
        try:
            return os.open(entry.name, flags | _OPEN_FILE, 0o666, dir_fd=entry.parent)
        except NotADirectoryError:
            if _link_target(entry.parent, entry.name) is not None:
                raise WasiError(Errno.LOOP) from None
            raise


def strip_slashes(path: bytes) -> bytes:
    """The path without trailing slashes, for calls that may name a directory with them."""
    return path.rstrip(b"/") or path


def names_directory(path: bytes) -> bool:
    """Whether a path has a last component followed by a slash."""
    return path.endswith(b"/") and path.rstrip(b"/").split(b"/")[-1] not in (b"", b".", b"..")


def _walk(walked: list[int], path: bytes, follow: bool) -> bytes:
    """Append the directories on the path to `walked`; return the last component."""
    pending = _components(path)
    links = 0
    while pending:
        name = pending.pop()
        if name == b".":
            continue
        if name == b"..":
            if len(walked) == 1:
                raise WasiError(Errno.PERM)
            os.close(walked.pop())
            continue
        if pending:
            target = _enter(walked, name)
        elif follow:
            target = _link_target(walked[-1], name)
            if target is None:
                return name
        else:
            return name
        if target is None:
            continue
        links += 1
        if links > _MAX_LINKS:
            raise WasiError(Errno.LOOP)
        pending += _components(target)
    return b"."


def _components(path: bytes) -> list[bytes]:
    """The components of a relative path, last one first.

    A final `.`, `..` or slash asks for a directory: it is, or is followed by, a component `.`.
    """
    if not path:
        raise WasiError(Errno.NOENT)
    if len(path) >= MAX_PATH:
        raise WasiError(Errno.NAMETOOLONG)
    if b"\0" in path:
        raise WasiError(Errno.INVAL)
    if path.startswith(b"/"):
        raise WasiError(Errno.PERM)
    written = path.split(b"/")
    components = [name for name in written if name and name != b"."]
    if written[-1] in (b"", b".", b".."):
        components.append(b".")
    components.reverse()
    return components


def _enter(walked: list[int], name: bytes) -> bytes | None:
    """Descend into a directory, or return the target if it is a symbolic link."""
    try:
        walked.append(os.open(name, _OPEN_DIRECTORY, dir_fd=walked[-1]))
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        target = _link_target(walked[-1], name)
        if target is None:
            raise
        return target
    return None


def _link_target(directory: int, name: bytes) -> bytes | None:
    """The target of a symbolic link; None if the entry is not a link or does not exist."""
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT):
            return None
        raise


def _close(walked: list[int]) -> None:
    """Close the directories of a walk; the first is not its own."""
    for directory in walked[1:]:
        os.close(directory)

"""Whether only the user and root can change the contents of a directory. Entries of the cache are run:
anyone who can write there is as powerful as the user. So each directory on the path must belong to one
of the two, and be writable by nobody else, unless the sticky bit protects its contents, as in /tmp.
Symbolic links are followed if they belong to one of the two.
"""

from __future__ import annotations

import errno
import os
import stat

_MAX_LINKS = 40
"""Symbolic links in one path, as in Linux."""


class UntrustedPathError(PermissionError):
    """Somebody else could write to the path; the message says who and where."""

    def __init__(self, path: str, reason: str):
        super().__init__(errno.EPERM, reason, path)


def make_trusted_directory(path: str | os.PathLike[str]) -> None:
    """Create a directory for the user alone, with its missing parents. Raises UntrustedPathError if
    others can change its contents, OSError if it cannot be created.
    """
    check_trusted(path)
    missing: list[str] = []
    folder = os.fspath(path)
    while folder and not os.path.exists(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for each in reversed(missing):
        make_directory(each)
    if not os.path.isdir(path):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), os.fspath(path))


def make_directory(path: str) -> None:
    """Create a directory for the user alone, unless it exists. Raises OSError."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return  # `a/`, or another process was faster


def check_trusted(path: str | os.PathLike[str]) -> None:
    """Walk down to a directory, as far as it exists. Raises UntrustedPathError, OSError."""
    if not hasattr(os, "geteuid"):
        return  # no owners and modes of this kind
    at = "/"
    pending = _components(os.path.abspath(path))
    links = 0
    _check(at, os.lstat(at))
    while pending:
        here = os.path.join(at, pending.pop())
        try:
            status = os.lstat(here)
        except FileNotFoundError:
            return
        _check(here, status)
        if not stat.S_ISLNK(status.st_mode):
            at = here
            continue
        links += 1
        if links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path))
        target = os.path.join(at, os.readlink(here))
        pending += _components(os.path.normpath(target))
        at = "/"


def _components(path: str) -> list[str]:
    """The names in an absolute path, last one first."""
    return [name for name in reversed(path.split("/")) if name]


def _check(path: str, status: os.stat_result) -> None:
    reason = why_untrusted(status)
    if reason is not None:
        raise UntrustedPathError(path, reason)


def why_untrusted(status: os.stat_result) -> str | None:
    """Why somebody else could change a file, link or directory; None if nobody could."""
    user = os.geteuid()
    if status.st_uid not in (0, user):
        return f"belongs to user {status.st_uid}, who could change what user {user} runs from it"
    mode = status.st_mode
    if stat.S_ISLNK(mode) or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        return None
    if mode & stat.S_IWOTH:
        return "can be written by everybody; run chmod o-w on it"
    if mode & stat.S_IWGRP and not _is_own_group(status.st_gid, status.st_uid):
        return f"can be written by group {status.st_gid}; run chmod g-w on it"
    return None


def _is_own_group(group: int, user: int) -> bool:
    """Whether a group has only one member, as on systems where each user has a group of the same
    number."""
    import grp
    import pwd

    try:
        members = grp.getgrgid(group).gr_mem
        return group == user and {*members} <= {pwd.getpwuid(user).pw_name}
    except KeyError:
        return False

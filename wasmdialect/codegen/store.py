"""Stores hold the entries of the cache, as bytes under a key.

A store needs `get` and `insert`. Any thread may call them; an entry may vanish at any time.
"""

from __future__ import annotations

import os
import stat
from _thread import get_ident

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.codegen.trusted_path import (
    UntrustedPathError,
    make_directory,
    make_trusted_directory,
    why_untrusted,
)

if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object

DEFAULT_LIMIT = 1 << 30
"""Bytes that a directory store may grow to."""
_KEEP = 0.7
"""The share of the limit that is left after entries have been evicted."""
_CHECK_EVERY = 16 << 20
"""Bytes inserted between two looks at the size of the directory."""


class Store(Protocol):
    """Keeps bytes under keys, which are hexadecimal digests."""

    def get(self, key: str) -> bytes | None:
        """The value inserted under the key, None if there is none (any more)."""
        ...

    def insert(self, key: str, value: bytes) -> None:
        """Keep a value. Failure to do so is not an error."""
        ...


class MemoryStore:
    """Entries of this process."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """The value under a key."""
        return self.entries.get(key)

    def insert(self, key: str, value: bytes) -> None:
        """Keep a value."""
        self.entries[key] = value


class DirectoryStore:
    """Entries as files of a directory, which processes of one user can share.

    Only files that nobody else can change are read (`trusted_path`). A file appears whole, by rename.
    When the directory is larger than the limit, the least recently used entries are removed.
    """

    def __init__(self, path: str | os.PathLike[str], limit: int = DEFAULT_LIMIT):
        """`limit` is in bytes. Raises UntrustedPathError if others can change the contents of the
        directory, OSError if it cannot be created."""
        self.path = os.fspath(path)
        self.limit = limit
        make_trusted_directory(self.path)
        self._inserted = 0

    def get(self, key: str) -> bytes | None:
        """The value under a key; it counts as used now."""
        opened = self.open_entry(key)
        if opened is None:
            return None
        try:
            with open(opened, "rb") as file:
                return file.read()
        except OSError:
            return None

    def open_entry(self, key: str) -> int | None:
        """A descriptor for reading the value under a key, for the caller to close; the value counts as
        used now. The file may be removed or replaced meanwhile, and still be read."""
        file = self._file(key)
        try:
            opened = _open_own(file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        _touch(opened)
        return opened

    def insert(self, key: str, value: bytes) -> None:
        """Keep a value. A full disk or a missing permission is not an error: the entry is not kept."""
        file = self._file(key)
        folder, name = os.path.split(file)
        part = os.path.join(folder, f".{name}.{os.getpid()}.{get_ident()}")
        try:
            if not os.path.isdir(folder):
                make_directory(folder)
            with open(part, "xb", opener=_create_own) as opened:
                opened.write(value)
            os.replace(part, file)
        except OSError:
            _unlink(part)
            return
        # Without a lock, which a fork might copy: if threads add at once, the check comes a bit later.
        self._inserted += len(value)
        if self._inserted >= min(_CHECK_EVERY, self.limit):
            self._inserted = 0
            self.evict()

    def _file(self, key: str) -> str:
        return os.path.join(self.path, key[:2], key[2:])

    def entries(self) -> list[tuple[float, int, str]]:
        """Time of last use, size and file of each entry."""
        found: list[tuple[float, int, str]] = []
        for folder in _listed(self.path):
            if len(folder) != 2:
                continue
            for name in _listed(os.path.join(self.path, folder)):
                file = os.path.join(self.path, folder, name)
                try:
                    status = os.stat(file)
                except OSError:
                    continue
                found.append((status.st_mtime, status.st_size, file))
        return found

    def evict(self) -> None:
        """If the directory is over its limit, remove the least recently used entries."""
        entries = sorted(self.entries())
        size = sum(row[1] for row in entries)
        if size <= self.limit:
            return
        for _, entry_size, file in entries:
            if size <= self.limit * _KEEP:
                return
            if _unlink(file):
                size -= entry_size

    def clear(self) -> None:
        """Remove all entries."""
        for _, _, file in self.entries():
            _unlink(file)


def _touch(opened: int) -> None:
    try:
        os.utime(opened)
    except OSError:
        return  # a cache that somebody else fills, for us to read


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _unlink(file: str) -> bool:
    """Remove a file; returns whether that was possible."""
    try:
        os.unlink(file)
    except OSError:
        return False
    return True


_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Do not wait for a writer of a FIFO either."""


def _open_own(path: str, flags: int) -> int:
    """Open a file that nobody else can change. Raises OSError."""
    opened = os.open(path, flags | _NO_FOLLOW)
    try:
        status = os.fstat(opened)
        reason = why_untrusted(status) if hasattr(os, "geteuid") else None
        if reason is not None or not stat.S_ISREG(status.st_mode):
            raise UntrustedPathError(path, reason or "is not a file")
    except OSError:
        os.close(opened)
        raise
    return opened


def _create_own(path: str, flags: int) -> int:
    return os.open(path, flags | _NO_FOLLOW, 0o600)


def default_directory() -> str:
    """`$WASMDIALECT_CACHE_DIR`, else `wasmdialect` in the user's cache directory. Raises RuntimeError
    if the user has no home."""
    own = os.environ.get("WASMDIALECT_CACHE_DIR")
    if own:
        return own
    base = os.environ.get("XDG_CACHE_HOME")
    if not base:
        home = os.path.expanduser("~")
        if home == "~":
            raise RuntimeError("the user has no home directory")
        base = os.path.join(home, ".cache")
    return os.path.join(base, "wasmdialect")

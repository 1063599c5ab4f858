"""Stores hold the entries of the cache, as bytes under a key.

A store needs `get` and `insert`. Any thread may call them; an entry may vanish at any time.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from pathlib import Path
from typing import Protocol

from wasmdialect.codegen.trusted_path import (
    UntrustedPathError,
    make_trusted_directory,
    why_untrusted,
)

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
        self.path = Path(path)
        self.limit = limit
        make_trusted_directory(self.path)
        self._inserted = 0

    def get(self, key: str) -> bytes | None:
        """The value under a key; it counts as used now."""
        file = self._file(key)
        try:
            with open(file, "rb", opener=_open_own) as opened:
                data = opened.read()
            os.utime(file, follow_symlinks=False)
        except OSError:
            return None
        return data

    def insert(self, key: str, value: bytes) -> None:
        """Keep a value. A full disk or a missing permission is not an error: the entry is not kept."""
        file = self._file(key)
        part = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            with open(part, "xb", opener=_create_own) as opened:
                opened.write(value)
            os.replace(part, file)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()
            return
        # Without a lock, which a fork might copy: if threads add at once, the check comes a bit later.
        self._inserted += len(value)
        if self._inserted >= min(_CHECK_EVERY, self.limit):
            self._inserted = 0
            self.evict()

    def _file(self, key: str) -> Path:
        return self.path / key[:2] / key[2:]

    def entries(self) -> list[tuple[float, int, Path]]:
        """Time of last use, size and file of each entry."""
        found: list[tuple[float, int, Path]] = []
        for file in self.path.glob("??/*"):
            with contextlib.suppress(OSError):
                status = file.stat()
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
            with contextlib.suppress(OSError):
                file.unlink()
                size -= entry_size

    def clear(self) -> None:
        """Remove all entries."""
        for _, _, file in self.entries():
            with contextlib.suppress(OSError):
                file.unlink()


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


def default_directory() -> Path:
    """`$WASMDIALECT_CACHE_DIR`, else `wasmdialect` in the user's cache directory."""
    own = os.environ.get("WASMDIALECT_CACHE_DIR")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "wasmdialect"

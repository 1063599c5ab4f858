"""Stores: where the cache keeps its entries, as bytes under a key.

A store needs `get` and `insert`. Any thread may call them; an entry may vanish at any time.
"""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Protocol

DEFAULT_LIMIT = 1 << 30
"""Bytes that a directory store may grow to."""
_KEEP = 0.7
"""The share of the limit that is left after entries have been evicted."""
_CHECK_EVERY = 16 << 20
"""Bytes inserted between two looks at the size of the directory."""


class Store(Protocol):
    """Keeps bytes under keys, which are hexadecimal digests."""

    def get(self, key: str) -> bytes | None:
        """What was inserted under the key, None if there is nothing (any more)."""
        ...

    def insert(self, key: str, value: bytes) -> None:
        """Keep a value. Failing to is no error."""
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
    """Entries as files of a directory, which processes can share.

    A file appears whole, by rename. When the directory is larger than the limit, the entries that
    were not used for the longest time go.
    """

    def __init__(self, path: str | os.PathLike[str], limit: int = DEFAULT_LIMIT):
        """`limit` is in bytes. Raises OSError if the directory cannot be made."""
        self.path = Path(path)
        self.limit = limit
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._inserted = 0

    def get(self, key: str) -> bytes | None:
        """The value under a key; it counts as used now."""
        file = self._file(key)
        try:
            with open(file, "rb") as opened:
                data = opened.read()
            os.utime(file)
        except OSError:
            return None
        return data

    def insert(self, key: str, value: bytes) -> None:
        """Keep a value. A full disk or a missing right is no error: the entry is not kept."""
        file = self._file(key)
        part = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            file.parent.mkdir(exist_ok=True)
            part.write_bytes(value)
            os.replace(part, file)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()
            return
        with self._lock:
            self._inserted += len(value)
            is_due = self._inserted >= min(_CHECK_EVERY, self.limit)
            if is_due:
                self._inserted = 0
        if is_due:
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
        """If the directory is over its limit, remove the entries used longest ago."""
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


def default_directory() -> Path:
    """`$WASMDIALECT_CACHE_DIR`, else `wasmdialect` in the user's cache directory."""
    own = os.environ.get("WASMDIALECT_CACHE_DIR")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "wasmdialect"

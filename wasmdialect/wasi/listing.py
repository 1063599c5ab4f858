"""The entries of a directory, read on demand. A program can fill a directory with as many files as its
disk holds, so they are never all held at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from wasmdialect.wasi.abi import DIRENT, Errno, Filetype
from wasmdialect.wasi.descriptors import filetype_of
from wasmdialect.wasi.errors import WasiError

KEPT = 4096
"""Records kept for a program that goes back. Beyond them the directory is read again, and the cookies
are those of the files that exist then."""


class Listing:
    """The entries of an open directory as `dirent` records with their names, numbered from 0."""

    def __init__(self, directory: int):
        self._directory = directory
        self._start()

    def _start(self) -> None:
        self._kept: list[bytes] = []
        self._first = 0
        """The number of the first record that is kept."""
        self._rest = iter(())
        self._rest = _records(self._directory)

    def records(self, number: int) -> Iterator[bytes]:
        """The records from a number on. Raises OSError, or WasiError(ILSEQ) if a name is not UTF-8:
        preview 1 has no other names."""
        if number < self._first:
            self._start()
        while True:
            while number - self._first >= len(self._kept):
                if not self._read():
                    return
            yield self._kept[number - self._first]
            number += 1

    def _read(self) -> bool:
        """Keep another record; False at the end."""
        try:
            record = next(self._rest, None)
        except BaseException:
            self._start()  # the next call fails in the same way, instead of finding the end
            raise
        if record is None:
            return False
        if len(self._kept) == KEPT:
            del self._kept[: KEPT // 2]
            self._first += KEPT // 2
        self._kept.append(record)
        return True


def _records(directory: int) -> Iterator[bytes]:
    for cookie, (name, inode, filetype) in enumerate(_entries(directory), 1):
        yield DIRENT.pack(cookie, inode, len(name), filetype) + name


def _entries(directory: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, number and type of each entry."""
    own = os.fstat(directory).st_ino
    # `..` has the number of the directory itself: its parent is hidden from the program.
    yield b".", own, Filetype.DIRECTORY
    yield b"..", own, Filetype.DIRECTORY
    with os.scandir(directory) as scan:
        for entry in scan:
            try:
                name = entry.name.encode()
            except UnicodeEncodeError:
                raise WasiError(Errno.ILSEQ) from None
            yield name, entry.inode(), _type_of(entry)


def _type_of(entry: os.DirEntry[str]) -> int:
    try:
        if entry.is_symlink():
            return Filetype.SYMBOLIC_LINK
        if entry.is_dir(follow_symlinks=False):
            return Filetype.DIRECTORY
        if entry.is_file(follow_symlinks=False):
            return Filetype.REGULAR_FILE
        return filetype_of(entry.stat(follow_symlinks=False).st_mode)
    except FileNotFoundError:  # removed since
        return Filetype.UNKNOWN

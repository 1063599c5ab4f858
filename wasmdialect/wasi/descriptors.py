"""The objects behind a program's file descriptors, and the table that numbers them."""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.wasi.abi import ALL_RIGHTS, Errno, Filetype, Rights
from wasmdialect.wasi.errors import WasiError, from_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Literal

    from wasmdialect.wasi.config import WasiConfig
    from wasmdialect.wasi.host_fd import HostFd
    from wasmdialect.wasi.listing import Listing
    from wasmdialect.wasi.memory import HostBuffer


class Descriptor:
    """A descriptor without operations: every kind overrides those it supports."""

    __slots__ = ()

    def read(self, buffers: list[memoryview]) -> int:
        """Read into the buffers from the current position; returns the number of bytes, 0 at the
        end."""
        raise WasiError(Errno.BADF)

    def write(self, buffers: list[HostBuffer]) -> int:
        """Write the buffers at the current position; returns the number of bytes written."""
        raise WasiError(Errno.BADF)

    def pread(self, buffers: list[memoryview], offset: int) -> int:
        """Read from an offset in bytes, leaving the current position alone."""
        raise WasiError(Errno.BADF)

    def pwrite(self, buffers: list[HostBuffer], offset: int) -> int:
        """Write at an offset in bytes, leaving the current position alone."""
        raise WasiError(Errno.BADF)

    def seek(self, offset: int, whence: int) -> int:
        """Move the current position, `whence` being the host's; returns the new position in bytes."""
        raise WasiError(Errno.BADF)

    def filetype(self) -> int:
        """Its type in `fdstat`: a `Filetype`."""
        raise NotImplementedError

    def rights(self) -> tuple[int, int]:
        """Its base and inheriting rights."""
        raise NotImplementedError

    def poll_fd(self, *, write: bool) -> int | None:
        """The host's descriptor to wait on until it can be read (or written); None: it always can."""
        raise WasiError(Errno.BADF)

    def close(self) -> None:
        """Release the host's descriptor."""


class Stream(Descriptor):
    """Standard input or output: a stream of bytes, without a position."""

    __slots__ = ("host",)

    def __init__(self, host: HostFd | None = None):
        self.host = host

    def seek(self, offset: int, whence: int) -> int:
        raise WasiError(Errno.SPIPE)

    def filetype(self) -> int:
        # A program can only learn whether these are terminals (as in Wasmtime).
        if self.host is not None and os.isatty(self.host.number):
            return Filetype.CHARACTER_DEVICE
        return Filetype.UNKNOWN

    def close(self) -> None:
        if self.host is not None:
            self.host.close()


class InputStream(Stream):
    """Standard input; without a host descriptor it is empty."""

    __slots__ = ()

    def read(self, buffers: list[memoryview]) -> int:
        return 0 if self.host is None else os.readv(self.host.number, buffers)

    def pread(self, buffers: list[memoryview], offset: int) -> int:
        raise WasiError(Errno.SPIPE)

    def rights(self) -> tuple[int, int]:
        return Rights.FD_READ, Rights.FD_READ

    def poll_fd(self, *, write: bool) -> int | None:
        if write:
            raise WasiError(Errno.BADF)
        return None if self.host is None else self.host.number


class OutputStream(Stream):
    """Standard output or error; without a host descriptor, output is dropped. `python` names the
    object of `sys` that writes to the same target: its buffer is flushed first.
    """

    __slots__ = ("python",)

    def __init__(
        self, host: HostFd | None = None, python: Literal["stdout", "stderr"] | None = None
    ):
        super().__init__(host)
        self.python = python

    def write(self, buffers: list[HostBuffer]) -> int:
        if self.python is not None:
            _flush(self.python)
        if self.host is None:
            return sum(map(len, buffers))
        return os.writev(self.host.number, buffers)

    def pwrite(self, buffers: list[HostBuffer], offset: int) -> int:
        raise WasiError(Errno.SPIPE)

    def rights(self) -> tuple[int, int]:
        return Rights.FD_WRITE, Rights.FD_WRITE

    def poll_fd(self, *, write: bool) -> int | None:
        if not write:
            raise WasiError(Errno.BADF)
        return None if self.host is None else self.host.number


def _flush(name: str) -> None:
    stream = getattr(sys, name)
    try:  # noqa: SIM105  # `contextlib` is not loaded otherwise
        stream.flush()
    except (AttributeError, ValueError):
        pass  # None or not a file; closed: nothing is held back


class CallbackStream(OutputStream):
    """Standard output or error that calls a function with each piece.

    The function returns how many bytes it took (None: all of them) or a negated error number of the
    host.
    """

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[bytes], int | None]):
        super().__init__()
        self.callback = callback

    def write(self, buffers: list[HostBuffer]) -> int:
        done = 0
        for piece in _pieces(buffers):
            taken = self.callback(piece)
            if taken is not None and taken != len(piece):
                if done:
                    break  # a short write; the next one gets the error
                raise WasiError(from_host(OSError(-taken, "")) if taken < 0 else Errno.IO)
            done += len(piece)
        return done


_MAX_PIECE = 1 << 20
"""The bytes that a callback gets at once."""


def _pieces(buffers: list[HostBuffer]) -> Iterator[bytes]:
    """The bytes of buffers in pieces, as few as there can be; one piece if there are no bytes."""
    piece = bytearray()
    for buffer in map(memoryview, buffers):
        at = 0
        while at < len(buffer):
            part = buffer[at : at + _MAX_PIECE - len(piece)]
            piece += part
            at += len(part)
            if len(piece) == _MAX_PIECE:
                yield bytes(piece)
                piece.clear()
    if piece or not any(map(len, buffers)):
        yield bytes(piece)


_FILE_ONLY_RIGHTS = Rights.FD_SEEK | Rights.FD_FILESTAT_SET_SIZE | Rights.PATH_FILESTAT_SET_SIZE

# The rights of a pre-opened directory, which C libraries look at before they use it.
_PREOPEN_RIGHTS = (
    Rights.PATH_CREATE_DIRECTORY
    | Rights.PATH_CREATE_FILE
    | Rights.PATH_LINK_SOURCE
    | Rights.PATH_LINK_TARGET
    | Rights.PATH_OPEN
    | Rights.FD_READDIR
    | Rights.PATH_READLINK
    | Rights.PATH_RENAME_SOURCE
    | Rights.PATH_RENAME_TARGET
    | Rights.PATH_SYMLINK
    | Rights.PATH_REMOVE_DIRECTORY
    | Rights.PATH_UNLINK_FILE
    | Rights.PATH_FILESTAT_GET
    | Rights.PATH_FILESTAT_SET_TIMES
    | Rights.FD_FILESTAT_GET
    | Rights.FD_FILESTAT_SET_TIMES
)
_PREOPEN_INHERITING = (
    _PREOPEN_RIGHTS
    | Rights.FD_DATASYNC
    | Rights.FD_READ
    | Rights.FD_SEEK
    | Rights.FD_FDSTAT_SET_FLAGS
    | Rights.FD_SYNC
    | Rights.FD_TELL
    | Rights.FD_WRITE
    | Rights.FD_ADVISE
    | Rights.FD_ALLOCATE
    | Rights.FD_FILESTAT_SET_SIZE
    | Rights.POLL_FD_READWRITE
)


class File(Descriptor):
    """An open file that is not a directory. The host keeps its position and access mode."""

    __slots__ = ("access", "flags", "host", "mutable")

    def __init__(self, host: HostFd, mutable: bool, access: int, flags: int):
        self.host = host
        self.mutable = mutable
        """Whether files below its directory may be written."""
        self.access = access
        """The host's access mode: O_RDONLY, O_WRONLY or O_RDWR."""
        self.flags = flags
        """`Fdflags`."""

    def read(self, buffers: list[memoryview]) -> int:
        return os.readv(self.host.number, buffers)

    def write(self, buffers: list[HostBuffer]) -> int:
        return os.writev(self.host.number, buffers)

    def pread(self, buffers: list[memoryview], offset: int) -> int:
        return os.preadv(self.host.number, buffers, offset)

    def pwrite(self, buffers: list[HostBuffer], offset: int) -> int:
        return os.pwritev(self.host.number, buffers, offset)

    def seek(self, offset: int, whence: int) -> int:
        return os.lseek(self.host.number, offset, whence)

    def filetype(self) -> int:
        return filetype_of(os.fstat(self.host.number).st_mode)

    def rights(self) -> tuple[int, int]:
        rights = ALL_RIGHTS
        if self.access == os.O_WRONLY:
            rights &= ~(Rights.FD_READ | Rights.FD_READDIR)
        if self.access == os.O_RDONLY:
            rights &= ~Rights.FD_WRITE
        return rights, rights

    def poll_fd(self, *, write: bool) -> int | None:
        return self.host.number

    def close(self) -> None:
        self.host.close()


class Directory(Descriptor):
    """An open directory; no path resolved from it leads outside."""

    __slots__ = ("files_mutable", "host", "listing", "mutable", "preopened_as")

    def __init__(
        self, host: HostFd, mutable: bool, files_mutable: bool, preopened_as: bytes | None = None
    ):
        self.host = host
        self.mutable = mutable
        """Whether entries of it and of directories below may be changed."""
        self.files_mutable = files_mutable
        """Whether files below it may be written."""
        self.preopened_as = preopened_as
        """The program's name for a directory that was open before it started."""
        self.listing: Listing | None = None
        """Its entries since the last `fd_readdir` from the start."""

    def filetype(self) -> int:
        return Filetype.DIRECTORY

    def rights(self) -> tuple[int, int]:
        if self.preopened_as is not None:
            return _PREOPEN_RIGHTS, _PREOPEN_INHERITING
        rights = ALL_RIGHTS & ~(_FILE_ONLY_RIGHTS | Rights.FD_WRITE)
        return rights, rights

    def close(self) -> None:
        self.host.close()


_FILETYPES = {
    0o060000: Filetype.BLOCK_DEVICE,
    0o020000: Filetype.CHARACTER_DEVICE,
    0o040000: Filetype.DIRECTORY,
    0o100000: Filetype.REGULAR_FILE,
    0o140000: Filetype.SOCKET_STREAM,
    0o120000: Filetype.SYMBOLIC_LINK,
}


def filetype_of(mode: int) -> int:
    """The `Filetype` of a file by its `st_mode`. Preview 1 does not have one for a FIFO."""
    return _FILETYPES.get(mode & 0o170000, Filetype.UNKNOWN)


class DescriptorTable:
    """The descriptors of one program by number.

    A new one gets the highest number that was freed, else the lowest never used (as in Wasmtime).
    Lookups raise WasiError(BADF).
    """

    shared = False
    """Whether several threads use the table. One of them may be reading from what another one closes,
    and the host may give its number to another file at once; so what is closed stays open until
    nothing refers to it any more."""

    def __init__(self, descriptors: list[Descriptor]):
        self._lock = allocate_lock()
        self._used = dict(enumerate(descriptors))
        self._free: list[int] = []  # ascending; with `_used` it covers 0..n-1

    def get(self, fd: int) -> Descriptor:
        """The descriptor with this number."""
        descriptor = self._used.get(fd)
        if descriptor is None:
            raise WasiError(Errno.BADF)
        return descriptor

    def file(self, fd: int) -> File:
        """The file with this number; BADF if it is something else."""
        descriptor = self.get(fd)
        if not isinstance(descriptor, File):
            raise WasiError(Errno.BADF)
        return descriptor

    def directory(self, fd: int) -> Directory:
        """The directory with this number; BADF if it is something else."""
        descriptor = self.get(fd)
        if not isinstance(descriptor, Directory):
            raise WasiError(Errno.BADF)
        return descriptor

    def stored(self, fd: int) -> File | Directory:
        """The file or directory with this number; BADF if it is a standard stream."""
        descriptor = self.get(fd)
        if not isinstance(descriptor, (File, Directory)):
            raise WasiError(Errno.BADF)
        return descriptor

    def add(self, descriptor: Descriptor) -> int:
        """Number a new descriptor."""
        with self._lock:
            fd = self._free.pop() if self._free else len(self._used)
            self._used[fd] = descriptor
        return fd

    def close(self, fd: int) -> None:
        """Close a descriptor and free its number."""
        with self._lock:
            self._close(self.get(fd))
            self._forget(fd)

    def _close(self, descriptor: Descriptor) -> None:
        if not self.shared:
            descriptor.close()

    def _forget(self, fd: int) -> None:
        del self._used[fd]
        self._free = sorted([*self._free, fd])

    def renumber(self, fd: int, to: int) -> None:
        """Close `to`, which must be open, and give its number to the descriptor `fd`."""
        with self._lock:
            descriptor, replaced = self.get(fd), self.get(to)
            if fd == to:
                return
            self._close(replaced)
            self._used[to] = descriptor
            self._forget(fd)


def open_descriptors(config: WasiConfig) -> DescriptorTable:
    """The descriptors open when a program starts: the standard streams, then directories."""
    outputs = [
        OutputStream(output.host, output.python)
        if output.callback is None
        else CallbackStream(output.callback)
        for output in (config.stdout, config.stderr)
    ]
    directories = [
        Directory(each.host, each.mutable, each.files_mutable, each.name)
        for each in config.preopens
    ]
    return DescriptorTable([InputStream(config.stdin), *outputs, *directories])

"""The functions about open descriptors: fd_*."""

from __future__ import annotations

import os

from wasmdialect.wasi.abi import (
    DIRCOOKIE_START,
    FDSTAT,
    PREOPENTYPE_DIR,
    PRESTAT,
    Errno,
    Fdflags,
    Whence,
)
from wasmdialect.wasi.calls import wasi_call
from wasmdialect.wasi.descriptors import Descriptor, Directory, File
from wasmdialect.wasi.errors import WasiError
from wasmdialect.wasi.listing import Listing
from wasmdialect.wasi.memory import GuestMemory, gather, scatter
from wasmdialect.wasi.metadata import filestat, new_times
from wasmdialect.wasi.state import WasiFunctions

_WHENCES: dict[int, int] = {
    Whence.SET: os.SEEK_SET,
    Whence.CUR: os.SEEK_CUR,
    Whence.END: os.SEEK_END,
}

# By number; hosts without fadvise have none of the constants.
_ADVICE = tuple(
    getattr(os, f"POSIX_FADV_{name}", None)
    for name in ("NORMAL", "SEQUENTIAL", "RANDOM", "WILLNEED", "DONTNEED", "NOREUSE")
)

_HOST_FDFLAGS = (
    (Fdflags.APPEND, os.O_APPEND),
    (Fdflags.DSYNC, getattr(os, "O_DSYNC", 0)),
    (Fdflags.NONBLOCK, getattr(os, "O_NONBLOCK", 0)),
    (Fdflags.RSYNC, getattr(os, "O_RSYNC", 0)),
    (Fdflags.SYNC, getattr(os, "O_SYNC", 0)),
)
_SYNC_FLAGS = Fdflags.DSYNC | Fdflags.RSYNC | Fdflags.SYNC
_SETTABLE_FLAGS = Fdflags.APPEND | Fdflags.NONBLOCK


def host_fdflags(flags: int) -> int:
    """The flags of `os.open` for some `fdflags`; INVAL for unknown ones."""
    if flags & ~sum(flag for flag, _ in _HOST_FDFLAGS):
        raise WasiError(Errno.INVAL)
    return sum(host for flag, host in _HOST_FDFLAGS if flags & flag)


class FileFunctions(WasiFunctions):
    """fd_*."""

    @wasi_call
    def fd_advise(self, memory: GuestMemory, fd: int, offset: int, size: int, advice: int) -> None:
        """Announce how a part of a file will be used."""
        if advice >= len(_ADVICE):
            raise WasiError(Errno.INVAL)
        file = self.descriptors.file(fd)
        host_advice = _ADVICE[advice]
        if host_advice is not None:
            os.posix_fadvise(file.host.number, _signed(offset), _signed(size), host_advice)

    @wasi_call
    def fd_allocate(self, memory: GuestMemory, fd: int, offset: int, size: int) -> None:
        """Make sure that a part of a file has space; NOTSUP where the host cannot."""
        file = self.descriptors.file(fd)
        _check_mutable(file)
        if not hasattr(os, "posix_fallocate"):
            raise WasiError(Errno.NOTSUP)
        os.posix_fallocate(file.host.number, _signed(offset), _signed(size))

    @wasi_call
    def fd_close(self, memory: GuestMemory, fd: int) -> None:
        """Close a descriptor."""
        self.descriptors.close(fd)

    @wasi_call
    def fd_datasync(self, memory: GuestMemory, fd: int) -> None:
        """Write the data of a file to the disk."""
        os.fdatasync(self.descriptors.file(fd).host.number)

    @wasi_call
    def fd_fdstat_get(self, memory: GuestMemory, fd: int, stat: int) -> None:
        """Store the type, flags and rights of a descriptor."""
        descriptor = self.descriptors.get(fd)
        flags = descriptor.flags if isinstance(descriptor, File) else 0
        memory.write(stat, FDSTAT.pack(descriptor.filetype(), flags, *descriptor.rights()))

    @wasi_call
    def fd_fdstat_set_flags(self, memory: GuestMemory, fd: int, flags: int) -> None:
        """Set APPEND and NONBLOCK of a file; the other flags cannot be set (INVAL)."""
        file = self.descriptors.file(fd)
        if flags & ~_SETTABLE_FLAGS:
            raise WasiError(Errno.INVAL)
        import fcntl  # not available on every host

        number = file.host.number
        kept = fcntl.fcntl(number, fcntl.F_GETFL) & ~host_fdflags(_SETTABLE_FLAGS)
        fcntl.fcntl(number, fcntl.F_SETFL, kept | host_fdflags(flags))
        file.flags = file.flags & _SYNC_FLAGS | flags

    @wasi_call
    def fd_fdstat_set_rights(
        self, memory: GuestMemory, fd: int, base: int, inheriting: int
    ) -> None:
        """Not supported: rights follow from how a descriptor was opened."""
        self.descriptors.stored(fd)
        raise WasiError(Errno.NOTSUP)

    @wasi_call
    def fd_filestat_get(self, memory: GuestMemory, fd: int, stat: int) -> None:
        """Store the attributes of a file or directory; of a stream only the type."""
        descriptor = self.descriptors.get(fd)
        if isinstance(descriptor, (File, Directory)):
            record = filestat(os.fstat(descriptor.host.number))
        else:
            record = filestat(None, descriptor.filetype())
        memory.write(stat, record)

    @wasi_call
    def fd_filestat_set_size(self, memory: GuestMemory, fd: int, size: int) -> None:
        """Truncate a file or lengthen it with zeros."""
        file = self.descriptors.file(fd)
        _check_mutable(file)
        os.ftruncate(file.host.number, _signed(size))

    @wasi_call
    def fd_filestat_set_times(
        self, memory: GuestMemory, fd: int, atim: int, mtim: int, flags: int
    ) -> None:
        """Set the timestamps of a file or directory, in nanoseconds since 1970."""
        times = new_times(atim, mtim, flags)
        descriptor = self.descriptors.stored(fd)
        _check_mutable(descriptor)
        number = descriptor.host.number
        os.utime(number, ns=times(os.fstat(number)))

    @wasi_call
    def fd_pread(
        self, memory: GuestMemory, fd: int, iovs: int, count: int, offset: int, nread: int
    ) -> None:
        """Read at an offset, leaving the position alone."""
        descriptor = self.descriptors.get(fd)
        at = _signed(offset)
        size = scatter(memory, iovs, count, lambda buffers: descriptor.pread(buffers, at))
        memory.write_u32(nread, size)

    @wasi_call
    def fd_prestat_get(self, memory: GuestMemory, fd: int, prestat: int) -> None:
        """Store how long the name of a pre-opened directory is; BADF for anything else."""
        name = _preopened_as(self.descriptors.get(fd))
        if name is None:
            raise WasiError(Errno.BADF)
        memory.write(prestat, PRESTAT.pack(PREOPENTYPE_DIR, len(name)))

    @wasi_call
    def fd_prestat_dir_name(self, memory: GuestMemory, fd: int, path: int, size: int) -> None:
        """Store the name of a pre-opened directory, without a null byte."""
        name = _preopened_as(self.descriptors.get(fd))
        if name is None:
            raise WasiError(Errno.NOTDIR)
        if len(name) > size:
            raise WasiError(Errno.NAMETOOLONG)
        memory.write(path, name)

    @wasi_call
    def fd_pwrite(
        self, memory: GuestMemory, fd: int, iovs: int, count: int, offset: int, nwritten: int
    ) -> None:
        """Write at an offset, leaving the position alone; at the end if the file appends."""
        buffers = gather(memory, iovs, count)
        size = self.descriptors.get(fd).pwrite(buffers, _signed(offset))
        memory.write_u32(nwritten, size)

    @wasi_call
    def fd_read(self, memory: GuestMemory, fd: int, iovs: int, count: int, nread: int) -> None:
        """Read at the position and move it."""
        size = scatter(memory, iovs, count, self.descriptors.get(fd).read)
        memory.write_u32(nread, size)

    @wasi_call
    def fd_readdir(
        self, memory: GuestMemory, fd: int, buf: int, size: int, cookie: int, bufused: int
    ) -> None:
        """Store the entries of a directory from a cookie on, the last one cut off if it must be.

        A cookie counts entries since the last call with the first cookie, so that a program can
        delete files while it reads.
        """
        directory = self.descriptors.directory(fd)
        if directory.listing is None or cookie == DIRCOOKIE_START:
            directory.listing = None  # which ends the previous one: both use the host's position
            directory.listing = Listing(directory.host.number)
        used = 0
        for record in directory.listing.records(cookie):
            part = record[: size - used]
            memory.write(buf + used, part)
            used += len(part)
            if used == size:
                break
        memory.write_u32(bufused, used)

    @wasi_call
    def fd_renumber(self, memory: GuestMemory, fd: int, to: int) -> None:
        """Move a descriptor to the number of another one, which is closed."""
        self.descriptors.renumber(fd, to)

    @wasi_call
    def fd_seek(
        self, memory: GuestMemory, fd: int, offset: int, whence: int, position: int
    ) -> None:
        """Move the position and store it."""
        host_whence = _WHENCES.get(whence)
        if host_whence is None:
            raise WasiError(Errno.INVAL)
        memory.write_u64(position, self.descriptors.get(fd).seek(_signed(offset), host_whence))

    @wasi_call
    def fd_sync(self, memory: GuestMemory, fd: int) -> None:
        """Write the data and attributes of a file to the disk."""
        os.fsync(self.descriptors.file(fd).host.number)

    @wasi_call
    def fd_tell(self, memory: GuestMemory, fd: int, position: int) -> None:
        """Store the position."""
        memory.write_u64(position, self.descriptors.get(fd).seek(0, os.SEEK_CUR))

    @wasi_call
    def fd_write(self, memory: GuestMemory, fd: int, iovs: int, count: int, nwritten: int) -> None:
        """Write at the position and move it."""
        size = self.descriptors.get(fd).write(gather(memory, iovs, count))
        memory.write_u32(nwritten, size)


def _signed(value: int) -> int:
    """The host's file offsets are signed: the host refuses negative ones."""
    return value - (1 << 64) if value >> 63 else value


def _preopened_as(descriptor: Descriptor) -> bytes | None:
    return descriptor.preopened_as if isinstance(descriptor, Directory) else None


def _check_mutable(descriptor: File | Directory) -> None:
    if not descriptor.mutable:
        raise WasiError(Errno.PERM)

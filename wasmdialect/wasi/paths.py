"""The functions about paths: path_*. All of them reach the host through `sandbox`."""

from __future__ import annotations

import os
import stat

from wasmdialect.wasi.abi import Errno, Lookupflags, Oflags, Rights
from wasmdialect.wasi.calls import wasi_call
from wasmdialect.wasi.descriptors import Directory, File
from wasmdialect.wasi.errors import WasiError
from wasmdialect.wasi.files import host_fdflags
from wasmdialect.wasi.host_fd import HostFd
from wasmdialect.wasi.memory import GuestMemory
from wasmdialect.wasi.metadata import filestat, new_times
from wasmdialect.wasi.sandbox import Entry, names_directory, open_beneath, resolve, strip_slashes
from wasmdialect.wasi.state import WasiFunctions, read_path

_ALL_OFLAGS = Oflags.CREAT | Oflags.DIRECTORY | Oflags.EXCL | Oflags.TRUNC


class PathFunctions(WasiFunctions):
    """path_*."""

    def _changeable(self, fd: int) -> int:
        """The host's descriptor of a directory in which something may be changed, else PERM."""
        directory = self.descriptors.directory(fd)
        if not directory.mutable:
            raise WasiError(Errno.PERM)
        return directory.host.number

    @wasi_call
    def path_create_directory(self, memory: GuestMemory, fd: int, path: int, size: int) -> None:
        """Create a directory."""
        root = self._changeable(fd)
        name = strip_slashes(read_path(memory, path, size))
        with resolve(root, name, follow=False) as entry:
            os.mkdir(entry.name, dir_fd=entry.parent)

    @wasi_call
    def path_filestat_get(
        self, memory: GuestMemory, fd: int, flags: int, path: int, size: int, result: int
    ) -> None:
        """Store the attributes of a file or directory."""
        follow = _follows(flags)
        root = self.descriptors.directory(fd).host.number
        with resolve(root, read_path(memory, path, size), follow=follow) as entry:
            memory.write(result, filestat(_stat(entry)))

    @wasi_call
    def path_filestat_set_times(
        self,
        memory: GuestMemory,
        fd: int,
        flags: int,
        path: int,
        size: int,
        atim: int,
        mtim: int,
        fstflags: int,
    ) -> None:
        """Set the timestamps of a file or directory, in nanoseconds since 1970."""
        follow = _follows(flags)
        times = new_times(atim, mtim, fstflags)
        root = self._changeable(fd)
        with resolve(root, read_path(memory, path, size), follow=follow) as entry:
            ns = times(_stat(entry))
            os.utime(entry.name, ns=ns, dir_fd=entry.parent, follow_symlinks=False)

    @wasi_call
    def path_link(
        self,
        memory: GuestMemory,
        old_fd: int,
        old_flags: int,
        old_path: int,
        old_size: int,
        new_fd: int,
        new_path: int,
        new_size: int,
    ) -> None:
        """Create a hard link, also to a symbolic link; following one is not possible (INVAL)."""
        follow = _follows(old_flags)
        old_root, new_root = self._changeable(old_fd), self._changeable(new_fd)
        if follow:
            raise WasiError(Errno.INVAL)
        old_name = read_path(memory, old_path, old_size)
        new_name = read_path(memory, new_path, new_size)
        with (
            resolve(old_root, old_name, follow=False) as old,
            resolve(new_root, new_name, follow=False) as new,
        ):
            os.link(
                old.name,
                new.name,
                src_dir_fd=old.parent,
                dst_dir_fd=new.parent,
                follow_symlinks=False,
            )

    @wasi_call
    def path_open(
        self,
        memory: GuestMemory,
        fd: int,
        dirflags: int,
        path: int,
        size: int,
        oflags: int,
        base: int,
        inheriting: int,
        fdflags: int,
        opened: int,
    ) -> None:
        """Open or create a file, or open a directory, and store its descriptor.

        The rights asked for say only whether it is read and written; unknown ones are ignored.
        """
        follow = _follows(dirflags)
        if oflags & ~_ALL_OFLAGS or (oflags & Oflags.DIRECTORY and oflags & ~Oflags.DIRECTORY):
            raise WasiError(Errno.INVAL)
        access = _access(oflags, base)
        flags = access | _creation_flags(oflags) | host_fdflags(fdflags)
        name = read_path(memory, path, size)
        descriptor = self.descriptors.get(fd)
        if isinstance(descriptor, File):
            raise WasiError(Errno.NOTDIR)
        directory = self.descriptors.directory(fd)
        if oflags & Oflags.CREAT and not directory.mutable:
            raise WasiError(Errno.PERM)
        if access != os.O_RDONLY and not directory.files_mutable:
            raise WasiError(Errno.PERM)
        host = HostFd(open_beneath(directory.host.number, name, flags, follow=follow))
        if stat.S_ISDIR(os.fstat(host.number).st_mode):
            new = Directory(host, directory.mutable, directory.files_mutable)
        else:
            new = File(host, directory.files_mutable, access, fdflags)
        memory.write_u32(opened, self.descriptors.add(new))

    @wasi_call
    def path_readlink(
        self, memory: GuestMemory, fd: int, path: int, size: int, buf: int, buf_len: int, used: int
    ) -> None:
        """Store the contents of a symbolic link, truncated to the size; PERM if they are absolute."""
        root = self.descriptors.directory(fd).host.number
        with resolve(root, read_path(memory, path, size), follow=False) as entry:
            target = os.readlink(entry.name, dir_fd=entry.parent)
        if target.startswith(b"/"):
            raise WasiError(Errno.PERM)
        part = target[:buf_len]
        memory.write(buf, part)
        memory.write_u32(used, len(part))

    @wasi_call
    def path_remove_directory(self, memory: GuestMemory, fd: int, path: int, size: int) -> None:
        """Remove an empty directory."""
        root = self._changeable(fd)
        name = strip_slashes(read_path(memory, path, size))
        with resolve(root, name, follow=False) as entry:
            os.rmdir(entry.name, dir_fd=entry.parent)

    @wasi_call
    def path_rename(
        self,
        memory: GuestMemory,
        old_fd: int,
        old_path: int,
        old_size: int,
        new_fd: int,
        new_path: int,
        new_size: int,
    ) -> None:
        """Rename a file or directory, replacing an existing one."""
        old_root, new_root = self._changeable(old_fd), self._changeable(new_fd)
        old_name = read_path(memory, old_path, old_size)
        new_name = read_path(memory, new_path, new_size)
        with (
            resolve(old_root, strip_slashes(old_name), follow=False) as old,
            resolve(new_root, strip_slashes(new_name), follow=False) as new,
        ):
            if names_directory(old_name) or names_directory(new_name):
                _check_directory(old)
            os.rename(old.name, new.name, src_dir_fd=old.parent, dst_dir_fd=new.parent)

    @wasi_call
    def path_symlink(
        self, memory: GuestMemory, target: int, target_size: int, fd: int, path: int, size: int
    ) -> None:
        """Create a symbolic link. Its target is checked when it is followed; never absolute (PERM)."""
        root = self._changeable(fd)
        contents = read_path(memory, target, target_size)
        name = read_path(memory, path, size)
        if contents.startswith(b"/"):
            raise WasiError(Errno.PERM)
        with resolve(root, name, follow=False) as entry:
            if b"\0" in contents:
                raise WasiError(Errno.INVAL)
            os.symlink(contents, entry.name, dir_fd=entry.parent)

    @wasi_call
    def path_unlink_file(self, memory: GuestMemory, fd: int, path: int, size: int) -> None:
        """Remove a file or a symbolic link."""
        root = self._changeable(fd)
        with resolve(root, read_path(memory, path, size), follow=False) as entry:
            os.unlink(entry.name, dir_fd=entry.parent)


def _follows(lookupflags: int) -> bool:
    if lookupflags & ~Lookupflags.SYMLINK_FOLLOW:
        raise WasiError(Errno.INVAL)
    return bool(lookupflags)


def _access(oflags: int, rights: int) -> int:
    """The host's access mode. Creating and truncating imply writing; without a request to write, the
    mode is reading."""
    write = rights & Rights.FD_WRITE or oflags & (Oflags.CREAT | Oflags.TRUNC)
    read = rights & Rights.FD_READ or not rights & Rights.FD_WRITE
    if not write:
        return os.O_RDONLY
    return os.O_RDWR if read else os.O_WRONLY


def _creation_flags(oflags: int) -> int:
    """The host's other flags for `oflags`. EXCL has no effect without CREAT, nor TRUNC with both."""
    flags = getattr(os, "O_DIRECTORY", 0) if oflags & Oflags.DIRECTORY else 0
    if oflags & Oflags.CREAT:
        flags |= os.O_CREAT | (os.O_EXCL if oflags & Oflags.EXCL else 0)
    if oflags & Oflags.TRUNC:
        flags |= os.O_TRUNC
    return flags


def _stat(entry: Entry) -> os.stat_result:
    return os.stat(entry.name, dir_fd=entry.parent, follow_symlinks=False)


def _check_directory(entry: Entry) -> None:
    if not stat.S_ISDIR(_stat(entry).st_mode):
        raise WasiError(Errno.NOTDIR)

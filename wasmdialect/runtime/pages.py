"""Pages of memory straight from the operating system: reserving, protecting, filling from files."""

from __future__ import annotations

import ctypes
import gc
import os

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.abi.layout import align_up
from wasmdialect.runtime.ownership import WhenFreed

if TYPE_CHECKING:
    from typing import Any

PAGE_SIZE = os.sysconf("SC_PAGESIZE")

PROT_NONE, PROT_READ, PROT_WRITE, PROT_EXEC = 0, 1, 2, 4
PROT_BTI = 0x10
"""On aarch64: indirect branches lead to landing instructions only."""
_MAP_PRIVATE, _MAP_FIXED, _MAP_ANONYMOUS, _MAP_NORESERVE = 0x02, 0x10, 0x20, 0x4000
_HUGE_PAGE, _MADV_HUGEPAGE = 2 << 20, 14
_ENOMEM = 12
_FAILED = ctypes.c_void_p(-1).value

libc: Any = ctypes.CDLL(None, use_errno=True)
"""The C library. One for all: each `CDLL` makes classes of its own."""
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_longlong,
]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def _check(failed: bool, what: str) -> None:
    if failed:
        error = ctypes.get_errno()
        raise MemoryError(f"{what}: {os.strerror(error)}")


def reserve(size: int) -> int:
    """The address of `size` bytes that cannot be accessed yet. Raises MemoryError."""
    if size >> 63:
        raise MemoryError(f"cannot reserve {size} bytes of address space")
    address = _reserve(size)
    if address == _FAILED:
        gc.collect()  # it does not know how much address space garbage holds
        address = _reserve(size)
    _check(address == _FAILED, f"cannot reserve {size} bytes of address space")
    return address


def _reserve(size: int) -> int:
    flags = _MAP_PRIVATE | _MAP_ANONYMOUS | _MAP_NORESERVE
    return libc.mmap(None, size, PROT_NONE, flags, -1, 0)


def copy_file(fd: int, size: int) -> int:
    """The address of a copy of the first `size` bytes of a file, zeros where it is shorter.

    A mapping of the file would be cheaper still, but truncating or overwriting the file would then
    change running code, or end the process with SIGBUS. Raises MemoryError, OSError.
    """
    address = _reserve_huge(size) if size >= _HUGE_PAGE else reserve(size)
    protect(address, size, PROT_READ | PROT_WRITE)
    content = buffer_at(address, size, None)
    done = 0
    try:
        while done < size:
            count = os.readv(fd, [content[done:]])
            if count == 0:
                break
            done += count
    except OSError:
        unmap(address, size)
        raise
    protect(address, size, PROT_READ)
    return address


def _reserve_huge(size: int) -> int:
    """Like `reserve`, in huge pages if the system has any: filling these takes a third of the time."""
    total = align_up(size, PAGE_SIZE) + _HUGE_PAGE
    whole = reserve(total)
    address = align_up(whole, _HUGE_PAGE)
    end = address + align_up(size, PAGE_SIZE)
    if address > whole:
        unmap(whole, address - whole)
    unmap(end, whole + total - end)
    libc.madvise(address, size, _MADV_HUGEPAGE)  # which is only advice
    return address


def protect(address: int, size: int, protection: int) -> None:
    """Set the protection of whole pages. Raises MemoryError."""
    if not size:
        return
    failed = libc.mprotect(address, size, protection) != 0
    if failed and ctypes.get_errno() == _ENOMEM:
        gc.collect()  # nor how many mappings: Linux allows 65 530
        failed = libc.mprotect(address, size, protection) != 0
    _check(failed, f"cannot change the protection of {size} bytes")


def map_over(address: int, size: int, fd: int) -> bool:
    """Replace pages by those of a file, private and writable. Whether it was possible: if not, nothing
    has changed."""
    protection, flags = PROT_READ | PROT_WRITE, _MAP_PRIVATE | _MAP_FIXED | _MAP_NORESERVE
    return libc.mmap(address, size, protection, flags, fd, 0) != _FAILED


def unmap(address: int, size: int) -> None:
    """Unmap pages."""
    libc.munmap(address, size)


def owned(address: int, size: int) -> WhenFreed:
    """An object that unmaps pages when nothing refers to it any more."""
    return WhenFreed(unmap, address, size)


def buffer_at(address: int, size: int, owner: object) -> memoryview:
    """A writable view of `size` bytes at an address. It, its slices and objects derived from them keep
    `owner` alive."""
    array: Any = (ctypes.c_ubyte * size).from_address(address)
    array.owner = owner
    return memoryview(array).cast("B")

"""WASI's access to a program's linear memory, and to the buffers a program names in it."""

from __future__ import annotations

from wasmdialect._static import TYPE_CHECKING
from wasmdialect.runtime.guest_memory import MemoryFault
from wasmdialect.wasi.abi import IOVEC

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeAlias

    HostBuffer: TypeAlias = bytes | bytearray | memoryview
else:
    Protocol = object

__all__ = ["GuestMemory", "HostBuffer", "MemoryFault", "gather", "scatter"]


class GuestMemory(Protocol):
    """A linear memory of 32-bit addresses. Addresses and sizes are in bytes and never negative.

    Every method raises MemoryFault if a byte it needs is out of bounds; it has then changed nothing.
    """

    def read(self, address: int, size: int, /) -> bytes:
        """A copy of a range."""
        ...

    def write(self, address: int, data: HostBuffer, /) -> None:
        """Replace the bytes from an address on."""
        ...

    def view(self, address: int, size: int, /) -> memoryview:
        """The range itself, writable, as bytes."""
        ...

    def write_u32(self, address: int, value: int, /) -> None:
        """Store a little-endian 32-bit integer."""
        ...

    def write_u64(self, address: int, value: int, /) -> None:
        """Store a little-endian 64-bit integer."""
        ...


MAX_BUFFERS = 1024
"""The buffers one system call takes (IOV_MAX of Linux and macOS); more make a short read or write, as
in Wasmtime, which takes one."""

_MAX_BYTES = 0x7FFF_F000
"""The bytes one system call moves (Linux's MAX_RW_COUNT); the buffers of a program can overlap, and so
have more than any memory."""


def _ranges(memory: GuestMemory, iovs: int, count: int) -> list[tuple[int, int]]:
    """Address and size of the buffers in an array of `iovec` that one system call takes.

    Empty ones do not count: the first buffers of many may all be empty, and then nothing read would
    mean the end of the file.
    """
    memory.view(iovs, count * IOVEC.size)  # which checks the range
    found: list[tuple[int, int]] = []
    left = _MAX_BYTES
    for first in range(0, count, MAX_BUFFERS):
        some = min(count - first, MAX_BUFFERS)
        array = memory.read(iovs + first * IOVEC.size, some * IOVEC.size)
        for address, size in IOVEC.iter_unpack(array):
            if size:
                found.append((address, min(size, left)))
                left -= found[-1][1]
                if len(found) == MAX_BUFFERS or not left:
                    return found
    return found


def gather(memory: GuestMemory, iovs: int, count: int) -> list[HostBuffer]:
    """The contents of the buffers of a `ciovec_array`, as one system call can write them."""
    return [memory.view(address, size) for address, size in _ranges(memory, iovs, count)]


def scatter(
    memory: GuestMemory, iovs: int, count: int, read: Callable[[list[memoryview]], int]
) -> int:
    """Have `read` fill the buffers of an `iovec_array` in order; returns the number of bytes read."""
    return read([memory.view(address, size) for address, size in _ranges(memory, iovs, count)])

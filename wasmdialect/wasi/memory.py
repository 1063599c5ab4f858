"""What WASI needs of a program's linear memory, and the buffers a program names in it."""

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

    def view(self, address: int, size: int, /) -> memoryview | None:
        """The range itself, writable, as bytes; None where the memory cannot lend it."""
        ...

    def write_u32(self, address: int, value: int, /) -> None:
        """Store a little-endian 32-bit integer."""
        ...

    def write_u64(self, address: int, value: int, /) -> None:
        """Store a little-endian 64-bit integer."""
        ...


_MAX_BUFFERS = 1024
"""The buffers one system call takes (IOV_MAX of Linux and macOS); more make a short read or write."""

_MAX_COPY = 1 << 20
"""The bytes that go through a buffer of our own at once; more make a short read."""


def _ranges(memory: GuestMemory, iovs: int, count: int) -> list[tuple[int, int]]:
    """Address and size of each buffer in an array of `iovec`."""
    array = memory.read(iovs, count * IOVEC.size)
    return [(address, size) for address, size in IOVEC.iter_unpack(array)][:_MAX_BUFFERS]


def gather(memory: GuestMemory, iovs: int, count: int) -> list[HostBuffer]:
    """The contents of the buffers of a `ciovec_array`, as one system call can write them."""
    buffers: list[HostBuffer] = []
    for address, size in _ranges(memory, iovs, count):
        view = memory.view(address, size)
        buffers.append(memory.read(address, size) if view is None else view)
    return buffers


def scatter(
    memory: GuestMemory, iovs: int, count: int, read: Callable[[list[memoryview]], int]
) -> int:
    """Have `read` fill the buffers of an `iovec_array` in order; the number of bytes it has read."""
    ranges = _ranges(memory, iovs, count)
    views = [view for address, size in ranges if (view := memory.view(address, size)) is not None]
    if len(views) == len(ranges):
        return read(views)
    copy = memoryview(bytearray(min(sum(size for _, size in ranges), _MAX_COPY)))
    total = read([copy])
    done = 0
    for address, size in ranges:
        part = copy[done : min(done + size, total)]
        memory.write(address, part)
        done += len(part)
    return total

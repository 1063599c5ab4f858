"""The linear memory for host functions: every access is checked against its size."""

from __future__ import annotations

from wasmdialect.runtime.memory import LinearMemory


class MemoryFault(Exception):
    """A range of addresses is not inside the linear memory."""


class InstanceMemory:
    """Checked access to a memory. Addresses and sizes are in bytes and not negative.

    Every method raises MemoryFault if a byte it needs is out of bounds; it has then changed nothing.
    """

    __slots__ = ("_memory",)

    def __init__(self, memory: LinearMemory):
        self._memory = memory

    def _check(self, address: int, size: int) -> None:
        if address + size > self._memory.length:
            raise MemoryFault(f"{size} bytes at {address:#x}")

    def read(self, address: int, size: int, /) -> bytes:
        """A copy of a range."""
        self._check(address, size)
        return self._memory.read(address, size)

    def write(self, address: int, data: bytes | bytearray | memoryview, /) -> None:
        """Replace the bytes from an address on."""
        self._check(address, len(data))
        self._memory.write(address, data)

    def view(self, address: int, size: int, /) -> memoryview:
        """The range itself, writable."""
        self._check(address, size)
        return self._memory.slice(address, size)

    def write_u32(self, address: int, value: int, /) -> None:
        """Store a little-endian 32-bit integer."""
        self.write(address, value.to_bytes(4, "little"))

    def write_u64(self, address: int, value: int, /) -> None:
        """Store a little-endian 64-bit integer."""
        self.write(address, value.to_bytes(8, "little"))

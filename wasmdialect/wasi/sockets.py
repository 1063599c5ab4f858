"""The functions about sockets. Programs do not have any, so each returns the error for a
non-socket."""

from __future__ import annotations

from wasmdialect.wasi.abi import Errno
from wasmdialect.wasi.calls import wasi_call
from wasmdialect.wasi.errors import WasiError
from wasmdialect.wasi.memory import GuestMemory
from wasmdialect.wasi.state import WasiFunctions


class SocketFunctions(WasiFunctions):
    """sock_*: each answers NOTSOCK for an open descriptor, else BADF, as Wasmtime's do."""

    def _refuse(self, fd: int) -> None:
        self.descriptors.get(fd)
        raise WasiError(Errno.NOTSOCK)

    @wasi_call
    def sock_accept(self, memory: GuestMemory, fd: int, flags: int, accepted: int) -> None:
        """Accept a connection."""
        self._refuse(fd)

    @wasi_call
    def sock_recv(
        self,
        memory: GuestMemory,
        fd: int,
        iovs: int,
        count: int,
        flags: int,
        nread: int,
        result_flags: int,
    ) -> None:
        """Receive a message."""
        self._refuse(fd)

    @wasi_call
    def sock_send(
        self, memory: GuestMemory, fd: int, iovs: int, count: int, flags: int, nwritten: int
    ) -> None:
        """Send a message."""
        self._refuse(fd)

    @wasi_call
    def sock_shutdown(self, memory: GuestMemory, fd: int, how: int) -> None:
        """Shut a connection down."""
        self._refuse(fd)

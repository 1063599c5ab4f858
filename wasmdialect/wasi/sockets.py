"""The functions about sockets, which are not supported: sock_*."""

from __future__ import annotations

from wasmdialect.wasi.abi import Errno
from wasmdialect.wasi.calls import wasi_call
from wasmdialect.wasi.errors import WasiError
from wasmdialect.wasi.memory import GuestMemory
from wasmdialect.wasi.state import WasiFunctions


class SocketFunctions(WasiFunctions):
    """sock_*: each answers NOTSUP."""

    @wasi_call
    def sock_accept(self, memory: GuestMemory, fd: int, flags: int, accepted: int) -> None:
        """Not supported."""
        raise WasiError(Errno.NOTSUP)

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
        """Not supported."""
        raise WasiError(Errno.NOTSUP)

    @wasi_call
    def sock_send(
        self, memory: GuestMemory, fd: int, iovs: int, count: int, flags: int, nwritten: int
    ) -> None:
        """Not supported."""
        raise WasiError(Errno.NOTSUP)

    @wasi_call
    def sock_shutdown(self, memory: GuestMemory, fd: int, how: int) -> None:
        """Not supported."""
        raise WasiError(Errno.NOTSUP)

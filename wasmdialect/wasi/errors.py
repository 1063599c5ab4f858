"""Failure of WASI functions: with an error number of WASI, or of the host, which has a counterpart."""

from __future__ import annotations

import errno

from wasmdialect.wasi.abi import Errno


class WasiError(Exception):
    """A WASI function fails with this error number."""

    def __init__(self, code: int):
        super().__init__(f"WASI error {code}")
        self.errno = code


def _host_errnos() -> dict[int, int]:
    """WASI took its error numbers from POSIX, so they have the same names on the host."""
    by_name = {f"E{name}": code for name, code in vars(Errno).items()} | {"E2BIG": Errno.TOOBIG}
    return {
        number: by_name[name] for number, name in errno.errorcode.items() if name in by_name
    } | {errno.EAGAIN: Errno.AGAIN, errno.EOPNOTSUPP: Errno.NOTSUP, errno.EDEADLK: Errno.DEADLK}


_HOST_ERRNOS = _host_errnos()


def from_host(error: OSError) -> int:
    """The WASI error number for a failed system call; `IO` where WASI has none."""
    return _HOST_ERRNOS.get(error.errno or 0, Errno.IO)

"""A file descriptor of the host and its owner."""

from __future__ import annotations

import os


class HostFd:
    """A file descriptor of the host. An owned one is closed when nothing refers to it any more."""

    __slots__ = ("number", "owned")

    def __init__(self, number: int, *, owned: bool = True):
        self.number = number
        self.owned = owned

    def close(self) -> None:
        """Close it, unless it is not ours or is already closed."""
        if self.owned:
            number = self.number
            self.owned, self.number = False, -1  # the number is free for other files
            os.close(number)

    def __del__(self) -> None:
        self.close()

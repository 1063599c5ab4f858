"""File descriptors of the host are closed once."""

from __future__ import annotations

import os

import pytest

from wasmdialect.wasi.host_fd import HostFd


def test_a_closed_descriptor_does_not_name_the_next_file():
    """The host gives its number to the next file that anyone opens."""
    fd = HostFd(os.open("/dev/null", os.O_RDONLY))
    number = fd.number
    fd.close()
    other = os.open("/dev/null", os.O_RDONLY)
    assert other == number
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd.number)
    fd.close()
    os.fstat(other)
    os.close(other)

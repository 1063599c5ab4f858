"""What a program may do in a directory, with the names that wasmtime-py had up to its release 46."""

from __future__ import annotations

from enum import Enum


class DirPerms(Enum):
    """Of directories: list them, or change their entries too."""

    READ_ONLY = 1
    READ_WRITE = 3


class FilePerms(Enum):
    """Of the files in them: read them, or write them too."""

    READ_ONLY = 1
    READ_WRITE = 3

"""The error for a file that is not an artifact, or a damaged one."""

from __future__ import annotations


class ArtifactError(Exception):
    """The file is not an artifact that can be loaded here; the message says why."""

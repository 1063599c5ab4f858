"""What is raised for a file that is no artifact, or a damaged one."""

from __future__ import annotations


class ArtifactError(Exception):
    """The file is no artifact that can be loaded here; the message says why."""

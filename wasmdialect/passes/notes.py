"""Where notes about slow passes go."""

from __future__ import annotations

NOTES_DESCRIPTOR = "WASMDIALECT_NOTES_DESCRIPTOR"
"""The environment variable that tells a worker the user's stderr: its own is captured for later."""

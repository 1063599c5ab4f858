"""`--at POINT=PIPELINE`, an option of both commands."""

from __future__ import annotations

from collections.abc import Sequence

from wasmdialect.cli.errors import UsageError


def parse_points(options: Sequence[str]) -> dict[str, str]:
    """`POINT=PIPELINE` options; several for a point follow each other. Raises UsageError."""
    points: dict[str, str] = {}
    for option in options:
        point, equals, pipeline = option.partition("=")
        if not equals:
            raise UsageError(f"--at takes POINT=PIPELINE, not {option!r}")
        points[point] = ",".join(part for part in (points.get(point), pipeline) if part)
    return points

"""What Linux says about this machine's processor."""

from __future__ import annotations


def first_processor() -> dict[str, str]:
    """The fields of the first processor in `/proc/cpuinfo`; none if it cannot be read."""
    fields: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
            for line in info:
                name, _, value = line.partition(":")
                if not name.strip() and fields:
                    break
                fields[name.strip()] = value.strip()
    except OSError:
        return {}
    return fields

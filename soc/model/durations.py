"""Durations as Prometheus writes them: 30s, 5m, 1h30m, 24h, 7d, 1w, 1y; milliseconds as 500ms."""

from __future__ import annotations

import re

_SECONDS_PER_UNIT = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "y": 31536000.0,
}
_DURATION = re.compile(r"(?:\d{1,9}(?:ms|[smhdwy]))+")
_PART = re.compile(r"(\d+)(ms|[smhdwy])")


def parse_duration(text: str) -> float:
    """Return seconds. Raises ValueError, saying what a duration looks like."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"not a duration: {text[:40]!r} (expected for example 30s, 5m, 1h30m, 7d)")
    return sum(int(count) * _SECONDS_PER_UNIT[unit] for count, unit in _PART.findall(text))


def format_duration(seconds: float) -> str:
    """The shortest whole-unit spelling, largest unit first: 5400 -> '1h30m'."""
    milliseconds = round(seconds * 1000)
    if milliseconds == 0:
        return "0s"
    parts = []
    for unit in ("y", "w", "d", "h", "m", "s", "ms"):
        size = round(_SECONDS_PER_UNIT[unit] * 1000)
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)

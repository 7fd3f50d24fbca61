"""Times as everything here can hold them: the calendar, a segment's columns and the store."""

from __future__ import annotations

LATEST_SECONDS = 7_258_118_400.0  # 2200-01-01, later than any row


def is_time(seconds: float) -> bool:
    """Whether UTC seconds lie in the years 1970 to 2199."""
    return 0 <= seconds < LATEST_SECONDS

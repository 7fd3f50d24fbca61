"""Times as options take them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from soc.model.text import clean


def moment(text: str, now: float) -> float:
    """A time option as UTC seconds. Raises ConfigurationError."""
    from soc.model import ConfigurationError
    from soc.model.durations import parse_duration

    if text == "now":
        return now
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        seconds = float(text)
    except ValueError:
        seconds = _calendar(text)
    # What DuckDB and the calendar both hold.
    if not math.isfinite(seconds) or not 0 <= seconds < 4e9:
        raise ConfigurationError(
            f"not a time: {clean(text, 40)!r} (expected 2026-03-01T12:00:00Z, seconds, now or a duration)"
        )
    return seconds


def _calendar(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()

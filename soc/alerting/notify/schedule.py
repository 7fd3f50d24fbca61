"""When to try again, purely."""

from __future__ import annotations

MAXIMUM_ATTEMPTS = 20
LIFETIME_SECONDS = 86400.0
# Doubling from one minute to an hour and a half, twenty attempts spread over most of a day.
_FIRST_SECONDS = 60.0
_LONGEST_SECONDS = 5400.0


def delay_seconds(attempts: int, draw: float) -> float:
    """How long to wait after that many failed attempts; `draw` in [0, 1) varies it by a quarter both
    ways, so that what failed together does not come back together."""
    longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(max(attempts, 1) - 1, 16))
    return longest * (0.75 + draw / 2)

"""Noticing that somebody has set the clock."""

from __future__ import annotations

TOLERATED_SECONDS = 2.0  # what slewing, or a pause between two readings, may add up to


class ClockWatch:
    """Compares the time of day with a clock that nobody sets."""

    def __init__(self, now: float, monotonic: float) -> None:
        """`now` is UTC seconds, `monotonic` seconds since whenever, both of the same moment."""
        self._offset = now - monotonic

    def check(self, now: float, monotonic: float) -> float:
        """By how many seconds the clock was stepped since the last check; 0 = it was not.

        A machine that slept shows as stepped forward where the monotonic clock stands still meanwhile.
        """
        offset = now - monotonic
        step = offset - self._offset
        self._offset = offset
        return step if abs(step) > TOLERATED_SECONDS else 0.0

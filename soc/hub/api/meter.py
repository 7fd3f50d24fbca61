"""What the API counts of itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Durations:
    """A histogram; `buckets` are not cumulative, the last one is for what is longer than all."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_SECONDS) + 1))
    total_seconds: float = 0.0

    def add(self, seconds: float) -> None:
        place = next((i for i, bound in enumerate(BUCKETS_SECONDS) if seconds <= bound), len(BUCKETS_SECONDS))
        self.buckets[place] += 1
        self.total_seconds += seconds


@dataclass(slots=True)
class Meter:
    """Totals since the hub's start. `route` is a path of the route table, never what a client sent."""

    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)  # (route, method, status)
    durations: dict[str, Durations] = field(default_factory=dict)  # by route
    refused: Counter[str] = field(default_factory=Counter)  # by code
    stream_rereads: int = 0

    def count(self, route: str, method: str, status: int, code: str, seconds: float) -> None:
        """One answered request; `code` is the error's, empty where there was none."""
        self.requests[route, method, status] += 1
        self.durations.setdefault(route, Durations()).add(seconds)
        if status in (403, 429):
            self.refused[code] += 1

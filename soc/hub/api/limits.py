"""How much one user may ask for: a bucket of requests, so many connections and streams at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from soc.hub.api.errors import ApiError

_MAXIMUM_KNOWN = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the API; rates and counts are per uid."""

    requests_per_second: float = 200.0
    burst_requests: float = 400.0
    connections: int = 64
    streams: int = 16
    body_bytes: int = 64 * 1024
    url_characters: int = 8 * 1024
    request_seconds: float = 10.0  # from the first byte of the request's body to the answer
    query_seconds: float = 5.0
    idle_seconds: float = 75.0  # a connection without a request
    stream_events: int = 256  # waiting for one client
    stream_write_seconds: float = 30.0
    heartbeat_seconds: float = 15.0


class Rate:
    """A token bucket per uid. Times are monotonic seconds."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._buckets: dict[int, tuple[float, float]] = {}  # uid -> (tokens, as of)

    def take(self, uid: int, now: float) -> bool:
        """Whether the uid may make one more request now."""
        burst = self._limits.burst_requests
        tokens, before = self._buckets.get(uid, (burst, now))
        tokens = min(burst, tokens + (now - before) * self._limits.requests_per_second)
        if len(self._buckets) >= _MAXIMUM_KNOWN:
            self._buckets.clear()
        self._buckets[uid] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1


class Concurrent:
    """So many at a time per uid."""

    def __init__(self, what: str, maximum: int) -> None:
        self._what = what
        self._maximum = maximum
        self._held: Counter[int] = Counter()

    @property
    def total(self) -> int:
        return self._held.total()

    def enter(self, uid: int) -> bool:
        """Count one more, unless the uid has its share."""
        if self._held[uid] >= self._maximum:
            return False
        self._held[uid] += 1
        return True

    def leave(self, uid: int) -> None:
        self._held[uid] -= 1
        if self._held[uid] <= 0:
            del self._held[uid]

    @contextmanager
    def one(self, uid: int) -> Iterator[None]:
        """Hold one; raises ApiError 429 when the uid has its share."""
        if not self.enter(uid):
            raise ApiError(429, "too_many", f"at most {self._maximum} {self._what} at a time for one user")
        try:
            yield
        finally:
            self.leave(uid)

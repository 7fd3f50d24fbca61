"""What a client knows of its hub at any moment, kept current by the stream."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from soc.console.client import Client
from soc.console.errors import ConflictError, HubError, StaleError

RETRY_SECONDS = 0.25
MAXIMUM_RETRY_SECONDS = 5.0
_RATE_SECONDS = 10.0  # over which events per second are averaged

Listener = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Live:
    """The connection. `since` (UTC seconds) is when this state began; `error` says why it is lost."""

    state: Literal["connecting", "live", "lost"] = "connecting"
    since: float = 0.0
    error: str = ""
    events_per_second: float | None = None
    status: Mapping[str, Any] = field(default_factory=dict)  # the last that came

    @property
    def blind_since(self) -> str:
        """RFC 3339 time since which collection is stale, by the hub's word; '' = it sees."""
        hub = self.status.get("hub")
        return str((hub.get("blind_since") if isinstance(hub, Mapping) else "") or "")

    @property
    def user(self) -> Mapping[str, Any]:
        """uid, name and role of who is asking."""
        you = self.status.get("you")
        return you if isinstance(you, Mapping) else {}


def retry_delays() -> Iterator[float]:
    """Seconds to wait before each further attempt: doubling up to a limit."""
    delay = RETRY_SECONDS
    while True:
        yield delay
        delay = min(delay * 2, MAXIMUM_RETRY_SECONDS)


class Session:
    """Follows the stream and reconnects. Listeners hear ("live", {}) when `live` changed, ("resumed", {})
    when the hub is back after a loss, ("reread", {}) when it has more news than it tells one by one, and
    ("alert" | "device", document) for a change.
    """

    def __init__(self, client: Client, clock: Callable[[], float], request_id: Callable[[], str]) -> None:
        self.client = client
        self.clock = clock
        self.live = Live(since=clock())
        self._request_id = request_id
        self._listeners: list[Listener] = []
        self._counts: deque[tuple[float, float]] = deque()

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def take_status(self, status: Mapping[str, Any]) -> None:
        """A status object came: the hub lives."""
        now = self.clock()
        resumed = self.live.state == "lost"
        since = self.live.since if self.live.state == "live" else now
        self.live = Live("live", since, "", self._events_per_second(status, now), status)
        self._tell("live", {})
        if resumed:
            self._tell("resumed", {})

    def lose(self, error: str) -> None:
        """The hub is gone; what is known stays, as of then."""
        since = self.live.since if self.live.state == "lost" else self.clock()
        self._counts.clear()
        self.live = Live("lost", since, error, None, self.live.status)
        self._tell("live", {})

    async def run(self) -> None:
        """Follow the hub until cancelled."""
        delays = retry_delays()
        while True:
            try:
                self.take_status(await self.client.get("/v1/status"))
                async for event in self.client.stream():
                    delays = retry_delays()
                    self._take(event.name, event.data)
            except HubError as error:
                self.lose(str(error))
            await asyncio.sleep(next(delays))

    async def act(
        self,
        alert: Mapping[str, Any],
        action: str,
        note: str = "",
        disposition: str = "",
        request_id: str = "",
    ) -> dict[str, Any]:
        """acknowledge, close or note: the alert as it is then.

        Listeners hear of it, and after a conflict of what the alert is instead.
        Raises StaleError without a live hub, ConflictError, ForbiddenError, other RefusedErrors, and
        DisconnectedError when it is not known whether it was done.
        """
        if self.live.state != "live":
            raise StaleError("read-only: the hub is gone, what you see may be old")
        body: dict[str, Any] = {
            "based_on": alert.get("version", 0),
            "request_id": request_id or self.new_request_id(),
        }
        body |= {"note": note} if note else {}
        body |= {"disposition": disposition} if disposition else {}
        try:
            changed = await self.client.act(str(alert["id"]), action, body)
        except ConflictError as error:
            self._tell("alert", error.current)
            raise
        self._tell("alert", changed)
        return changed

    def new_request_id(self) -> str:
        """Names one intent; repeating a request with it does nothing a second time."""
        return self._request_id()

    def _take(self, name: str, data: str) -> None:
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            return
        if not isinstance(document, dict):
            return
        if name == "status":
            self.take_status({"you": self.live.user} | document)
        elif name in ("alert", "device", "reread"):
            self._tell(name, document)
        elif name == "hello":  # whatever was read before may have changed since
            self._tell("reread", {})

    def _tell(self, name: str, document: Mapping[str, Any]) -> None:
        for listener in self._listeners:
            listener(name, document)

    def _events_per_second(self, status: Mapping[str, Any], now: float) -> float | None:
        store = status.get("store")
        events = store.get("events") if isinstance(store, Mapping) else None
        if not isinstance(events, (int, float)):
            return None
        self._counts.append((now, float(events)))
        while self._counts[0][0] < now - _RATE_SECONDS:
            self._counts.popleft()
        began, count = self._counts[0]
        # Sealing and retention move events out of the count: a negative rate is nobody's rate.
        return max(0.0, events - count) / (now - began) if now - began >= 0.5 else None

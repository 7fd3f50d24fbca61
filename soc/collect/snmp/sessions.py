"""Sessions of agents that answered, kept open for their next poll."""

from __future__ import annotations

from soc.collect.snmp.access import Access
from soc.collect.snmp.gufo import Session

# gufo does not let the agent's clock go on, and an agent accepts 150 s of difference (RFC 3414 3.2).
_CLOCK_SECONDS = 120.0


class Sessions:
    """By endpoint and credential. A session is handed out to one poll at a time."""

    def __init__(self, maximum: int = 1000) -> None:
        self.maximum = maximum  # a file each
        self._kept: dict[tuple[str, Access], Session] = {}

    def take(self, endpoint: str, access: Access, now: float) -> Session | None:
        """The session, if there is one that can go on as it is; `now` is monotonic seconds."""
        session = self._kept.pop((endpoint, access), None)
        if session is None or (access.version == "3" and now - session.clock_read > _CLOCK_SECONDS):
            return None
        return session

    def give(self, endpoint: str, access: Access, session: Session) -> None:
        """Keep it in place of the oldest; only after an answer: what was refused would be so again."""
        while len(self._kept) >= self.maximum:
            del self._kept[next(iter(self._kept))]
        self._kept[endpoint, access] = session

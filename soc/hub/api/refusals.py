"""Refusals as own events (`product: soc`, `category: api`), so that rules can see them."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from soc.hub.api.peers import Peer
from soc.hub.port import HubPort
from soc.model import SEVERITY_IDS, Event
from soc.model.own import own_event

_QUIET_SECONDS = 60.0
_AGAIN_SECONDS = 1.0  # when it could not be stored
_MAXIMUM_KNOWN = 1024


class Refusals:
    """Records who was refused what: at once, then the same again at most once a minute, with a count.

    What could not be stored counts with the next one, which is recorded then.
    """

    def __init__(self, port: HubPort) -> None:
        self._port = port
        self._lock = threading.Lock()  # the writer's thread says what was not stored
        self._known: dict[tuple[int, str], tuple[float, int]] = {}  # -> (last recorded, refused since)

    def record(self, peer: Peer, action: str, client: str) -> None:
        now = self._port.now()
        key = (peer.uid, action)
        with self._lock:
            last, since = self._known.get(key, (None, 0))
            if last is not None and 0 <= now - last < _QUIET_SECONDS:
                self._known[key] = (last, since + 1)
                return
            if len(self._known) >= _MAXIMUM_KNOWN:
                self._known.clear()
            self._known[key] = (now, 0)
        attempts = since + 1

        def count_if_lost(done: Future[None]) -> None:
            if done.exception():
                with self._lock:
                    _, later = self._known.get(key, (now, 0))
                    self._known[key] = (now - _QUIET_SECONDS + _AGAIN_SECONDS, attempts + later)

        self._port.record(_event(peer, action, client, attempts, now)).add_done_callback(count_if_lost)


def _event(peer: Peer, action: str, client: str, attempts: int, now: float) -> Event:
    held = f"role {peer.role}" if peer.role else "no role"
    return own_event(
        ("api-refused", str(peer.uid), action, repr(now)),
        now,
        "api",
        "refused",
        f"{peer.name} (uid {peer.uid}, {held}) was refused: {action}",
        severity_id=SEVERITY_IDS["medium"],
        user=peer.name,
        fields={
            "uid": str(peer.uid),
            "name": peer.name,
            "role": peer.role,
            "action": action,
            "client": client,
            "attempts": str(attempts),
        },
    )

"""What the handlers share, and what a handler is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from soc.hub.api.answers import Answers
from soc.hub.api.limits import Concurrent, Limits, Rate
from soc.hub.api.meter import Meter
from soc.hub.api.peers import Peer, Peers
from soc.hub.api.reads import ReadPool
from soc.hub.api.refusals import Refusals
from soc.hub.api.reports import Reports
from soc.hub.api.streams import Streams
from soc.hub.port import HubPort
from soc.store import Store
from soc.store.filters import Asker


@dataclass(frozen=True, slots=True)
class Context:
    """One API's parts."""

    port: HubPort
    limits: Limits
    readers: ReadPool
    answers: Answers
    reports: Reports
    streams: Streams
    peers: Peers
    connections: Concurrent
    stream_counts: Concurrent
    rate: Rate
    refusals: Refusals
    meter: Meter


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request."""

    context: Context
    request: web.Request
    peer: Peer
    client: str  # which program asks: console, cli or api

    @property
    def asker(self) -> Asker:
        return Asker(self.context.port.now(), self.peer.name)

    @property
    def you(self) -> dict[str, Any]:
        """The peer, as it is told who it is."""
        return {"uid": self.peer.uid, "name": self.peer.name, "role": self.peer.role}

    async def answer(self, question: Callable[[Store], Any]) -> web.Response:
        """The document that the question returns, which follows from what was asked for."""
        # Only a filter by the word `me` has another answer for everyone.
        mine = self.peer.name if "me" in self.request.query_string else ""
        return json_response(await self.context.answers.get((self.request.path_qs, mine), question))


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


def json_response(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")

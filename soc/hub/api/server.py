"""Start and stop: the parts put together behind one socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

from soc.hub.api.admission import CALL, CONTEXT, admit
from soc.hub.api.answers import Answers
from soc.hub.api.connection import Connection
from soc.hub.api.context import Context
from soc.hub.api.limits import Concurrent, Limits, Rate
from soc.hub.api.meter import Meter
from soc.hub.api.peers import Peers
from soc.hub.api.reads import ReadPool
from soc.hub.api.refusals import Refusals
from soc.hub.api.reports import Reports
from soc.hub.api.routes import ROUTES, Route
from soc.hub.api.socket import HubSocket, open_socket
from soc.hub.api.streams import Streams
from soc.hub.port import HubPort

_STOP_SECONDS = 2.0
# A refused body is read on for so long, so that its sender gets to read the refusal.
_LINGERING_SECONDS = 2.0


class Api:
    """A running API; `start_api` makes it."""

    def __init__(
        self, place: HubSocket, context: Context, runner: web.AppRunner, server: asyncio.AbstractServer
    ) -> None:
        self._place = place
        self._context = context
        self._runner = runner
        self._server = server

    @property
    def socket_path(self) -> Path:
        return self._place.path

    async def renew_readers(self) -> None:
        """Close each connection to the store once its question is answered; then the store may close."""
        await self._context.readers.renew()

    async def stop(self) -> None:
        """Take no more requests, end the streams, let running requests finish (2 s), close the readers."""
        self._server.close()
        self._place.close()
        await self._context.streams.stop()
        await self._runner.cleanup()
        await self._context.readers.close()


async def start_api(port: HubPort, socket_path: Path, limits: Limits | None = None) -> Api:
    """Serve the hub at `socket_path`, from the running loop on. Raises as open_socket."""
    limits = limits or Limits()
    place = open_socket(socket_path, port.data_directory)
    context = _context(port, limits)
    app = web.Application(middlewares=[admit], client_max_size=limits.body_bytes)
    app[CONTEXT] = context
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _bound(route))
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_STOP_SECONDS)
    await runner.setup()
    context.streams.start()
    loop = asyncio.get_running_loop()
    web_server = runner.server
    assert web_server is not None
    server = await loop.create_unix_server(
        lambda: Connection(
            web_server,
            context.connections,
            loop=loop,
            access_log=None,
            tcp_keepalive=False,
            keepalive_timeout=limits.idle_seconds,
            max_line_size=2 * limits.url_characters,
            lingering_time=_LINGERING_SECONDS,
            auto_decompress=False,
        ),
        sock=place.listening,
    )
    return Api(place, context, runner, server)


def _context(port: HubPort, limits: Limits) -> Context:
    meter = Meter()
    readers = ReadPool(port, limits.query_seconds)
    reports = Reports(port, readers)
    return Context(
        port=port,
        limits=limits,
        readers=readers,
        answers=Answers(port, readers),
        reports=reports,
        streams=Streams(port, readers, reports, meter, limits.stream_events),
        peers=Peers(port),
        connections=Concurrent("connections", limits.connections),
        stream_counts=Concurrent("streams", limits.streams),
        rate=Rate(limits),
        refusals=Refusals(port),
        meter=meter,
    )


def _bound(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await route.handler(request[CALL])

    return handler

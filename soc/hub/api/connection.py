"""One connection: counted for its user, and told in JSON when what it sends is not HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from soc.hub.api.errors import ApiError, error_response
from soc.hub.api.limits import Concurrent
from soc.hub.api.peers import peer_uid


class Connection(web.RequestHandler):
    """aiohttp's connection with this API's limits and errors."""

    __slots__ = ("_connections", "_uid")

    def __init__(self, server: web.Server, connections: Concurrent, **settings: Any) -> None:
        super().__init__(server, **settings)
        self._connections = connections
        self._uid: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        uid = peer_uid(transport)
        if self._connections.enter(uid):
            self._uid = uid
        super().connection_made(transport)
        if self._uid is None:
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._uid is not None:
            self._connections.leave(self._uid)
            self._uid = None
        super().connection_lost(exc)

    def handle_error(
        self,
        request: BaseRequest,  # noqa: ARG002
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """What could not be read as a request; how it could not is for the log only."""
        self.logger.info("request not understood: %s", type(exc).__name__)
        response = error_response(
            ApiError(status, "bad_request", "not a request in HTTP/1.1 within the limits")
        )
        response.force_close()
        return response

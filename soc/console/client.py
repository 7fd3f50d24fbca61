"""Questions and actions, as calls: the hub's API (docs/reference.md, API) over its Unix socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from soc.console.errors import DisconnectedError, refused
from soc.console.http import Connection
from soc.console.sse import StreamEvent, StreamParser

TIMEOUT_SECONDS = 10.0
SILENCE_SECONDS = 5.0  # the stream sends the status each second
_IDLE_CONNECTIONS = 4


class Client:
    """One hub. Answers are the API's JSON objects; every call raises HubError (soc.console.errors)."""

    def __init__(self, socket: Path, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.socket = socket
        self._timeout_seconds = timeout_seconds
        self._idle: list[Connection] = []

    async def get(self, path: str, **query: str | int | None) -> dict[str, Any]:
        """GET `path`; what is None or '' is left out of the query."""
        wanted = {name: value for name, value in query.items() if value not in (None, "")}
        return await self._call("GET", path + ("?" + urlencode(wanted) if wanted else ""))

    async def act(self, alert_id: str, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST an action on an alert; the alert as it is then.

        `body` carries `based_on` and a `request_id`: sent twice, it is done once.
        """
        return await self._call("POST", f"/v1/alerts/{quote(alert_id, safe='')}/{action}", body)

    async def stream(self) -> AsyncIterator[StreamEvent]:
        """Server-sent events until the hub goes or keeps silent for SILENCE_SECONDS (DisconnectedError)."""
        connection = await Connection.open(self.socket)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                head = await connection.request("GET", "/v1/stream")
                if head.status_code != 200:
                    raise refused(head.status_code, _json(await connection.body()))
            parser = StreamParser()
            pieces = connection.data()
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    piece = await anext(pieces, b"")
                if not piece:
                    raise DisconnectedError("the hub ended the stream")
                for event in parser.feed(piece):
                    yield event
        except TimeoutError as error:
            raise DisconnectedError(f"the hub kept silent for {SILENCE_SECONDS:.0f} s") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Drop idle connections."""
        while self._idle:
            self._idle.pop().close()

    async def _call(self, method: str, target: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        try:
            async with asyncio.timeout(self._timeout_seconds):
                while self._idle:
                    # The hub may have closed it while it lay idle; a request id makes sending again harmless.
                    try:
                        return await self._exchange(self._idle.pop(), method, target, data)
                    except DisconnectedError:
                        continue
                return await self._exchange(await Connection.open(self.socket), method, target, data)
        except TimeoutError as error:
            raise DisconnectedError(
                f"the hub did not answer {method} {target.partition('?')[0]} within "
                f"{self._timeout_seconds:.0f} s"
            ) from error

    async def _exchange(
        self, connection: Connection, method: str, target: str, data: bytes
    ) -> dict[str, Any]:
        kept = False
        try:
            head = await connection.request(method, target, data)
            document = _json(await connection.body())
            kept = connection.reuse() and len(self._idle) < _IDLE_CONNECTIONS
            if kept:
                self._idle.append(connection)
        finally:
            if not kept:
                connection.close()
        if head.status_code >= 400:
            raise refused(head.status_code, document)
        if not isinstance(document, dict):
            raise DisconnectedError(
                f"the hub's answer to {method} {target.partition('?')[0]} is no JSON object"
            )
        return document


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None

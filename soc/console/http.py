"""HTTP/1.1 by h11 over one Unix stream connection (RFC 9112)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import h11

from soc.console.errors import DisconnectedError

MAXIMUM_BODY_BYTES = 64 << 20
_READ_BYTES = 1 << 16
_HEADERS = [("Host", "soc"), ("Accept", "application/json, text/event-stream"), ("User-Agent", "soc-console")]


class Connection:
    """One connection; one request at a time. Every method raises DisconnectedError when it breaks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = h11.Connection(h11.CLIENT)

    @classmethod
    async def open(cls, socket: Path) -> Connection:
        """Connect to the hub's socket."""
        try:
            return cls(*await asyncio.open_unix_connection(socket))
        except OSError as error:
            raise DisconnectedError(f"no hub answers at {socket}: {error.strerror or error}") from error

    async def request(self, method: str, target: str, body: bytes = b"") -> h11.Response:
        """Send a request; the head of its answer."""
        headers = list(_HEADERS)
        if body:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        try:
            self._write(h11.Request(method=method, target=target, headers=headers))
            if body:
                self._write(h11.Data(data=body))
            self._write(h11.EndOfMessage())
            await self._writer.drain()
        except OSError as error:
            raise DisconnectedError(f"the hub went away: {error.strerror or error}") from error
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return event

    async def data(self) -> AsyncIterator[bytes]:
        """The answer's body, in the pieces it comes in."""
        while True:
            event = await self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return

    async def body(self) -> bytes:
        """The answer's whole body, at most MAXIMUM_BODY_BYTES."""
        parts: list[bytes] = []
        size = 0
        async for part in self.data():
            size += len(part)
            if size > MAXIMUM_BODY_BYTES:
                raise DisconnectedError("the hub's answer is larger than 64 MiB")
            parts.append(part)
        return b"".join(parts)

    def reuse(self) -> bool:
        """Make ready for a further request; False when the connection has to be closed."""
        if self._protocol.our_state is not h11.DONE or self._protocol.their_state is not h11.DONE:
            return False
        self._protocol.start_next_cycle()
        return not self._reader.at_eof()

    def close(self) -> None:
        """Close at once; never raises."""
        self._writer.close()

    def _write(self, event: h11.Event) -> None:
        self._writer.write(self._protocol.send(event) or b"")

    async def _next(self) -> h11.Event:
        while True:
            try:
                event = self._protocol.next_event()
                if event is h11.NEED_DATA:
                    self._protocol.receive_data(await self._reader.read(_READ_BYTES))
                    continue
            except h11.RemoteProtocolError as error:
                raise DisconnectedError(f"the hub's answer broke off: {error}") from error
            except OSError as error:
                raise DisconnectedError(f"the hub went away: {error.strerror or error}") from error
            if isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise DisconnectedError("the hub closed the connection")
            assert isinstance(event, h11.Event)
            return event

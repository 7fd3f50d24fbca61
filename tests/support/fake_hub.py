"""A hub made of tables: the API's shapes over a Unix socket, for tests, benches and pictures of the console.

python -m tests.support.fake_hub SOCKET [--alerts N] [--devices N] [--hostile] [--rate EVENTS]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from soc.model import SEVERITY_IDS, ConfigurationError
from soc.model.filters import Term, parse_filter
from tests.support import console_estate as estate

Document = dict[str, Any]
Answer = tuple[int, Document]
LONG = 10_000  # rows


class FakeHub:
    """Answers from `alerts` and `devices`; what a test does to them, it tells by `push_*`."""

    def __init__(
        self,
        socket: Path,
        alerts: Iterable[Document] = (),
        devices: Iterable[Document] = (),
        now: float | None = None,
    ) -> None:
        self.socket = socket
        self.now = now
        self.alerts = {alert["id"]: alert for alert in alerts}
        self.devices = {device["device"]: device for device in devices}
        self.you = {"uid": 1000, "name": "mia", "role": "analyst"}
        self.blind_since: str | None = None
        self.events = 81_231
        self.events_per_second = 0
        self.refuse: Callable[[str, str], Answer | None] = lambda method, path: None
        self.requests: list[tuple[str, str, Document]] = []
        self.delay_seconds = 0.0
        self.stream_status = 200
        self._found: dict[tuple[str, int, bool], list[Document]] = {}
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.Queue[tuple[str, Document]]] = set()
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> FakeHub:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; a stopped hub may start again."""
        self.socket.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self.socket)

    async def stop(self) -> None:
        """Go as a killed process goes: listening ends, connections break."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def followed(self) -> None:
        """Wait until somebody follows the stream."""
        while not self._streams:
            await asyncio.sleep(0.01)

    def push_alert(self, **fields: Any) -> Document:
        """Change or add the alert with `fields["id"]` and tell every stream."""
        alert = self.alerts.setdefault(fields["id"], estate.alert(0, self._now()))
        alert |= fields
        self._push("alert", alert)
        return alert

    def push_device(self, **fields: Any) -> None:
        """Change the device and tell every stream."""
        self.devices[fields["device"]] |= fields
        self._push("device", self.devices[fields["device"]])

    def _push(self, name: str, document: Document) -> None:
        for queue in self._streams:
            queue.put_nowait((name, dict(document)))

    def _now(self) -> float:
        return time.time() if self.now is None else self.now

    # Answers

    def status(self) -> Document:
        opened = self._filtered(list(self.alerts.values()), "status:open")
        return estate.status(self.devices.values(), opened, self.events, self.blind_since, self._now()) | {
            "you": self.you
        }

    def _answer(self, method: str, path: str, query: Mapping[str, str], body: Document) -> Answer:
        if (refused := self.refuse(method, path)) is not None:
            return refused
        match method, path.strip("/").split("/"):
            case "GET", ["v1", "status"]:
                return 200, self.status()
            case "GET", ["v1", "overview"]:
                return 200, estate.overview(self.devices.values(), self.alerts.values())
            case "GET", ["v1", "alerts"]:
                return self._page(list(self.alerts.values()), query)
            case "GET", ["v1", "devices"]:
                return self._page(list(self.devices.values()), query)
            case "GET", ["v1", "alerts", alert_id] if unquote(alert_id) in self.alerts:
                return 200, estate.alert_details(self.alerts[unquote(alert_id)], self._now())
            case "GET", ["v1", "devices", name] if unquote(name) in self.devices:
                return 200, estate.device_details(self.devices[unquote(name)], self._now())
            case "POST", ["v1", "alerts", alert_id, action] if alert_id in self.alerts:
                return self._act(self.alerts[alert_id], action, body)
        return 404, {"code": "not-found", "message": f"nothing at {path}"}

    def _page(self, rows: list[Document], query: Mapping[str, str]) -> Answer:
        try:
            found = self._filtered(rows, query.get("filter", ""))
        except ConfigurationError as error:
            return 400, {"code": "bad-request", "message": str(error)}
        begin = int(query.get("after") or 0)
        end = begin + int(query.get("limit") or 100)
        after = str(end) if end < len(found) else None
        return 200, {"items": found[begin:end], "next": after, "total": len(found)}

    def _filtered(self, rows: list[Document], text: str) -> list[Document]:
        """A long list is filtered once for all its pages, as long as no row comes or goes."""
        key = (text, len(rows), "fingerprint" in rows[0] if rows else False)
        if len(rows) < LONG or key not in self._found:
            terms = parse_filter(text)
            self._found[key] = [row for row in rows if all(self._fits(row, term) for term in terms)]
        return self._found[key]

    def _fits(self, row: Document, term: Term) -> bool:
        if term.field == "nonsense":
            raise ConfigurationError("no field 'nonsense'")
        if term.field == "status":
            fits = term.value == "all" or _is_open(row)
        elif term.field == "severity":
            wanted, has = SEVERITY_IDS[term.value], SEVERITY_IDS.get(row.get("severity", ""), 0)
            fits = has >= wanted if term.operator == ">=" else has == wanted
        elif not term.field:
            fits = term.value.casefold() in json.dumps(row).casefold()
        elif term.value == "*":
            fits = bool(row.get(term.field))
        else:
            value = self.you["name"] if term.value == "me" else term.value
            fits = str(row.get(term.field, "")).casefold() == str(value).casefold()
        return fits != term.negated

    def _act(self, alert: Document, action: str, body: Document) -> Answer:
        if body["based_on"] != alert["version"]:
            message = f"{alert.get('owner') or 'somebody'} took this 4 s ago"
            return 409, {"code": "conflict", "message": message, "current": alert}
        alert["version"] += 1
        if action == "acknowledge":
            alert |= {"workflow": "acknowledged", "owner": self.you["name"]}
        elif action == "close":
            alert |= {"workflow": "closed", "disposition": body["disposition"]}
        alert.setdefault("_notes", []).append(body.get("note", ""))
        self._push("alert", alert)
        return 200, alert

    # The wire

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        if self._server is None or not self._server.is_serving():
            writer.transport.abort()
        try:
            with contextlib.suppress(OSError, h11.RemoteProtocolError, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = h11.Connection(h11.SERVER)
        while True:
            request, data = None, b""
            while not isinstance(event := protocol.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    protocol.receive_data(await reader.read(65536))
                elif isinstance(event, h11.Request):
                    request = event
                elif isinstance(event, h11.Data):
                    data += bytes(event.data)
                else:
                    return
            assert request is not None
            target = urlsplit(request.target.decode())
            method, query = request.method.decode(), dict(parse_qsl(target.query))
            body = json.loads(data or b"{}")
            self.requests.append((method, request.target.decode(), body))
            if target.path == "/v1/stream" and self.stream_status == 200:
                await self._stream(protocol, writer)
                return
            await asyncio.sleep(self.delay_seconds)
            status, document = self._answer(method, target.path, query, body)
            if target.path == "/v1/stream":
                status = self.stream_status
            answer = json.dumps(document).encode()
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
            for part in (
                h11.Response(status_code=status, headers=headers),
                h11.Data(data=answer),
                h11.EndOfMessage(),
            ):
                writer.write(protocol.send(part) or b"")
            await writer.drain()
            protocol.start_next_cycle()

    async def _stream(self, protocol: h11.Connection, writer: asyncio.StreamWriter) -> None:
        writer.write(
            protocol.send(h11.Response(status_code=200, headers=[("Content-Type", "text/event-stream")]))
            or b""
        )
        queue: asyncio.Queue[tuple[str, Document]] = asyncio.Queue()
        self._streams.add(queue)
        try:
            async for name, document in self._news(queue):
                data = f"event: {name}\ndata: {json.dumps(document)}\n\n: heartbeat\n\n"
                writer.write(protocol.send(h11.Data(data=data.encode())) or b"")
                await writer.drain()
        finally:
            self._streams.discard(queue)

    async def _news(self, queue: asyncio.Queue[tuple[str, Document]]) -> AsyncIterator[tuple[str, Document]]:
        yield "hello", {}
        while True:
            try:
                async with asyncio.timeout(1.0):
                    yield await queue.get()
            except TimeoutError:
                self.events += self.events_per_second
                yield "status", self.status()


def _is_open(alert: Document) -> bool:
    return (
        alert.get("workflow", "") != "closed"
        and alert.get("condition") == "firing"
        and not alert.get("suppressed_by")
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket", type=Path)
    parser.add_argument("--alerts", type=int, default=18)
    parser.add_argument("--devices", type=int, default=221)
    parser.add_argument("--hostile", action="store_true", help="device and log text that attacks terminals")
    parser.add_argument("--rate", type=int, default=1012, help="events a second that the status claims")
    parser.add_argument("--changes", type=int, default=0, help="changed alerts a second, told by the stream")
    args = parser.parse_args()
    now = time.time()
    alerts = estate.alerts(args.alerts, now)
    if args.hostile:
        alerts = [*estate.hostile_alerts(now), *alerts]
    async with FakeHub(args.socket, alerts, estate.devices(args.devices, now)) as hub:
        hub.events_per_second = args.rate
        print("ready", flush=True)
        ids = list(hub.alerts)
        for number in count():
            await asyncio.sleep(1 / max(1, args.changes))
            if args.changes:
                hub.push_alert(id=ids[number % min(512, len(ids))], count=number)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())

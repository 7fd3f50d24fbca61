"""Server-sent events (WHATWG HTML, 9.2) to many clients: each event encoded once, a queue for each client."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import Any

from soc.hub.api.encoding import encode
from soc.hub.api.meter import Meter
from soc.hub.api.reads import ReadPool
from soc.hub.api.reports import Reports
from soc.hub.port import HubPort, News
from soc.model import SocError
from soc.pipeline.estate_report import device_document
from soc.pipeline.report import alert_document
from soc.store import Store

_LOG = logging.getLogger(__name__)
_STATUS_EVERY_SECONDS = 1.0
_COLLECT_SECONDS = 0.1  # news of so long are read from the store together
_MAXIMUM_NEWS = 200  # of more, clients are told to read again


def sse(event: str, document: Any) -> bytes:
    """One server-sent event; JSON has no line breaks of its own."""
    return b"event: " + event.encode() + b"\ndata: " + encode(document) + b"\n\n"


class Subscription:
    """One client's queue. When it overflows, what waits is dropped for one event `reread`."""

    def __init__(self, maximum: int, meter: Meter) -> None:
        self._maximum = maximum
        self._meter = meter
        self._waiting: deque[bytes] = deque()
        self._filled = asyncio.Event()
        self.ended = False

    def end(self) -> None:
        """Nothing more will come."""
        self.ended = True
        self._filled.set()

    def put(self, chunk: bytes) -> None:
        if len(self._waiting) >= self._maximum:
            dropped = len(self._waiting)
            self._waiting.clear()
            self._waiting.append(sse("reread", {"reason": "slow", "dropped": dropped}))
            self._meter.stream_rereads += 1
        self._waiting.append(chunk)
        self._filled.set()

    async def take(self, timeout_seconds: float) -> bytes:
        """What waits, empty when nothing came in time."""
        if not self._waiting:
            self._filled.clear()
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._filled.wait()
            except TimeoutError:
                return b""
        chunks = b"".join(self._waiting)
        self._waiting.clear()
        return chunks


class Streams:
    """All streams: tells them the status each second, and alerts and devices as they change."""

    def __init__(
        self, port: HubPort, readers: ReadPool, reports: Reports, meter: Meter, maximum_waiting: int
    ) -> None:
        self._port = port
        self._readers = readers
        self._reports = reports
        self._meter = meter
        self._maximum_waiting = maximum_waiting
        self._open: set[Subscription] = set()
        self._alerts: set[str] = set()
        self._devices: set[str] = set()
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def __len__(self) -> int:
        return len(self._open)

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._unsubscribe = self._port.subscribe(
            lambda news: _call(loop, lambda: self._note(news))  # from the writer's thread
        )
        self._tasks = [asyncio.create_task(self._tell_status()), asyncio.create_task(self._tell_news())]

    async def stop(self) -> None:
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for subscription in self._open:
            subscription.end()

    def open(self) -> Subscription:
        subscription = Subscription(self._maximum_waiting, self._meter)
        self._open.add(subscription)
        return subscription

    def close(self, subscription: Subscription) -> None:
        self._open.discard(subscription)

    def _note(self, news: News) -> None:
        if self._open:
            self._alerts |= news.alerts
            self._devices |= news.devices
            self._news.set()

    def publish(self, chunks: Iterable[bytes]) -> None:
        """Queue these events for every client; in the loop's thread."""
        for chunk in chunks:
            for subscription in self._open:
                subscription.put(chunk)

    async def _tell_status(self) -> None:
        while True:
            await asyncio.sleep(_STATUS_EVERY_SECONDS)
            if self._open:
                try:
                    self.publish([sse("status", await self._reports.status())])
                except (SocError, OSError) as error:
                    _LOG.warning("no status for the streams: %s", error)

    async def _tell_news(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(_COLLECT_SECONDS)
            self._news.clear()
            alerts, self._alerts = self._alerts, set()
            devices, self._devices = self._devices, set()
            if len(alerts) + len(devices) > _MAXIMUM_NEWS:
                self.publish([sse("reread", {"reason": "many", "dropped": len(alerts) + len(devices)})])
                continue
            try:
                self.publish(await self._readers.ask(lambda store: self._read(store, alerts, devices)))  # noqa: B023
            except SocError as error:
                _LOG.warning("news could not be read: %s", error)
                self.publish([sse("reread", {"reason": "store", "dropped": len(alerts) + len(devices)})])

    def _read(self, store: Store, alerts: set[str], devices: set[str]) -> list[bytes]:
        chunks = [sse("alert", alert_document(alert)) for alert in store.alert_list.by_ids(sorted(alerts))]
        rows = store.device_list.by_names(sorted(devices), self._port.now()) if devices else []
        return chunks + [sse("device", device_document(row)) for row in rows]


def _call(loop: asyncio.AbstractEventLoop, work: Any) -> None:
    try:
        loop.call_soon_threadsafe(work)
    except RuntimeError:  # the loop has ended before the writer
        _LOG.debug("news after the end")

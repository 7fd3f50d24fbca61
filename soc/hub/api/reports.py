"""Status and overview: whole-store figures, asked once for all clients that want them at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from soc import __version__
from soc.hub.api.reads import ReadPool
from soc.hub.background import in_background
from soc.hub.port import Health, HubPort
from soc.pipeline.estate_report import Trends, overview_document, trends
from soc.pipeline.report import count, moment_text, status_document
from soc.store import Store

_LIFE_SECONDS = 1.0
_TRENDS_SECONDS = 15.0
T = TypeVar("T")


class Shared(Generic[T]):
    """An answer at most `life_seconds` old; however many wait for it, it is worked out once."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, T]], life_seconds: float) -> None:
        self._work = work
        self._life_seconds = life_seconds
        self._working: asyncio.Task[T] | None = None
        self._begun = 0.0

    async def get(self) -> T:
        now = asyncio.get_running_loop().time()
        working = self._working
        if working is None or (
            working.done() and (now >= self._begun + self._life_seconds or _failed(working))
        ):
            working = asyncio.create_task(self._work())
            self._working, self._begun = working, now
        # Who asked first may go away; the others still wait.
        return await asyncio.shield(working)


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None


class Reports:
    """The documents of `/v1/status` and `/v1/overview`."""

    def __init__(self, port: HubPort, readers: ReadPool) -> None:
        self._port = port
        self._readers = readers
        self._trends = Shared(self._ask_trends, _TRENDS_SECONDS)
        self._documents = Shared(self._ask_documents, _LIFE_SECONDS)
        self._health = Shared(lambda: in_background("health", port.health), _LIFE_SECONDS)

    async def health(self) -> Health:
        """How the hub is, which takes long where many segments wait."""
        return await self._health.get()

    async def status(self) -> dict[str, Any]:
        """The object of `soc status`, with the hub as it is."""
        health = await self.health()
        hub = {
            "running": True,
            "pid": health.pid,
            "started": moment_text(health.started),
            "version": __version__,
            "blind_since": moment_text(health.blind_since),
        }
        status, _ = await self._documents.get()
        return {**status, "hub": hub}

    async def overview(self) -> dict[str, Any]:
        _, overview = await self._documents.get()
        return overview

    async def _ask_trends(self) -> Trends:
        now = self._port.now()
        return await self._readers.ask(lambda store: trends(store, now))

    async def _ask_documents(self) -> tuple[dict[str, Any], dict[str, Any]]:
        lately = await self._trends.get()
        directory, now = self._port.data_directory, self._port.now()

        def question(store: Store) -> tuple[dict[str, Any], dict[str, Any]]:
            counts = count(store, now)
            return (
                status_document(store, directory, now, counts),
                overview_document(store, lately, counts),
            )

        return await self._readers.ask(question)

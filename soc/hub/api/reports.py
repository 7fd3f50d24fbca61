"""Status and overview: whole-store figures, asked once for all clients that want them at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from soc import __version__
from soc.hub.api.reads import ReadPool
from soc.hub.port import HubPort
from soc.pipeline.estate_report import overview_document
from soc.pipeline.report import moment_text, status_document
from soc.store import Store

_STATUS_SECONDS = 0.5
_OVERVIEW_SECONDS = 1.0


class Shared:
    """One question's answer, at most `life_seconds` old; however many wait for it, it is asked once."""

    def __init__(self, readers: ReadPool, question: Callable[[Store], Any], life_seconds: float) -> None:
        self._readers = readers
        self._question = question
        self._life_seconds = life_seconds
        self._asking: asyncio.Task[Any] | None = None
        self._asked = 0.0

    async def get(self) -> Any:
        now = asyncio.get_running_loop().time()
        asking = self._asking
        if asking is None or (asking.done() and (now >= self._asked + self._life_seconds or _failed(asking))):
            asking = asyncio.ensure_future(self._readers.ask(self._question))
            self._asking, self._asked = asking, now
        # The one that asked may go away; the others still wait.
        return await asyncio.shield(asking)


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None


class Reports:
    """The documents of `/v1/status` and `/v1/overview`."""

    def __init__(self, port: HubPort, readers: ReadPool) -> None:
        self._port = port
        self._status = Shared(
            readers, lambda store: status_document(store, port.data_directory, port.now()), _STATUS_SECONDS
        )
        self._overview = Shared(
            readers, lambda store: overview_document(store, port.now()), _OVERVIEW_SECONDS
        )

    async def status(self) -> dict[str, Any]:
        """The object of `soc status`, with the hub as it is."""
        health = self._port.health()
        hub = {
            "running": True,
            "pid": health.pid,
            "started": moment_text(health.started),
            "version": __version__,
            "blind_since": moment_text(health.blind_since),
        }
        return {**await self._status.get(), "hub": hub}

    async def overview(self) -> dict[str, Any]:
        return dict(await self._overview.get())

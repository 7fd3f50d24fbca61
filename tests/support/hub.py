"""A hub as small as the port allows: one writer thread over a real store, and the real API before it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from soc.hub.api import Api, start_api
from soc.hub.api.context import Context
from soc.hub.api.limits import Limits
from soc.hub.port import Health, News
from soc.inventory import Inventory, Role
from soc.model import ConfigurationError, Event
from soc.model.alerts import Alert
from soc.pipeline.actions import AlertAction, perform, record
from soc.pipeline.backup import back_up
from soc.pipeline.outbox import retry_notices
from soc.spool.spool import Spool
from soc.store import Store


class WriterHub:
    """The hub's port over an open store; every write happens in one thread, as in the real one."""

    def __init__(self, store: Store, data_directory: Path, inventory: Inventory, now: float) -> None:
        self._store = store
        self._data_directory = data_directory
        self._inventory = inventory
        self._writer = ThreadPoolExecutor(1, "writer")
        self._listeners: list[Callable[[News], None]] = []
        self.time = now
        self.committed = 0
        self.inventory_problem = ""
        self.state = Health(4711, now - 60, None, 2, 0.25, 7, 0.5)

    @property
    def data_directory(self) -> Path:
        return self._data_directory

    def now(self) -> float:
        return self.time

    def inventory(self) -> Inventory:
        return self._inventory

    def set_roles(self, roles: Mapping[str, Role]) -> None:
        self._inventory = replace(self._inventory, roles=roles)

    def health(self) -> Health:
        return self.state

    def transactions(self) -> int:
        return self.committed

    def reader(self) -> Store:
        return self._store.reader()

    def submit(self, action: AlertAction) -> Future[Alert]:
        return self._writer.submit(self._perform, action)

    def retry_notices(self, id: str) -> Future[Sequence[str]]:
        def retry() -> Sequence[str]:
            self.committed += 1
            return retry_notices(self._store, id, self.time)

        return self._writer.submit(retry)

    def record(self, event: Event) -> Future[None]:
        return self._writer.submit(record, self._store, event)

    def apply_inventory(self) -> Future[Mapping[str, int]]:
        done: Future[Mapping[str, int]] = Future()
        if self.inventory_problem:
            done.set_exception(ConfigurationError(self.inventory_problem))
        else:
            done.set_result({"added": 1, "changed": 2, "removed": 0})
        return done

    def back_up(self, target: Path) -> Future[Mapping[str, Any]]:
        spool = Spool(self._data_directory / "spool")
        return self._writer.submit(back_up, self._store, spool, self._data_directory, target, self.time)

    def subscribe(self, listener: Callable[[News], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def write(self, work: Callable[[Store], Any], news: News | None = None) -> Any:
        """Do something in the writer's thread, tell the news, wait."""

        def write() -> Any:
            done = work(self._store)
            self.committed += 1
            self._tell(news)
            return done

        return self._writer.submit(write).result(20)

    def settle(self) -> None:
        """Wait until everything submitted is done."""
        self.write(lambda _: None)

    def close(self) -> None:
        self._writer.shutdown()

    def _perform(self, action: AlertAction) -> Alert:
        alert = perform(self._store, action, self.time)
        self.committed += 1
        self._tell(News(frozenset({alert.id})))
        return alert

    def _tell(self, news: News | None) -> None:
        if news is not None:
            for listener in list(self._listeners):
                listener(news)


class ServedHub:
    """The API of a hub on a loop in a thread of its own, for as long as the context lasts."""

    def __init__(self, hub: WriterHub, socket_path: Path, limits: Limits | None = None) -> None:
        self.hub = hub
        self.path = socket_path
        self._limits = limits
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.api: Api

    @property
    def context(self) -> Context:
        """The API's insides."""
        return self.api._context

    def run(self, work: Awaitable[Any]) -> Any:
        async def awaited() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(20)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.api = self.run(start_api(self.hub, self.path, self._limits))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.run(self.api.stop())
        finally:
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self.hub.close()

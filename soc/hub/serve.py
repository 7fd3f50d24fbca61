"""`soc serve`: everything put together, kept running, and ended within five seconds."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from soc.hub.background import in_background
from soc.hub.collection import Collection
from soc.hub.hub import Hub
from soc.hub.supervise import Child
from soc.inventory import keep_accepted
from soc.model import ConfigurationError, LockHeldError, SocError, StoreError
from soc.model.clock import ClockWatch
from soc.pipeline.delivery import deliver_due
from soc.pipeline.site import Site
from soc.spool.layout import HUB_COMMAND, HUB_SOCKET, INVENTORY, STORE_LOCK, STORE_WANTED
from soc.spool.lock import acquire
from soc.spool.service_manager import ALIVE, READY, STOPPING, notify, watchdog_seconds
from soc.store import Store

if TYPE_CHECKING:
    from soc.hub.api import Api

STOP_SECONDS = 2.5  # for children to end by themselves
_BEGIN_SECONDS = 2.0  # for the writer's first transaction; nobody waits longer for answers
_WATCH_SECONDS = 1.0
_LOOK_AT_COLLECTION_SECONDS = 5.0
_DELIVER_SECONDS = 2.0
# A transaction that takes longer than this is not in time; several times as long, and systemd may act.
_IN_TIME_SECONDS = 60.0
_STUCK_SECONDS = 600.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """How the hub is run; `rules` and `collectors` are further directories, for the children."""

    socket: Path
    store_wait_seconds: float = 30.0
    workers: int = 1
    rules: Sequence[Path] = ()
    collectors: Sequence[Path] = ()


@contextlib.contextmanager
def store_owned(data: Path, wait_seconds: float, tell: Callable[[str], None]) -> Iterator[None]:
    """store.lock for the block. A cron cycle that has it finishes its transaction and leaves it to us.

    Raises LockHeldError when it is not free within that time.
    """
    with contextlib.ExitStack() as held:
        with acquire(data / STORE_WANTED, wait_seconds, HUB_COMMAND):
            try:
                held.enter_context(acquire(data / STORE_LOCK, 0.0, HUB_COMMAND))
            except LockHeldError as error:
                tell(f"waiting for the store: {error}")
                held.enter_context(acquire(data / STORE_LOCK, wait_seconds, HUB_COMMAND))
        yield


def serve(site: Site, options: Options, tell: Callable[[str], None], ready: Callable[[Path], None]) -> None:
    """Run a hub until SIGTERM or SIGINT. `ready` is told the socket once it answers.

    Raises LockHeldError, StoreError, ConfigurationError when it cannot begin.
    """
    with store_owned(site.data, options.store_wait_seconds, tell):
        try:
            keep_accepted(site.data / INVENTORY, site.inventory.texts)
        except OSError as error:
            raise StoreError(f"{site.data / INVENTORY} cannot be written: {error.strerror}") from error
        site = replace(site, inventory=replace(site.inventory, texts=()))
        asyncio.run(_Service(site, options, tell).run(ready))


class _Service:
    def __init__(self, site: Site, options: Options, tell: Callable[[str], None]) -> None:
        self._first = site
        self._options = options
        self._tell = tell
        self._stop = asyncio.Event()
        self._ending = contextlib.ExitStack()
        self._clock = ClockWatch(site.now(), site.monotonic())
        self._heartbeat_told = ""

    async def run(self, ready: Callable[[Path], None]) -> None:
        site = self._first
        self._hub = hub = Hub(site, self._tell, self._inventory_changed)
        self._collection = Collection(
            site.data, self._options.workers, self._arguments(collectors=True),
            tell=self._tell, monotonic=site.monotonic,
        )  # fmt: skip
        self._refiner: Child | None = None
        api: Api | None = None
        tasks: list[asyncio.Task[None]] = []
        hub.writer.start()
        try:
            self._handle_signals()
            # What is left to load is a lot of code; loading it now would keep the writer waiting.
            await in_background("beginning", lambda: hub.writer.begun.wait(_BEGIN_SECONDS))
            from soc.hub.api import start_api

            api = await start_api(hub, self._options.socket)
            self._point_to(api.socket_path)
            hub.renew_readers = api.renew_readers
            self._refiner = Child("refiner", "soc.intake.refiner", self._arguments(), tell=self._tell)
            self._collection.set_internal(site.inventory.settings.collection == "internal")
            tasks += [asyncio.create_task(work) for work in self._tasks()]
            notify(READY)
            ready(api.socket_path)
            await self._stop.wait()
        finally:
            notify(STOPPING)
            await self._end(api, tasks)

    def _point_to(self, path: Path) -> None:
        """Who looks for the hub in its data directory finds it, wherever it answers."""
        own = self._first.data / HUB_SOCKET
        if path.parent.resolve() != own.parent.resolve():
            own.unlink(missing_ok=True)
            own.symlink_to(path.absolute())
            self._ending.callback(own.unlink, missing_ok=True)

    async def _end(self, api: Api | None, tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ending = [self._collection.stop(STOP_SECONDS), self._hub.end_backup()]
        if self._refiner is not None:
            ending.append(self._refiner.stop(STOP_SECONDS))
        if api is not None:
            ending.append(api.stop())
        for problem in await asyncio.gather(*ending, return_exceptions=True):
            if isinstance(problem, BaseException):
                self._tell(f"while stopping: {type(problem).__name__}: {problem}")
        await asyncio.to_thread(self._hub.writer.stop)
        self._ending.close()

    def _tasks(self) -> Iterator[Coroutine[None, None, None]]:
        yield self._collection.run()
        yield self._again_and_again(self._watch_clock, lambda: _WATCH_SECONDS)
        yield self._again_and_again(self._look_at_collection, lambda: _LOOK_AT_COLLECTION_SECONDS)
        yield self._again_and_again(self._beat, self._heartbeat_seconds)
        yield self._again_and_again(self._deliver, lambda: _DELIVER_SECONDS)
        if (seconds := watchdog_seconds()) is not None:
            yield self._again_and_again(self._show_life, lambda: seconds)

    async def _again_and_again(
        self, work: Callable[[], Coroutine[None, None, None]], seconds: Callable[[], float]
    ) -> None:
        while True:
            try:
                await work()
            except Exception as error:
                self._tell(f"{type(error).__name__}: {error}")
            await asyncio.sleep(seconds())

    def _arguments(self, collectors: bool = False) -> list[str]:
        site, options = self._first, self._options
        arguments = ["--data", str(site.data.absolute())]
        for directory in options.rules:
            arguments += ["--rules", str(directory.absolute())]
        for directory in options.collectors if collectors else ():
            arguments += ["--collectors", str(directory.absolute())]
        return arguments

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        self._reloads: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = asyncio.create_task(self._reload())
            self._reloads.add(task)
            task.add_done_callback(self._reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)

    async def _reload(self) -> None:
        try:
            await self._hub.apply()
        except ConfigurationError:
            pass  # told already
        except SocError as error:
            self._tell(f"the inventory is not taken: {error}")

    def _inventory_changed(self) -> None:
        self._collection.reload()
        self._collection.set_internal(self._hub.inventory().settings.collection == "internal")
        if self._refiner is not None:
            self._refiner.start_again()

    async def _watch_clock(self) -> None:
        site = self._first
        step = self._clock.check(site.now(), site.monotonic())
        if step:
            message = f"the clock was stepped by {step:+.1f} s"
            self._tell(message)
            fields = {"step_seconds": f"{step:.3f}"}
            self._hub.tell_event("clock", message, severity_id=3, fields=fields)

    async def _look_at_collection(self) -> None:
        last = self._hub.writer.submit(lambda store: store.status.collection()["last"])
        self._hub.last_contact = await asyncio.wrap_future(last)

    def _heartbeat_seconds(self) -> float:
        heartbeat = self._hub.inventory().settings.heartbeat
        return heartbeat.every if heartbeat else _LOOK_AT_COLLECTION_SECONDS

    async def _beat(self) -> None:
        heartbeat = self._hub.inventory().settings.heartbeat
        if heartbeat is None or not await in_background("health", self._in_time):
            return
        from soc.hub.heartbeat import beat

        problem = await in_background("heartbeat", lambda: beat(heartbeat))
        if problem and problem != self._heartbeat_told:
            self._tell(problem)
        self._heartbeat_told = problem

    async def _deliver(self) -> None:
        """Send what the outbox holds; what is cut by the end of the hub goes again with the next one."""
        site, writer = self._hub.site, self._hub.writer
        settings = site.inventory.settings.notify
        if not settings.targets:
            return

        def in_store(work: Callable[[Store], T]) -> T:
            return writer.submit(work).result()

        await in_background(
            "delivery",
            lambda: deliver_due(
                in_store, settings, now=site.now, monotonic=site.monotonic, draw=random.random
            ),
        )

    def _in_time(self) -> bool:
        """Whether devices are polled, and what they say is stored, when they should be."""
        hub = self._hub
        internal = hub.inventory().settings.collection == "internal"
        return (
            not hub.writer.failure
            and self._busy_seconds() < _IN_TIME_SECONDS
            and hub.health().lag_seconds < _IN_TIME_SECONDS
            and hub.blind_since() is None
            and (not internal or self._collection.on_time())
        )

    async def _show_life(self) -> None:
        if self._busy_seconds() < _STUCK_SECONDS:
            notify(ALIVE)

    def _busy_seconds(self) -> float:
        """Since when the writer is at one thing; without end when its thread died."""
        if not self._hub.writer.alive:
            return math.inf
        since = self._hub.writer.figures.busy_since
        return 0.0 if since is None else self._first.monotonic() - since

"""The one thread that writes: the pipeline, and between its transactions what the API asks for."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from soc.hub.port import HubBusyError, News
from soc.model import StoreError
from soc.pipeline.pipeline import Pipeline
from soc.pipeline.site import Site
from soc.spool.spool import Spool
from soc.store import RowsRefusedError, Store, open_store

IDLE_SECONDS = 0.2  # how soon a new segment is seen
FIRST_RETRY_SECONDS, MAXIMUM_RETRY_SECONDS = 1.0, 30.0
MAXIMUM_WAITING = 1000  # pieces of work
_INTERRUPT_AFTER_SECONDS = 2.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Work:
    do: Callable[[], None]
    refuse: Callable[[Exception], None]


@dataclass(slots=True)
class Figures:
    """What the writer has done since it began, for metrics. `busy_since` is monotonic seconds."""

    transactions: int = 0
    seconds: float = 0.0
    busy_since: float | None = None


class Writer:
    """Owns the open store. The caller holds store.lock from before `start` until after `stop`."""

    def __init__(self, site: Site, tell: Callable[[str], None], renew_readers: Callable[[], None]) -> None:
        """`renew_readers` has every reader closed, and returns then; called in the writer's thread."""
        self._site = site
        self._tell = tell
        self._renew_readers = renew_readers
        self._work: queue.Queue[_Work] = queue.Queue(MAXIMUM_WAITING)
        self._listeners: list[Callable[[News], None]] = []
        self._store: Store | None = None
        self._pipeline: Pipeline | None = None
        self._stopping = threading.Event()
        self.begun = threading.Event()  # the first transaction is done, or could not be
        self._thread = threading.Thread(target=self._run, name="writer")
        self.figures = Figures()
        self.failure = ""  # why there is no store, or it takes nothing, just now

    def start(self) -> None:
        """Open the store and begin. Raises StoreError when it is damaged or newer than this program."""
        self._open()
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction at hand (one that takes long is given up) and close the store.

        No reader may be open any more.
        """
        self._stopping.set()
        self._thread.join(_INTERRUPT_AFTER_SECONDS)
        while self._thread.is_alive():
            if self._store is not None:
                self._store.interrupt()
            self._thread.join(0.1)

    @property
    def alive(self) -> bool:
        """Whether the thread runs, which takes up again whatever failed."""
        return self._thread.is_alive()

    def reader(self) -> Store:
        """A further connection for questions. Raises StoreError while there is no store."""
        store = self._store
        if store is None:
            raise StoreError(self.failure or "the store is not open")
        return store.reader()

    def subscribe(self, listener: Callable[[News], None]) -> Callable[[], None]:
        """As HubPort says."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def submit(self, work: Callable[[Store], T], news: Callable[[T], News] = lambda _: News()) -> Future[T]:
        """Have the work done between two transactions; `news` tells what it changed.

        The future raises what the work raises, or HubBusyError when the work was not begun.
        """
        future: Future[T] = Future()

        def do() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                assert self._store is not None
                assert self._pipeline is not None
                before = self._store.number
                done = work(self._store)
                if self._store.number > before:  # only such transactions store own events
                    self._pipeline.own_events_added()
            except BaseException as error:
                future.set_exception(error)
                if isinstance(error, StoreError) and not isinstance(error, RowsRefusedError):
                    raise
                return
            self.figures.transactions += 1
            self._spread(news(done))
            future.set_result(done)

        def refuse(error: Exception) -> None:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)

        try:
            self._work.put_nowait(_Work(do, refuse))
        except queue.Full:
            refuse(HubBusyError(f"{MAXIMUM_WAITING} changes wait to be written; try again"))
        if self._stopping.is_set():
            self._refuse_waiting("the hub is about to stop")
        return future

    def take_over(self, site: Site) -> Future[None]:
        """Go on with this site (another inventory). The future raises StoreError when the store refuses."""

        def begin(store: Store) -> None:
            pipeline = self._new_pipeline(store, site)
            self._site, self._pipeline = site, pipeline

        return self.submit(begin)

    def _run(self) -> None:
        delay = FIRST_RETRY_SECONDS
        while not self._stopping.is_set():
            done = self.figures.transactions
            try:
                if self._store is None:
                    self._open()
                self._loop()
            except Exception as error:
                if not self._stopping.is_set():
                    self._fail(error)
                    delay = FIRST_RETRY_SECONDS if self.figures.transactions > done else delay
                    self._stopping.wait(delay)
                    delay = min(2 * delay, MAXIMUM_RETRY_SECONDS)
            self._refuse_waiting(self.failure or "the hub is about to stop")
        if self._store is not None:
            self._store.close()
            self._store = None
        self._refuse_waiting("the hub is about to stop")

    def _loop(self) -> None:
        """Until it is to stop, or the store fails."""
        store = self._store
        assert store is not None
        self._timed(lambda: self._prepare(store))
        self.failure = ""
        busy = False
        while not self._stopping.is_set():
            self._do_waiting(0.0 if busy else IDLE_SECONDS)
            if not self._stopping.is_set():
                busy = self._timed(self._step)
                self.begun.set()

    def _do_waiting(self, wait_seconds: float) -> None:
        try:
            work = self._work.get(timeout=wait_seconds) if wait_seconds else self._work.get_nowait()
            while True:
                self._timed(work.do)
                work = self._work.get_nowait()
        except queue.Empty:
            pass

    def _prepare(self, store: Store) -> None:
        self._pipeline = self._new_pipeline(store, self._site)

    def _new_pipeline(self, store: Store, site: Site) -> Pipeline:
        pipeline = Pipeline(store, Spool(site.spool), site.inventory, site.rules, site.groups)
        pipeline.prepare(site.now())
        return pipeline

    def _step(self) -> bool:
        pipeline = self._pipeline
        assert pipeline is not None
        if not pipeline.step(self._site.now()):
            return False
        self.figures.transactions += 1
        news = News(frozenset(pipeline.changed_alerts), frozenset(pipeline.changed_devices))
        pipeline.changed_alerts.clear()
        pipeline.changed_devices.clear()
        self._spread(news)
        return True

    def _timed(self, do: Callable[[], T]) -> T:
        figures = self.figures
        figures.busy_since = begun = self._site.monotonic()
        try:
            return do()
        finally:
            figures.busy_since = None
            figures.seconds += self._site.monotonic() - begun

    def _spread(self, news: News) -> None:
        if news != News():
            for listener in list(self._listeners):
                listener(news)

    def _open(self) -> None:
        self._store = open_store(self._site.data, spool_directory=self._site.spool)

    def _fail(self, error: Exception) -> None:
        """Give the store up: after an error nobody knows in what state it, or the pipeline, is."""
        if isinstance(error, StoreError):
            self.failure = str(error)
        else:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            self.failure = f"ingestion broke: {type(error).__name__} at {frame.filename}:{frame.lineno}"
        self.begun.set()
        store, self._store, self._pipeline = self._store, None, None
        if store is not None:
            self._renew_readers()
            store.close()
        self._tell(self.failure)

    def _refuse_waiting(self, why: str) -> None:
        while True:
            try:
                self._work.get_nowait().refuse(HubBusyError(why))
            except queue.Empty:
                return

"""The store: one DuckDB file, opened by whoever holds store.lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from soc.store.alert_list import AlertList
from soc.store.alerts import Alerts
from soc.store.cursors import Cursors
from soc.store.database import Database, Parameters, connect
from soc.store.device_list import DeviceList
from soc.store.devices import Devices
from soc.store.events import Events
from soc.store.facts import Facts
from soc.store.matches import Matches
from soc.store.migrate import migrate
from soc.store.outbox import Outbox
from soc.store.overview import Overview
from soc.store.polls import Polls
from soc.store.rules import Rules
from soc.store.segments import Segments
from soc.store.series import Series
from soc.store.states import States
from soc.store.status import Status

FILE_NAME = "soc.duckdb"


class Store:
    """Questions by entity: `store.series`, `store.alerts` … Use as a context manager to close it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.alert_list = AlertList(database)
        self.alerts = Alerts(database)
        self.cursors = Cursors(database)
        self.device_list = DeviceList(database)
        self.devices = Devices(database)
        self.events = Events(database)
        self.facts = Facts(database)
        self.matches = Matches(database)
        self.outbox = Outbox(database)
        self.overview = Overview(database)
        self.polls = Polls(database)
        self.rules = Rules(database)
        self.segments = Segments(database)
        self.series = Series(database)
        self.states = States(database)
        self.status = Status(database)

    def query(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Rows of a SELECT made by a rule compiler; values are bound, never part of the text."""
        return self._database.rows(sql, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing."""
        with self._database.transaction():
            yield

    def reader(self) -> Store:
        """The same store over a connection of its own, for questions of another thread.

        Close it before the store it came from; in between it never waits for that store's transactions.
        """
        return Store(self._database.cursor())

    def interrupt(self) -> None:
        """From another thread: end the running question; it raises InterruptedQueryError."""
        self._database.interrupt()

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(data_directory: Path, *, spool_directory: Path) -> Store:
    """Open or create the store in `data_directory`; the caller holds store.lock.

    SQL may read files below `spool_directory` only. Raises StoreError when the store is damaged,
    newer than this program, or opened by another process.
    """
    data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _ready(connect(data_directory / FILE_NAME, [spool_directory]))


def memory_store(readable: Sequence[Path] = ()) -> Store:
    """An empty store that vanishes with the process: rule unit tests, dry runs."""
    return _ready(connect(None, readable))


def _ready(database: Database) -> Store:
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return Store(database)

"""The store: one DuckDB file, opened by whoever holds store.lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from soc.model import StoreError
from soc.spool.layout import BACKUP, SEALED
from soc.store.alert_list import AlertList
from soc.store.alerts import Alerts
from soc.store.backup import Manifest, make_backup, read_manifest
from soc.store.cursors import Cursors
from soc.store.database import Database, Parameters, connect
from soc.store.device_list import DeviceList
from soc.store.devices import Devices
from soc.store.events import Events
from soc.store.facts import Facts
from soc.store.matches import Matches
from soc.store.migrate import migrate, newest_version, store_version
from soc.store.outbox import Outbox
from soc.store.overview import Overview
from soc.store.polls import Polls
from soc.store.record import Entry, Pending, Record, Step
from soc.store.rules import Rules
from soc.store.sealing.adopt import Adoption
from soc.store.sealing.directory import SealedDirectory
from soc.store.sealing.holds import Holds
from soc.store.sealing.raw import RawSealing
from soc.store.sealing.retention import Expiry
from soc.store.sealing.seal import Sealing
from soc.store.sealing.sealed import Sealed
from soc.store.segments import Segments
from soc.store.series import Series
from soc.store.states import States
from soc.store.status import Status

FILE_NAME = "soc.duckdb"
TRANSACTION = "transaction"  # the cursor that numbers them


class Store:
    """Questions by entity: `store.series`, `store.alerts` … Use as a context manager to close it."""

    def __init__(
        self, database: Database, record: Record | None = None, directory: SealedDirectory | None = None
    ) -> None:
        """`directory` holds the sealed files; None = there are none."""
        self._database = database
        self._record = record
        self._directory = directory
        self.sealed = Sealed(database, directory)
        if directory is not None:
            self.adoption = Adoption(database, directory)
            self.sealing = Sealing(database, directory)
            self.raw_sealing = RawSealing(database, directory)
            self.expiry = Expiry(database, directory, Holds(directory.path))
        self.notices: list[str] = []  # what was found wrong, and put right, on opening
        self.alert_list = AlertList(database)
        self.alerts = Alerts(database)
        self.cursors = Cursors(database)
        self.device_list = DeviceList(database, self.sealed)
        self.devices = Devices(database)
        self.events = Events(database, self.sealed)
        self.facts = Facts(database)
        self.matches = Matches(database, self.sealed)
        self.outbox = Outbox(database)
        self.overview = Overview(database)
        self.polls = Polls(database)
        self.rules = Rules(database)
        self.segments = Segments(database)
        self.series = Series(database, self.sealed)
        self.states = States(database)
        self.status = Status(database)

    @property
    def seals(self) -> bool:
        """Whether it has a directory for sealed files; a store in memory has none, nor what works on it."""
        return self._directory is not None

    def query(
        self,
        sql: str,
        parameters: Parameters = (),
        /,
        *,
        since: float | None = None,
        metrics: Sequence[str] | None = None,
    ) -> list[tuple[Any, ...]]:
        """Rows of a SELECT made by a rule compiler; values are bound, never part of the text.

        It may read the tables and the views sample, event and match, which have hot and sealed rows. With
        `since` (UTC seconds) it reads samples only, none from before, and with `metrics` of these only: no
        file is opened that has none of them.
        """
        return self.sealed.query(sql, parameters, since, metrics)

    @property
    def number(self) -> int:
        """Of the last transaction that is in; they count from 1."""
        return self.cursors.get(TRANSACTION) or 0

    @contextmanager
    def transaction(self, entry: Entry | None = None, number: int | None = None) -> Iterator[int]:
        """Everything inside happens, or nothing. Gives the transaction's number.

        What it is to do and what became of alerts is noted in the journal before it commits. `number` is
        given where it is done again. Without an entry it is housekeeping, neither numbered nor noted:
        alerts and what comes from segments stay as they are.
        """
        if entry is None:
            with self._database.transaction():
                yield self.number
            return
        number = number or self.number + 1
        noted = False
        steps: list[Step] = []
        try:
            with self._database.transaction():
                self.cursors.set(TRANSACTION, number)
                self.alerts.appended = []
                yield number
                if self._record is not None:
                    steps = self._steps()
                    noted = True
                    self._record.write(number, entry, steps)
        except BaseException:
            if noted:
                self._withdraw(number, bool(steps))
            raise

    def _steps(self) -> list[Step]:
        """What this transaction has made of alerts."""
        appended = self.alerts.appended
        alerts = self.alerts.by_ids({step.alert_id for step in appended}) if appended else {}
        return [
            Step(
                step,
                alerts[step.alert_id],
                tuple(self.alerts.evidence(step.alert_id)) if step.action == "opened" else (),
            )
            for step in appended
        ]

    def _withdraw(self, number: int, steps: bool) -> None:
        # A store that stopped cannot say whether it has committed: who opens it next finds out.
        with suppress(StoreError):
            if self._record is not None and self.number < number:
                self._record.withdraw(number, steps=steps)

    def pending(self) -> list[Pending]:
        """Transactions that the journal holds and this store lacks: killed before they were committed, or
        lost with the end of the write-ahead log, or made since the backup that this store was."""
        return self._record.pending(self.number) if self._record is not None else []

    def backup(self, data: Path, target: Path, now: float) -> Manifest:
        """Back this store, which lies in `data`, up into the new directory `target`; see `make_backup`."""
        return make_backup(self._database, data, target, now)

    def forget(self, number: int, before: float) -> None:
        """What the transactions up to `number` did is in a verified backup: they need not be done again.
        What was noted after `before` is kept."""
        if self._record is not None:
            self._record.forget(number, before)

    def reader(self) -> Store:
        """The same store over a connection of its own, for questions of another thread.

        Close it before the store it came from; in between it never waits for that store's transactions.
        """
        return Store(self._database.cursor(), directory=self._directory)

    def interrupt(self) -> None:
        """From another thread: end the running question; it raises InterruptedQueryError."""
        self._database.interrupt()

    def close(self) -> None:
        self._database.close()
        if self._record is not None:
            self._record.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(data_directory: Path, *, spool_directory: Path) -> Store:
    """Open or create the store in `data_directory`; the caller holds store.lock.

    SQL may read files below `spool_directory` only, and write below the directories of sealed files and of
    backups. Raises StoreError when store or journal are damaged, the store is newer than this program, or
    another process has opened it.
    """
    data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    record = Record(data_directory)
    try:
        sealed = SealedDirectory(data_directory / SEALED)
        allowed = [spool_directory, data_directory / BACKUP, sealed.path]
        database, notices = _connect(data_directory, allowed, record)
        try:
            notices += _back_up_older(database, data_directory)
        except BaseException:
            database.close()
            raise
        store = _ready(database, notices, record, sealed)
    except BaseException:
        record.close()
        raise
    if record.cut_bytes:
        store.notices.append(f"{record.cut_bytes} bytes of an unfinished write were cut off the journal")
    return store


def _connect(data: Path, readable: Sequence[Path], record: Record) -> tuple[Database, list[str]]:
    """A write-ahead log that does not read is set aside where the journal knows what stood in it."""
    path = data / FILE_NAME
    try:
        return connect(path, readable), []
    except StoreError as error:
        if "replaying WAL" not in str(error.__cause__) or not record.last:
            raise
    log = path.with_name(FILE_NAME + ".wal")
    aside = next(
        place
        for number in count(1)
        if not (place := path.with_name(f"{FILE_NAME}.damaged-wal-{number}")).exists()
    )
    log.rename(aside)
    return connect(path, readable), [f"the store's write-ahead log was damaged: it was moved to {aside.name}"]


def _back_up_older(database: Database, data: Path) -> list[str]:
    """Before a store is migrated it is backed up, below the data directory's own `backup`."""
    version = store_version(database)
    if version in (0, newest_version()):
        return []
    [(number,)] = database.rows(
        "SELECT coalesce(max(value), 0) FROM cursor WHERE name = $name", {"name": TRANSACTION}
    )
    name = f"before-{newest_version():04}"
    target = next(
        place
        for attempt in count(1)
        if not (place := data / BACKUP / (name if attempt == 1 else f"{name}-{attempt}")).exists()
        or read_manifest(place).transaction == number  # a migration that was killed begins again
    )
    if not target.exists():
        make_backup(database, data, target, None, sealed=False)
    return [f"the store had version {version} and now has {newest_version()}; as it was it lies in {target}"]


def memory_store(readable: Sequence[Path] = ()) -> Store:
    """An empty store that vanishes with the process: rule unit tests, dry runs."""
    return _ready(connect(None, readable))


def _ready(
    database: Database,
    notices: Sequence[str] = (),
    record: Record | None = None,
    directory: SealedDirectory | None = None,
) -> Store:
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    store = Store(database, record, directory)
    store.notices += notices
    return store

"""What collection remembers between cycles: collect.sqlite, owned by the holder of collect.lock.

Nothing here is needed to interpret what was collected; losing the file costs one full cycle.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from soc.model import Cursor, SocError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS task (
    device TEXT, collector TEXT,
    due REAL NOT NULL,             -- UTC seconds; next poll
    reason TEXT NOT NULL,          -- why the collector itself failed last, '' = it did not
    absent_until REAL NOT NULL,    -- does not apply to this device until then
    PRIMARY KEY (device, collector)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (
    device TEXT, collector TEXT,
    series TEXT NOT NULL,          -- JSON: [[metric, labels], ...] of the last poll
    facts TEXT NOT NULL,           -- JSON: [[key, instance], ...] of the last one that worked
    PRIMARY KEY (device, collector)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contact (
    device TEXT, transport TEXT,
    credential TEXT NOT NULL,      -- name of the one that worked
    reason TEXT NOT NULL,
    hints TEXT NOT NULL,           -- JSON, the transport's own
    PRIMARY KEY (device, transport)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (
    device TEXT, stream TEXT, value TEXT NOT NULL,
    PRIMARY KEY (device, stream)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refusal (
    device TEXT, credential TEXT,
    count INTEGER NOT NULL, until REAL NOT NULL,
    seal BLOB NOT NULL,            -- tells a changed credential, not what it is
    PRIMARY KEY (device, credential)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_VERSION = 1
_LAST = "last_segment:"


@dataclass(slots=True)
class Task:
    """One collector on one device."""

    due: float
    reason: str = ""
    absent_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Told:
    """What one collector said of one device: apart from Task, since most of it is not needed to plan."""

    series: tuple[tuple[str, str], ...] = ()  # metric, canonical labels
    facts: tuple[tuple[str, str], ...] = ()  # key, instance


@dataclass(slots=True)
class Contact:
    """One transport to one device: what worked last time."""

    credential: str = ""
    reason: str = ""
    hints: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Refusal:
    """How often in a row a device refused a credential, and until when that rests."""

    count: int
    until: float
    seal: bytes


class StateError(SocError):
    """The state file cannot be used; `damaged` = no more, so that a new one has to take its place."""

    def __init__(self, message: str, damaged: bool = False) -> None:
        super().__init__(message)
        self.damaged = damaged


class CollectState:
    """The open state file. Every method raises StateError when the file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
        except sqlite3.Error as error:
            raise self._failure(error) from error
        try:
            self._prepare()
            self.salt = self._salt()
        except sqlite3.Error as error:
            self._connection.close()
            raise self._failure(error) from error

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        [(version,)] = self._connection.execute("PRAGMA user_version")
        [(tables,)] = self._connection.execute("SELECT count(*) FROM sqlite_schema")
        if tables and version != _VERSION:
            self._connection.close()
            raise StateError(f"collection state {self._path}: of another version of soc", damaged=True)
        self._connection.executescript(f"{_SCHEMA}; PRAGMA user_version = {_VERSION};")

    def _salt(self) -> bytes:
        """Random, made once: the seals of refusals are of use in this file only."""
        self._connection.execute(
            "INSERT OR IGNORE INTO meta (name, value) VALUES ('salt', lower(hex(randomblob(16))))"
        )
        [(salt,)] = self._connection.execute("SELECT value FROM meta WHERE name = 'salt'")
        return bytes.fromhex(salt)

    def _failure(self, error: sqlite3.Error) -> StateError:
        # The low byte of an extended code is the primary one (sqlite.org/rescode.html).
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return StateError(f"collection state {self._path}: {error}", damaged=True)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StateError(f"collection state {self._path}: another process holds it; it is tried again")
        return StateError(
            f"collection state {self._path}: {error}; free disk space, and see that this user may write there"
        )

    def check(self) -> None:
        """Raise StateError when SQLite finds damage in the file."""
        [(found,)] = self._rows("PRAGMA quick_check(1)")
        if found != "ok":
            raise StateError(f"collection state {self._path}: {found}", damaged=True)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Any:
        """All writes inside become durable together, or not at all."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk ends it by itself
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._failure(error) from error
        except (UnicodeError, OverflowError) as error:  # what SQLite has no form for
            raise StateError(f"collection state {self._path}: {type(error).__name__}") from error

    def _rows(self, sql: str, parameters: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def tasks(self) -> dict[tuple[str, str], Task]:
        rows = self._rows("SELECT device, collector, due, reason, absent_until FROM task")
        # SQLite makes a string for every row: a million rows share a few names.
        shared: dict[str, str] = {}
        share = shared.setdefault
        return {
            (share(device, device), share(collector, collector)): Task(due, reason, absent_until)
            for device, collector, due, reason, absent_until in rows
        }

    def told(self, devices: Sequence[str]) -> dict[str, dict[str, Told]]:
        """What each collector said of the devices at their last poll, by device and collector."""
        rows = self._rows(
            """
            SELECT device, collector, series, facts FROM told
            WHERE device IN (SELECT value FROM json_each(?))
            """,
            [json.dumps(devices)],
        )
        found: dict[str, dict[str, Told]] = {}
        for device, collector, series, facts in rows:
            found.setdefault(device, {})[collector] = Told(_pairs(series), _pairs(facts))
        return found

    def contacts(self) -> dict[tuple[str, str], Contact]:
        rows = self._rows("SELECT device, transport, credential, reason, hints FROM contact")
        return {
            (device, transport): Contact(credential, reason, json.loads(hints))
            for device, transport, credential, reason, hints in rows
        }

    def cursors(self) -> dict[str, dict[str, str]]:
        """Last cursors: device -> stream -> value."""
        found: dict[str, dict[str, str]] = {}
        for device, stream, value in self._rows("SELECT device, stream, value FROM cursor"):
            found.setdefault(device, {})[stream] = value
        return found

    def refusals(self) -> dict[tuple[str, str], Refusal]:
        rows = self._rows("SELECT device, credential, count, until, seal FROM refusal")
        return {(row[0], row[1]): Refusal(*row[2:]) for row in rows}

    def last_segments(self) -> dict[str, str]:
        """Id of the newest segment whose cursors are in this file, by writer."""
        rows = self._rows("SELECT name, value FROM meta WHERE name GLOB ?", [_LAST + "*"])
        return {name.removeprefix(_LAST): value for name, value in rows}

    def save_tasks(self, tasks: Mapping[tuple[str, str], Task]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO task (device, collector, due, reason, absent_until)"
            " VALUES (?, ?, ?, ?, ?)",
            [(*key, task.due, task.reason, task.absent_until) for key, task in tasks.items()],
        )

    def save_told(self, told: Mapping[tuple[str, str], Told]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO told (device, collector, series, facts) VALUES (?, ?, ?, ?)",
            [(*key, json.dumps(item.series), json.dumps(item.facts)) for key, item in told.items()],
        )

    def save_contacts(self, contacts: Mapping[tuple[str, str], Contact]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO contact (device, transport, credential, reason, hints)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (device, transport, contact.credential, contact.reason, json.dumps(contact.hints or {}))
                for (device, transport), contact in contacts.items()
            ],
        )

    def save_cursors(self, cursors: Iterable[Cursor], writer: str, segment: str) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO cursor (device, stream, value) VALUES (?, ?, ?)",
            [(cursor.device, cursor.stream, cursor.value) for cursor in cursors],
        )
        self._connection.execute(
            "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", [_LAST + writer, segment]
        )

    def save_refusal(self, device: str, credential: str, refusal: Refusal | None) -> None:
        """Remember a refusal; None forgets it (the credential was accepted)."""
        self._connection.execute(
            "DELETE FROM refusal WHERE device = ? AND credential = ?", [device, credential]
        )
        if refusal is not None:
            self._connection.execute(
                "INSERT INTO refusal (device, credential, count, until, seal) VALUES (?, ?, ?, ?, ?)",
                [device, credential, refusal.count, refusal.until, refusal.seal],
            )

    def forget(self, keys: Iterable[tuple[str, str]]) -> None:
        """Drop what is known of (device, collector or transport) pairs; cursors stay, for a return."""
        pairs = list(keys)
        for table, column in (("task", "collector"), ("told", "collector"), ("contact", "transport")):
            self._connection.executemany(
                f"DELETE FROM {table} WHERE device = ? AND {column} = ?",  # noqa: S608 - constants
                pairs,
            )


def open_state(path: Path) -> tuple[CollectState, str]:
    """Open the file. One that is damaged is set aside, and a new one begun: the text then says so.

    Raises StateError when there is nothing to be done about it here.
    """
    try:
        return _sound(path), ""
    except StateError as error:
        if not error.damaged:
            raise
        aside = path.with_name(f"{path.name}.damaged")
        try:
            path.replace(aside)
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        except OSError:
            raise error from None
        return CollectState(path), f"{error}; set aside as {aside.name}, so everything is polled now"


def _sound(path: Path) -> CollectState:
    state = CollectState(path)
    try:
        state.check()
    except StateError:
        state.close()
        raise
    return state


@lru_cache(maxsize=1024)  # devices of one make say the same
def _pairs(document: str) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in json.loads(document))

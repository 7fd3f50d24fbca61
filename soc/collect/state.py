"""What collection remembers between cycles: collect.sqlite, owned by the holder of collect.lock.

Nothing here is needed to interpret what was collected; losing the file costs one full cycle.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soc.model import Cursor, SocError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS task (
    device TEXT, collector TEXT,
    due REAL NOT NULL,             -- UTC seconds; next poll
    reason TEXT NOT NULL,          -- why the collector itself failed last, '' = it did not
    absent_until REAL NOT NULL,    -- does not apply to this device until then
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
    salt BLOB NOT NULL, seal BLOB NOT NULL,  -- tells a changed credential, not what it is
    PRIMARY KEY (device, credential)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_LAST = "last_segment:"


@dataclass(slots=True)
class Task:
    """One collector on one device."""

    due: float
    reason: str = ""
    absent_until: float = 0.0
    series: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


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
    salt: bytes
    seal: bytes


class CollectState:
    """The open state file. Raises SocError when it cannot be read; it is safe to remove then."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _damaged(self, error: sqlite3.Error) -> SocError:
        return SocError(f"collection state {self._path}: {error}; remove the file, the next cycle polls all")

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Any:
        """All writes inside become durable together, or not at all."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def tasks(self) -> dict[tuple[str, str], Task]:
        rows = self._connection.execute(
            "SELECT device, collector, due, reason, absent_until, series, facts FROM task"
        )
        return {
            (device, collector): Task(due, reason, absent_until, _pairs(series), _pairs(facts))
            for device, collector, due, reason, absent_until, series, facts in rows
        }

    def contacts(self) -> dict[tuple[str, str], Contact]:
        rows = self._connection.execute("SELECT device, transport, credential, reason, hints FROM contact")
        return {
            (device, transport): Contact(credential, reason, json.loads(hints))
            for device, transport, credential, reason, hints in rows
        }

    def cursors(self) -> dict[str, dict[str, str]]:
        """Last cursors: device -> stream -> value."""
        found: dict[str, dict[str, str]] = {}
        for device, stream, value in self._connection.execute("SELECT device, stream, value FROM cursor"):
            found.setdefault(device, {})[stream] = value
        return found

    def refusals(self) -> dict[tuple[str, str], Refusal]:
        rows = self._connection.execute("SELECT device, credential, count, until, salt, seal FROM refusal")
        return {(row[0], row[1]): Refusal(*row[2:]) for row in rows}

    def last_segments(self) -> dict[str, str]:
        """Id of the newest segment whose cursors are in this file, by writer."""
        rows = self._connection.execute("SELECT name, value FROM meta WHERE name GLOB ?", [_LAST + "*"])
        return {name.removeprefix(_LAST): value for name, value in rows}

    def save_tasks(self, tasks: Mapping[tuple[str, str], Task]) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO task (device, collector, due, reason, absent_until, series, facts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    device,
                    collector,
                    task.due,
                    task.reason,
                    task.absent_until,
                    json.dumps(task.series),
                    json.dumps(task.facts),
                )
                for (device, collector), task in tasks.items()
            ],
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
                "INSERT INTO refusal (device, credential, count, until, salt, seal)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [device, credential, refusal.count, refusal.until, refusal.salt, refusal.seal],
            )


def _pairs(document: str) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in json.loads(document))

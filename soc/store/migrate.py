"""Bring a store to this program's version: migrations/NNNN_*.sql, run in order, each once."""

from __future__ import annotations

import re
from pathlib import Path

from soc.model import StoreError
from soc.store.database import Database

_DIRECTORY = Path(__file__).parent / "migrations"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


def migrations() -> list[tuple[int, Path]]:
    """(version, file), ascending."""
    found = []
    for path in sorted(_DIRECTORY.iterdir()):
        if name := _NAME.fullmatch(path.name):
            found.append((int(name[1]), path))
    return found


class NewerStoreError(StoreError):
    """The store was written by a newer program: this one leaves it alone."""

    exit_code = 2


def newest_version() -> int:
    """What this program brings a store to."""
    return migrations()[-1][0]


def store_version(database: Database) -> int:
    """The version of the last migration this store has seen; 0 = empty.

    Raises NewerStoreError when this program does not know it.
    """
    if not database.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'migration' AND NOT temporary"):
        return 0
    [(version,)] = database.rows("SELECT coalesce(max(version), 0) FROM migration")
    if version > newest_version():
        raise NewerStoreError(
            f"the store has version {version}, this program knows {newest_version()}: use the newer program, "
            "or restore a backup"
        )
    return int(version)


def migrate(database: Database) -> None:
    """Run what is missing, one transaction each. Raises NewerStoreError."""
    version = store_version(database)
    database.execute("CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY)")
    for number, path in migrations():
        if number <= version:
            continue
        with database.transaction():
            database.execute(path.read_text(encoding="utf-8"))
            database.execute("INSERT INTO migration VALUES ($version)", {"version": number})

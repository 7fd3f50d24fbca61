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


def store_version(database: Database) -> int:
    """The version of the last migration this store has seen; 0 = empty."""
    database.execute("CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY)")
    [(version,)] = database.rows("SELECT coalesce(max(version), 0) FROM migration")
    return int(version)


def migrate(database: Database) -> None:
    """Run what is missing, one transaction each. Raises StoreError for a newer store."""
    known = migrations()
    version = store_version(database)
    newest = known[-1][0]
    if version > newest:
        raise StoreError(
            f"the store has version {version}, this program knows {newest}: use the newer program, "
            "or restore a backup"
        )
    for number, path in known:
        if number <= version:
            continue
        with database.transaction():
            database.execute(path.read_text(encoding="utf-8"))
            database.execute("INSERT INTO migration VALUES ($version)", {"version": number})

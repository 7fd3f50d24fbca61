"""Migrations run in order, once; a newer store is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.model import StoreError
from soc.store import open_store
from soc.store.database import connect
from soc.store.migrate import migrate, migrations, store_version


def test_versions_are_consecutive() -> None:
    """Migrations are numbered from 1 without gaps."""
    assert [version for version, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_once() -> None:
    """Running the runner again changes nothing."""
    database = connect(None, [])
    migrate(database)
    database.execute("INSERT INTO cursor VALUES ('a', 1)")
    migrate(database)
    assert store_version(database) == len(migrations())
    assert database.rows("SELECT value FROM cursor") == [(1,)]


def test_newer_store_is_refused(tmp_path: Path) -> None:
    """A store of a newer program is left alone."""
    open_store(tmp_path, spool_directory=tmp_path).close()
    database = connect(tmp_path / "soc.duckdb", [])
    database.execute("INSERT INTO migration VALUES (9999)")
    database.close()
    with pytest.raises(StoreError, match="version 9999") as caught:
        open_store(tmp_path, spool_directory=tmp_path)
    assert caught.value.exit_code == 3

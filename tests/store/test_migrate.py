"""Migrations run in order, once, after a backup; a newer store is refused; a kill leaves old or new."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from soc.model import Sample, StoreError
from soc.store import migrate as module
from soc.store import open_store
from soc.store.backup import read_manifest
from soc.store.database import Database, connect
from soc.store.migrate import migrate, migrations, newest_version, store_version
from soc.store.verify import require, verify_backup

NEWEST = newest_version()
SEALING = 3  # the version from which on rows are sealed
START = 1_700_000_000.0


def older(directory: Path, version: int) -> Path:
    """A store of that version with rows in it."""
    directory.mkdir(exist_ok=True)
    database = connect(directory / "soc.duckdb", [])
    database.execute("CREATE TABLE migration (version INTEGER PRIMARY KEY)")
    for number, path in migrations()[:version]:
        database.execute(path.read_text(encoding="utf-8"))
        database.execute("INSERT INTO migration VALUES ($version)", {"version": number})
    database.execute("INSERT INTO cursor VALUES ('transaction', 7)")
    database.execute(
        "INSERT INTO rule_archive SELECT range, 'r', 'text', TIMESTAMP '2023-01-01' FROM range(100)"
    )
    if version < SEALING:
        database.execute(
            "INSERT INTO series VALUES (7, 'up', 'web-1', MAP {'x': '1'}, '{\"x\":\"1\"}', 60, '')"
        )
        database.execute(
            "INSERT INTO sample SELECT 7, to_timestamp($start)::TIMESTAMP, 1.0", {"start": START}
        )
    database.close()
    return directory


def raw(directory: Path) -> Database:
    return connect(directory / "soc.duckdb", [])


def test_versions_are_consecutive() -> None:
    """Migrations are numbered from 1 without gaps."""
    assert [version for version, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_once() -> None:
    """Running the runner again changes nothing."""
    database = connect(None, [])
    migrate(database)
    database.execute("INSERT INTO cursor VALUES ('a', 1)")
    migrate(database)
    assert store_version(database) == NEWEST
    assert database.rows("SELECT value FROM cursor") == [(1,)]


def test_newer_store_is_refused(tmp_path: Path) -> None:
    """A store of a newer program is left alone, exit code 2."""
    open_store(tmp_path, spool_directory=tmp_path).close()
    database = raw(tmp_path)
    database.execute("INSERT INTO migration VALUES (9999)")
    database.close()
    before = (tmp_path / "soc.duckdb").read_bytes()
    with pytest.raises(StoreError, match="version 9999") as caught:
        open_store(tmp_path, spool_directory=tmp_path)
    assert caught.value.exit_code == 2
    assert (tmp_path / "soc.duckdb").read_bytes() == before


@pytest.mark.parametrize("version", range(1, NEWEST))
def test_older_store_is_backed_up_and_upgraded(tmp_path: Path, version: int) -> None:
    """Every earlier version comes to this one with its rows; as it was it lies in backup/, verified."""
    directory = older(tmp_path / "data", version)
    with open_store(directory, spool_directory=tmp_path) as store:
        assert store.number == 7
        assert store.query("SELECT count(*) FROM rule_archive") == [(100,)]
        assert store.query("SELECT max(version) FROM migration") == [(NEWEST,)]
        assert f"version {version}" in store.notices[0]
        if version < SEALING:
            more = [("web-1", Sample("up", 0.0, {"x": "1"}, START + 60), 60)]
            assert store.series.add([("web-1", Sample("up", 5.0, {"x": "1"}, START), 60), *more]) == 1
            rows = [(7, 1.0), (7, 0.0)]
            assert store.query("SELECT series_id, value FROM sample ORDER BY time") == rows
            assert [file.rows for file in store.sealing.seal_samples(START + 3 * 86400)] == [2, 1]
            assert store.query("SELECT series_id, value FROM sample ORDER BY time") == rows
    target = directory / f"backup/before-{NEWEST:04}"
    manifest = read_manifest(target)
    assert (manifest.store_version, manifest.transaction) == (version, 7)
    require(verify_backup(target))
    with open_store(directory, spool_directory=tmp_path) as store:
        assert store.notices == []


def test_new_store_needs_no_backup(tmp_path: Path) -> None:
    """What is made just now has nothing to lose."""
    open_store(tmp_path, spool_directory=tmp_path).close()
    assert not list((tmp_path / "backup").glob("before-*"))


def test_each_upgrade_has_its_backup(tmp_path: Path) -> None:
    """A store that was put back and has gone on is backed up anew, beside the first."""
    directory = older(tmp_path / "data", 1)
    shutil.copy(directory / "soc.duckdb", tmp_path / "old")
    open_store(directory, spool_directory=tmp_path).close()
    shutil.copy(tmp_path / "old", directory / "soc.duckdb")
    database = raw(directory)
    database.execute("UPDATE cursor SET value = 8")
    database.close()
    open_store(directory, spool_directory=tmp_path).close()
    backups = sorted(path.name for path in (directory / "backup").glob("before-*"))
    assert backups == [f"before-{NEWEST:04}", f"before-{NEWEST:04}-2"]


CHILD = """
import sys
from pathlib import Path
from soc.store import migrate, open_store
migrate._DIRECTORY = Path(sys.argv[2])
print("ready", flush=True)
open_store(Path(sys.argv[1]), spool_directory=Path(sys.argv[1])).close()
print("done", flush=True)
"""
HEAVY = """
CREATE TABLE heavy AS SELECT range AS number, range::VARCHAR AS text FROM range(150000);
ALTER TABLE heavy ADD COLUMN twice BIGINT;
UPDATE heavy SET twice = 2 * number;
UPDATE rule_archive SET text = 'new';
"""


@pytest.mark.parametrize("kills", [5, pytest.param(40, marks=pytest.mark.soak)])
def test_kill_leaves_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int) -> None:
    """kill -9 at random while an upgrade runs: the store is of one version or the other, and whole."""
    directory = older(tmp_path / "data", NEWEST)
    steps = tmp_path / "migrations"
    shutil.copytree(module._DIRECTORY, steps)
    (steps / f"{NEWEST + 1:04}_heavy.sql").write_text(HEAVY)
    moments = random.Random(11)
    for attempt in range(kills):
        copy = tmp_path / f"copy-{attempt}"
        shutil.copytree(directory, copy)
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(copy), str(steps)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0, 1.2))
        child.kill()
        child.wait()
        child.stdout.close()
        with monkeypatch.context() as patch:
            patch.setattr(module, "_DIRECTORY", steps)
            database = raw(copy)
            version = store_version(database)
            texts = database.rows("SELECT DISTINCT text FROM rule_archive")
            assert (version, texts) in ((NEWEST, [("text",)]), (NEWEST + 1, [("new",)]))
            assert len(database.rows("FROM duckdb_tables() WHERE table_name = 'heavy'")) == version - NEWEST
            database.close()
            with open_store(copy, spool_directory=copy) as store:
                query = "SELECT count(*), count(*) FILTER (twice = 2 * number) FROM heavy"
                assert store.query(query) == [(150000, 150000)]
            assert read_manifest(copy / f"backup/before-{NEWEST + 1:04}").store_version == NEWEST
        shutil.rmtree(copy)

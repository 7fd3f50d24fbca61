"""Verification finds what is wrong and says what it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from soc.model import StoreError
from soc.spool.journal import Journal, journal_files, read_file
from soc.store.database import connect
from soc.store.verify import Check, require, verify_backup, verify_data
from tests.support.estate import START, Estate
from tests.support.morning import live, make


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory and its backup."""
    directory = tmp_path_factory.mktemp("morning")
    estate = make(directory / "estate")
    live(estate)
    with estate.store() as store:
        store.backup(estate.directory, directory / "backup", START + 3600)
    return directory


@pytest.fixture
def estate(morning: Path, tmp_path: Path) -> Estate:
    shutil.copytree(morning / "estate", tmp_path / "estate")
    return make(tmp_path / "estate")


def checks(estate: Estate) -> dict[str, Check]:
    return {check.name: check for check in verify_data(estate.directory, estate.spool.done_directory)}


def wrong(estate: Estate) -> dict[str, str]:
    return {name: check.detail for name, check in checks(estate).items() if not check.ok}


def change(estate: Estate, sql: str) -> None:
    """Do to the store what no code of ours does."""
    database = connect(estate.directory / "soc.duckdb", [])
    database.execute(sql)
    database.close()


def test_everything_holds(estate: Estate) -> None:
    """Nothing is found in a store after a lively morning; every check counts what it saw."""
    assert wrong(estate) == {}
    found = checks(estate)
    assert set(found) == {
        "version", "alerts", "projection", "journal", "transactions", "transitions", "segments", "sealed"
    }  # fmt: skip
    assert found["segments"].detail.startswith("10 ")


@pytest.mark.parametrize(
    ("sql", "check", "words"),
    [
        ("UPDATE alert_current SET workflow = 'closed' WHERE owner = 'mia'", "projection", "alert "),
        ("UPDATE alert_current SET owner = 'eve' WHERE owner = 'mia'", "projection", "eve"),
        ("UPDATE alert_current SET version = 7 WHERE version = 1", "projection", "7"),
        ("DELETE FROM alert_current WHERE workflow = 'acknowledged'", "alerts", "is not in alert_current"),
        ("DELETE FROM alert WHERE number = 1", "alerts", "which is no alert"),
        ("DELETE FROM alert_transition WHERE actor_uid = 1001", "transitions", "the store lacks transition"),
        (
            "UPDATE alert_transition SET actor_name = 'eve' WHERE actor_uid = 1001",
            "transitions", "is not what the journal has",
        ),
        (
            "INSERT INTO alert_transition SELECT * REPLACE ('forged' AS id) FROM alert_transition LIMIT 1",
            "transitions", "the journal lacks transition forged",
        ),
        ("DELETE FROM segment WHERE id = (SELECT min(id) FROM segment)", "segments", "the store lacks it"),
        ("UPDATE segment SET row_count = 1", "segments", "1 were stored"),
        ("UPDATE cursor SET value = value - 3 WHERE name = 'transaction'", "transactions", "ends at"),
    ],
)  # fmt: skip
def test_altered_store(estate: Estate, sql: str, check: str, words: str) -> None:
    """Each kind of alteration is found by its check, which says what differs."""
    change(estate, sql)
    found = wrong(estate)
    assert words in found[check]


def test_altered_journal(estate: Estate) -> None:
    """A flipped bit is named by file and frame."""
    path = estate.directory / "journal/00000001.journal"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "00000001.journal, frame" in wrong(estate)["journal"]


def test_withdrawn_in_the_next_file(estate: Estate) -> None:
    """A transaction that was withdrawn after its journal file was full left nothing that the store lacks."""
    directory = estate.directory / "journal"
    (path,) = journal_files(directory)
    frames = [frame.document for frame in read_file(path)]
    step = next(frame for frame in reversed(frames) if "transition" in frame)
    with estate.store() as store:
        number = store.number + 1
    lost = {**step, "transaction": number, "transition": {**step["transition"], "id": "0" * 26}}
    journal = Journal(directory)
    journal.append([lost])
    journal.close()
    journal = Journal(directory, limit_bytes=1)
    journal.append([{"kind": "withdrawn", "transaction": number}])
    journal.append([{**lost, "transition": step["transition"]}])
    journal.close()
    change(estate, f"UPDATE cursor SET value = {number} WHERE name = 'transaction'")
    assert len(journal_files(directory)) == 3
    assert wrong(estate) == {}


def test_unreadable_done_segment(estate: Estate) -> None:
    """A done segment that no longer reads would not rebuild anything."""
    min(estate.spool.done_directory.iterdir()).write_bytes(b"damaged")
    assert "does not read" in wrong(estate)["segments"]


def test_backup_holds(morning: Path) -> None:
    """A fresh backup passes, rows and head as its manifest says."""
    found = require(verify_backup(morning / "backup"))
    assert {"files", "rows", "projection", "journal", "transitions"} <= {check.name for check in found}


def test_altered_backup(morning: Path, tmp_path: Path) -> None:
    """Rows that are missing from a backup are counted by table, and its hash is wrong."""
    shutil.copytree(morning / "backup", tmp_path / "backup")
    database = connect(tmp_path / "backup/soc.duckdb", [])
    database.execute("DELETE FROM alert_evidence")
    database.close()
    found = {check.name: check.detail for check in verify_backup(tmp_path / "backup") if not check.ok}
    assert "soc.duckdb" in found["files"]
    assert "table alert_evidence: 0 rows" in found["rows"]
    with pytest.raises(StoreError, match="alert_evidence"):
        require(verify_backup(tmp_path / "backup"))


def test_verification_changes_nothing(estate: Estate) -> None:
    """The store's file stays as it is to the byte."""
    path = estate.directory / "soc.duckdb"
    before = path.read_bytes()
    checks(estate)
    assert path.read_bytes() == before
    assert not (estate.directory / "soc.duckdb.wal").exists()

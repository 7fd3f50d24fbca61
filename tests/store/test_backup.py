"""Backups: complete, consistent while others write, and put back only where they fit."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from soc.model import ConfigurationError, StoreError
from soc.spool.journal import Journal
from soc.store import Store, backup, open_store
from soc.store.backup import damaged_files, make_backup, place_backup, read_manifest
from soc.store.contained import note_verified, release_contained
from soc.store.database import connect
from soc.store.verify import require, verify_backup
from tests.store.test_sealing import filled, seal_all
from tests.support.contents import contents
from tests.support.estate import START, Estate
from tests.support.morning import live, make

NOW = START + 3600


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("morning")
    live(make(directory), last=4)
    return directory


@pytest.fixture
def estate(morning: Path, tmp_path: Path) -> Estate:
    shutil.copytree(morning, tmp_path / "estate")
    return make(tmp_path / "estate")


def opened(directory: Path) -> Store:
    return open_store(directory, spool_directory=directory / "spool")


def test_backup_holds_everything(estate: Estate, tmp_path: Path) -> None:
    """Every table, the constraints, the journal; sizes and hashes as the manifest says; files are private."""
    target = tmp_path / "backups/first"
    with estate.store() as store:
        manifest = store.backup(estate.directory, target, NOW)
        before, number = contents(store), store.number
        constraints = "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL"
        kept = store.query(constraints)
    assert manifest == read_manifest(target)
    assert (manifest.created, manifest.transaction) == (NOW, number)
    assert {file.path for file in manifest.files} == {
        "soc.duckdb", "journal/00000001.journal", "sealed/holds.jsonl"
    }  # fmt: skip
    assert damaged_files(target, manifest) == []
    assert {path.stat().st_mode & 0o077 for path in target.rglob("*")} == {0}
    assert list(target.parent.iterdir()) == [target]
    shutil.copy(target / "soc.duckdb", tmp_path / "soc.duckdb")
    with opened(tmp_path) as copy:
        assert contents(copy) == before
        assert copy.query(constraints) == kept


def test_backup_while_others_write(estate: Estate, tmp_path: Path) -> None:
    """The copy is of one moment: two tables written together agree, whatever is written meanwhile."""
    stop = threading.Event()
    with estate.store() as store:
        for number in range(2):
            store.cursors.set(f"pair-{number}", 0)

        def write() -> None:
            while not stop.is_set():
                with store.transaction():
                    value = (store.cursors.get("pair-0") or 0) + 1
                    store.cursors.set("pair-0", value)
                    store._database.execute("UPDATE segment SET row_count = $value", {"value": value})

        thread = threading.Thread(target=write)
        reader = store.reader()
        thread.start()
        try:
            for number in range(3):
                reader.backup(estate.directory, tmp_path / f"backup-{number}", NOW)
        finally:
            stop.set()
            thread.join()
            reader.close()
    for number in range(3):
        database = connect(tmp_path / f"backup-{number}/soc.duckdb", [], read_only=True)
        [(value,)] = database.rows("SELECT value FROM cursor WHERE name = 'pair-0'")
        if value:
            assert database.rows("SELECT DISTINCT row_count FROM segment") == [(value,)]
        database.close()


@pytest.fixture
def with_sealed(tmp_path: Path) -> Path:
    """A data directory with sealed files."""
    with opened(tmp_path / "data") as store:
        filled(store)
        seal_all(store)
    return tmp_path / "data"


def test_sealed_files_are_in_it(with_sealed: Path, tmp_path: Path) -> None:
    """All that count, with the dictionaries; verification compares them with what was sealed."""
    with opened(with_sealed) as store:
        store.backup(with_sealed, tmp_path / "backup", NOW)
        names = {file.name for file in store.sealed.manifest.in_state("sealed")}
    assert len(names) > 4
    copied = files(tmp_path / "backup/sealed")
    assert copied - {"holds.jsonl"} == names
    checks = {check.name: check.detail for check in require(verify_backup(tmp_path / "backup"))}
    assert checks["sealed"].startswith(f"{len(names)} files")
    assert files(tmp_path / "backup/sealed") == copied
    place_backup(tmp_path / "backup", tmp_path / "new")
    with opened(tmp_path / "new") as store:
        assert store.sealed.verify() == {}


def files(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


def test_altered_sealed_file_is_no_verified_backup(with_sealed: Path, tmp_path: Path) -> None:
    """What was altered before it was copied does not pass as what was sealed."""
    path = min((with_sealed / "sealed/samples").rglob("*.parquet"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with opened(with_sealed) as store:
        store.backup(with_sealed, tmp_path / "backup", NOW)
    with pytest.raises(StoreError, match="not what was sealed"):
        require(verify_backup(tmp_path / "backup"))


@pytest.mark.parametrize("cause", ["lost", "retention"])
def test_sealed_file_that_goes_meanwhile(
    with_sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    """The backup says of it what is true: that it is missing, or that its time was over."""
    with opened(with_sealed) as store:
        file = store.sealed.manifest.in_state("sealed")[0]

        def copy_then_lose(*arguments: Any) -> None:
            copy_store(*arguments)
            (with_sealed / "sealed" / file.name).unlink()
            if cause == "retention":
                store.sealed.manifest.change([file.name], "unlinked", NOW)

        copy_store = backup._copy_store
        monkeypatch.setattr(backup, "_copy_store", copy_then_lose)
        store.backup(with_sealed, tmp_path / "backup", NOW)
    require(verify_backup(tmp_path / "backup"))
    with opened(tmp_path / "backup") as copy:
        found = {held.name: held for held in copy.sealed.manifest.in_state("sealed", "unlinked")}
    assert (found[file.name].state, found[file.name].damage) == {
        "lost": ("sealed", "missing"), "retention": ("unlinked", ""),
    }[cause]  # fmt: skip


def test_target_that_exists_is_refused(estate: Estate, tmp_path: Path) -> None:
    """Nothing is overwritten."""
    (tmp_path / "taken").mkdir()
    with estate.store() as store, pytest.raises(ConfigurationError, match="exists"):
        store.backup(estate.directory, tmp_path / "taken", NOW)


def test_unwritable_target_leaves_nothing(estate: Estate, tmp_path: Path) -> None:
    """A place that cannot be written to is told; the store goes on."""
    (tmp_path / "file").write_text("")
    with estate.store() as store:
        with pytest.raises(StoreError, match="backup"):
            store.backup(estate.directory, tmp_path / "file/backup", NOW)
        store.backup(estate.directory, tmp_path / "fine", NOW)


def test_interrupted_backup_is_none(estate: Estate, tmp_path: Path) -> None:
    """A directory without a manifest is no backup; one left by a kill is made anew."""
    (tmp_path / ".backup.partial").mkdir()
    (tmp_path / ".backup.partial/soc.duckdb").write_bytes(b"half")
    (estate.directory / "backup/copy").mkdir(parents=True)
    (estate.directory / "backup/copy/soc.duckdb").write_bytes(b"half")
    with pytest.raises(StoreError, match="no backup"):
        read_manifest(tmp_path / ".backup.partial")
    with estate.store() as store:
        store.backup(estate.directory, tmp_path / "backup", NOW)
    require(verify_backup(tmp_path / "backup"))


@pytest.mark.parametrize("name", ["soc.duckdb", "journal/00000001.journal"])
@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing"])
def test_damaged_backup_is_not_restored(estate: Estate, tmp_path: Path, name: str, damage: str) -> None:
    """The file is named, and nothing is put in place."""
    with estate.store() as store:
        store.backup(estate.directory, tmp_path / "backup", NOW)
    path = tmp_path / "backup" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flipped" else content[:-1])
    with pytest.raises(StoreError, match=name):
        place_backup(tmp_path / "backup", tmp_path / "empty")
    assert not (tmp_path / "empty").exists()


def test_placed_where_it_fits(estate: Estate, tmp_path: Path) -> None:
    """Into an empty directory with its journal; never over a store, nor beside another hub's journal."""
    with estate.store() as store:
        store.backup(estate.directory, tmp_path / "backup", NOW)
        before = contents(store)
    place_backup(tmp_path / "backup", tmp_path / "empty")
    with opened(tmp_path / "empty") as store:
        assert contents(store) == before
        assert store.pending() == []
    with pytest.raises(ConfigurationError, match="move it aside"):
        place_backup(tmp_path / "backup", tmp_path / "empty")
    Journal(tmp_path / "other/journal").close()
    with pytest.raises(ConfigurationError, match="does not continue"):
        place_backup(tmp_path / "backup", tmp_path / "other")
    assert not (tmp_path / "other/soc.duckdb").exists()


def test_newer_backup_format_is_refused(estate: Estate, tmp_path: Path) -> None:
    """A manifest of a newer program is not guessed at."""
    with estate.store() as store:
        store.backup(estate.directory, tmp_path / "backup", NOW)
    path = tmp_path / "backup/manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 99}))
    with pytest.raises(StoreError, match="newer"):
        read_manifest(tmp_path / "backup")


def test_done_segments_go_when_contained_and_a_day_old(estate: Estate, tmp_path: Path) -> None:
    """Neither without a backup, nor before the day is over, nor one that came later."""
    done = estate.spool.done_directory
    with estate.store() as store:
        assert release_contained(store, estate.spool, START + 10 * 86400) == 0
        manifest = store.backup(estate.directory, tmp_path / "backup", NOW)
        assert note_verified(estate.spool, tmp_path / "backup", manifest) == 4
    live(estate, first=4, last=5)
    with estate.store() as store:
        assert release_contained(store, estate.spool, START + 86400) == 0
        assert len(list(done.iterdir())) == 5
        assert release_contained(store, estate.spool, START + 86400 + 3600) == 4
        assert len(list(done.iterdir())) == 1
        assert release_contained(store, estate.spool, START + 10 * 86400) == 0


def test_backup_of_older_version_before_migration(estate: Estate, tmp_path: Path) -> None:
    """`sealed` = False copies nothing that the version may not know."""
    database = connect(estate.directory / "soc.duckdb", [estate.directory / "backup"])
    try:
        manifest = make_backup(database, estate.directory, tmp_path / "backup", None, sealed=False)
    finally:
        database.close()
    assert manifest.created is None
    assert read_manifest(tmp_path / "backup") == manifest

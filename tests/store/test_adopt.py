"""Sealed files that the manifest does not name count again, each row once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from soc.model.ids import ulid
from soc.store import Store, open_store
from soc.store.sealing.adopt import Adopted
from tests.store.test_sealing import NOW, answers, filled, seal_all


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with sealed files of every kind of row, and in `before` a copy from before they were sealed."""
    directory = tmp_path_factory.mktemp("sealed")
    with open_store(directory, spool_directory=directory) as store:
        filled(store)
    shutil.copy(directory / "soc.duckdb", directory / "before")
    with open_store(directory, spool_directory=directory) as store:
        seal_all(store)
    return directory


@pytest.fixture
def directory(sealed: Path, tmp_path: Path) -> Path:
    shutil.copytree(sealed, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def opened(directory: Path) -> Iterator[Store]:
    with open_store(directory, spool_directory=directory) as store:
        yield store


def files(store: Store) -> list[tuple[object, ...]]:
    """What the manifest says, without when."""
    return store.query(
        "SELECT * EXCLUDE (since) FROM sealed_file WHERE state = 'sealed' AND kind <> 'raw' ORDER BY name"
    )


def rows(store: Store) -> list[tuple[object, ...]]:
    """Samples and events, hot and sealed."""
    return store.query(
        "SELECT time, value::VARCHAR FROM sample UNION ALL SELECT time, id FROM event ORDER BY ALL"
    )


def test_store_from_before_sealing(directory: Path) -> None:
    """Its rows move into the files that hold them: the same manifest, the same answers, no row twice."""
    with open_store(directory, spool_directory=directory) as store:
        expected, held, hot = answers(store), files(store), store.status.hot()["samples"]
    shutil.copy(directory / "before", directory / "soc.duckdb")
    with open_store(directory, spool_directory=directory) as store:
        assert answers(store) == expected
        assert store.adoption.adopt(NOW) == Adopted(len(held))
        assert files(store) == held
        assert answers(store) == expected
        assert store.status.hot()["samples"] == hot
        assert store.adoption.adopt(NOW) == Adopted(0)


def test_store_without_anything(directory: Path) -> None:
    """Series come from the dictionaries; rows that are ingested again are known to be in the files."""
    with open_store(directory, spool_directory=directory) as store:
        expected = rows(store)
    (directory / "soc.duckdb").unlink()
    with open_store(directory, spool_directory=directory) as store:
        assert store.adoption.adopt(NOW).refused == {}
        assert store.query("SELECT count(*) FROM series") == [(1,)]
        filled(store)
        assert rows(store) == expected


@pytest.mark.parametrize("damage", ["garbage", "torn", "foreign", "without its dictionary"])
def test_what_does_not_read_is_refused(directory: Path, damage: str) -> None:
    """It is named with the reason, and stops no other."""
    shutil.copy(directory / "before", directory / "soc.duckdb")
    bad = min((directory / "sealed/samples").rglob("*.parquet"))
    name = str(bad.relative_to(directory / "sealed"))
    if damage == "garbage":
        bad.write_bytes(b"garbage")
    elif damage == "torn":
        bad.write_bytes(bad.read_bytes()[:-20])
    elif damage == "foreign":
        shutil.copy(min((directory / "sealed/events").rglob("*.parquet")), bad)
    else:
        (directory / "sealed" / name.replace("samples/", "series/")).unlink()
    with open_store(directory, spool_directory=directory) as store:
        expected = rows(store)
        done = store.adoption.adopt(NOW)
        assert list(done.refused) == [name]
        assert done.files > 2
        assert rows(store) == expected
        assert name not in [row[0] for row in files(store)]


def test_rows_of_another_file_are_left_alone(opened: Store, directory: Path) -> None:
    """A second file with the same rows would count them twice."""
    one = min((directory / "sealed/events").rglob("*.parquet"))
    copy = one.with_name(f"copy-{one.name}")
    shutil.copy(one, copy)
    before = rows(opened)
    [reason] = opened.adoption.adopt(NOW).refused.values()
    assert "in other files" in reason
    assert rows(opened) == before


def test_raw_packs(directory: Path) -> None:
    """A pack of received messages counts again, from its first segment's time to its last one's."""
    done = directory / "done"
    done.mkdir()
    for time in (NOW - 7200.0, NOW - 7100.0):
        path = done / f"{ulid(int(time * 1000))}.raw"
        path.write_bytes(b"as it came" * 100)
        os.utime(path, (time, time))
    with open_store(directory, spool_directory=directory) as store:
        [pack] = store.raw_sealing.seal(done, NOW)
    shutil.copy(directory / "before", directory / "soc.duckdb")
    damaged = directory / "sealed/raw/day=2024-10-03/damaged.zip"
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_bytes((directory / "sealed" / pack.name).read_bytes()[:-30])
    with open_store(directory, spool_directory=directory) as store:
        assert list(store.adoption.adopt(NOW).refused) == ["raw/day=2024-10-03/damaged.zip"]
        [found] = [file for file in store.sealed.manifest.in_state("sealed") if file.kind == "raw"]
    assert (found.name, found.rows, found.sha256) == (pack.name, 2, pack.sha256)
    assert (found.min_time, found.max_time) == (NOW - 7200.0, NOW - 7100.0)

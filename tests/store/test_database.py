"""The connection: what it refuses, and how it says so."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from soc.model import Device, Sample, StoreError
from soc.store import Store, memory_store, open_store
from soc.store.database import connect, told
from tests.support.estate import START, Estate, event


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('{spool}/../secret')",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.duckdb' AS other",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "INSTALL httpfs",
        "LOAD httpfs",
    ],
)
def test_locked_down(store: Store, tmp_path: Path, sql: str) -> None:
    """SQL reaches no file outside the spool, and no setting."""
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(StoreError):
        store.query(sql.format(spool=tmp_path / "spool"))


def test_reads_the_spool(store: Store, tmp_path: Path) -> None:
    """The spool can be read, also when its name has a quote."""
    (tmp_path / "spool" / "a.txt").write_text("text")
    path = str(tmp_path / "spool" / "a.txt")
    assert store.query("SELECT content FROM read_text($1)", [path]) == [("text",)]
    odd = tmp_path / "it's"
    odd.mkdir()
    with open_store(odd, spool_directory=odd) as other:
        assert other.query("SELECT 1") == [(1,)]


def test_second_process_is_refused(store: Store, tmp_path: Path) -> None:
    """While one has the store, another is told so."""
    code = (
        "from pathlib import Path\nfrom soc.store import open_store\nfrom soc.model import StoreError\n"
        f"try: open_store(Path({str(tmp_path)!r}), spool_directory=Path('/'))\n"
        "except StoreError as error: print('refused', error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused")


def test_damaged_file_is_told(tmp_path: Path) -> None:
    """A file that is no store gives a StoreError that names it."""
    (tmp_path / "soc.duckdb").write_bytes(b"\xff" * 5000)
    with pytest.raises(StoreError, match=r"soc\.duckdb"):
        open_store(tmp_path, spool_directory=tmp_path)


def test_failed_transaction_leaves_nothing(store: Store) -> None:
    """An error inside a transaction undoes it, and the store goes on."""

    def fail() -> None:
        with store.transaction():
            store.cursors.set("a", 1)
            store.query("SELECT CAST('x' AS INTEGER)")

    with pytest.raises(StoreError):
        fail()
    assert store.cursors.get("a") is None


def test_disk_full_is_told() -> None:
    """What DuckDB says of a full disk becomes something to act on; a FATAL error says to reopen."""
    error = duckdb.IOException('IO Error: Could not write file "x": No space left on device')
    assert "the disk is full" in str(told(error, "soc.duckdb"))
    assert "opened again" in str(told(duckdb.FatalException("FATAL: gone"), "soc.duckdb"))


def test_staging_keeps_values(store: Store) -> None:
    """Times to the microsecond, NaN, infinity, nothing, quotes and control characters survive."""
    database = connect(None, [])
    rows = [
        (1_700_000_000.123457, math.inf, 'it\'s "quoted" \\ \x01 \u202e ü', {"k": "v\n"}),
        (None, None, None, {}),
    ]
    columns = {"time": "TIMESTAMP", "value": "DOUBLE", "user": "VARCHAR", "fields": "MAP(VARCHAR, VARCHAR)"}
    database.stage("staged_test", columns, rows)
    found = database.rows('SELECT epoch_us(time), value, "user", fields FROM staged_test')
    assert found == [(1_700_000_000_123_457, math.inf, rows[0][2], {"k": "v\n"}), (None, None, None, {})]
    database.stage("staged_test", {"value": "DOUBLE"}, [(math.nan,)])
    assert math.isnan(database.rows("SELECT value FROM staged_test")[0][0])
    database.stage("staged_test", {"value": "DOUBLE"}, [])
    assert database.rows("SELECT * FROM staged_test") == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 4 MB."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a tmpfs needs root")
    directory = tmp_path / "small"
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(directory)], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting a tmpfs is not allowed here")
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)


def test_full_disk(small_disk: Path) -> None:
    """A full disk ends in a StoreError; when there is room again what was committed is there."""
    committed = 0

    def fill(store: Store) -> None:
        nonlocal committed
        for batch in range(1000):
            samples = [
                ("d", Sample("m", float(number), {"n": f"{batch}-{number}"}, 1e9 + batch), 60.0)
                for number in range(2000)
            ]
            with store.transaction():
                store.series.add(samples)
            committed += 2000

    with (
        open_store(small_disk, spool_directory=small_disk) as store,
        pytest.raises(StoreError, match="disk is full"),
    ):
        fill(store)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    with open_store(small_disk, spool_directory=small_disk) as again:
        [(count,)] = again.query("SELECT count(*) FROM sample")
        assert count in (committed, committed + 2000)


def test_memory_store_is_empty() -> None:
    """A store in memory has the tables and nothing in them."""
    with memory_store() as store:
        assert store.status.sizes() == {"samples": 0, "events": 0}


def test_nothing_is_drawn_over_the_answer() -> None:
    """A long question never writes its progress to standard output, however Python was started."""
    code = (
        "from soc.store.database import connect; database = connect(None, []);"
        "print(database.rows(\"SELECT current_setting('enable_progress_bar')\"))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[(False,)]"


def test_no_files_bytes_are_kept(tmp_path: Path) -> None:
    """What was read of a segment leaves the memory with the transaction."""
    estate = Estate(tmp_path, [Device("web-1", "hosting")])
    estate.seal(estate.events([event(number, START) for number in range(100)]), START + 1)
    with estate.store() as store:
        estate.run(START + 2, store)
        assert store.query("SELECT count(*) FROM event WHERE product = 'linux'") == [(100,)]
        held = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'EXTERNAL_FILE_CACHE'"
        assert store.query(held) == [(0,)]

"""soc store."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from soc.cli import main
from soc.spool.lock import acquire
from soc.store import open_store
from soc.store.database import connect
from tests.support.estate import Estate
from tests.support.hub import ServedHub, WriterHub
from tests.support.morning import live, make

INVENTORY = """version: 1
devices:
  - {name: web-1, tower: hosting, supplier: hostco, site: hq}
  - {name: sw-1, tower: network}
suppliers: {hostco: {name: Host Co}}
sites: {hq: {name: Headquarters, timezone: UTC}}
"""


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("morning")
    live(make(directory), last=4)
    (directory / "inventory.yaml").write_text(INVENTORY)
    return directory


@pytest.fixture
def estate(morning: Path, tmp_path: Path) -> Estate:
    shutil.copytree(morning, tmp_path / "data")
    return make(tmp_path / "data")


def run(data: Path, *arguments: str) -> int:
    return main(["store", *arguments, "--data", str(data)])


def restore(data: Path, *arguments: str) -> int:
    return run(data, "restore", *arguments, "--inventory", str(data.parent / "data/inventory.yaml"))


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def wal_free(data: Path) -> None:
    """Everything in the store's file, so that it can be copied, or taken away, alone."""
    open_store(data, spool_directory=data / "spool").close()


def test_backup_and_verify(estate: Estate, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A backup says what it holds; store and backup are verified, for people and programs."""
    target = tmp_path / "backups/one"
    assert run(estate.directory, "backup", str(target), "--json") == 0
    made = document(capsys)
    assert (made["directory"], made["segments"], made["files"]) == (str(target), 4, 3)
    assert made["transaction"] > 0
    assert run(estate.directory, "verify", "--json") == 0
    checks = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {check["check"] for check in checks} >= {"projection", "journal", "transitions", "segments"}
    assert all(check["ok"] for check in checks)
    assert run(estate.directory, "verify", str(target)) == 0
    out = capsys.readouterr().out
    assert "as the manifest says" in out
    assert "WRONG" not in out


def test_relative_directory(
    estate: Estate, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is that of the caller."""
    monkeypatch.chdir(tmp_path)
    assert run(estate.directory, "backup", "here", "--json") == 0
    assert document(capsys)["directory"] == str(tmp_path / "here")


def test_taken_directory(estate: Estate, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2; nothing is overwritten."""
    assert run(estate.directory, "backup", str(tmp_path)) == 2
    assert "exists" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("backup", "target"), ("verify",), ("migrate",)])
def test_directory_without_store(
    tmp_path: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped --data makes no store, and no backup of nothing."""
    (tmp_path / "empty").mkdir()
    assert run(tmp_path / "empty", *arguments) == 2
    assert "holds no store" in capsys.readouterr().err
    assert list((tmp_path / "empty").iterdir()) == []


def test_damaged_backup(estate: Estate, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verification names the file, exit code 1; what is no backup at all, or does not open, is 3."""
    target = tmp_path / "backup"
    assert run(estate.directory, "backup", str(target)) == 0
    capsys.readouterr()
    path = target / "journal/00000001.journal"
    content = bytearray(path.read_bytes())
    content[-40] ^= 1
    path.write_bytes(content)
    assert run(estate.directory, "verify", str(target), "--json") == 1
    checks = {check["check"]: check for check in map(json.loads, capsys.readouterr().out.splitlines())}
    assert "00000001.journal" in checks["files"]["detail"]
    assert not checks["journal"]["ok"]
    assert run(estate.directory, "verify", str(tmp_path)) == 3
    assert "no backup" in capsys.readouterr().err
    (target / "soc.duckdb").write_bytes(b"garbage" * 1000)
    assert run(estate.directory, "verify", str(target)) == 3


def test_restore_of_a_backup(estate: Estate, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into an empty directory; over a store only when that is moved aside."""
    target, place = tmp_path / "backup", tmp_path / "new"
    assert run(estate.directory, "backup", str(target)) == 0
    capsys.readouterr()
    assert restore(place, str(target), "--json") == 0
    assert document(capsys)["transactions"] == 0
    assert run(place, "verify") == 0
    assert restore(place, str(target)) == 2
    assert "--move-aside" in capsys.readouterr().err
    assert restore(place, str(target), "--move-aside") == 0
    assert "moved to" in capsys.readouterr().err
    [aside] = place.glob("before-restore-*")
    assert (aside / "soc.duckdb").exists()
    assert restore(place, str(tmp_path / "nothing")) == 3


def test_restore_tells_a_gap(estate: Estate, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where what transactions were given is gone, it says so and goes on only when that is accepted."""
    wal_free(estate.directory)
    (estate.directory / "soc.duckdb").unlink()
    shutil.rmtree(estate.directory / "journal/redo")
    assert restore(estate.directory) == 3
    assert "has lost transactions" in capsys.readouterr().err
    assert restore(estate.directory, "--accept-gap", "--json") == 0
    found = document(capsys)
    assert found["transactions"] > 0
    assert found["segments"] == 4
    assert run(estate.directory, "verify") == 0


def test_migrate(estate: Estate, capsys: pytest.CaptureFixture[str]) -> None:
    """Says the version; a store of a newer program is refused by every command, exit code 2."""
    assert run(estate.directory, "migrate", "--json") == 0
    assert document(capsys)["version"] > 0
    wal_free(estate.directory)
    database = connect(estate.directory / "soc.duckdb", [])
    database.execute("INSERT INTO migration VALUES (9999)")
    database.close()
    for arguments in (("migrate",), ("verify",), ("backup", str(estate.directory / "x"))):
        assert run(estate.directory, *arguments) == 2
        assert "newer program" in capsys.readouterr().err


def test_locks(estate: Estate, capsys: pytest.CaptureFixture[str]) -> None:
    """Against a hub nobody waits: verification says what to do; restore needs both locks; exit code 75."""
    with acquire(estate.directory / "store.lock", 0.0, "soc serve"):
        assert run(estate.directory, "verify") == 75
        assert "make a backup" in capsys.readouterr().err
        assert restore(estate.directory) == 75
    with acquire(estate.directory / "collect.lock", 0.0, "soc collect"):
        assert restore(estate.directory) == 75


def test_hub_makes_the_backup(estate: Estate, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a hub has the store it is asked; what it says against it is told."""
    from tests.support.estate import START, inventory

    with (
        acquire(estate.directory / "store.lock", 0.0, "soc serve"),
        estate.store() as store,
    ):
        hub = WriterHub(store, estate.directory, inventory(estate.devices), START)
        with ServedHub(hub, estate.directory / "hub.sock"):
            assert run(estate.directory, "backup", str(tmp_path / "backup"), "--json") == 0
            assert document(capsys)["segments"] == 4
            assert run(estate.directory, "verify", str(tmp_path / "backup")) == 0
            assert run(estate.directory, "backup", str(tmp_path / "backup")) == 2
            assert "exists" in capsys.readouterr().err
            (tmp_path / "file").write_text("")
            assert run(estate.directory, "backup", str(tmp_path / "file/backup")) == 3

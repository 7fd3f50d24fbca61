"""soc.cli.collect: what it says and how it ends."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from soc.cli import main
from soc.spool.lock import acquire
from soc.spool.spool import RESERVE_BYTES, Spool


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def arguments(data: Path, tmp_path: Path) -> list[str]:
    """Options for an inventory of the local host."""
    path = tmp_path / "inventory.yaml"
    path.write_text("version: 1\ndevices: [{name: me, tower: hosting, kind: local}]\n")
    return ["--data", str(data), "--inventory", str(path), "--all"]


def test_full_spool_is_ingested_all_the_same(
    data: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is polled, but what waits goes in: else a full spool would stay full for ever."""
    with acquire(data / "store.lock", 0.0, "soc test"):
        assert main(["collect", *arguments, "--store-wait", "1ms"]) == 0
    spool = Spool(data / "spool")
    (waiting,) = spool.waiting()
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr("soc.pipeline.headless.Spool", partial(Spool, limit_bytes=RESERVE_BYTES))
        assert main(["collect", *arguments, "--json"]) == 1
    told = capsys.readouterr()
    assert "is full" in told.err
    assert json.loads(told.out)["devices"] == 0
    assert (spool.done_directory / waiting.name).exists()
    assert main(["collect", *arguments]) == 0


def test_segment_set_aside_is_told(
    data: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1 never comes without a word on stderr."""
    Spool(data / "spool")
    (data / "spool/01.parquet").write_bytes(b"garbage")
    assert main(["collect", *arguments]) == 1
    assert "1 unreadable segments were set aside" in capsys.readouterr().err


def test_what_was_collected_is_told_though_the_store_fails(
    data: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary of the polling comes before the store's error, exit 3; the segment waits."""
    (data / "soc.duckdb").mkdir()
    assert main(["collect", *arguments, "--json"]) == 3
    told = capsys.readouterr()
    assert json.loads(told.out)["ok"] == 1
    assert "soc.duckdb" in told.err
    assert len(Spool(data / "spool").waiting()) == 1


def test_unresolved_credential_is_told_once(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not once for every device behind it; the exit code says that collection failed in part."""
    monkeypatch.delenv("SOC_TEST_COMMUNITY", raising=False)
    path = tmp_path / "inventory.yaml"
    devices = "".join(
        f"  - {{name: sw-{number}, address: 127.0.0.{number}, tower: network, credentials: [lab]}}\n"
        for number in range(1, 9)
    )
    path.write_text(
        "version: 1\ncredentials: {lab: {snmp: {version: '2c', community: {env: SOC_TEST_COMMUNITY}}}}\n"
        f"devices:\n{devices}"
    )
    assert main(["collect", "--data", str(data), "--inventory", str(path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["soc: credential lab: community: environment variable SOC_TEST_COMMUNITY: it is not set"]

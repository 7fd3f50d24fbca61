"""soc.cli.query: PromQL from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from soc.cli import main
from soc.model import Sample
from soc.spool.layout import SPOOL, STORE_LOCK
from soc.spool.lock import acquire
from soc.store import open_store

NOW = 1_770_000_000.0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory whose store holds ten minutes of `up` of two devices."""
    rows = [
        (device, Sample("up", value, {"collector": "snmp"}, NOW - 60 * minute), 60.0)
        for minute in range(10)
        for device, value in (("sw-1", 1.0), ("sw-2\x1b[31m", 0.0))
    ]
    with open_store(tmp_path, spool_directory=tmp_path / SPOOL) as store:
        store.series.add(rows)
    tmp_path.chmod(0o700)
    return tmp_path


def query(data: Path, *arguments: str) -> int:
    return main(["query", "--data", str(data), *arguments])


def test_instant_as_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line per series with labels, value and time."""
    assert query(data, 'up{device="sw-1"}', "--at", str(NOW), "--json") == 0
    line = json.loads(capsys.readouterr().out)
    assert line == {
        "labels": {"__name__": "up", "collector": "snmp", "device": "sw-1"}, "value": 1.0, "time": NOW,
    }  # fmt: skip


def test_range_as_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line per series with its points; times as ISO 8601 and as seconds."""
    arguments = ("--from", str(NOW - 120), "--to", "2026-02-02T02:40:00Z", "--step", "1m", "--json")
    assert query(data, "sum(up)", *arguments) == 0
    line = json.loads(capsys.readouterr().out)
    assert line == {"labels": {}, "values": [[NOW - 120, 1.0], [NOW - 60, 1.0], [NOW, 1.0]]}


def test_table_is_safe_for_a_terminal(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json a device's control characters do not reach the terminal."""
    assert query(data, "up", "--at", str(NOW)) == 0
    out = capsys.readouterr().out
    assert 'up{collector="snmp", device="sw-1"}' in out
    assert "\x1b" not in out
    assert query(data, "0 / 0", "--at", str(NOW)) == 0
    assert capsys.readouterr().out == "{}  NaN\n"
    assert query(data, "up", "--from", str(NOW), "--to", str(NOW)) == 0
    assert "2026-02-02 02:40:00Z  1" in capsys.readouterr().out


def test_no_result_is_no_failure(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty answer is an answer; now is the default time."""
    assert query(data, "up == 5", "--json") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("rate(up)",), "rate"),
        (("info(up)",), "info"),
        (("up", "--at", "yesterday"), "yesterday"),
        (("up", "--at", "now", "--from", "1h"), "--at"),
        (("up", "--step", "1m"), "--from"),
        (("up", "--from", "1h", "--step", "soon"), "soon"),
        (("up", "--from", "10d", "--step", "1s"), "11000"),
        (("up", "--from", "1h", "--to", "2h"), "range"),
        (("up", "--at", "1e300"), "not a time"),
    ],
)
def test_wrong_usage_ends_with_2(
    data: Path, arguments: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every mistake is named on stderr, and stdout stays empty."""
    assert query(data, *arguments) == 2
    captured = capsys.readouterr()
    assert named in captured.err
    assert captured.out == ""


def test_a_taken_store_ends_with_75(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process works on the store, the query waits, then says who it is."""
    monkeypatch.setattr("soc.cli._store.LOCK_WAIT_SECONDS", 0.1)
    with acquire(data / STORE_LOCK, 0, "soc test"):
        assert query(data, "up") == 75
    assert "soc test" in capsys.readouterr().err

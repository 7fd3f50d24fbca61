"""soc retention show."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from soc.cli import main
from soc.model import Sample
from soc.spool.lock import acquire
from soc.store import open_store

DAY = 86_400.0
INVENTORY = """version: 1
settings: {retention: {samples: 5d, events: {default: 7d, debug: 1d}, raw: 2d}}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with samples of 8 and of 3 days ago, sealed."""
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    data = tmp_path / "data"
    now = time.time()
    with open_store(data, spool_directory=data / "spool") as store:
        store.series.add([("d1", Sample("up", 1.0, {}, now - days * DAY), 60) for days in (8, 3, 0)])
        while store.sealing.seal_samples(now):
            pass
    return data


def run(data: Path, *arguments: str) -> int:
    inventory = str(data.parent / "inventory.yaml")
    return main(["retention", "show", *arguments, "--data", str(data), "--inventory", inventory])


def test_json(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line per rule of retention, last what is hot and which holds stand."""
    assert main(["hold", "add", "--reason", "case", "--data", str(data)]) == 0
    capsys.readouterr()
    assert run(data, "--json") == 0
    *items, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = ["samples", "raw", "events/debug", "events/default", "events/execution"]
    assert [item["name"] for item in items] == names
    samples = items[0]
    assert (samples["keep_seconds"], samples["files"], samples["rows"]) == (5 * DAY, 4, 2)
    assert samples["held"]["holds"] == ["H-1"]
    assert samples["held"]["files"] == 2
    assert samples["next"] is None
    assert last["summary"]["hot"]["samples"] == 1
    assert [hold["reason"] for hold in last["summary"]["holds"]] == ["case"]


def test_for_people(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for people: what goes next is named."""
    assert run(data) == 0
    out = capsys.readouterr().out
    assert "kept 5d" in out
    assert "next to go: samples/day=" in out or "next to go: series/day=" in out


def test_damaged_file(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged file is named, exit code 1."""
    path = next((data / "sealed" / "samples").rglob("*.parquet"))
    path.unlink()
    with open_store(data, spool_directory=data / "spool") as store:
        store.sealed.note_damage()
    assert run(data) == 1
    assert f"DAMAGED samples/{path.parent.name}/{path.name}: missing" in capsys.readouterr().out


def test_held_lock(data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process works on the store, and no hub answers, the command ends with 75."""
    monkeypatch.setattr("soc.cli._store.LOCK_WAIT_SECONDS", 0.1)
    with acquire(data / "store.lock", 0, "soc collect"):
        assert run(data) == 75
    assert "soc collect" in capsys.readouterr().err

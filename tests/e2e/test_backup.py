"""The store is lost: backup, journal and spool give the same alerts, with what people did to them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from soc.pipeline.report import alert_document
from soc.store import open_store
from soc.store.alerts import AlertFilter
from soc.store.verify import require, verify_data
from tests.support.fed_hub import FedHub


@dataclass
class Day:
    """A hub's day: what it left in its data directory, of which `kept` is a copy, and its state."""

    fed: FedHub
    kept: Path
    backup: Path
    before: list[Any]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """A hub that was backed up while it worked, went on, and has ended."""
    directory = tmp_path_factory.mktemp("day")
    fed = FedHub(directory, directory / "data")
    with fed.service:
        fed.feed(4)
        fed.feed(3)
        fed.await_alerts()
        fed.command("alerts", "ack", "A-1", "A-2", "--reason", "mine")
        fed.command("alerts", "close", "A-3", "--disposition", "benign", "--reason", "a test")
        [made] = fed.documents("store", "backup", str(directory / "backup"))
        assert made["segments"] == 2
        fed.feed(2)
        fed.await_alerts()
        fed.command("alerts", "ack", "A-4", "A-8")
    shutil.copytree(fed.data, directory / "kept")
    return Day(fed, directory / "kept", directory / "backup", state(fed))


def state(fed: FedHub) -> list[Any]:
    """Alerts as `soc alerts` lists them, with their histories, and how many samples there are."""
    with open_store(fed.data, spool_directory=fed.data / "spool") as store:
        alerts = sorted(store.alerts.select(AlertFilter(state="all")), key=lambda alert: alert.id)
        [samples] = store.query("SELECT count(*) FROM sample")
        return [samples, *((alert_document(alert), store.alerts.history(alert.id)) for alert in alerts)]


@pytest.fixture
def lost(day: Day) -> FedHub:
    """The same without its store."""
    shutil.rmtree(day.fed.data)
    shutil.copytree(day.kept, day.fed.data)
    (day.fed.data / "soc.duckdb").unlink()
    return day.fed


@pytest.mark.parametrize("source", ["backup", "journal and spool"])
def test_same_alerts_and_acknowledgements(day: Day, lost: FedHub, source: str) -> None:
    """soc store restore, from a backup or without one, and the next hub goes on where the last one was."""
    backup = [str(day.backup)] if source == "backup" else []
    [restored] = lost.documents("store", "restore", *backup)
    assert (restored["restored"] > 0) == bool(backup)
    assert restored["transactions"] > 0
    assert state(lost) == day.before
    require(verify_data(lost.data, lost.data / "spool/done"))
    if backup:
        with lost.service:
            [event] = lost.events("service:recovery")
            assert event["fields"]["segments_gone"] == "0"
            lost.feed(1)
            lost.await_alerts()

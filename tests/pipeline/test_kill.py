"""kill -9 of the ingesting process at random moments: everything is there once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from soc.model import Device, Poll, Sample
from soc.store.alerts import AlertFilter
from tests.support.estate import START, Estate, availability_rules, event, rule
from tests.support.rules import load_documents, rule_document

ROOT = Path(__file__).resolve().parents[2]
EVENTS_PER_SEGMENT = 200
# Each hundredth event, 120 in an hour at most: never more than 90 in ten minutes of rule time.
SPACING_SECONDS = 3600 / (EVENTS_PER_SEGMENT * 60)


@pytest.mark.parametrize(("kills", "segments"), [(5, 20), pytest.param(30, 60, marks=pytest.mark.soak)])
def test_everything_once(tmp_path: Path, kills: int, segments: int) -> None:
    """Numbered samples and events each once, one match and one alert for every hundredth event."""
    estate = _estate(tmp_path)
    moments = random.Random(7)
    sealed = 0
    for _ in range(kills):
        child = _start(tmp_path)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        # Segments arrive while it works.
        for _ in range(segments // kills):
            _seal(estate, sealed)
            sealed += 1
            time.sleep(moments.uniform(0, 0.2))
        child.kill()
        child.wait()
    while sealed < segments:
        _seal(estate, sealed)
        sealed += 1
    assert _start(tmp_path, "once").wait(timeout=120) == 0
    _check(estate, segments)


def _estate(directory: Path) -> Estate:
    (directory / "sigma").mkdir()
    rules = load_documents(
        directory / "sigma",
        rule_document(
            {"selection": {"user|startswith": "hundredth"}, "condition": "selection"},
            logsource={"product": "linux"},
        ),
    )
    groups = availability_rules(directory, rule("TooMany", "numbered % 4000 == 3999"))
    return Estate(directory, (Device("web-1", "hosting"),), groups, rules)


def _seal(estate: Estate, segment: int) -> None:
    first = segment * EVENTS_PER_SEGMENT
    numbers = range(first, first + EVENTS_PER_SEGMENT)
    builder = estate.events(
        event(
            number, START + number * SPACING_SECONDS,
            user=f"hundredth-{number}" if number % 100 == 99 else "anybody",
        )
        for number in numbers
    )  # fmt: skip
    for number in numbers:
        at = START + number * SPACING_SECONDS
        builder.add_sample("web-1", Sample("numbered", float(number), {}, at), 60)
    at = START + first * SPACING_SECONDS
    builder.add_poll(Poll("web-1", "snmp", at, True, segment % 7 != 3, interval_seconds=60))
    estate.seal(builder, START + (first + EVENTS_PER_SEGMENT) * SPACING_SECONDS)


def _start(directory: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.pipeline.child", str(directory), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )


def _check(estate: Estate, segments: int) -> None:
    total = segments * EVENTS_PER_SEGMENT
    assert estate.spool.waiting() == []
    assert len(list(estate.spool.done_directory.glob("*.parquet"))) == segments
    with estate.store() as store:
        values = [value for (value,) in store.query("SELECT value FROM sample ORDER BY value")]
        assert values == [float(number) for number in range(total)]
        linux = "SELECT count(*), count(DISTINCT id) FROM event WHERE product = 'linux'"
        assert store.query(linux) == [(total, total)]
        own = "SELECT count(*), count(DISTINCT id) FROM event WHERE product = 'soc'"
        [(count, distinct)] = store.query(own)
        assert count == distinct
        assert store.query("SELECT count(*), count(DISTINCT event_id) FROM match") == [(total // 100,) * 2]
        alerts = store.alerts.select(AlertFilter(state="all"))
        security = [alert for alert in alerts if alert.kind == "security"]
        assert sorted(alert.labels["user"] for alert in security) == sorted(
            f"hundredth-{number}" for number in range(99, total, 100)
        )
        assert {alert.count for alert in security} == {1}
        assert sorted(alert.number for alert in alerts) == list(range(1, len(alerts) + 1))
        states = [state for (state,) in store.query("SELECT state FROM device_state ORDER BY time, rowid")]
        assert all(state != following for state, following in pairwise(states))
        assert store.query("SELECT count(*) FROM segment") == [(segments,)]

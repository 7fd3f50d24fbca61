"""`soc demo` without a terminal: the whole chain over real SNMP, SSH and syslog, judged by the scenario."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from soc.demo.scenario import HISTORY_SECONDS, Scenario
from soc.inventory import load_inventory
from soc.model import TOWERS
from soc.model.shipped import shipped
from soc.spool.header import read_header
from tests.support.command import SOC, soc
from tests.support.demo import SEED, DemoRun


@dataclass(frozen=True)
class _Outcome:
    """What one run printed, and what it left."""

    alerts: list[dict[str, Any]]
    not_up: list[dict[str, str]]
    status: dict[str, Any]
    data: Path
    scenario: Scenario


@pytest.fixture(scope="module")
def outcome(demo_run: DemoRun) -> _Outcome:
    """What the shared run came to."""
    lines = demo_run.lines
    devices = load_inventory(shipped("inventory.yaml")).devices
    return _Outcome(
        [line for line in lines if "rule" in line],
        [line for line in lines if "cause" in line],
        lines[-1],
        demo_run.data,
        Scenario(devices, SEED, 0.0),
    )


def test_estate_is_complete(outcome: _Outcome) -> None:
    """At least 200 devices over every tower, none of unknown state."""
    assert outcome.status["devices"]["total"] >= 200
    assert set(outcome.status["towers"]) == set(TOWERS)
    assert outcome.status["devices"]["unknown"] == 0


def test_exactly_the_killed_are_down(outcome: _Outcome) -> None:
    """The killed router is down, all behind it unreachable, everything else up."""
    found = {(line["device"], line["state"]) for line in outcome.not_up}
    scenario = outcome.scenario
    assert found == {(name, "down") for name in scenario.expected_down()} | {
        (name, "unreachable") for name in scenario.expected_unreachable()
    }


def test_exactly_the_scenario_alerts(outcome: _Outcome) -> None:
    """Each incident has its alerts, on its device, and nothing else has any."""
    found = [(alert["rule"], alert["device"]) for alert in outcome.alerts]
    assert sorted(found) == sorted(outcome.scenario.expected_alerts())
    assert {alert["kind"] for alert in outcome.alerts} == {"availability", "security"}


def test_dependents_are_suppressed(outcome: _Outcome) -> None:
    """What is only unreachable has no open alert of its own."""
    devices = {alert["device"] for alert in outcome.alerts}
    assert not devices & outcome.scenario.expected_unreachable()


def test_kept_data_is_a_data_directory(outcome: _Outcome) -> None:
    """Other commands work on the store that --data keeps, and no secret stays beside it."""
    done = soc("alerts", "--json", "--data", str(outcome.data), check=True)
    kept = [json.loads(line) for line in done.stdout.splitlines()]
    assert {alert["id"] for alert in kept} == {alert["id"] for alert in outcome.alerts}
    assert not (outcome.data / "secrets").exists()
    assert not (outcome.data / "ssh").exists()


def test_history_is_marked_simulated(outcome: _Outcome) -> None:
    """The segments of the past say that they are simulated, those of the live cycles that they are not."""
    headers = [read_header(path) for path in sorted((outcome.data / "spool" / "done").glob("*.parquet"))]
    assert sum(header.simulated for header in headers) >= 30
    assert any(not header.simulated for header in headers)


def test_the_past_is_judged_by_what_was_known_then(outcome: _Outcome) -> None:
    """Every fault was seen more than ten minutes before the demo went live, and none before its past."""
    headers = [read_header(path) for path in (outcome.data / "spool" / "done").glob("*.parquet")]
    live = max(header.created for header in headers if header.simulated)
    seen = [
        live - datetime.fromisoformat(alert["first_seen"]).timestamp()
        for alert in outcome.alerts
        if alert["kind"] == "availability"
    ]
    assert min(seen) > 600
    assert max(seen) < HISTORY_SECONDS


@pytest.fixture
def places() -> Iterator[tuple[Path, dict[str, str]]]:
    """An empty place for temporary files, and an environment that names it."""
    with tempfile.TemporaryDirectory() as temporary:  # a socket's path is short
        yield Path(temporary), {**os.environ, "TMPDIR": temporary}


def _until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"the demo never said {text!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.soak)])
def test_signal_leaves_nothing_behind(places: tuple[Path, dict[str, str]], number: signal.Signals) -> None:
    """Stopped early it still says how things are, exits 0, and neither files nor processes stay."""
    temporary, environment = places
    process = subprocess.Popen(
        [*SOC, "demo", "--headless", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    _until(process, "simulated devices on loopback")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(number)
    stdout, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "devices" in json.loads(stdout.splitlines()[-1])
    assert list(temporary.iterdir()) == []
    assert children
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def test_the_attack_came_by_syslog(outcome: _Outcome) -> None:
    """The brute force was sent to the receiver by the host's own address; other hosts' logs were pulled."""
    attack = outcome.scenario.attack
    asked = ["events", "service:sshd", "--since", "1h", "--limit", "100000", "--json"]
    done = soc(*asked, "--data", str(outcome.data), check=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    guesses = [event for event in events if event.get("source_ip") == attack.source_ip]
    assert sum(event["fields"].get("outcome") == "failure" for event in guesses) == attack.attempts
    assert {event["device"] for event in guesses} == {attack.device}
    assert {event["fields"].get("transport") for event in guesses} == {"udp"}
    assert {event["fields"]["stream"] for event in events} > {"syslog"}


@pytest.mark.parametrize(
    ("options", "terminal", "told"),
    [((), "xterm", "terminal"), ((), "dumb", "terminal"), (("--json",), "xterm", "JSON")],
)
def test_without_a_terminal_it_says_what_to_do(options: tuple[str, ...], terminal: str, told: str) -> None:
    """Where there is no terminal to open a console on, --headless is named, and nothing is begun."""
    done = soc("demo", *options, env={**os.environ, "TERM": terminal}, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert told in done.stderr
    assert "--headless" in done.stderr
    assert done.stdout == ""


def test_too_long_a_path_is_refused(tmp_path: Path) -> None:
    """A directory whose path leaves a socket no room is told at once, not when the hub starts."""
    done = soc("demo", "--headless", "--for", "1s", "--data", str(tmp_path / ("long" * 25)))
    assert done.returncode == 2
    assert "too long" in done.stderr


def test_used_directory_is_refused(tmp_path: Path) -> None:
    """--data with anything in it is a usage error, and nothing in it is touched."""
    (tmp_path / "precious").write_text("mine")
    done = soc("demo", "--headless", "--for", "1s", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Some of the shared recordings of real devices."""
    shared = os.environ.get("SOC_TEST_DATA")
    if not shared:
        pytest.skip("needs SOC_TEST_DATA with recordings/dev.tar.xz")
    with tarfile.open(Path(shared) / "recordings" / "dev.tar.xz") as tar:
        for number, member in enumerate(tar):
            if member.name.endswith(".snmprec") and number % 60 == 0:
                tar.extract(member, tmp_path, filter="data")
    return next(tmp_path.rglob("*.snmprec")).parent


def test_recordings_are_served(recordings: Path, places: tuple[Path, dict[str, str]]) -> None:
    """`soc poll` polls every recording by the inventory that the demo prints."""
    temporary, environment = places
    process = subprocess.Popen(
        [*SOC, "demo", "--headless", "--json", "--recordings", str(recordings)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stdout is not None
    lines = []
    for text in process.stdout:
        lines.append(json.loads(text))
        if "inventory" in lines[-1]:
            break
    done = soc("poll", "--json", "--inventory", lines[-1]["inventory"], "--data", str(temporary / "poll"))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    polled = {document["device"]: document for document in map(json.loads, done.stdout.splitlines())}
    assert set(polled) == {path.stem for path in recordings.glob("*.snmprec")}
    assert {line["device"] for line in lines[:-1]} == set(polled)
    assert all(document["ok"] for document in polled.values()), done.stderr

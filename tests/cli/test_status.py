"""soc status."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from soc.cli import main
from soc.intake.receive.counters import Counters, Stored, write_status
from soc.intake.receive.counters import status_document as receiver_status
from soc.model import Device
from soc.spool.lock import acquire
from tests.support.estate import Estate, availability_rules, rule

DEVICES = (
    Device("fw-1", "network"),
    Device("sw-1", "network", depends_on=("fw-1",)),
    Device("web-1", "hosting"),
    Device("web-2", "hosting"),
)


def estate(tmp_path: Path, *, dead: bool) -> Estate:
    """The firewall dead or alive these last ten minutes; web-2 has never been polled."""
    built = Estate(
        tmp_path / "data", DEVICES, availability_rules(tmp_path, rule("DeviceDown", "up == 0", "1m"))
    )
    now = time.time()
    for minutes in range(10, 0, -1):
        at = now - 60 * minutes
        built.seal(built.poll(at, {"fw-1": not dead, "sw-1": not dead, "web-1": True}), at + 1)
    built.run(now)
    return built


def run(data: Path, *arguments: str) -> int:
    return main(["status", *arguments, "--data", str(data)])


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The object of the contract, to the key."""
    assert run(estate(tmp_path, dead=True).directory, "--json") == 0
    status = json.loads(capsys.readouterr().out)
    assert status["devices"] == {
        "total": 4, "up": 1, "down": 1, "unreachable": 1, "unknown": 1, "maintenance": 0,
    }  # fmt: skip
    assert status["towers"] == {
        "network": {"total": 2, "up": 0, "open_alerts": 1},
        "hosting": {"total": 2, "up": 1, "open_alerts": 0},
    }
    assert status["alerts"] == {"open": 1, "by_severity": {"high": 1}, "by_rule": {"DeviceDown": 1}}
    collection = status["collection"]
    assert set(collection) == {"last", "lag_seconds", "failing", "reasons"}
    assert (collection["failing"], collection["reasons"]) == (2, {"timeout": 2})
    assert 60 <= collection["lag_seconds"] < 600
    assert set(status["store"]) == {"bytes", "samples", "events"}
    assert status["store"]["samples"] == 30
    assert status["store"]["bytes"] > 0
    assert status["hub"] == {"running": False, "pid": None}
    assert status["receiver"] is None
    assert status["off_or_away"] == 0
    assert set(status) == {
        "devices", "off_or_away", "towers", "alerts", "collection", "store", "receiver", "hub",
    }  # fmt: skip


def test_receiver(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a receiver that no longer runs said last; a file that says something else is passed over."""
    data = estate(tmp_path, dead=False).directory
    counters = Counters(received=Counter(udp=40, tcp=2), dropped=Counter({"socket-buffer": 3}))
    stored = Stored(durable=41, segments=1, waiting=1, blocked="", lost=Counter())
    write_status(data / "spool/raw", receiver_status(counters, stored, [], 0.0, 1.0))
    assert run(data, "--json") == 0
    assert json.loads(capsys.readouterr().out)["receiver"] == {
        "running": False, "started": "1970-01-01T00:00:00Z", "received": 42, "lost": 3, "waiting": 1,
        "blocked": "",
    }  # fmt: skip
    assert run(data) == 0
    assert "receiver    not running; 42 received, 3 lost, 1 waiting since 1970" in capsys.readouterr().out
    (data / "spool/raw/receive.json").write_text('{"received": []}')
    assert run(data, "--json") == 0
    assert json.loads(capsys.readouterr().out)["receiver"] is None


def test_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for people, with the way devices are pinged."""
    assert run(estate(tmp_path, dead=True).directory) == 0
    out = capsys.readouterr().out
    assert "1 down" in out
    assert "DeviceDown" in out
    assert "\nping " in out


def test_devices_that_nobody_expects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that are off or away are counted among the unknown, and said to be no reason to worry."""
    now = time.time()
    built = Estate(tmp_path / "data", (Device("lt-1", "end-user", availability="best-effort"),))
    built.seal(built.poll(now - 30, {"lt-1": False}), now - 29)
    built.run(now)
    assert run(built.directory) == 0
    assert "1: 1 unknown (1 off or away, which nobody expects to answer)" in capsys.readouterr().out
    assert run(built.directory, "--json") == 0
    assert json.loads(capsys.readouterr().out)["off_or_away"] == 1


@pytest.mark.parametrize(("dead", "code", "word"), [(True, 2, "CRITICAL"), (False, 0, "OK")])
def test_nagios(tmp_path: Path, capsys: pytest.CaptureFixture[str], dead: bool, code: int, word: str) -> None:
    """One line and the plugin's exit code."""
    assert run(estate(tmp_path, dead=dead).directory, "--nagios") == code
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"SOC {word} - ")
    assert " | up=" in line


def test_before_the_first_cycle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty store is a status too, and UNKNOWN to monitoring."""
    assert run(tmp_path / "data", "--nagios") == 3
    assert run(tmp_path / "data", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["collection"]["last"] is None


def test_held_lock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process works on the store the command ends with 75 and says who it is."""
    monkeypatch.setattr("soc.cli._store.LOCK_WAIT_SECONDS", 0.1)
    (tmp_path / "data").mkdir(mode=0o700)
    with acquire(tmp_path / "data" / "store.lock", 0, "soc collect"):
        assert run(tmp_path / "data") == 75
    assert "soc collect" in capsys.readouterr().err

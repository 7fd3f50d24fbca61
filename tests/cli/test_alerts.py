"""soc alerts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soc.cli import main
from soc.model import Device
from soc.spool.lock import acquire
from tests.support.estate import START, Estate, event
from tests.support.rules import load_documents, rule_document

HOSTILE = "\x1b[31mred\x1b[0m\u202e [bold]"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with two alerts: of user root, and of a user with a hostile name."""
    rules = load_documents(
        tmp_path,
        rule_document(
            {"selection": {"service": "sshd"}, "condition": "selection"},
            title="Root login", logsource={"product": "linux"}, runbook="Ask whoever it was.",
        ),
    )  # fmt: skip
    estate = Estate(
        tmp_path / "data", (Device("web-1", "hosting", supplier="hostco", site="hq"),), rules=rules
    )
    found = [event(1, START, user="root"), event(2, START + 1, user=HOSTILE, message=HOSTILE)]
    estate.seal(estate.events(found), START + 2)
    estate.run(START + 3)
    return estate.directory


def run(data: Path, *arguments: str) -> int:
    return main(["alerts", *arguments, "--data", str(data)])


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("arguments", [("--json",), ("list", "--json")])
def test_list_json(data: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    """A line per open alert with the documented keys."""
    assert run(data, *arguments) == 0
    found = {line["labels"]["user"]: line for line in lines(capsys)}
    assert set(found) == {"root", HOSTILE}
    root = found["root"]
    assert {name: root[name] for name in ("rule", "kind", "severity", "entity", "device", "workflow")} == {
        "rule": "Root login", "kind": "security", "severity": "high", "entity": "web-1", "device": "web-1",
        "workflow": "open",
    }  # fmt: skip
    assert {name: root[name] for name in ("condition", "suppressed_by", "count", "supplier", "site")} == {
        "condition": "firing", "suppressed_by": "", "count": 1, "supplier": "hostco", "site": "hq",
    }  # fmt: skip
    assert root["first_seen"] == "2023-11-14T22:14:00.000Z"
    assert len(root["id"]) == 26


def test_list_for_people(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text for a terminal holds no control character of the data."""
    assert run(data) == 0
    out = capsys.readouterr().out
    assert "A-1" in out
    assert "A-2" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_life(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Acknowledge, note, close; the history says who, when and why."""
    assert run(data, "ack", "A-1", "--reason", "on it") == 0
    assert run(data, "note", "A-1", "ticket 4711") == 0
    assert run(data, "close", "A-1", "--disposition", "benign", "--reason", "a test") == 0
    capsys.readouterr()
    assert run(data, "show", "A-1", "--json") == 0
    [shown] = lines(capsys)
    assert (shown["workflow"], shown["disposition"], shown["version"]) == ("closed", "benign", 3)
    history = [(step["action"], step["reason"], step["version"]) for step in shown["history"]]
    assert history == [
        ("opened", "", 0), ("acknowledged", "on it", 1), ("noted", "ticket 4711", 2), ("closed", "a test", 3),
    ]  # fmt: skip
    assert all(isinstance(step["uid"], int) and step["client"] == "cli" for step in shown["history"][1:])
    assert [item["id"] for item in shown["evidence"]] == ["event-1"]
    assert shown["runbook"] == "Ask whoever it was."
    assert run(data, "--json") == 0
    assert [line["label"] for line in lines(capsys)] == ["A-2"]
    assert run(data, "list", "--state", "closed", "--json") == 0
    assert [line["label"] for line in lines(capsys)] == ["A-1"]


def test_show_for_people(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """History and evidence are shown cleaned."""
    assert run(data, "show", "A-2") == 0
    out = capsys.readouterr().out
    assert "opened by system" in out
    assert "event-2" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "A-99"),
        ("ack", "A-99"),
        ("close", "nonsense", "--disposition", "benign"),
        ("note", "A-1", " "),
    ],
)
def test_refused(data: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    """What does not exist or does not fit is told on stderr, exit code 1."""
    assert run(data, *arguments) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("soc: ")
    assert captured.out == ""


def test_one_refusal_stops_no_other(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of several alerts those that take the action do."""
    assert run(data, "ack", "A-99", "A-2") == 1
    assert "A-2: acknowledged" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [(), ("ack", "A-1")])
def test_held_lock(
    data: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    """While another process works on the store the command waits, then ends with 75 and says who it is."""
    monkeypatch.setattr("soc.cli._store.LOCK_WAIT_SECONDS", 0.1)
    with acquire(data / "store.lock", 0, "soc collect"):
        assert run(data, *arguments) == 75
    assert "soc collect" in capsys.readouterr().err
    assert run(data, *arguments) == 0

"""soc notify, and delivery by soc collect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soc.cli import main
from soc.spool.lock import acquire
from soc.store import open_store
from tests.support.certificates import Authority
from tests.support.estate import inventory
from tests.support.hub import ServedHub, WriterHub
from tests.support.notices import HOSTILE, NOW, notice
from tests.support.smtp_server import PASSWORD, USER, smtp_server
from tests.support.web_server import web_server

DAY = 86400.0


class Place:
    """A data directory, and an inventory with the targets `ops` (mail) and `hook`."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        self.data.mkdir(0o700)
        self.inventory = directory / "inventory.yaml"
        self.targets(9, 9)

    def targets(self, mail: int, hook: int) -> None:
        """Write the inventory with the servers at these ports."""
        self.inventory.write_text(
            "version: 1\n"
            "settings:\n"
            "  notify:\n"
            "    targets:\n"
            "      ops: {mail: {to: [mia@example.org], from: soc@example.org, smtp: {host: 127.0.0.1,"
            f" port: {mail}, tls: starttls, user: {USER}, password: {{env: SOC_TEST_SMTP}}}}}}}}\n"
            f"      hook: {{webhook: {{url: {{env: SOC_TEST_HOOK}}}}}}  # port {hook}\n"
            "    default: [ops]\n"
        )

    def run(self, *arguments: str) -> int:
        return main([*arguments, "--data", str(self.data), "--inventory", str(self.inventory)])

    def add(self, *numbers: int, at: float = NOW, **more: Any) -> None:
        """Put notices for `ops` into the outbox."""
        with open_store(self.data, spool_directory=self.data / "spool") as store:
            store.outbox.add([notice(number, **more) for number in numbers], at, at + DAY)

    def settle(self, id: str, state: Any, error: str) -> None:
        with open_store(self.data, spool_directory=self.data / "spool") as store:
            store.outbox.settle([id], state, NOW, error)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("SOC_TEST_SMTP", PASSWORD)
    monkeypatch.setenv("SOC_TEST_HOOK", "http://127.0.0.1:9/t0psecret")
    return Place(tmp_path)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_test(
    place: Place,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every target gets a test message; each step is told, and no secret."""
    authority.trust(monkeypatch)
    with smtp_server(authority.server()) as mailbox, web_server() as site:
        place.targets(mailbox.port, site.port)
        monkeypatch.setenv("SOC_TEST_HOOK", f"http://127.0.0.1:{site.port}/t0psecret")
        assert place.run("notify", "test") == 0
        told = capsys.readouterr().out
        assert place.run("notify", "test", "--json") == 0
    for words in ("ops (mail)", "connect:    127.0.0.1 port", "TLSv1.", "login:      as soc", "250 kept"):
        assert words in told
    for words in ("hook (webhook)", "answer:     200 OK"):
        assert words in told
    assert "t0psecret" not in told
    assert PASSWORD not in told
    ops, hook = lines(capsys)
    assert (ops["target"], ops["kind"], ops["ok"], ops["error"]) == ("ops", "mail", True, "")
    assert [step["step"] for step in ops["steps"]] == [
        "connect", "greeting", "tls", "login", "sender", "recipients", "message",
    ]  # fmt: skip
    assert hook["ok"]
    assert [mail["Subject"] for mail in mailbox.mails] == ["[soc] test message for ops"] * 2
    assert site.requests[0].document["test"] is True


def test_one_target_that_fails(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 and the step at which it failed; the other target is left alone."""
    assert place.run("notify", "test", "hook", "--json") == 1
    [hook] = lines(capsys)
    assert (hook["ok"], hook["steps"], hook["error"]) == (False, [], "connect: Connection refused")
    assert place.run("notify", "test", "hook") == 1
    assert "FAILED at connect: Connection refused" in capsys.readouterr().out


def test_an_unknown_target(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name is a matter of usage; those there are get named."""
    assert place.run("notify", "test", "opps") == 2
    assert "hook, ops" in capsys.readouterr().err


def test_no_targets(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """So is an inventory without any."""
    place.inventory.write_text("version: 1\n")
    assert place.run("notify", "test") == 2
    assert "names no targets" in capsys.readouterr().err


def test_outbox(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A line per notice, oldest first; dead letters alone if wanted."""
    place.add(1, 2, 3)
    place.settle("notice-2", "dead", "recipients: 550 no such user")
    assert place.run("notify", "outbox", "--json") == 0
    found = lines(capsys)
    assert [(line["id"], line["state"]) for line in found] == [
        ("notice-1", "pending"), ("notice-2", "dead"), ("notice-3", "pending"),
    ]  # fmt: skip
    told = {name: found[0][name] for name in ("target", "what", "label", "severity", "attempts", "alert")}
    assert told == {
        "target": "ops", "what": "opened", "label": "A-1", "severity": "high", "attempts": 0,
        "alert": "ALERT1",
    }  # fmt: skip
    assert found[0]["next_attempt"] == "2023-11-14T22:13:20.000Z"
    assert place.run("notify", "outbox", "--dead", "--json") == 0
    [dead] = lines(capsys)
    assert (dead["error"], dead["next_attempt"]) == ("recipients: 550 no such user", None)


def test_an_empty_outbox(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout."""
    assert place.run("notify", "outbox") == 0
    assert capsys.readouterr() == ("", "no notices\n")


def test_outbox_for_people(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for a terminal is clean."""
    place.add(1, summary=HOSTILE)
    place.settle("notice-1", "dead", "\x1b[31mrefused\u202e")
    assert place.run("notify", "outbox") == 0
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("notice-1  dead")
    assert not set("\x1b\u202e\x00") & set(line)


def test_retry(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A dead letter is due again; what is not there is told, exit code 1."""
    place.add(1, 2)
    place.settle("notice-1", "dead", "refused")
    place.settle("notice-2", "dead", "refused")
    assert place.run("notify", "outbox", "--retry", "notice-1", "--retry", "nonsense") == 1
    captured = capsys.readouterr()
    assert captured.out == "notice-1: due\n"
    assert "nonsense" in captured.err
    assert place.run("notify", "outbox", "--retry", "all", "--json") == 0
    assert lines(capsys) == [{"id": "notice-2"}]
    assert place.run("notify", "outbox", "--dead", "--json") == 0
    assert lines(capsys) == []


def test_a_hub_is_asked(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside a hub, which has the store, both commands answer as they do without one."""
    place.add(1, 2, 3)
    place.settle("notice-1", "dead", "refused")
    place.settle("notice-2", "dead", "refused")
    with (
        acquire(place.data / "store.lock", 0.0, "soc serve"),
        open_store(place.data, spool_directory=place.data / "spool") as store,
        ServedHub(WriterHub(store, place.data, inventory(()), NOW), place.data / "hub.sock"),
    ):
        assert place.run("notify", "outbox", "--json") == 0
        assert [line["state"] for line in lines(capsys)] == ["dead", "dead", "pending"]
        assert place.run("notify", "outbox", "--limit", "2000") == 2
        assert "limit" in capsys.readouterr().err
        assert place.run("notify", "outbox", "--retry", "notice-1", "--retry", "nonsense") == 1
        captured = capsys.readouterr()
        assert captured.out == "notice-1: due\n"
        assert "no notice nonsense" in captured.err
        assert place.run("notify", "outbox", "--dead", "--json") == 0
        assert [line["id"] for line in lines(capsys)] == ["notice-2"]
        assert place.run("notify", "outbox", "--retry", "all", "--json") == 0
        assert lines(capsys) == [{"id": "notice-2"}]
        assert place.run("notify", "outbox", "--retry", "all") == 0


def test_collect_delivers(
    place: Place,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A cycle without a hub sends what is due; what fails is told, and no failure of the cycle."""
    import time

    authority.trust(monkeypatch)
    place.add(1, at=time.time())
    assert place.run("collect", "--json") == 0
    assert "notices not sent yet: 1, given up: 0" in capsys.readouterr().err
    place.add(2, at=time.time())
    with smtp_server(authority.server()) as mailbox:
        place.targets(mailbox.port, 9)
        assert place.run("collect", "--json") == 0
        assert place.run("collect", "--json") == 0
    assert [mail["Subject"] for mail in mailbox.mails] == ["[soc] high opened: A-2 root logged in, number 2"]

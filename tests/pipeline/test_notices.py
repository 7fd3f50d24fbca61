"""Notices are written with the transitions they tell."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from soc.alerting import acknowledge, close
from soc.inventory import Notify, Secret, Settings, WebhookTarget
from soc.model import Device
from soc.model.alerts import Actor
from soc.model.notices import OutboxEntry
from soc.pipeline.actions import apply_action
from soc.pipeline.delivery import deliver_due
from soc.store import Store
from tests.support.estate import START, Estate, availability_rules, rule
from tests.support.web_server import Website, web_server

HOOK = WebhookTarget(Secret("literal", "http://127.0.0.1:9/"))
NOTIFY = Notify({"ops": HOOK, "night": HOOK, "unused": HOOK}, ("ops", "night"))
MIA = Actor(1000, "mia", "test")


def estate_of(directory: Path, notify: Notify = NOTIFY, interval: str = "60s") -> Estate:
    """A firewall with a switch behind it, and a rule that tells when one is down."""
    return Estate(
        directory,
        (
            Device("fw-1", "network", site="hq", supplier="netco"),
            Device("sw-1", "network", depends_on=("fw-1",)),
        ),
        availability_rules(directory, rule("Down", "max by (device) (up) == 0"), interval=interval),
        settings=Settings(notify=notify),
    )


def polls(estate: Estate, answers: list[tuple[bool, bool]], first: int = 0) -> None:
    """A poll of both devices each minute from the `first` on."""
    for minute, (firewall, switch) in enumerate(answers, first):
        at = START + 60 * minute
        estate.seal(estate.poll(at + 5, {"fw-1": firewall, "sw-1": switch}), at + 10)


def told(store: Store, target: str = "ops") -> list[tuple[str, str]]:
    """(what, device) of the notices for a target, in order."""
    return [(entry.notice.what, entry.notice.document["alert"]["device"]) for entry in entries(store, target)]


def entries(store: Store, target: str = "ops") -> list[OutboxEntry]:
    return [entry for entry in store.outbox.select("", 1000) if entry.notice.target == target]


def test_beginning_and_end(tmp_path: Path) -> None:
    """Each default target is told that an alert opened and that it resolved, with all that is known."""
    estate = estate_of(tmp_path)
    polls(estate, [(True, True)] * 2 + [(True, False)] * 2 + [(True, True)] * 3)
    estate.run(START + 420)
    with estate.store() as store:
        for target in ("ops", "night"):
            assert told(store, target) == [("opened", "sw-1"), ("resolved", "sw-1")]
        assert told(store, "unused") == []
        first, last = entries(store)
        alert = first.notice.document["alert"]
        assert (alert["label"], alert["rule"], alert["severity"], alert["condition"]) == (
            "A-1", "Down", "high", "firing",
        )  # fmt: skip
        assert (first.notice.time, first.expires) == (START + 180, first.created + 86400)
        assert last.notice.document["alert"]["condition"] == "resolved"
        assert last.notice.document["time"] == "2023-11-14T22:19:00.000Z"


def test_suppressed_alerts_are_not_told(tmp_path: Path) -> None:
    """Of a firewall and the switch behind it that fail together, the firewall is told alone."""
    estate = estate_of(tmp_path)
    polls(estate, [(True, True)] * 2 + [(False, False)] * 3 + [(True, True)] * 3)
    estate.run(START + 480)
    with estate.store() as store:
        assert told(store) == [("opened", "fw-1"), ("resolved", "fw-1")]


def test_what_outlives_its_suppression_is_told(tmp_path: Path) -> None:
    """When the firewall is back and the switch is not, the switch is told as opened."""
    estate = estate_of(tmp_path)
    polls(estate, [(True, True)] * 2 + [(False, False)] * 3 + [(True, False)] * 3)
    estate.run(START + 480)
    with estate.store() as store:
        assert told(store)[0] == ("opened", "fw-1")
        assert sorted(told(store)[1:]) == [("opened", "sw-1"), ("resolved", "fw-1")]


def test_people_are_not_told_what_they_do(tmp_path: Path) -> None:
    """Acknowledging and closing is silent."""
    estate = estate_of(tmp_path)
    polls(estate, [(True, True)] * 2 + [(True, False)] * 2)
    estate.run(START + 240)
    with estate.store() as store:
        alert = store.alerts.find("A-1")
        assert alert is not None
        alert = apply_action(store, alert, lambda it: acknowledge(it, MIA, START + 250, "1"), START + 250)
        apply_action(store, alert, lambda it: close(it, MIA, START + 260, "2", "benign"), START + 260)
        assert told(store) == [("opened", "sw-1")]


def test_nobody_to_tell(tmp_path: Path) -> None:
    """Without default targets nothing is written."""
    estate = estate_of(tmp_path, Notify({"ops": HOOK}))
    polls(estate, [(True, True)] * 2 + [(True, False)] * 2)
    assert estate.run(START + 240).alerts_opened == 1
    with estate.store() as store:
        assert store.outbox.counts() == {}


def test_a_store_that_lost_transactions(tmp_path: Path) -> None:
    """What the journal does again is told again, under the same ids."""
    estate = estate_of(tmp_path)
    polls(estate, [(True, True)] * 2)
    estate.run(START + 120)
    shutil.copy(tmp_path / "soc.duckdb", tmp_path / "before")
    polls(estate, [(True, False)] * 2, first=2)
    estate.run(START + 240)
    with estate.store() as store:
        [before] = entries(store)
    shutil.move(tmp_path / "before", tmp_path / "soc.duckdb")
    estate.run(START + 240)
    with estate.store() as store:
        assert [entry.notice for entry in entries(store)] == [before.notice]


@pytest.fixture
def site() -> Iterator[Website]:
    with web_server() as served:
        yield served


def told_to(site: Website, directory: Path) -> Estate:
    """A switch that goes down and comes up again, told to the site."""
    hook = WebhookTarget(Secret("literal", f"http://127.0.0.1:{site.port}/"))
    estate = estate_of(directory, Notify({"ops": hook}, ("ops",)))
    polls(estate, [(True, True)] * 2 + [(True, False)] * 2 + [(True, True)] * 3)
    return estate


def deliver(estate: Estate, store: Store, now: float) -> int:
    assert estate.settings is not None
    return deliver_due(
        lambda work: work(store), estate.settings.notify,
        now=lambda: now, monotonic=lambda: 0.0, draw=lambda: 0.5,
    ).delivered  # fmt: skip


def states(store: Store) -> list[tuple[str, str]]:
    return [(entry.notice.what, entry.state) for entry in store.outbox.select("", 1000)]


@pytest.mark.parametrize("kept", ["redo entries", "backup"])
def test_what_was_delivered_is_not_told_again(tmp_path: Path, site: Website, kept: str) -> None:
    """A store made again, or put back from before, knows what was told since; the rest is told once."""
    estate = told_to(site, tmp_path)
    with estate.store() as store:
        estate.run(START + 200, store)
        shutil.copy(tmp_path / "soc.duckdb", tmp_path / "before")
        assert deliver(estate, store, START + 210) == 1
        estate.run(START + 420, store)
        assert states(store) == [("opened", "delivered"), ("resolved", "pending")]
    (tmp_path / "soc.duckdb").unlink()
    if kept == "backup":
        shutil.copy(tmp_path / "before", tmp_path / "soc.duckdb")
    with estate.store() as store:
        estate.run(START + 430, store)
        assert states(store) == [("opened", "delivered"), ("resolved", "pending")]
        assert deliver(estate, store, START + 440) == 1
        assert deliver(estate, store, START + 9000) == 0
    assert [request.document["notices"][0]["what"] for request in site.requests] == ["opened", "resolved"]


def test_long_past_is_not_told_from_the_journal_alone(tmp_path: Path, site: Website) -> None:
    """Where nobody knows what was delivered, what is older than a day is neither told nor a dead letter."""
    estate = told_to(site, tmp_path)
    estate.run(START + 420)
    (tmp_path / "soc.duckdb").unlink()
    shutil.rmtree(tmp_path / "journal/redo")
    with estate.store() as store:
        estate.pipeline(store).recover(START + 2 * 86400, accept_gap=True)
        assert states(store) == [("opened", "delivered"), ("resolved", "delivered")]
        assert deliver(estate, store, START + 2 * 86400) == 0
        assert store.query("SELECT count(*) FROM event WHERE category = 'notification'") == [(0,)]
    assert site.requests == []

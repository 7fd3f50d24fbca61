"""Alerts in the store: append-only transitions, a projection beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soc.alerting import Evidence, Ledger, RuleIdentity, acknowledge
from soc.model import Device
from soc.model.alerts import Actor, Alert
from soc.store import Store
from soc.store.alerts import AlertFilter

T = 1_700_000_040.0
RULE = RuleIdentity("rule-1", "v1", "Brute force", "security", "high", "https://runbook")


def opened(store: Store, device: str = "web-1", severity: str = "high", time: float = T) -> Alert:
    """One stored alert."""
    ledger = Ledger()
    rule = replace(RULE, severity=severity)
    ledger.evidence(
        Evidence(rule, {"device": device}, device, time, time + 5, 2, (("e1", time), ("e2", time + 5)), "e1")
    )
    changes = ledger.changes
    store.alerts.save(list(changes.opened.values()), [], changes.transitions, changes.evidence, time + 10)
    [alert] = [found for found in store.alerts.select(AlertFilter(state="all")) if found.device == device]
    return alert


def test_round_trip(store: Store) -> None:
    """A stored alert comes back with its number, and supplier and site of its time."""
    store.devices.sync([Device("web-1", "hosting", supplier="hostco", site="hq")], T - 100)
    store.devices.sync([Device("web-1", "hosting", supplier="later", site="hq")], T + 1)
    alert = opened(store)
    assert (alert.label, alert.supplier, alert.site, alert.count) == ("A-1", "hostco", "hq", 2)
    assert store.alerts.evidence(alert.id) == [("e1", T), ("e2", T + 5)]
    [step] = store.alerts.history(alert.id)
    assert (step.action, step.cause, step.workflow_to, step.actor.name) == ("opened", "e1", "open", "system")


def test_same_again_changes_nothing(store: Store) -> None:
    """Transitions, evidence and occurrences that are held already are ignored."""
    first = opened(store)
    again = opened(store)
    assert first == again
    assert len(store.alerts.history(first.id)) == 1
    assert len(store.alerts.evidence(first.id)) == 2


def test_action_is_appended(store: Store) -> None:
    """An action is one more transition, and the projection follows."""
    alert = opened(store)
    after, step = acknowledge(alert, Actor(1001, "mia", "cli"), T + 60, "request-1", "on it")
    store.alerts.save([], [after], [step], [], T + 60)
    stored = store.alerts.find("A-1")
    assert stored == after
    assert store.alerts.history(alert.id)[-1] == step


def test_step_given_twice_is_one(store: Store) -> None:
    """What the journal is given is what is stored: each transition once, the first of its id."""
    alert = opened(store)
    after, step = acknowledge(alert, Actor(1001, "mia", "cli"), T + 60, "request-1", "on it")
    store.alerts.appended.clear()
    store.alerts.save([], [after], [step, replace(step, reason="later"), step], [], T + 60)
    assert store.alerts.appended == [step]
    assert store.alerts.history(alert.id)[1:] == [step]


@pytest.mark.parametrize("name", ["A-1", "a-1"])
def test_find_by_label(store: Store, name: str) -> None:
    """A label finds its alert, in either case; so does the id."""
    alert = opened(store)
    assert store.alerts.find(name) == alert
    assert store.alerts.find(alert.id.lower()) == alert


@pytest.mark.parametrize("name", ["", "A-2", "A-", "A-1 OR 1=1", "A-" + "9" * 30, "' OR ''='"])
def test_find_nothing(store: Store, name: str) -> None:
    """Anything else finds none."""
    opened(store)
    assert store.alerts.find(name) is None


def test_filters(store: Store) -> None:
    """By state, severity, rule and device; the most severe first."""
    opened(store, "a", "low")
    critical = opened(store, "b", "critical", T + 9)
    store.alerts.save([], [replace(critical, suppressed_by="dependency")], [], [], T)
    opened(store, "c", "medium")
    for wanted, devices in (
        (AlertFilter(), "ca"),
        (AlertFilter(state="all"), "bca"),
        (AlertFilter(state="suppressed"), "b"),
        (AlertFilter(state="closed"), ""),
        (AlertFilter(state="firing"), "bca"),
        (AlertFilter(severity="low"), "a"),
        (AlertFilter(rule="Brute force", device="c"), "c"),
        (AlertFilter(rule="rule-2"), ""),
    ):
        assert "".join(alert.device for alert in store.alerts.select(wanted)) == devices
    assert len(store.alerts.select(AlertFilter(state="all"), limit=2)) == 2


def test_status_counts_open_alerts(store: Store) -> None:
    """Open alerts by severity, rule and tower."""
    store.devices.sync([Device("web-1", "hosting")], T - 100)
    opened(store)
    opened(store, "elsewhere")
    assert store.status.open_alerts() == [
        ("high", "Brute force", "", 1),
        ("high", "Brute force", "hosting", 1),
    ]

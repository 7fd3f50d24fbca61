"""The state machine of alerts, signal by signal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soc.alerting import Evidence, Firing, Ledger, RuleIdentity, fingerprint_of
from soc.alerting.ledger import AUTO_CLOSE_SECONDS, FLOODING_ALERTS, FLOODING_PREFIX
from soc.model.alerts import Alert

SECURITY = RuleIdentity("rule-1", "v1", "Brute force", "security", "high")
AVAILABILITY = RuleIdentity("test/DeviceDown", "v1", "DeviceDown", "availability", "critical")
T = 1_700_000_040.0
HOUR = 3600.0


def evidence(first: float, last: float | None = None, *, user: str = "root", number: int = 0) -> Evidence:
    """Two matches, or one."""
    ids = ((f"event-{number}-a", first),) + (((f"event-{number}-b", last),) if last is not None else ())
    return Evidence(
        SECURITY,
        {"user": user},
        "web-1",
        first,
        last if last is not None else first,
        len(ids),
        ids,
        ids[0][0],
    )


def firing(*, newly: bool = True, dark: bool = False, device: str = "sw-1") -> Firing:
    """DeviceDown for one device, true for two minutes."""
    labels = {"device": device}
    return Firing(AVAILABILITY, labels, labels, device, T - 120, newly, dark)


def only(ledger: Ledger) -> Alert:
    """The one alert there is."""
    [alert] = ledger.alerts()
    return alert


def down(ledger: Ledger, time: float = T, device: str = "sw-1") -> Alert:
    """An open availability alert."""
    ledger.firing(firing(device=device), time)
    return next(alert for alert in ledger.alerts() if alert.device == device)


def steps(ledger: Ledger) -> list[str]:
    return [step.action for step in ledger.changes.transitions]


DEVICE_FINGERPRINT = fingerprint_of(AVAILABILITY.id, {"device": "sw-1"})


@pytest.mark.parametrize(
    ("second", "occurrences", "count"),
    [
        (evidence(T + 10, number=1), 1, 2),
        (evidence(T + HOUR, number=1), 1, 2),
        (evidence(T - HOUR, number=1), 1, 2),
        (evidence(T + HOUR + 1, number=1), 2, 1),
        (evidence(T - HOUR - 1, number=1), 2, 1),
        (evidence(T - 2 * HOUR, T - HOUR, number=1), 1, 3),
        (evidence(T + 10, user="mia", number=1), 2, 1),
    ],
)
def test_window(second: Evidence, occurrences: int, count: int) -> None:
    """Matches within the window extend the occurrence, in either direction of time; others open one."""
    ledger = Ledger()
    ledger.evidence(evidence(T))
    ledger.evidence(second)
    assert len(ledger.alerts()) == occurrences
    assert max(alert.count for alert in ledger.alerts()) == max(count, second.count)
    assert steps(ledger) == ["opened"] * occurrences


def test_identity_is_deterministic() -> None:
    """The same first evidence gives the same occurrence and transition, whoever processes it."""
    one, other = Ledger(), Ledger()
    one.evidence(evidence(T))
    other.evidence(evidence(T))
    assert only(one) == only(other)
    assert one.changes.transitions == other.changes.transitions
    assert len(only(one).id) == 26


def test_extending_moves_seen_times() -> None:
    """An extended occurrence spans all its evidence."""
    ledger = Ledger()
    ledger.evidence(evidence(T))
    ledger.evidence(evidence(T - 60, T + 60, number=1))
    alert = only(ledger)
    assert (alert.first_seen, alert.last_seen, alert.count) == (T - 60, T + 60, 3)


def test_evidence_is_capped() -> None:
    """The first 50 pieces of evidence are kept, over all signals."""
    ledger = Ledger()
    for number in range(40):
        ledger.evidence(evidence(T + number, T + number + 0.5, number=number))
    assert len(ledger.changes.evidence) == 50
    assert only(ledger).count == 80


def test_evidence_counts_what_is_stored() -> None:
    """Evidence kept before counts towards the 50."""
    ledger = Ledger()
    ledger.evidence(evidence(T))
    again = Ledger([only(ledger)], evidence_counts={only(ledger).id: 49})
    again.evidence(evidence(T + 1, T + 2, number=1))
    assert len(again.changes.evidence) == 1


def test_closed_occurrence_takes_late_evidence_only() -> None:
    """What happened before somebody closed it belongs to it; what happens after opens a new one."""
    ledger = Ledger()
    ledger.evidence(evidence(T))
    closed = replace(only(ledger), workflow="closed", closed=T + 300)
    late = Ledger([closed])
    late.evidence(evidence(T + 200, number=1))
    assert only(late).count == 2
    fresh = Ledger([closed])
    fresh.evidence(evidence(T + 400, number=2))
    assert len(fresh.alerts()) == 2


def test_correlation_total_replaces_count() -> None:
    """A signal that knows the total of its occurrence sets it."""
    ledger = Ledger()
    ledger.evidence(evidence(T))
    ledger.evidence(replace(evidence(T, T + 1, number=1), total=7))
    assert only(ledger).count == 7


def test_availability_life() -> None:
    """Firing opens, going on firing changes nothing, resolving and a quarter of an hour close it."""
    ledger = Ledger()
    alert = down(ledger)
    assert (alert.condition, alert.first_seen, alert.is_open) == ("firing", T - 120, True)
    ledger.firing(firing(newly=False), T + 60)
    ledger.resolved(AVAILABILITY.id, DEVICE_FINGERPRINT, T + 120)
    assert only(ledger).condition == "resolved"
    ledger.tick(T + 120 + AUTO_CLOSE_SECONDS - 1)
    assert only(ledger).workflow == "open"
    ledger.tick(T + 120 + AUTO_CLOSE_SECONDS)
    assert only(ledger).workflow == "closed"
    assert steps(ledger) == ["opened", "resolved", "closed"]
    assert {step.actor.name for step in ledger.changes.transitions} == {"system"}


def test_owned_alert_stays() -> None:
    """Somebody's alert does not close by itself."""
    ledger = Ledger()
    owned = replace(down(ledger), workflow="acknowledged", owner="mia")
    ledger = Ledger([owned])
    ledger.resolved(AVAILABILITY.id, DEVICE_FINGERPRINT, T + 60)
    ledger.tick(T + 10 * HOUR)
    assert (only(ledger).workflow, only(ledger).condition) == ("acknowledged", "resolved")


def test_security_alert_never_closes_by_itself() -> None:
    """Time passes and a security alert stays."""
    ledger = Ledger()
    ledger.evidence(evidence(T))
    ledger.tick(T + 1000 * HOUR)
    assert only(ledger).is_open


def test_fires_again_within_window() -> None:
    """Firing again within the window is the same occurrence, counted again."""
    ledger = Ledger()
    down(ledger)
    ledger.resolved(AVAILABILITY.id, DEVICE_FINGERPRINT, T + 60)
    ledger.firing(firing(), T + 300)
    assert (only(ledger).condition, only(ledger).count) == ("firing", 2)
    assert steps(ledger) == ["opened", "resolved", "fired"]


def test_fires_again_after_closing() -> None:
    """Firing again after the close is another occurrence."""
    ledger = Ledger()
    down(ledger)
    ledger.resolved(AVAILABILITY.id, DEVICE_FINGERPRINT, T + 60)
    ledger.tick(T + 60 + AUTO_CLOSE_SECONDS)
    ledger.firing(firing(), T + 2000)
    assert len(ledger.alerts()) == 2
    assert len({step.id for step in ledger.changes.transitions}) == len(ledger.changes.transitions)


def test_closed_while_firing_stays_closed() -> None:
    """Somebody closed it although it fires: it comes back only when it fires anew."""
    ledger = Ledger()
    closed = replace(down(ledger), workflow="closed", closed=T + 30)
    ledger = Ledger([closed])
    ledger.firing(firing(newly=False), T + 60)
    assert ledger.changes.transitions == []
    ledger.resolved(AVAILABILITY.id, DEVICE_FINGERPRINT, T + 120)
    ledger.firing(firing(), T + 180)
    assert len(ledger.alerts()) == 2


def test_suppression_follows_the_parent() -> None:
    """Suppressed while all it depends on is down; open when that is back and it persists."""
    ledger = Ledger()
    ledger.firing(firing(dark=True), T)
    assert (only(ledger).suppressed_by, only(ledger).is_open) == ("dependency", False)
    ledger.firing(firing(newly=False, dark=False), T + 60)
    assert only(ledger).is_open
    ledger.firing(firing(newly=False, dark=True), T + 120)
    assert not only(ledger).is_open
    assert steps(ledger) == ["opened", "unsuppressed", "suppressed"]


def test_no_data_is_not_resolved() -> None:
    """A gap in evaluation makes it unknown; the next evaluation decides."""
    ledger = Ledger()
    ledger.no_data(down(ledger), T + 60, "rule times were not evaluated")
    assert only(ledger).condition == "no-data"
    ledger.firing(firing(newly=False), T + 120)
    assert (only(ledger).condition, only(ledger).count) == ("firing", 1)


def test_flooding() -> None:
    """From the 101st new alert of a rule in ten minutes on there is one alert about the flood."""
    ledger = Ledger()
    for number in range(FLOODING_ALERTS + 5):
        ledger.evidence(evidence(T + number, user=f"user-{number}", number=number))
    floods = [alert for alert in ledger.alerts() if alert.rule_id.startswith(FLOODING_PREFIX)]
    assert len(ledger.alerts()) == FLOODING_ALERTS + 1
    assert [flood.count for flood in floods] == [5]
    assert floods[0].labels == {"rule": SECURITY.id}
    later = Ledger(ledger.alerts(), {SECURITY.id: [T + number for number in range(FLOODING_ALERTS)]})
    later.evidence(evidence(T + 2000, user="later", number=999))
    assert len(later.changes.opened) == 1


def test_flooding_counts_rule_time() -> None:
    """Ninety in any ten minutes is no flood, however fast they are processed."""
    ledger = Ledger()
    for number in range(400):
        ledger.evidence(evidence(T + number * 6.7, user=f"user-{number}", number=number))
    assert len(ledger.alerts()) == 400


def test_flood_of_availability_alerts_ends() -> None:
    """Ten minutes after the last new alert the flood has resolved."""
    ledger = Ledger()
    for number in range(FLOODING_ALERTS + 1):
        ledger.firing(firing(device=f"sw-{number}"), T)
    ledger.tick(T + 599)
    [flood] = [alert for alert in ledger.alerts() if alert.rule_id.startswith(FLOODING_PREFIX)]
    assert flood.condition == "firing"
    ledger.tick(T + 600)
    [flood] = [alert for alert in ledger.alerts() if alert.rule_id.startswith(FLOODING_PREFIX)]
    assert flood.condition == "resolved"

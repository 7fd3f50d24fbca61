"""From sealed segments to alerts, over a real store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soc.detection.places import load_all_rules
from soc.model import Device, Fact, Poll, Sample
from soc.model.alerts import Actor
from soc.model.shipped import shipped
from soc.pipeline import waiting
from soc.pipeline.actions import apply_action
from soc.pipeline.report import status_document
from soc.promql import load_rule_files
from soc.spool.given_up import given_up_event
from soc.spool.journal import journal_files, read_file
from soc.spool.segment import SegmentBuilder, encode, read_frame
from soc.store import Store
from soc.store.alerts import AlertFilter
from tests.support.estate import START, Estate, availability_rules, event, rule
from tests.support.rules import load_documents, rule_document

FIREWALL = Device("fw-1", "network", site="hq", supplier="netco")
SWITCH = Device("sw-1", "network", site="hq", supplier="netco", depends_on=("fw-1",))
WEB = Device("web-1", "hosting", site="hq", supplier="hostco")
DOWN = rule("DeviceDown", "max by (device) (up) == 0", "2m")
OPEN, ALL = AlertFilter(), AlertFilter(state="all")


def sigma(number: int, title: str, product: str, detection: dict[str, Any], **more: Any) -> dict[str, Any]:
    return rule_document(
        {"selection": detection, "condition": "selection"},
        title=title,
        id=f"00000000-0000-4000-8000-{number:012}",
        logsource={"product": product},
        **more,
    )


RULES = (
    sigma(1, "Root login", "linux", {"user": "root"}, group_by=["device"]),
    sigma(2, "Login failure", "linux", {"outcome": "failure"}, name="login_failure"),
    rule_document(
        {},
        title="Brute force",
        id="00000000-0000-4000-8000-000000000003",
        correlation={
            "type": "event_count",
            "rules": ["login_failure"],
            "group-by": ["source_ip"],
            "timespan": "5m",
            "condition": {"gte": 5},
        },
    ),
    sigma(4, "Serial changed", "soc", {"category": "change", "instance": "serial"}),
    sigma(5, "Somebody acted", "soc", {"category": "alert", "action": "acknowledged"}),
    sigma(6, "Any alert", "soc", {"category": "alert"}),
)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    documents = [dict(document) for document in RULES[:5]]
    for document in documents:
        if "correlation" in document:
            del document["detection"], document["logsource"]
    return Estate(
        tmp_path,
        (FIREWALL, SWITCH, WEB),
        availability_rules(tmp_path, DOWN),
        load_documents(tmp_path, *documents),
    )


def failure(number: int, time: float, source: str = "203.0.113.7", user: str = "mia") -> Any:
    return event(number, time, user=user, source_ip=source, fields={"outcome": "failure"})


def alerts(store: Store, wanted: AlertFilter = ALL) -> list[tuple[str, str, int]]:
    return sorted((alert.rule_title, alert.device, alert.count) for alert in store.alerts.select(wanted))


def test_a_laptop_that_is_off_is_not_down(tmp_path: Path) -> None:
    """No state down, no alert, no failing collection; each hour a sample says when it was seen."""
    laptop = Device("lt-1", "end-user", availability="best-effort")
    groups = load_rule_files([shipped("rules") / "availability/devices.yml"])
    estate = Estate(tmp_path, (laptop, WEB), groups)
    hour = START - START % 3600 + 3600
    for minute in range(10):
        at = hour - 600 + 60 * minute
        estate.seal(estate.poll(at, {"lt-1": minute < 3, "web-1": minute < 3}), at + 1)
        estate.run(at + 2)
    estate.run(hour + 61)
    with estate.store() as store:
        assert [(alert.rule_title, alert.device) for alert in store.alerts.select(OPEN)] == [
            ("DeviceDown", "web-1")
        ]
        changes = store.query("SELECT state, cause FROM device_state WHERE device = 'lt-1' ORDER BY time")
        assert changes == [("up", "answers snmp"), ("unknown", "off or away")]
        seen = hour - 600 + 120
        [row] = store.device_list.by_names(["lt-1"], hour + 61)
        assert (row.state, row.cause, row.last_seen) == ("unknown", "off or away", seen)
        told = "device_last_seen_timestamp_seconds"
        assert store.query(
            "SELECT device, epoch(time), value FROM sample JOIN series USING (series_id) WHERE metric = ?",
            [told],
        ) == [("lt-1", hour, seen)]
        assert store.status.collection()["failing"] == 1
        status = status_document(store, tmp_path, hour + 61)
        assert (status["devices"]["down"], status["devices"]["unknown"], status["off_or_away"]) == (1, 1, 1)


def test_a_device_nobody_expects_any_more_is_off_or_away(estate: Estate) -> None:
    """From the moment the inventory says so, and down again when it does no more."""
    for minute in range(2):
        at = START + 60 * minute
        estate.seal(estate.poll(at, {"fw-1": minute < 1}), at + 1)
    estate.run(START + 70)
    for availability, state in (("best-effort", "unknown"), ("expected", "down")):
        estate.devices = (replace(FIREWALL, availability=availability), *estate.devices[1:])
        estate.run(START + 80)
        with estate.store() as store:
            assert store.states.current()["fw-1"][0] == state


def test_dependents_are_suppressed(estate: Estate) -> None:
    """Of a dead firewall and the switch behind it, only the firewall's alert counts as open."""
    for minute in range(10):
        at = START + 60 * minute
        dead = minute >= 3
        # The switch is polled before the firewall it depends on.
        builder = estate.poll(at + 5, {"sw-1": not dead, "web-1": True})
        estate.seal(estate.poll(at + 6, {"fw-1": not dead}, builder=builder), at + 10)
    summary = estate.run(START + 600)
    assert (summary.rule_times, summary.segments) == (10, 10)
    with estate.store() as store:
        assert [alert.device for alert in store.alerts.select(OPEN)] == ["fw-1"]
        [suppressed] = store.alerts.select(AlertFilter(state="suppressed"))
        assert (suppressed.device, suppressed.suppressed_by) == ("sw-1", "dependency")
        assert (suppressed.supplier, suppressed.site) == ("netco", "hq")
        states = {name: state for name, _, state, _ in store.status.devices(START + 600)}
        assert states == {"fw-1": "down", "sw-1": "unreachable", "web-1": "up"}
        transitions = store.query(
            "SELECT state, supplier FROM device_state WHERE device = 'sw-1' ORDER BY time"
        )
        assert transitions == [("up", "netco"), ("unreachable", "netco")]


def test_suppression_ends_with_the_parent(estate: Estate) -> None:
    """When the firewall is back and the switch is not, the switch's alert opens; then both resolve."""
    for minute in range(12):
        at = START + 60 * minute
        answers = {"fw-1": not 3 <= minute < 8, "sw-1": minute < 3}
        estate.seal(estate.poll(at + 5, answers), at + 10)
    estate.run(START + 720)
    with estate.store() as store:
        assert [alert.device for alert in store.alerts.select(OPEN)] == ["sw-1"]
        [switch] = store.alerts.select(OPEN)
        actions = [(step.action, step.time - START) for step in store.alerts.history(switch.id)]
        assert actions == [("opened", 360.0), ("unsuppressed", 540.0)]
        [firewall] = store.alerts.select(AlertFilter(state="resolved"))
        assert [step.action for step in store.alerts.history(firewall.id)] == ["opened", "resolved"]


def test_plain_rule_and_correlation(estate: Estate) -> None:
    """Matches of a rule that alerts open an alert; those that only feed a correlation do not."""
    failures = [failure(number, START + number) for number in range(7)]
    estate.seal(estate.events([*failures, event(100, START + 9, user="root")]), START + 10)
    summary = estate.run(START + 20)
    assert (summary.events, summary.matches) == (8, 8)
    with estate.store() as store:
        assert alerts(store) == [("Brute force", "web-1", 7), ("Root login", "web-1", 1)]
        [brute] = store.alerts.select(AlertFilter(rule="Brute force"))
        assert brute.labels == {"source_ip": "203.0.113.7"}
        assert [event_id for event_id, _ in store.alerts.evidence(brute.id)] == [
            f"event-{number}" for number in range(7)
        ]
        assert (brute.severity, brute.condition, brute.window_seconds) == ("high", "firing", 300.0)
        # It begins with the first failure, and held from the fifth on.
        assert (brute.first_seen, brute.opened) == (START, START + 4)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_out_of_order_is_one_alert(estate: Estate, order: tuple[int, ...]) -> None:
    """Whatever the order in which its evidence arrives, a burst is one alert with all of it."""
    parts = [[failure(number, START + number) for number in range(first, first + 6)] for first in (0, 6, 12)]
    for sealed, part in enumerate(order):
        estate.seal(estate.events(parts[part]), START + 30 + sealed)
        estate.run(START + 40 + sealed)
    with estate.store() as store:
        assert alerts(store) == [("Brute force", "web-1", 18)]
        [alert] = store.alerts.select(ALL)
        assert (alert.first_seen, alert.last_seen) == (START, START + 17)
        assert len(store.alerts.evidence(alert.id)) == 18


def test_late_evidence_never_opens_a_second_alert(estate: Estate) -> None:
    """Events that arrive after the alert extend it."""
    estate.seal(estate.events([failure(number, START + 100 + number) for number in range(5)]), START + 110)
    estate.run(START + 120)
    late = [replace(failure(50 + number, START + 40 + number), received=START + 150) for number in range(3)]
    estate.seal(estate.events(late), START + 151)
    estate.run(START + 160)
    with estate.store() as store:
        assert alerts(store) == [("Brute force", "web-1", 8)]


def test_repeated_pull_changes_nothing(estate: Estate) -> None:
    """Events and matches that come again in another segment are known by their ids."""
    found = [*(failure(number, START + number) for number in range(6)), event(7, START + 7, user="root")]
    for sealed in range(3):
        estate.seal(estate.events(found), START + 10 + sealed)
        summary = estate.run(START + 20 + sealed)
        assert (summary.events, summary.matches) == ((7, 7) if sealed == 0 else (0, 0))
    with estate.store() as store:
        assert alerts(store) == [("Brute force", "web-1", 6), ("Root login", "web-1", 1)]


def test_a_gap_that_making_room_left_is_one_alert(tmp_path: Path) -> None:
    """Whoever writes the segment that tells of it, the shipped rule alerts, once."""
    estate = Estate(tmp_path, (WEB,), rules=load_all_rules([]))
    gap = given_up_event(["01.parquet", "02.parquet"], START)
    for sealed in (1, 2):
        builder = SegmentBuilder()
        builder.add_event(gap)
        estate.seal(builder, START + sealed)
    estate.run(START + 3)
    with estate.store() as store:
        assert alerts(store) == [("Ingested segments given up", "", 1)]


def test_repeated_segment_changes_nothing(estate: Estate) -> None:
    """A segment whose ingestion was killed before it was set aside goes to done, unread."""
    header = estate.seal(estate.poll(START, {"fw-1": True}), START + 1)
    estate.run(START + 2)
    name = f"{header.segment}.parquet"
    (estate.spool.done_directory / name).rename(estate.spool.directory / name)
    summary = estate.run(START + 3)
    assert summary.segments == 0
    assert estate.spool.waiting() == []
    with estate.store() as store:
        assert store.query("SELECT count(*) FROM sample") == [(1,)]


def test_changed_fact_is_matched(estate: Estate) -> None:
    """A change of a fact makes an event of ours, and the event is matched in the same run."""
    for minute, serial in enumerate(["A1", "A1", "B2"]):
        at = START + 60 * minute
        builder = SegmentBuilder()
        builder.add_fact("fw-1", Fact("identity", serial, "serial"), at)
        builder.add_poll(Poll("fw-1", "identity", at, True, True, fact_keys=("identity",)))
        estate.seal(builder, at + 1)
    summary = estate.run(START + 200)
    assert summary.fact_changes == 2
    with estate.store() as store:
        assert alerts(store) == [("Serial changed", "fw-1", 1)]
        [alert] = store.alerts.select(ALL)
        [changed] = store.events.by_ids([event_id for event_id, _ in store.alerts.evidence(alert.id)])
        assert changed.service == "identity"
        assert changed.fields == {"action": "changed", "instance": "serial", "old": "A1", "new": "B2"}


def test_actions_are_events(estate: Estate) -> None:
    """What people do to alerts is matched like everything else, and cannot trigger itself."""
    estate.seal(estate.events([event(1, START, user="root")]), START + 1)
    estate.run(START + 2)
    with estate.store() as store:
        [alert] = store.alerts.select(OPEN)
        from soc.alerting import acknowledge

        actor = Actor(1001, "mia", "cli")
        apply_action(store, alert, lambda found: acknowledge(found, actor, START + 5, "r1"), START + 5)
        estate.run(START + 10, store)
        assert alerts(store) == [("Root login", "web-1", 1), ("Somebody acted", "web-1", 1)]


def test_rules_over_alerts_do_not_trigger_themselves(tmp_path: Path) -> None:
    """A rule that matches any alert ends after one round."""
    estate = Estate(tmp_path, (WEB,), rules=load_documents(tmp_path, RULES[0], RULES[5]))
    estate.seal(estate.events([event(1, START, user="root")]), START + 1)
    summary = estate.run(START + 2)
    assert summary.alerts_opened == 2
    with estate.store() as store:
        assert alerts(store) == [("Any alert", "web-1", 1), ("Root login", "web-1", 1)]


def test_old_rule_times_are_a_gap(estate: Estate) -> None:
    """After a stop of days nothing has resolved: it is unknown until the next evaluation."""
    for minute in range(5):
        estate.seal(estate.poll(START + 60 * minute, {"fw-1": False}), START + 60 * minute + 1)
    estate.run(START + 300)
    days_later = START + 3 * 86400
    with estate.store() as store:
        assert alerts(store, OPEN) == [("DeviceDown", "fw-1", 1)]
        summary = estate.run(days_later, store)
        assert (summary.gaps, summary.rule_times) == (1, 120)
        [(group, begin, end, reason)] = store.rules.gaps()
        assert group.endswith(";test")
        assert (begin, end) == (START + 300, days_later - 7200)
        assert "2 h" in reason
        [alert] = store.alerts.select(ALL)
        history = [(step.action, step.condition_to) for step in store.alerts.history(alert.id)]
        assert history[:2] == [("opened", "firing"), ("no-data", "no-data")]


def test_rule_that_fails_stops_no_other(estate: Estate, tmp_path: Path) -> None:
    """A rule that cannot be evaluated leaves a gap of its own; the others go on."""
    estate.groups = availability_rules(tmp_path, rule("Ambiguous", "up", device="same"), DOWN)
    for minute in range(5):
        estate.seal(estate.poll(START + 60 * minute, {"fw-1": False, "sw-1": True}), START + 60 * minute + 1)
    estate.run(START + 300)
    with estate.store() as store:
        assert alerts(store) == [("DeviceDown", "fw-1", 1)]
        [(gap, begin, end, reason)] = store.rules.gaps()
        assert (gap, begin, end) == ("test/Ambiguous", START, START + 300)
        assert "two results" in reason


def test_starts_with_the_oldest_sample(estate: Estate) -> None:
    """A fresh store evaluates from the first rule time after its oldest sample on, each once."""
    estate.seal(estate.poll(START - 90, {"fw-1": True}), START - 80)
    assert estate.run(START + 1).rule_times == 2
    assert estate.run(START + 59).rule_times == 0
    assert estate.run(START + 60).rule_times == 1


def test_unreadable_segments_are_set_aside(estate: Estate) -> None:
    """A torn, a foreign and a misnamed segment go to quarantine with an event; the others are ingested."""
    headers = [estate.seal(estate.poll(START + at, {"fw-1": True}), START + at + 1) for at in (0, 60, 120)]
    torn = estate.spool.directory / f"{headers[1].segment}.parquet"
    torn.write_bytes(torn.read_bytes()[:-20])
    (estate.spool.directory / "01AAAAAAAAAAAAAAAAAAAAAAAA.parquet").write_bytes(b"no segment")
    copy = estate.spool.directory / "01AAAAAAAAAAAAAAAAAAAAAAAB.parquet"
    copy.write_bytes((estate.spool.directory / f"{headers[0].segment}.parquet").read_bytes())
    summary = estate.run(START + 130)
    assert (summary.segments, summary.quarantined, summary.samples) == (2, 3, 2)
    assert len(list(estate.spool.quarantine_directory.glob("*.reason"))) == 3
    with estate.store() as store:
        rows = store.query("SELECT fields['segment'] FROM event WHERE category = 'spool' ORDER BY 1")
        assert rows == [(copy.stem[:-1] + "A",), (copy.stem,), (headers[1].segment,)]


def test_many_unreadable_segments_are_set_aside_by_and_by(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction reports so many of them, that its journal entry stays within bounds."""
    monkeypatch.setattr(waiting, "SET_ASIDE_PER_TRANSACTION", 2)
    for number in range(5):
        (estate.spool.directory / f"01AAAAAAAAAAAAAAAAAAAAAAA{number}.parquet").write_bytes(b"no segment")
    estate.seal(estate.poll(START, {"fw-1": True}), START + 1)
    summary = estate.run(START + 10)
    assert (summary.segments, summary.quarantined) == (1, 5)
    assert len(list(estate.spool.quarantine_directory.glob("*.reason"))) == 5
    told = [len(frame.document["events"]) for path in journal_files(estate.directory / "journal/redo")
            for frame in read_file(path) if frame.document.get("kind") == "work"]  # fmt: skip
    assert sorted(filter(None, told)) == [1, 2, 2]


def test_damaged_rows_are_set_aside(estate: Estate) -> None:
    """A segment whose header reads and whose rows do not stops nobody."""
    bad = estate.seal(estate.poll(START, {"fw-1": True}), START + 1)
    estate.seal(estate.poll(START + 60, {"fw-1": True}), START + 61)
    path = estate.spool.directory / f"{bad.segment}.parquet"
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    summary = estate.run(START + 70)
    assert (summary.segments, summary.quarantined, summary.samples) == (1, 1, 1)


def test_refused_rows_are_set_aside(estate: Estate) -> None:
    """Rows that the store does not take go aside with their segment; the others are ingested."""
    for at in (START, START + 60):
        estate.seal(estate.poll(at, {"fw-1": True}), at + 1)
    bad = SegmentBuilder()
    bad.add_sample("fw-1", Sample("up", 1.0, {}, START), 60)
    header = estate.seal(bad, START + 90)
    path = estate.spool.directory / f"{header.segment}.parquet"
    frame = read_frame(path).with_columns(pl.lit('["no", "object"]').alias("labels"))
    path.write_bytes(encode(frame, header))
    summary = estate.run(START + 100)
    assert (summary.segments, summary.quarantined, summary.samples) == (2, 1, 2)
    assert [path.stem for path in estate.spool.quarantine_directory.glob("*.parquet")] == [header.segment]


def test_store_deleted_while_segments_wait(estate: Estate) -> None:
    """A new store takes what waits; what was done can be put back to rebuild it."""
    estate.seal(estate.poll(START, {"fw-1": True}), START + 1)
    estate.run(START + 2)
    estate.seal(estate.poll(START + 60, {"fw-1": True}), START + 61)
    for path in estate.directory.glob("soc.duckdb*"):
        path.unlink()
    assert estate.run(START + 62).samples == 1
    for path in estate.spool.done_directory.glob("*.parquet"):
        path.rename(estate.spool.directory / path.name)
    estate.run(START + 63)
    with estate.store() as store:
        assert store.query("SELECT count(*), count(DISTINCT time) FROM sample") == [(2, 2)]


def test_withdrawn_rule_resolves(estate: Estate, tmp_path: Path) -> None:
    """An alert of a rule that is no longer loaded resolves, saying why."""
    for minute in range(5):
        estate.seal(estate.poll(START + 60 * minute, {"fw-1": False}), START + 60 * minute + 1)
    estate.run(START + 300)
    estate.groups = availability_rules(tmp_path, rule("Other", "up == 5"))
    estate.run(START + 301)
    with estate.store() as store:
        [alert] = store.alerts.select(ALL)
        assert alert.condition == "resolved"
        assert store.alerts.history(alert.id)[-1].reason == "the rule is no longer loaded"


def test_catching_up_equals_keeping_up(tmp_path: Path) -> None:
    """Many rule times at once give what as many runs on time give."""
    results = []
    for name, at_once in (("live", False), ("late", True)):
        directory = tmp_path / name
        directory.mkdir()
        estate = Estate(
            directory,
            (FIREWALL, SWITCH, WEB),
            availability_rules(directory, DOWN, rule("Hot", "heat > 50", "3m")),
        )
        for minute in range(14):
            at = START + 60 * minute
            builder = estate.poll(at + 5, {"fw-1": not 2 <= minute < 7, "sw-1": not 2 <= minute < 11})
            heat = Sample("heat", 60.0 if 2 <= minute < 9 else 20.0, {}, at + 5)
            builder.add_sample("web-1", heat, 60)
            estate.seal(builder, at + 6)
            if not at_once:
                estate.run(at + 60)
        estate.run(START + 840)
        with estate.store() as store:
            results.append(
                store.query(
                    """
                    SELECT alert.device, transition.time, transition.action, transition.suppressed_by
                    FROM alert_transition AS transition JOIN alert ON alert.id = transition.alert_id
                    ORDER BY ALL
                    """
                )
            )
    assert results[0] == results[1]
    assert len(results[0]) >= 6


@pytest.mark.parametrize("restarted", [False, True])
def test_clock_that_is_set_back(estate: Estate, restarted: bool) -> None:
    """Polls count again at once after the clock was a day ahead, in a hub that runs on and in a new one."""
    clock = [START + 86_400.0]
    estate.seal(estate.poll(clock[0] - 10, {"fw-1": True}), clock[0] - 9)
    with estate.store() as store:
        pipeline = estate.pipeline(store)
        pipeline.run(lambda: clock[0])
        clock[0] = START
        estate.seal(estate.poll(START - 10, {"fw-1": False}), START - 9)
        if restarted:
            pipeline = estate.pipeline(store)
            pipeline.prepare(START)
        while pipeline.step(START):
            pass
        states = {device: state for device, _, state, _ in store.status.devices(START)}
    assert states["fw-1"] == "down"

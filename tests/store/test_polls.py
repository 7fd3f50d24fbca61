"""Poll outcomes, and when their word runs out."""

from __future__ import annotations

import pytest

from soc.model import Device, Poll, Sample
from soc.spool.segment import SegmentBuilder
from soc.store import Store
from tests.store.conftest import Stage


def polls(*outcomes: tuple[float, bool], collector: str = "snmp", reason: str = "timeout") -> SegmentBuilder:
    """Outcomes (time, answered) of device a."""
    builder = SegmentBuilder()
    for time, answered in outcomes:
        builder.add_poll(
            Poll(
                "a", collector, time, answered, answered, "" if answered else reason, interval_seconds=60
            )
        )  # fmt: skip
    return builder


def apply(store: Store, stage: Stage, builder: SegmentBuilder) -> list[tuple[float, bool | None]]:
    """(time, answered) of what changed."""
    assert stage(builder) == {}
    store.polls.add_staged()
    found = [(change.time, change.answered) for change in store.polls.reachability_staged()]
    store.polls.keep_reachability()
    return found


def expiry(store: Store) -> float:
    [(expires,)] = store.query("SELECT epoch(expires) FROM reachability_current")
    return float(expires)


def test_only_changes_are_told(store: Store, stage: Stage) -> None:
    """The first answer and every other answer are changes, within a segment and between them."""
    assert apply(store, stage, polls((0, True), (60, True), (120, False))) == [(0, True), (120, False)]
    assert apply(store, stage, polls((180, False), (240, True))) == [(240, True)]


def test_gap_is_told(store: Store, stage: Stage) -> None:
    """A poll that comes too late is a change, and so was the moment the one before ran out."""
    apply(store, stage, polls((0, True), (60, True)))
    assert apply(store, stage, polls((3600, True))) == [(210, None), (3600, True)]


def test_expired_once(store: Store, stage: Stage) -> None:
    """A poll runs out 2.5 intervals later, once, and the next answer is a change."""
    apply(store, stage, polls((0, True), (60, True)))
    assert store.polls.expire(209) == []
    assert [change.time for change in store.polls.expire(210)] == [210]
    assert store.polls.expire(1000) == []
    assert store.polls.answers(["a"]) == {}
    assert apply(store, stage, polls((220, True))) == [(220, True)]


@pytest.mark.parametrize(
    ("times", "cadence"),
    [
        ([0], 60),
        ([0, 300], 300),
        ([0, 300, 600, 900], 300),
        ([0, 60, 120, 180, 7380], 60),
        ([0, 300, 600, 605, 900], 295),
        ([0, 60, 120, 180, 3780, 7380], 3600),
    ],
)
@pytest.mark.parametrize("one_segment", [True, False])
def test_cadence(store: Store, stage: Stage, times: list[float], cadence: float, one_segment: bool) -> None:
    """What counts is the cadence actually run, but neither one stop nor one extra poll."""
    if one_segment:
        apply(store, stage, polls(*((time, True) for time in times)))
    else:
        for time in times:
            apply(store, stage, polls((time, True)))
    assert expiry(store) == times[-1] + 2.5 * cadence


def test_late_poll_is_ignored(store: Store, stage: Stage) -> None:
    """A poll older than the known one says nothing new."""
    apply(store, stage, polls((120, True)))
    assert apply(store, stage, polls((60, False))) == []


def test_polls_of_a_clock_that_was_ahead_are_forgotten(store: Store, stage: Stage) -> None:
    """What came from the future no longer makes the present seem late."""
    apply(store, stage, polls((0, True), (86_400, True)))
    store.polls.forget_after(120)
    assert apply(store, stage, polls((60, False))) == [(60, False)]


@pytest.mark.parametrize("reason", ["resting", "credential", "deadline"])
def test_polls_that_asked_nothing(store: Store, stage: Stage, reason: str) -> None:
    """Where nothing was sent or awaited, nothing is known of the device; the failure is still counted."""
    apply(store, stage, polls((0, True)))
    assert apply(store, stage, polls((60, False), reason=reason)) == []
    assert store.status.collection() == {"last": 60.0, "failing": 1, "reasons": {reason: 1}}


def test_what_was_not_believed_is_counted_by_reason(store: Store, stage: Stage) -> None:
    """A poll that worked may have met oddities: those of the last poll stand beside the failures."""
    builder = polls((0, True), (60, True))
    for time, reason, count in ((0, "protocol", 9), (60, "type", 3), (60, "limit", 1)):
        labels = {"collector": "snmp", "reason": reason}
        builder.add_sample("a", Sample("poll_rejected_values", count, labels, time), 60)
    assert stage(builder) == {}
    store.polls.add_staged()
    store.series.add_staged()
    assert store.status.collection() == {"last": 60.0, "failing": 0, "reasons": {"limit": 1, "type": 3}}


def test_other_collectors_do_not_reach(store: Store, stage: Stage) -> None:
    """Only snmp, ssh, ping and local say whether a device answers."""
    assert apply(store, stage, polls((0, False), collector="interfaces")) == []


def test_the_last_answer_stays_known(store: Store, stage: Stage) -> None:
    """However many polls fail after it, within a segment and after it, and though they run out."""
    store.devices.sync([Device("a", "end-user", availability="best-effort")], 0)
    assert store.polls.seen("best-effort") == []
    apply(store, stage, polls((0, False)))
    assert store.polls.seen("best-effort") == []
    apply(store, stage, polls((60, True), (120, True), (180, False)))
    apply(store, stage, polls((240, False)))
    apply(store, stage, polls((90, True), collector="ping"))
    store.polls.expire(10_000)
    assert store.polls.seen("best-effort") == [("a", 120)]
    apply(store, stage, polls((20_000, False)))
    [row] = store.device_list.by_names(["a"], 20_001)
    assert (row.last_seen, row.availability) == (120, "best-effort")
    assert store.polls.seen("expected") == []


@pytest.mark.parametrize(("availability", "seen"), [("best-effort", False), ("expected", True)])
def test_who_has_another_host_key_is_not_it(
    store: Store, stage: Stage, availability: str, seen: bool
) -> None:
    """The address of what comes and goes was handed on: nothing there is its answer until its key is back."""
    store.devices.sync([Device("a", "end-user", availability=availability)], 0)

    def cycle(time: float, reason: str) -> list[tuple[str, bool | None]]:
        builder = SegmentBuilder()
        for collector, failed in (("ping", ""), ("ssh", reason)):
            builder.add_poll(Poll("a", collector, time, not failed, True, failed, interval_seconds=60))
        assert stage(builder) == {}
        store.polls.add_staged()
        found = [(change.collector, change.answered) for change in store.polls.reachability_staged()]
        store.polls.keep_reachability()
        return found

    assert cycle(60, "") == [("ping", True), ("ssh", True)]
    assert cycle(120, "host-key-changed") == ([] if seen else [("ping", False), ("ssh", False)])
    assert store.polls.answers(["a"]) == {"a": {"ping": seen, "ssh": seen}}
    assert store.polls.seen(availability) == [("a", 120 if seen else 60)]
    assert cycle(180, "") == ([] if seen else [("ping", True), ("ssh", True)])


def test_host_key_of_a_jump_host_makes_no_stranger(store: Store, stage: Stage) -> None:
    """Where the key that changed is that of the host on the way, the device itself showed none."""
    store.devices.sync([Device("a", "end-user", availability="best-effort")], 0)
    builder = SegmentBuilder()
    builder.add_poll(Poll("a", "ssh", 60, False, False, "host-key-changed", interval_seconds=60))
    apply(store, stage, builder)
    apply(store, stage, polls((120, True), collector="ping"))
    assert store.polls.answers(["a"]) == {"a": {"ping": True, "ssh": False}}


def test_stranger_is_forgotten_where_nobody_looks_any_more(store: Store, stage: Stage) -> None:
    """Without SSH, another host key counts no longer than any poll; then the device is heard again."""
    store.devices.sync([Device("a", "end-user", availability="best-effort")], 0)
    builder = SegmentBuilder()
    builder.add_poll(Poll("a", "ssh", 60, False, True, "host-key-changed", interval_seconds=60))
    assert apply(store, stage, builder) == [(60, False)]
    assert apply(store, stage, polls((120, True), collector="ping")) == [(120, False)]
    assert apply(store, stage, polls((180, True), (240, True), collector="ping")) == [(240, True)]

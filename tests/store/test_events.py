"""Events, ours and others', each once."""

from __future__ import annotations

from soc.model import Event, Match
from soc.model.filters import parse_filter
from soc.spool.segment import SegmentBuilder
from soc.store import Store
from soc.store.filters import Asker
from tests.store.conftest import Stage

FULL = Event(
    "e1", 1000.5, 1001.25, "web-1", "10.0.0.1", True, "linux", "authentication", "sshd", 3002, 1, 3,
    "Failed password", "root", "203.0.113.7", "10.0.0.2", "sshd", {"outcome": "failure"}, "raw text",
)  # fmt: skip


def test_event_round_trip(store: Store, stage: Stage) -> None:
    """Every field of an event comes back as it was."""
    builder = SegmentBuilder()
    builder.add_event(FULL)
    assert stage(builder) == {}
    assert store.events.add_staged(1) == 1
    assert store.events.by_ids(["e1"]) == [FULL]


def test_own_events_wait_to_be_matched(store: Store, stage: Stage) -> None:
    """Ours wait, those of collection among them; what was refined does not."""
    builder = SegmentBuilder()
    builder.add_event(FULL)
    builder.add_event(Event("e2", 1000, 1000, product="soc", category="collection"))
    stage(builder)
    store.events.add_staged(3)
    store.events.add_own([Event("e3", 999, 999, product="soc", category="change")], 4)
    store.events.add_own([Event("e4", 999, 999, product="soc", category="alert")], None)
    assert [event.id for event in store.events.own_since(2)] == ["e3", "e2"]
    assert [event.id for event in store.events.own_since(3)] == ["e3"]
    assert store.events.has_own_since(3)
    assert not store.events.has_own_since(4)


def test_match_sessions(store: Store, stage: Stage) -> None:
    """New matches are grouped by rule and labels, and split by the window; known ones do not count."""
    builder = SegmentBuilder()
    times = {"a": 0.0, "b": 3600.0, "c": 7300.0}
    for event_id, time in times.items():
        builder.add_match(Match(event_id, "r", "v", time, time, "web-1", {"user": "mia"}, {"source_ip": "x"}))
    stage(builder)
    assert store.matches.add((), staged=True) == 3
    first, second = store.matches.sessions(3600, 50)
    assert (first.first, first.last, first.count, first.labels) == (0, 3600, 2, {"user": "mia"})
    assert first.events == (("a", 0.0), ("b", 3600.0))
    assert (second.first, second.device) == (7300, "web-1")
    [touch] = store.matches.touched()
    assert (touch.fields, touch.first, touch.last) == ({"source_ip": "x"}, 0, 7300)
    assert store.matches.add((), staged=True) == 0
    assert store.matches.sessions(3600, 50) == []


def test_what_we_ran_on_a_device_hides_none_of_its_events(store: Store, stage: Stage) -> None:
    """A device's latest events are its own; what was run there is found by asking for it."""
    builder = SegmentBuilder()
    builder.add_event(FULL)
    for number in range(60):
        builder.add_event(
            Event(
                f"x{number}", 1001, 1001, "web-1", product="soc", category="execution", service="linux-load"
            )
        )
    stage(builder)
    store.events.add_staged(1)
    assert [event.id for event in store.events.of_device("web-1", 0, 2000, 50)] == ["e1"]
    ran = store.events.select(parse_filter("product:soc category:execution"), Asker(2000), 0, 2000, 100)
    assert len(ran) == 60

"""Facts: history, the present, and an event for every change."""

from __future__ import annotations

from soc.collect.load import load_collectors
from soc.model import Fact, Poll
from soc.spool.segment import SegmentBuilder
from soc.store import Store
from tests.store.conftest import Stage
from tests.support.agent_values import parse_agent


def reading(builder: SegmentBuilder, time: float, *, complete: bool = True, **members: str) -> None:
    """One reading of the accounts of host a."""
    for name, value in members.items():
        builder.add_fact("a", Fact("account", value, name), time)
    builder.add_poll(Poll("a", "accounts", time, True, True, fact_keys=("account",) if complete else ()))


def changes(store: Store) -> list[tuple[str, str, str, str]]:
    return store.query(
        """
        SELECT fields['action'], fields['instance'], fields['old'], fields['new'] FROM event
        WHERE product = 'soc' AND category = 'change' AND service = 'account' ORDER BY time, 1, 2
        """
    )


def apply(store: Store, stage: Stage, builder: SegmentBuilder) -> int:
    assert stage(builder) == {}
    return store.facts.add_staged(5000.0, 1)


def test_baseline_then_changes(store: Store, stage: Stage) -> None:
    """The first reading is the baseline; added, changed and removed members then make an event each."""
    builder = SegmentBuilder()
    reading(builder, 100, root="0", ann="1000")
    reading(builder, 200, root="0", ann="1001", eve="0")
    reading(builder, 300, root="0", eve="0")
    assert apply(store, stage, builder) == 5
    assert changes(store) == [
        ("added", "eve", "", "0"), ("changed", "ann", "1000", "1001"), ("removed", "ann", "1001", ""),
    ]  # fmt: skip
    assert store.facts.current("a") == [("account", "eve", "0", 200), ("account", "root", "0", 100)]


def test_same_over_several_segments(store: Store, stage: Stage) -> None:
    """How readings are cut into segments makes no difference."""
    for time, members in ((100, {"ann": "1"}), (200, {"ann": "2"}), (300, {}), (400, {"ann": "2"})):
        builder = SegmentBuilder()
        reading(builder, time, **members)
        apply(store, stage, builder)
    assert [row[0] for row in changes(store)] == ["changed", "removed", "added"]


def test_incomplete_reading_removes_nothing(store: Store, stage: Stage) -> None:
    """Only a complete reading says that a member is gone."""
    for time, members in ((100, {"ann": "1", "bob": "2"}), (200, {"ann": "1"})):
        builder = SegmentBuilder()
        reading(builder, time, complete=time == 100, **members)
        apply(store, stage, builder)
    assert changes(store) == []
    assert len(store.facts.current("a")) == 2


def test_member_after_an_empty_baseline(store: Store, stage: Stage) -> None:
    """A set that was read empty has its baseline too."""
    for time, members in ((100, {}), (200, {"eve": "0"})):
        builder = SegmentBuilder()
        reading(builder, time, **members)
        apply(store, stage, builder)
    assert changes(store) == [("added", "eve", "", "0")]


def test_late_reading_changes_nothing(store: Store, stage: Stage) -> None:
    """A reading older than what is known does not turn time back."""
    for time, value in ((100, "1"), (300, "2"), (200, "1")):
        builder = SegmentBuilder()
        reading(builder, time, ann=value)
        apply(store, stage, builder)
    assert store.facts.current("a") == [("account", "ann", "2", 300)]
    assert len(changes(store)) == 1


def test_new_firmware_and_a_swapped_unit_are_events(store: Store, stage: Stage) -> None:
    """What the collector of identity reads of a device before and after makes an event for each part."""
    collector = next(item for item in load_collectors() if item.name == "system_identity")
    entity = "1.3.6.1.2.1.47.1.1.1.1"  # ENTITY-MIB, the chassis in row 1
    for time, software, serial in ((100, "7.1", "SN1"), (200, "7.2", "SN1"), (300, "7.2", "SN2")):
        chassis = {f"{entity}.5.1": 3, f"{entity}.10.1": software.encode(), f"{entity}.11.1": serial.encode()}
        outcome = parse_agent(collector, {"1.3.6.1.2.1.1.1.0": b"a switch", **chassis})
        builder = SegmentBuilder()
        for fact in outcome.facts:
            builder.add_fact("a", fact, time)
        builder.add_poll(Poll("a", collector.name, time, True, True, fact_keys=tuple(collector.facts)))
        apply(store, stage, builder)
    assert store.query(
        """
        SELECT fields['action'], fields['instance'], fields['old'], fields['new'] FROM event
        WHERE product = 'soc' AND category = 'change' AND service = 'identity' ORDER BY time
        """
    ) == [("changed", "version", "7.1", "7.2"), ("changed", "serial", "SN1", "SN2")]

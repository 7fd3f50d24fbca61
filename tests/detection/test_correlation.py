"""soc.detection.correlation"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc.detection import Correlation, Finding, Origin, evaluate

_ORIGIN = Origin("c.yml", 1, "", "v")


@dataclass(frozen=True)
class Row:
    """The narrow view of a match that evaluation asks for."""

    event_id: str
    time: float
    rule_id: str = "r"
    fields: dict[str, str] = field(default_factory=lambda: {"user": "ann"})


def correlation(kind: str = "event_count", **more: Any) -> Correlation:
    values: dict[str, Any] = {
        "id": "c", "name": "c", "title": "C", "level": "high", "author": "", "description": "", "tags": (),
        "kind": kind, "members": ("r",), "group_by": ("user",), "aliases": {}, "timespan_seconds": 60.0,
        "operator": "gte", "count": 3.0, "count_field": "", "runbook": "", "tests": (), "origin": _ORIGIN,
    }  # fmt: skip
    return Correlation(**{**values, **more})


def rows(*times: float, rule_id: str = "r") -> list[Row]:
    return [Row(f"{rule_id}{time:g}", time, rule_id) for time in times]


def times(findings: Sequence[Finding]) -> list[tuple[float, float, int]]:
    return [(finding.first_time, finding.last_time, finding.count) for finding in findings]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([0, 10], []),
        ([0, 10, 60], [(0, 60, 3)]),
        ([0, 10, 61], []),
        ([0, 30, 59, 80, 100, 130], [(0, 130, 6)]),
        ([0, 1, 2, 100, 101, 102], [(0, 2, 3), (100, 102, 3)]),
        ([5, 5, 5], []),
    ],
)
def test_event_count(events: list[float], expected: list[tuple[float, float, int]]) -> None:
    """So many distinct events in a closed window; overlapping windows are one finding."""
    assert times(evaluate(correlation(), rows(*events))) == expected


def test_the_cause_is_the_event_that_fulfilled_it() -> None:
    """A finding names its group, its evidence in order, and where the condition first held."""
    (finding,) = evaluate(correlation(), rows(20, 0, 10, 30))
    assert finding.labels == {"user": "ann"}
    assert finding.event_ids == ("r0", "r10", "r20", "r30")
    assert finding.cause == "r20"


def test_evidence_is_bounded_and_the_count_is_not() -> None:
    """The first fifty events are named, all are counted."""
    (finding,) = evaluate(correlation(), rows(*range(200)))
    assert (len(finding.event_ids), finding.count) == (50, 200)


def test_only_moments_since_are_judged() -> None:
    """What was judged before is not found again; a window that reaches back is."""
    events = rows(0, 1, 2, 100, 101, 102)
    assert times(evaluate(correlation(), events, since=50)) == [(100, 102, 3)]
    assert times(evaluate(correlation(), rows(0, 1, 2, 40), since=40)) == [(0, 40, 4)]
    assert evaluate(correlation(), rows(0, 1, 2), since=3) == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=30), st.integers(1, 5))
def test_any_batching_finds_the_same_evidence(seconds: list[int], size: int) -> None:
    """Evaluated batch by batch, with the matches within reach, nothing is found that is not found at
    once, and nothing is missed."""
    item = correlation()
    events = [Row(str(number), float(time)) for number, time in enumerate(seconds)]
    whole = evaluate(item, events)
    pieces: list[Finding] = []
    for start in range(0, len(events), size):
        known, new = events[: start + size], events[start : start + size]
        first, last = min(row.time for row in new), max(row.time for row in new)
        near = [row for row in known if first - item.reach_seconds <= row.time <= last + item.reach_seconds]
        pieces += evaluate(item, near, since=first)
    found = {moment for piece in pieces for moment in piece.event_ids}
    assert found == {moment for piece in whole for moment in piece.event_ids}
    for piece in pieces:
        assert any(one.first_time <= piece.first_time and piece.last_time <= one.last_time for one in whole)


@pytest.mark.parametrize(
    ("operator", "count", "expected"),
    [("gt", 2, 1), ("gt", 3, 0), ("eq", 3, 1), ("eq", 4, 0), ("lte", 1, 1), ("lt", 1, 0), ("neq", 3, 1)],
)
def test_operators(operator: str, count: float, expected: int) -> None:
    """Every comparison is judged as each event arrives."""
    assert len(evaluate(correlation(operator=operator, count=count), rows(0, 1, 2))) == expected


def test_value_count_counts_distinct_values() -> None:
    """Repeats of a value count once, rows without the field not at all."""
    item = correlation("value_count", count_field="port")
    ports = ["1", "1", "2", "", "3"]
    events = [
        Row(f"e{number}", number, fields={"user": "ann", "port": port}) for number, port in enumerate(ports)
    ]
    assert times(evaluate(item, events)) == [(0, 4, 5)]
    assert evaluate(item, events[:4]) == []


def test_values_leave_with_the_window() -> None:
    """A value seen only before the window no longer counts."""
    item = correlation("value_count", count_field="port")
    events = [Row(f"e{time}", time, fields={"user": "ann", "port": str(time)}) for time in (0, 50, 100, 150)]
    assert evaluate(item, events) == []


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([0], [10], [(0, 10, 2)]),
        ([10], [0], []),
        ([5], [5], [(5, 5, 2)]),
        ([0], [61], []),
        ([0, 50], [61], [(50, 61, 2)]),
        ([0], [10, 20], [(0, 20, 3)]),
    ],
)
def test_temporal_ordered(a: list[float], b: list[float], expected: list[tuple[float, float, int]]) -> None:
    """Each rule after the one before, within the timespan; equal times are in order."""
    item = correlation("temporal_ordered", members=("a", "b"), count=2.0)
    assert times(evaluate(item, [*rows(*b, rule_id="b"), *rows(*a, rule_id="a")])) == expected


def test_one_event_is_not_a_sequence() -> None:
    """An event that matches both rules does not follow itself."""
    item = correlation("temporal_ordered", members=("a", "b"), count=2.0)
    assert evaluate(item, [Row("e", 5, "a"), Row("e", 5, "b")]) == []


def test_temporal_in_any_order() -> None:
    """All rules within the timespan, or as many of them as the condition asks."""
    events = [*rows(0, rule_id="b"), *rows(10, rule_id="a"), *rows(200, rule_id="d")]
    item = correlation("temporal", members=("a", "b", "d"), count=3.0)
    assert evaluate(item, events) == []
    assert times(evaluate(replace(item, count=2.0), events)) == [(0, 10, 2)]


def nested() -> Correlation:
    inner = correlation(id="inner", members=("fail",), group_by=("user", "device"))
    return correlation(
        "temporal_ordered",
        members=("inner", "ok"),
        count=2.0,
        nested={"inner": inner},
        timespan_seconds=100.0,
    )


def _login(rule_id: str, *when: float, device: str = "d1") -> list[Row]:
    return [
        Row(f"{rule_id}{time:g}{device}", time, rule_id, {"user": "ann", "device": device}) for time in when
    ]


def test_a_burst_then_a_success() -> None:
    """A nested correlation holds at its own moments, with its own timespan and evidence."""
    item = nested()
    assert item.rule_ids == {"fail", "ok"}
    assert item.reach_seconds == 160.0
    assert times(evaluate(item, [*_login("fail", 0, 20, 40), *_login("ok", 120)])) == [(0, 120, 4)]
    assert evaluate(item, [*_login("fail", 0, 20, 40), *_login("ok", 30)]) == []
    assert evaluate(item, [*_login("fail", 0, 20, 40), *_login("ok", 141)]) == []
    assert evaluate(item, [*_login("fail", 0, 20), *_login("ok", 30)]) == []


def test_a_nested_correlation_keeps_its_own_groups() -> None:
    """Failures spread over two devices are not a burst on one."""
    spread = [*_login("fail", 0, 20), *_login("fail", 40, device="d2"), *_login("ok", 50)]
    assert evaluate(nested(), spread) == []


def test_groups_follow_aliases_and_need_every_field() -> None:
    """Each rule may have its own field for a group label; a match without one takes no part."""
    item = correlation(aliases={"user": {"r": "account"}})
    assert item.group("r", {"account": "ann"}) == {"user": "ann"}
    assert item.group("r", {"user": "ann"}) is None
    assert item.group("other", {"user": "ann"}) == {"user": "ann"}


def test_no_group_by_is_one_group() -> None:
    """Without group-by all matches belong together."""
    assert correlation(group_by=()).group("r", {}) == {}


def test_other_rules_and_repeats_do_not_count() -> None:
    """Rows of rules the correlation does not name, and the same row twice, change nothing."""
    assert evaluate(correlation(), [*rows(0, 1), *rows(0, 1), *rows(2, 3, rule_id="x")]) == []

"""Sigma correlations as a pure function over the matches of one group.

The caller keeps matches (soc.model.Match), and for every group that new matches touch, in
[first, last] of their times, evaluates once:

    for rule_id in rules touched:
        for correlation in ruleset.correlations_over[rule_id]:
            group = correlation.group(match.rule_id, match.fields)   # None: takes no part
    rows = matches of any of correlation.rule_ids in that group with a time in
           [first - correlation.reach_seconds, last + correlation.reach_seconds]
    findings = evaluate(correlation, rows, since=first)

A condition is judged at the moment of each match, over the closed window
[moment - timespan, moment] that ends there. Only moments from `since` on are judged: those before
it saw nothing new. Moments whose windows overlap are one finding, so that a burst of any length is
one; its cause is the event at which the condition first held. Evaluating again, with the same or
with later matches, gives findings of the same causes: they extend an alert, never open a second.

Equal times count as in order, for logs whose clock has whole seconds.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from soc.detection.predicate import COMPARISONS
from soc.detection.rules import Correlation

MAXIMUM_EVIDENCE = 50


class MatchRow(Protocol):
    """What evaluation reads of a match; soc.model.Match has it."""

    @property
    def event_id(self) -> str: ...
    @property
    def rule_id(self) -> str: ...
    @property
    def time(self) -> float: ...
    @property
    def fields(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """A correlation held for one group. `event_ids` are the first MAXIMUM_EVIDENCE of `count`."""

    correlation: Correlation
    labels: Mapping[str, str]  # the group-by fields with their values
    first_time: float  # of the evidence, UTC seconds
    last_time: float
    event_ids: tuple[str, ...]  # in the order of their times
    count: int
    cause: str  # id of the event at which the condition first held


@dataclass(frozen=True, slots=True)
class _Moment:
    """The condition held at `end` by what happened since `start`."""

    start: float
    end: float
    cause: str


def evaluate(
    correlation: Correlation, rows: Sequence[MatchRow], since: float = float("-inf")
) -> list[Finding]:
    """Findings in the rows of one group, which may come in any order and repeat. Times are UTC seconds."""
    wanted = correlation.rule_ids
    ordered = _distinct(row for row in rows if row.rule_id in wanted)
    moments = [moment for moment in _moments(correlation, ordered) if moment.end >= since]
    if not moments:
        return []
    labels = next(
        (found for row in ordered if (found := correlation.group(row.rule_id, row.fields)) is not None), {}
    )
    findings = []
    for start, end, cause in _merged(moments):
        evidence = list(dict.fromkeys(row.event_id for row in ordered if start <= row.time <= end))
        findings.append(
            Finding(correlation, labels, start, end, tuple(evidence[:MAXIMUM_EVIDENCE]), len(evidence), cause)
        )
    return findings


def _distinct(rows: Iterable[MatchRow]) -> list[MatchRow]:
    unique = {(row.time, row.event_id, row.rule_id): row for row in rows}
    return [unique[key] for key in sorted(unique)]


def _merged(moments: list[_Moment]) -> list[tuple[float, float, str]]:
    spans: list[tuple[float, float, str]] = []
    for moment in moments:
        if spans and moment.start <= spans[-1][1]:
            start, _, cause = spans[-1]
            spans[-1] = (min(start, moment.start), moment.end, cause)
        else:
            spans.append((moment.start, moment.end, moment.cause))
    return spans


def _moments(correlation: Correlation, rows: Sequence[MatchRow]) -> list[_Moment]:
    """The moments, in time order, at which the correlation's condition holds in these rows."""
    if correlation.kind in ("event_count", "value_count"):
        return _counting(correlation, _steps_of_members(correlation, rows))
    return _sequences(correlation, _steps_of_members(correlation, rows))


@dataclass(frozen=True, slots=True)
class _Step:
    """One match of a member, or one moment at which a nested correlation held."""

    member: str
    start: float
    end: float
    event_id: str
    fields: Mapping[str, str]


def _steps_of_members(correlation: Correlation, rows: Sequence[MatchRow]) -> list[_Step]:
    direct = frozenset(correlation.members) - correlation.nested.keys()
    steps = [
        _Step(row.rule_id, row.time, row.time, row.event_id, row.fields)
        for row in rows
        if row.rule_id in direct
    ]
    for member, inner in correlation.nested.items():
        groups: dict[tuple[str, ...], list[MatchRow]] = {}
        for row in rows:
            labels = inner.group(row.rule_id, row.fields) if row.rule_id in inner.rule_ids else None
            if labels is not None:
                groups.setdefault(tuple(labels.values()), []).append(row)
        for group in groups.values():
            steps += [
                _Step(member, moment.start, moment.end, moment.cause, group[0].fields)
                for moment in _moments(inner, group)
            ]
    return sorted(steps, key=lambda step: (step.end, step.event_id))


def _counting(correlation: Correlation, steps: list[_Step]) -> list[_Moment]:
    """Sliding windows of distinct events, or of distinct values of a field."""
    holds = COMPARISONS[correlation.operator]
    distinct: dict[str, int] = {}
    moments = []
    oldest = 0
    for step in steps:
        key = _counted(correlation, step)
        if not key:
            continue
        distinct[key] = distinct.get(key, 0) + 1
        while steps[oldest].end < step.end - correlation.timespan_seconds:
            if gone := _counted(correlation, steps[oldest]):
                distinct[gone] -= 1
                if not distinct[gone]:
                    del distinct[gone]
            oldest += 1
        if holds(len(distinct), correlation.count):
            moments.append(_Moment(steps[oldest].start, step.end, step.event_id))
    return moments


def _counted(correlation: Correlation, step: _Step) -> str:
    return step.fields.get(correlation.count_field, "") if correlation.count_field else step.event_id


def _sequences(correlation: Correlation, steps: list[_Step]) -> list[_Moment]:
    ordered = correlation.kind == "temporal_ordered"
    by_member: dict[str, list[_Step]] = {member: [] for member in correlation.members}
    for step in steps:
        by_member[step.member].append(step)
    times = {member: [step.end for step in found] for member, found in by_member.items()}
    moments = []
    for step in steps:
        if ordered:
            start = _chain(correlation, by_member, times, step)
        else:
            start = _together(correlation, by_member, times, step)
        if start is not None:
            moments.append(_Moment(start, step.end, step.event_id))
    return moments


def _chain(
    correlation: Correlation,
    by_member: Mapping[str, list[_Step]],
    times: Mapping[str, list[float]],
    last: _Step,
) -> float | None:
    """Where the latest ordered chain that ends with `last` starts, if it fits the timespan."""
    if last.member != correlation.members[-1]:
        return None
    step = last
    start = last.start
    for member in reversed(correlation.members[:-1]):
        position = bisect_right(times[member], step.end)
        if position and by_member[member][position - 1].event_id == step.event_id:
            position -= 1
        if not position:
            return None
        step = by_member[member][position - 1]
        start = min(start, step.start)
        if step.end < last.end - correlation.timespan_seconds:
            return None
    return start


def _together(
    correlation: Correlation,
    by_member: Mapping[str, list[_Step]],
    times: Mapping[str, list[float]],
    last: _Step,
) -> float | None:
    """Where the window that ends with `last` starts, if enough members occur in it."""
    begin = last.end - correlation.timespan_seconds
    starts = []
    for member, found in by_member.items():
        position = bisect_left(times[member], begin)
        if position < len(found) and found[position].end <= last.end:
            starts.append(found[position].start)
    if not COMPARISONS[correlation.operator](len(starts), correlation.count):
        return None
    return min(starts)

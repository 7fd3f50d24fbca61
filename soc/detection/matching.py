"""Match a batch against a rule set, and make Match rows of what matched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from soc.detection.batch import EventBatch, rows_of
from soc.detection.condition import Evaluation
from soc.detection.logsource import LogSource
from soc.detection.rules import DEFAULT_GROUP_BY, Rule, RuleSet
from soc.model import Event, Match

_TYPED = frozenset(Event.__slots__) - {"fields", "raw"}


def match(rules: RuleSet, batch: EventBatch) -> list[tuple[int, Rule]]:
    """Which events (row numbers in the batch) each rule matched, by rule, rows ascending."""
    evaluation = Evaluation(batch)
    scopes: dict[LogSource, int] = {}
    found: list[tuple[int, Rule]] = []
    for rule in rules.rules:
        scope = scopes.get(rule.logsource)
        if scope is None:
            scope = scopes[rule.logsource] = batch.scope(rule.logsource)
        if scope and (bitmap := evaluation.bitmap(rule.condition, scope)):
            found.extend((row, rule) for row in rows_of(bitmap))
    return found


def match_events(rules: RuleSet, events: Sequence[Event]) -> list[Match]:
    """Match normalised events; each match carries its group labels and correlation fields."""
    if not events:
        return []
    return [match_of(events[row], rule) for row, rule in match(rules, EventBatch.from_events(events))]


def match_of(event: Event, rule: Rule) -> Match:
    return Match(
        event_id=event.id,
        rule_id=rule.id,
        rule_version=rule.origin.version,
        time=event.time,
        received=event.received,
        device=event.device,
        labels=_present(event, rule.group_by or DEFAULT_GROUP_BY),
        fields=_present(event, rule.correlation_fields),
    )


def _present(event: Event, names: Iterable[str]) -> dict[str, str]:
    return {name: text for name in names if (text := field_of(event, name))}


def field_of(event: Event, name: str) -> str:
    """An event's field as text, typed ones first; empty where it has none."""
    if name in _TYPED:
        value = getattr(event, name)
        return value if isinstance(value, str) else str(value)
    return event.fields.get(name, "")

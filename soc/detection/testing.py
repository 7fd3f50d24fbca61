"""Run the `tests:` of rules and correlations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from soc.detection.batch import EventBatch
from soc.detection.correlation import evaluate
from soc.detection.matching import match
from soc.detection.rules import Correlation, InlineTest, Rule, RuleSet
from soc.detection.windows import flat
from soc.model.durations import parse_duration


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What one inline case came to: events matched by a rule, findings of a correlation."""

    case: InlineTest
    got: int | None  # None with `error`
    error: str = ""

    @property
    def ok(self) -> bool:
        return self.got == self.case.match


@dataclass(frozen=True, slots=True)
class _Row:
    event_id: str
    rule_id: str
    time: float
    fields: Mapping[str, str]


def run_tests(rules: RuleSet, item: Rule | Correlation) -> list[CaseResult]:
    """All cases of one rule or correlation of the set. Events are flat mappings (docs/rules.md)."""
    results = []
    for case in item.tests:
        try:
            got = _matched(item, case) if isinstance(item, Rule) else _found(rules, item, case)
            results.append(CaseResult(case, got))
        except (TypeError, ValueError) as error:
            results.append(CaseResult(case, None, str(error)))
    return results


def _matched(rule: Rule, case: InlineTest) -> int:
    """A test event is of the rule's own log source as far as it does not say otherwise."""
    source = rule.logsource
    defaults = {"product": source.product, "category": source.category, "service": source.service}
    events = [{**defaults, **event} for event in case.events]
    return len(match(RuleSet((rule,)), EventBatch.from_mappings(events)))


def _found(rules: RuleSet, correlation: Correlation, case: InlineTest) -> int:
    wanted = correlation.rule_ids
    members = RuleSet(tuple(rule for rule in rules.rules if rule.id in wanted))
    events = [dict(flat(event)) for event in case.events]
    times = [_seconds(event.get("time")) for event in case.events]
    groups: dict[tuple[str, ...], list[_Row]] = {}
    for number, rule in match(members, EventBatch.from_mappings(case.events)):
        fields = {name: events[number].get(name, "") for name in rule.correlation_fields}
        labels = correlation.group(rule.id, fields)
        if labels is not None:
            row = _Row(str(number), rule.id, times[number], fields)
            groups.setdefault(tuple(labels.values()), []).append(row)
    return sum(len(evaluate(correlation, rows)) for rows in groups.values())


def _seconds(value: object) -> float:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, (int, float)):
        return float(value)
    raise ValueError("an event of a correlation's test needs a time: seconds, or a duration as 5m")

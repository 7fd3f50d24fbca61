"""From new matches to signals: plain rules, and correlations over the windows that were touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from soc.alerting import Evidence, Ledger, RuleIdentity, fingerprint_of
from soc.alerting.ledger import MAXIMUM_EVIDENCE
from soc.alerting.signals import DEFAULT_WINDOW_SECONDS
from soc.detection import Correlation, Finding, Rule, RuleSet, evaluate
from soc.model import Match, canonical_labels
from soc.store import Store
from soc.store.matches import Touch


@dataclass(slots=True)
class _Window:
    """What new matches touched of one group of one correlation. Times are UTC seconds."""

    correlation: Correlation
    first: float
    last: float


def plain_signals(store: Store, rules: RuleSet) -> list[Evidence]:
    """New matches of rules that alert by themselves. A rule that is no longer loaded raises nothing."""
    signals = []
    for session in store.matches.sessions(DEFAULT_WINDOW_SECONDS, MAXIMUM_EVIDENCE):
        rule = rules.by_id.get(session.rule_id)
        if rule is None or not rule.alerts:
            continue
        signals.append(
            Evidence(
                _identity(rule, DEFAULT_WINDOW_SECONDS), session.labels, session.device, session.first,
                session.last, session.count, session.events, session.events[0][0],
                _summary(rule, session.labels),
            )
        )  # fmt: skip
    return signals


def correlation_signals(store: Store, rules: RuleSet) -> list[Evidence]:
    """Findings in the windows that new matches touch, oldest first."""
    touched = _touched(store, rules)
    signals: list[Evidence] = []
    for correlation_id in sorted({key[0] for key in touched}):
        windows = {key[1]: window for key, window in touched.items() if key[0] == correlation_id}
        correlation = next(iter(windows.values())).correlation
        rows = _rows(
            store, correlation, set(windows),
            min(window.first for window in windows.values()) - correlation.reach_seconds,
            max(window.last for window in windows.values()) + correlation.reach_seconds,
        )  # fmt: skip
        for group, window in windows.items():
            reach = correlation.reach_seconds
            near = [
                row for row in rows.get(group, ()) if window.first - reach <= row.time <= window.last + reach
            ]
            signals += [_signal(finding, near) for finding in evaluate(correlation, near, window.first)]
    return sorted(signals, key=lambda signal: (signal.first, signal.rule.id, canonical_labels(signal.labels)))


def with_total(store: Store, rules: RuleSet, ledger: Ledger, signal: Evidence) -> Evidence:
    """The signal with the number of matches that its whole occurrence then has."""
    correlation = rules.by_id.get(signal.rule.id)
    alert = ledger.occurrence(fingerprint_of(signal.rule.id, signal.labels), signal)
    if alert is None or not isinstance(correlation, Correlation):
        return signal
    group = canonical_labels(signal.labels)
    rows = _rows(
        store, correlation, {group}, min(alert.first_seen, signal.first), max(alert.last_seen, signal.last)
    )
    return replace(signal, total=len({row.event_id for row in rows.get(group, ())}))


def feeds_on_alerts(rules: RuleSet, rule_id: str) -> bool:
    """Whether the rule may match events of alerts: its own alerts then make no events for rules, or
    rules could trigger themselves."""
    rule = rules.by_id.get(rule_id)
    if isinstance(rule, Correlation):
        return any(feeds_on_alerts(rules, member) for member in rule.rule_ids)
    return (
        rule is not None
        and rule.logsource.product in ("", "soc")
        and rule.logsource.category in ("", "alert")
    )


def _touched(store: Store, rules: RuleSet) -> dict[tuple[str, str], _Window]:
    """(correlation id, canonical group labels) -> what was touched."""
    touched: dict[tuple[str, str], _Window] = {}
    for touch in store.matches.touched():
        for correlation in rules.correlations_over.get(touch.rule_id, ()):
            group = correlation.group(touch.rule_id, touch.fields)
            if group is None or not correlation.alerts:
                continue
            key = (correlation.id, canonical_labels(group))
            window = touched.setdefault(key, _Window(correlation, touch.first, touch.last))
            window.first = min(window.first, touch.first)
            window.last = max(window.last, touch.last)
    return touched


def _rows(
    store: Store, correlation: Correlation, groups: set[str], first: float, last: float
) -> dict[str, list[Match]]:
    """Matches of the correlation's rules in the range, by group, of these groups only."""
    group_of: dict[tuple[str, str], str] = {}
    wanted: list[Touch] = []
    for touch in store.matches.combinations(sorted(correlation.rule_ids), first, last):
        labels = correlation.group(touch.rule_id, touch.fields)
        if labels is not None and (group := canonical_labels(labels)) in groups:
            group_of[touch.rule_id, canonical_labels(touch.fields)] = group
            wanted.append(touch)
    rows: dict[str, list[Match]] = {}
    for match in store.matches.with_fields(wanted, first, last):
        rows.setdefault(group_of[match.rule_id, canonical_labels(match.fields)], []).append(match)
    return rows


def _signal(finding: Finding, rows: list[Match]) -> Evidence:
    times = {row.event_id: row.time for row in rows}
    devices = {row.device for row in rows if finding.first_time <= row.time <= finding.last_time}
    return Evidence(
        _identity(finding.correlation, finding.correlation.timespan_seconds), finding.labels,
        finding.labels.get("device") or (devices.pop() if len(devices) == 1 else ""),
        finding.first_time, finding.last_time, finding.count,
        tuple((event_id, times[event_id]) for event_id in finding.event_ids), finding.cause,
        _summary(finding.correlation, finding.labels), held=times[finding.cause],
    )  # fmt: skip


def _identity(rule: Rule | Correlation, window_seconds: float) -> RuleIdentity:
    return RuleIdentity(
        rule.id, rule.origin.version, rule.title, "security", rule.level, rule.runbook, window_seconds
    )


def _summary(rule: Rule | Correlation, labels: Mapping[str, str]) -> str:
    named = ", ".join(f"{name} {value}" for name, value in labels.items())
    return f"{rule.title}: {named}" if named else rule.title

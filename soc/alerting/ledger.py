"""What signals make of alerts, purely: occurrences open, extend, resolve, are suppressed, close.

A ledger holds the alerts that the signals may touch and collects what changed; whoever asked stores
it. Signals of one rule come in order of time.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from soc.alerting.signals import Evidence, Firing, RuleIdentity, fingerprint_of
from soc.model.alerts import Actor, Alert, Condition, Transition, Workflow
from soc.model.ids import digest, ulid

SYSTEM = Actor(None, "system", "soc")
MAXIMUM_EVIDENCE = 50
AUTO_CLOSE_SECONDS = 15 * 60
FLOODING_ALERTS = 100
FLOODING_SECONDS = 10 * 60
FLOODING_WINDOW_SECONDS = 3600
FLOODING_PREFIX = "rule-flooding:"


@dataclass(slots=True)
class Changes:
    """What a ledger made: alerts as they are now, by id; transitions and evidence to append."""

    opened: dict[str, Alert]
    changed: dict[str, Alert]  # without the opened ones
    transitions: list[Transition]
    evidence: list[tuple[str, str, float]]  # (alert id, event id, time)


class Ledger:
    """Alerts in work. `opened` are the rule times at which each rule opened alerts lately, ascending."""

    def __init__(
        self,
        alerts: Iterable[Alert] = (),
        opened: Mapping[str, Sequence[float]] | None = None,
        evidence_counts: Mapping[str, int] | None = None,
    ) -> None:
        self._alerts: dict[str, dict[str, Alert]] = {}
        for alert in sorted(alerts, key=lambda alert: alert.id):
            self._alerts.setdefault(alert.fingerprint, {})[alert.id] = alert
        self._opened = {rule: list(times) for rule, times in (opened or {}).items()}
        self._evidence_counts = dict(evidence_counts or {})
        self.changes = Changes({}, {}, [], [])

    def alerts(self) -> list[Alert]:
        """All of them, as they are now."""
        return [alert for found in self._alerts.values() for alert in found.values()]

    def evidence(self, signal: Evidence) -> None:
        """A detection rule or a correlation found something: extend its occurrence or open one."""
        fingerprint = fingerprint_of(signal.rule.id, signal.labels)
        alert = self.occurrence(fingerprint, signal)
        if alert is None:
            self._open(
                signal.rule, fingerprint, signal.labels, signal.device, signal.summary, "",
                first_seen=signal.first, last_seen=signal.last, count=signal.count,
                opened=signal.begun, cause=signal.cause, events=signal.events,
            )  # fmt: skip
            return
        self._keep(
            replace(
                alert,
                first_seen=min(alert.first_seen, signal.first),
                last_seen=max(alert.last_seen, signal.last),
                count=signal.total if signal.total is not None else alert.count + signal.count,
            )
        )
        self._add_evidence(alert.id, signal.events)

    def occurrence(self, fingerprint: str, signal: Evidence) -> Alert | None:
        """The occurrence these matches belong to: within its window; once closed, only what came before."""
        window = signal.rule.window_seconds
        for alert in sorted(
            self._alerts.get(fingerprint, {}).values(), key=lambda alert: alert.opened, reverse=True
        ):
            near = signal.first <= alert.last_seen + window and signal.last >= alert.first_seen - window
            if near and (alert.closed is None or signal.last <= alert.closed):
                return alert
        return None

    def firing(self, signal: Firing, time: float) -> None:
        """An availability rule fires for these labels at rule time `time`; `signal.newly` = not before."""
        fingerprint = fingerprint_of(signal.rule.id, signal.group_labels)
        suppressed_by = "dependency" if signal.dependency_down else ""
        alert = self._latest(fingerprint)
        if alert is None or self._is_over(alert, time):
            if signal.newly:
                self._open(
                    signal.rule, fingerprint, signal.labels, signal.device, signal.summary,
                    signal.description, first_seen=signal.since, last_seen=time, count=1, opened=time,
                    cause=_cause(signal.rule.id, time), suppressed_by=suppressed_by,
                )  # fmt: skip
            return
        if alert.condition != "firing":
            again = alert.condition == "resolved"
            self._step(
                replace(
                    alert, condition="firing", suppressed_by=suppressed_by, last_seen=time, resolved=None,
                    count=alert.count + again,
                ),
                "fired", _cause(signal.rule.id, time), time,
            )  # fmt: skip
        elif alert.workflow != "closed" and alert.suppressed_by != suppressed_by:
            action = "suppressed" if suppressed_by else "unsuppressed"
            self._step(
                replace(alert, suppressed_by=suppressed_by), action, _cause(signal.rule.id, time), time
            )

    def resolved(self, rule_id: str, fingerprint: str, time: float, reason: str = "") -> None:
        """An availability rule has stopped firing for the labels of this fingerprint."""
        alert = self._latest(fingerprint)
        if alert is not None and alert.condition in ("firing", "no-data"):
            self._step(
                replace(alert, condition="resolved", resolved=time, suppressed_by=""),
                "resolved", _cause(rule_id, time), time, reason=reason,
            )  # fmt: skip

    def no_data(self, alert: Alert, time: float, reason: str) -> None:
        """Nobody knows whether it still fires: rule times were not evaluated."""
        if alert.condition == "firing" and alert.kind == "availability":
            self._step(replace(alert, condition="no-data"), "no-data", _cause(alert.rule_id, time), time,
                       reason=reason)  # fmt: skip

    def tick(self, time: float) -> None:
        """What passes with time: resolved availability alerts close unless owned, floods of them end."""
        for alert in self.alerts():
            if alert.kind != "availability" or alert.workflow == "closed":
                continue
            if (
                alert.rule_id.startswith(FLOODING_PREFIX)
                and alert.condition == "firing"
                and alert.last_seen + FLOODING_SECONDS <= time
            ):
                self.resolved(alert.rule_id, alert.fingerprint, time)
            elif (
                alert.resolved is not None
                and alert.condition == "resolved"
                and alert.workflow == "open"
                and not alert.owner
                and alert.resolved + AUTO_CLOSE_SECONDS <= time
            ):
                self._step(
                    replace(alert, workflow="closed", closed=time), "closed",
                    _cause(alert.rule_id, time), time, reason="resolved for 15 minutes",
                )  # fmt: skip

    def _latest(self, fingerprint: str) -> Alert | None:
        found = self._alerts.get(fingerprint)
        return max(found.values(), key=lambda alert: (alert.opened, alert.id)) if found else None

    def _is_over(self, alert: Alert, time: float) -> bool:
        """Whether firing anew is another occurrence."""
        if alert.condition in ("firing", "no-data"):
            return False
        return alert.workflow == "closed" or time - alert.last_seen > alert.window_seconds

    def _open(
        self,
        rule: RuleIdentity,
        fingerprint: str,
        labels: Mapping[str, str],
        device: str,
        summary: str,
        description: str,
        *,
        first_seen: float,
        last_seen: float,
        count: int,
        opened: float,
        cause: str,
        suppressed_by: str = "",
        events: Sequence[tuple[str, float]] = (),
    ) -> None:
        if self._floods(rule, opened):
            self.evidence(
                Evidence(
                    _flooding(rule), {"rule": rule.id}, "", opened, opened, 1, tuple(events), cause,
                    f"rule flooding: more than {FLOODING_ALERTS} new alerts of {rule.title} in 10 minutes",
                )
            )  # fmt: skip
            return
        first_cause = digest(fingerprint, cause, size=10)
        alert = Alert(
            ulid(max(0, int(first_seen * 1000)), bytes.fromhex(first_cause)), 0, fingerprint,
            rule.id, rule.version, rule.title, rule.kind, rule.severity, device, dict(labels),
            summary or rule.title, description, rule.runbook, "", "", rule.window_seconds, opened,
            "open", "firing", suppressed_by, first_seen, last_seen, count,
        )  # fmt: skip
        self._alerts.setdefault(fingerprint, {})[alert.id] = alert
        self.changes.opened[alert.id] = alert
        self.changes.transitions.append(
            transition(alert, alert, "opened", cause, opened, SYSTEM, came_from=("", ""))
        )
        self._add_evidence(alert.id, events)

    def _floods(self, rule: RuleIdentity, time: float) -> bool:
        if rule.id.startswith(FLOODING_PREFIX):
            return False
        times = self._opened.setdefault(rule.id, [])
        recent = bisect_right(times, time) - bisect_right(times, time - FLOODING_SECONDS)
        if recent >= FLOODING_ALERTS:
            return True
        insort(times, time)
        return False

    def _step(self, alert: Alert, action: str, cause: str, time: float, reason: str = "") -> None:
        before = self._alerts[alert.fingerprint][alert.id]
        self.changes.transitions.append(transition(before, alert, action, cause, time, SYSTEM, reason=reason))
        self._keep(alert)

    def _keep(self, alert: Alert) -> None:
        self._alerts[alert.fingerprint][alert.id] = alert
        kept = self.changes.opened if alert.id in self.changes.opened else self.changes.changed
        kept[alert.id] = alert

    def _add_evidence(self, alert_id: str, events: Sequence[tuple[str, float]]) -> None:
        known = self._evidence_counts.get(alert_id, 0)
        added = events[: max(0, MAXIMUM_EVIDENCE - known)]
        self._evidence_counts[alert_id] = known + len(added)
        self.changes.evidence.extend((alert_id, event_id, time) for event_id, time in added)


def transition(
    before: Alert,
    after: Alert,
    action: str,
    cause: str,
    time: float,
    actor: Actor,
    *,
    reason: str = "",
    disposition: str = "",
    came_from: tuple[Workflow | str, Condition | str] | None = None,
) -> Transition:
    """The step from `before` to `after`."""
    workflow, condition = came_from if came_from is not None else (before.workflow, before.condition)
    return Transition(
        digest(after.fingerprint, cause), after.id, after.fingerprint, time, action, cause,
        workflow, after.workflow, condition, after.condition, after.suppressed_by, actor, reason,
        disposition, after.version,
    )  # fmt: skip


def _cause(rule_id: str, time: float) -> str:
    return f"{rule_id}@{time:.3f}"


def _flooding(rule: RuleIdentity) -> RuleIdentity:
    return replace(
        rule, id=FLOODING_PREFIX + rule.id, title="Rule flooding", window_seconds=FLOODING_WINDOW_SECONDS
    )

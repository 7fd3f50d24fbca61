"""Evaluate one alerting rule at one rule time: inactive -> pending -> firing -> resolved, purely.

The states are Prometheus's (rules/alerting.go): the expression's result vector is the set of active
alerts, `for` holds them back, `keep_firing_for` lets them go later.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from soc.model import ConfigurationError, canonical_labels
from soc.promql.compiler import Labels, Query
from soc.promql.rules import Rule
from soc.promql.templates import Context

_JOINED = ("tower", "site", "supplier", "kind", "availability")


@dataclass(frozen=True, slots=True)
class Active:
    """One active alert of a rule: pending until `fired_at` is set. Times are UTC seconds.

    `key` is canonical_labels(group_labels): what the fingerprint is made of and what `for` is keyed by.
    """

    key: str
    group_labels: Mapping[str, str]  # without alertname, severity and labels joined from the inventory
    labels: Mapping[str, str]  # all of them, alertname and severity too
    annotations: Mapping[str, str]
    value: float
    active_since: float
    last_true: float  # the last rule time at which the expression held
    fired_at: float | None = None
    keep_firing_since: float | None = None

    def dump(self) -> str:
        """As JSON text, for keeping it between two rule times."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def load(cls, text: str) -> Active:
        """The inverse of `dump`."""
        return cls(**json.loads(text))


def evaluate_rule(
    rule: Rule,
    time: float,
    query: Query,
    state: Mapping[str, Active],
    external_labels: Mapping[str, str] | None = None,
    results: Sequence[tuple[Labels, float]] | None = None,
) -> tuple[dict[str, Active], list[Active]]:
    """Return (the new state by key, those of it that fire at `time`).

    `state` is what the previous rule time returned: empty at first. Calls must go forward in time.
    A key that fired in `state` and is missing from the new state has resolved; one that was pending
    just vanishes. `results` is the expression's vector at `time` where the caller has it, from one
    range over many rule times. Raises ConfigurationError when two results become the same alert, or a
    match between vectors is ambiguous.
    """
    if results is None:
        results = rule.expression.instant(query, time, subquery_step=rule.interval_seconds)
    inventory = _inventory_labels(
        query, time, {labels["device"] for labels, _ in results if "device" in labels}
    )
    new: dict[str, Active] = {}
    for labels, value in results:
        alert = _alert(rule, time, labels, value, inventory, external_labels or {})
        if alert.key in new:
            raise ConfigurationError(
                f"{rule.file}:{rule.line}: {rule.alert}: two results become the same alert {alert.key[:200]}"
            )
        before = state.get(alert.key)
        since = before.active_since if before else time
        fired = before.fired_at if before else None
        if fired is None and time - since >= rule.for_seconds:
            fired = time
        new[alert.key] = replace(alert, active_since=since, fired_at=fired)
    new |= _kept(rule, time, state, new)
    return new, [alert for alert in new.values() if alert.fired_at is not None]


def _kept(
    rule: Rule, time: float, state: Mapping[str, Active], new: Mapping[str, Active]
) -> dict[str, Active]:
    """Alerts whose expression no longer holds, but which keep firing for a while."""
    kept = {}
    for key, alert in state.items():
        if key in new or alert.fired_at is None:
            continue
        since = time if alert.keep_firing_since is None else alert.keep_firing_since
        if time - since < rule.keep_firing_for_seconds:
            kept[key] = replace(alert, keep_firing_since=since)
    return kept


def _alert(
    rule: Rule,
    time: float,
    result: Labels,
    value: float,
    inventory: Mapping[str, Labels],
    external_labels: Mapping[str, str],
) -> Active:
    context = Context(result, value, external_labels)
    labels = {name: text for name, text in result.items() if name != "__name__"}
    labels |= {name: template.expand(context) for name, template in rule.labels.items()}
    labels = {name: text for name, text in labels.items() if text} | {"alertname": rule.alert}
    joined = inventory.get(labels.get("device", ""), {})
    group = {
        name: text
        for name, text in labels.items()
        if name not in ("alertname", "severity") and joined.get(name) != text
    }
    return Active(
        key=canonical_labels(group),
        group_labels=group,
        labels=labels,
        annotations={name: template.expand(context) for name, template in rule.annotations.items()},
        value=value,
        active_since=time,
        last_true=time,
    )


_JOINED = ("tower", "site", "supplier", "kind", "availability")


def _inventory_labels(query: Query, time: float, devices: set[str]) -> dict[str, Labels]:
    """What the inventory joined to each device as of `time`."""
    if not devices:
        return {}
    rows = query(
        """
        SELECT device, labels, tower, site, supplier, kind, nullif(availability, 'expected')
        FROM device_history
        WHERE list_contains($1::VARCHAR[], device)
          AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2)
        """,
        [sorted(devices), datetime.fromtimestamp(time, UTC).replace(tzinfo=None)],
        since=math.inf,
    )
    return {device: labels | dict(zip(_JOINED, fixed, strict=True)) for device, labels, *fixed in rows}

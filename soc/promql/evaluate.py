"""Evaluate one alerting rule at one rule time: inactive -> pending -> firing -> resolved, purely.

States and their order are Prometheus's (docs: configuration/alerting_rules): an expression's result
vector is the set of active alerts, `for` holds them back, `keep_firing_for` lets them go later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from soc.model import canonical_labels
from soc.promql.compiler import Query
from soc.promql.rules import Rule

_INVENTORY_LABELS = ("tower", "site", "supplier", "kind")


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
    rule: Rule, time: float, query: Query, state: Mapping[str, Active]
) -> tuple[dict[str, Active], list[Active]]:
    """Return (the new state by key, those of it that fire at `time`).

    `state` is what the previous rule time returned: empty at first. Calls must go forward in time.
    A key that fired in `state` and is missing from the new state has resolved; one that was pending
    just vanishes. Raises ConfigurationError when two results become the same alert, or a match
    between vectors is ambiguous.
    """
    raise NotImplementedError

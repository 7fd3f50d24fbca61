"""What rules tell alerting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from soc.model import canonical_labels
from soc.model.alerts import Kind
from soc.model.ids import digest

DEFAULT_WINDOW_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class RuleIdentity:
    """What an alert keeps of the rule that raised it."""

    id: str
    version: str
    title: str
    kind: Kind
    severity: str
    runbook: str = ""
    window_seconds: float = DEFAULT_WINDOW_SECONDS


@dataclass(frozen=True, slots=True)
class Evidence:
    """Matches of a detection rule, or a correlation's finding, under one set of group labels.

    `events` are (event id, time), the first ones; `cause` is the id of the first. `count` is what this
    signal adds; `total`, if known, is what the whole occurrence has.
    """

    rule: RuleIdentity
    labels: Mapping[str, str]
    device: str
    first: float
    last: float
    count: int
    events: tuple[tuple[str, float], ...]
    cause: str
    summary: str = ""
    total: int | None = None
    held: float | None = None  # when a correlation first held: the time of its cause

    @property
    def begun(self) -> float:
        """The rule time of an alert that this opens."""
        return self.first if self.held is None else self.held


@dataclass(frozen=True, slots=True)
class Firing:
    """An availability rule fires for one set of labels. `since` is when its expression became true."""

    rule: RuleIdentity
    group_labels: Mapping[str, str]
    labels: Mapping[str, str]
    device: str
    since: float
    newly: bool
    dependency_down: bool = False
    summary: str = ""
    description: str = ""


def fingerprint_of(rule_id: str, group_labels: Mapping[str, str]) -> str:
    """hash(rule id, sorted group labels): the same problem has the same fingerprint."""
    return digest(rule_id, canonical_labels(group_labels))

"""An alert and what happens to it (docs/reference.md, alerts). Times are UTC seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["availability", "security"]
Workflow = Literal["open", "acknowledged", "snoozed", "closed"]
Condition = Literal["pending", "firing", "resolved", "no-data"]
DISPOSITIONS: tuple[str, ...] = ("true-positive", "benign", "false-positive", "duplicate", "undetermined")


@dataclass(frozen=True, slots=True)
class Alert:
    """One occurrence, as it is now. `number` 0 = not stored yet; supplier and site are filled in then."""

    id: str  # ULID
    number: int  # of the display label
    fingerprint: str
    rule_id: str
    rule_version: str
    rule_title: str
    kind: Kind
    severity: str
    device: str
    labels: Mapping[str, str]
    summary: str
    description: str
    runbook: str
    supplier: str  # in force at first_seen
    site: str
    window_seconds: float
    opened: float  # rule time
    workflow: Workflow
    condition: Condition
    suppressed_by: str  # "", "dependency", "maintenance" or "silence"
    first_seen: float
    last_seen: float
    count: int
    resolved: float | None = None
    closed: float | None = None
    owner: str = ""
    disposition: str = ""
    version: int = 0  # of human transitions

    @property
    def label(self) -> str:
        """What people call it; never a key."""
        return f"A-{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether it counts as open: not closed, firing, not suppressed."""
        return self.workflow != "closed" and self.condition == "firing" and not self.suppressed_by


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. `uid` None = the system."""

    uid: int | None
    name: str
    client: str


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of an alert; `id` is hash(fingerprint, cause), so that a repeated step changes nothing."""

    id: str
    alert_id: str
    fingerprint: str
    time: float
    action: str  # opened, fired, resolved, no-data, suppressed, unsuppressed, acknowledged, closed, noted
    cause: str  # an event id, rule@T, or the client's request id
    workflow_from: str
    workflow_to: str
    condition_from: str
    condition_to: str
    suppressed_by: str
    actor: Actor
    reason: str = ""
    disposition: str = ""
    version: int = 0

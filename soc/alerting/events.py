"""Alert transitions as our own events (`product: soc`, `category: alert`), so that rules can see them."""

from __future__ import annotations

from soc.model import SEVERITY_IDS, Event
from soc.model.alerts import Alert, Transition
from soc.model.ids import digest


def transition_event(alert: Alert, step: Transition) -> Event:
    """The event of one transition; its id follows from the transition's."""
    return Event(
        id=digest("alert", step.id),
        time=step.time,
        received=step.time,
        device=alert.device,
        product="soc",
        category="alert",
        service=step.action,
        severity_id=SEVERITY_IDS.get(alert.severity, 1),
        message=f"alert {step.action}: {alert.summary}",
        user=alert.labels.get("user", ""),
        source_ip=alert.labels.get("source_ip", ""),
        fields={
            "alert_id": alert.id,
            "rule_id": alert.rule_id,
            "rule_title": alert.rule_title,
            "kind": alert.kind,
            "action": step.action,
            "workflow": step.workflow_to,
            "condition": step.condition_to,
            "suppressed_by": step.suppressed_by,
            "actor": step.actor.name,
        },
    )

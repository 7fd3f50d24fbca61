"""What people do to alerts: each action is one transition with a new version, or an error they can act on."""

from __future__ import annotations

from dataclasses import replace

from soc.alerting.ledger import transition
from soc.model import SocError
from soc.model.alerts import DISPOSITIONS, Actor, Alert, Transition

MAXIMUM_REASON_CHARACTERS = 4000


class ActionError(SocError):
    """The action does not fit the alert as it is."""


def acknowledge(
    alert: Alert, actor: Actor, time: float, request_id: str, reason: str = ""
) -> tuple[Alert, Transition]:
    """Somebody looks after it; it is theirs from now on."""
    if alert.workflow == "closed":
        raise ActionError(f"{alert.label} is closed")
    if alert.workflow == "acknowledged":
        raise ActionError(f"{alert.label} is already acknowledged by {alert.owner}")
    after = replace(alert, workflow="acknowledged", owner=actor.name, version=alert.version + 1)
    return after, _step(alert, after, "acknowledged", actor, time, request_id, reason)


def close(
    alert: Alert, actor: Actor, time: float, request_id: str, disposition: str, reason: str = ""
) -> tuple[Alert, Transition]:
    """Done with it, for the reason that `disposition` names (one of DISPOSITIONS)."""
    if disposition not in DISPOSITIONS:
        raise ActionError(f"closing needs a disposition: {', '.join(DISPOSITIONS)}")
    if alert.workflow == "closed":
        raise ActionError(f"{alert.label} is already closed")
    after = replace(alert, workflow="closed", closed=time, disposition=disposition, version=alert.version + 1)
    return after, _step(alert, after, "closed", actor, time, request_id, reason, disposition)


def note(alert: Alert, actor: Actor, time: float, request_id: str, text: str) -> tuple[Alert, Transition]:
    """A remark for whoever reads the history; closed alerts may have them too."""
    if not text.strip():
        raise ActionError("a note needs text")
    after = replace(alert, version=alert.version + 1)
    return after, _step(alert, after, "noted", actor, time, request_id, text)


def _step(
    before: Alert,
    after: Alert,
    action: str,
    actor: Actor,
    time: float,
    request_id: str,
    reason: str,
    disposition: str = "",
) -> Transition:
    return transition(
        before, after, action, request_id, time, actor,
        reason=reason[:MAXIMUM_REASON_CHARACTERS], disposition=disposition,
    )  # fmt: skip

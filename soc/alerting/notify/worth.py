"""Which steps of an alert are told."""

from __future__ import annotations

from soc.alerting.notify.schedule import LIFETIME_SECONDS
from soc.model.alerts import Transition
from soc.model.ids import digest
from soc.model.notices import What


def worth_telling(step: Transition, now: float) -> What | None:
    """What the step is told as; None when nobody needs to hear of it.

    Silent are suppressed alerts, what people do (they know), the closing of what has resolved, and what
    happened more than a day ago: a store that is built anew from its segments is full of that. An alert
    that stops being suppressed is told as opened: it counts from now on.
    """
    if step.actor.uid is not None or step.time < now - LIFETIME_SECONDS:
        return None
    if step.action == "resolved":
        return "resolved"
    if step.suppressed_by:
        return None
    if step.action in ("opened", "unsuppressed"):
        return "opened"
    if step.action == "fired" and step.condition_from == "resolved":
        return "reopened"
    return None


def notice_id(step: Transition, target: str) -> str:
    """The same step is told to the same target under the same id."""
    return digest(step.id, target)

"""People's actions on alerts, stored with the event that rules may match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from soc.alerting import ActionError, acknowledge, close, note, transition_event
from soc.model import Event, SocError
from soc.model.alerts import Actor, Alert, Transition
from soc.model.ids import digest
from soc.store import Entry, Store

ActionKind = Literal["acknowledge", "close", "note"]
# What a history calls it, and how it is told of somebody.
_DONE: dict[ActionKind, str] = {"acknowledge": "acknowledged", "close": "closed", "note": "noted"}
_TOLD = {"acknowledged": "took this", "closed": "closed this", "noted": "added a note"}


@dataclass(frozen=True, slots=True)
class AlertAction:
    """What somebody asks for who saw the alert at version `based_on`.

    `request_id` is the client's: repeated by the same person on the same alert, it changes nothing.
    """

    kind: ActionKind
    alert: str  # id or label
    based_on: int
    request_id: str
    actor: Actor
    note: str = ""
    disposition: str = ""

    @property
    def cause(self) -> str:
        """The transition's cause. It names the person: nobody can take another's, or a rule's, away."""
        return f"request:{self.actor.uid}:{self.request_id}"


class UnknownAlertError(SocError):
    """There is no such alert."""


class ConflictError(SocError):
    """The alert is no longer as it was when somebody decided to act; `current` is what it is now."""

    def __init__(self, message: str, current: Alert) -> None:
        super().__init__(message)
        self.current = current


def perform(store: Store, action: AlertAction, now: float) -> Alert:
    """Do it in a transaction of its own; returns the alert as it is then.

    Raises UnknownAlertError, ConflictError (which says who was first, and when), or ActionError when the
    request itself is wrong.
    """
    alert = store.alerts.find(action.alert)
    if alert is None:
        raise UnknownAlertError(f"no alert {action.alert[:40]!r}")
    known = store.alerts.transition(digest(alert.fingerprint, action.cause))
    if known is not None:
        if known.alert_id != alert.id or known.action != _DONE[action.kind]:
            raise ActionError("this request_id was used for another action")
        return alert
    if action.based_on != alert.version:
        raise ConflictError(_who_was_first(alert, store.alerts.history(alert.id), now), alert)
    try:
        return apply_action(store, alert, _step_of(action, now), now)
    except ActionError as error:
        if action.kind == "note" or alert.workflow == "open":
            raise  # the request is at fault, not that somebody was first
        raise ConflictError(str(error), alert) from error


def record(store: Store, event: Event) -> None:
    """Store an own event in a transaction of its own; rules see it at the next."""
    with store.transaction(Entry("events", event.received, events=(event,))) as number:
        store.events.add_own([event], number)


def apply_action(
    store: Store, alert: Alert, action: Callable[[Alert], tuple[Alert, Transition]], now: float
) -> Alert:
    """Apply one action to the alert in a transaction of its own; returns the alert as it is then.

    Raises ActionError when the action does not fit.
    """
    after, step = action(alert)
    with store.transaction(Entry("action", now)) as number:
        store.alerts.save([], [after], [step], [], now)
        store.events.add_own([transition_event(after, step)], number)
    return after


def _step_of(action: AlertAction, now: float) -> Callable[[Alert], tuple[Alert, Transition]]:
    match action.kind:
        case "acknowledge":
            return lambda alert: acknowledge(alert, action.actor, now, action.cause, action.note)
        case "close":
            return lambda alert: close(
                alert, action.actor, now, action.cause, action.disposition, action.note
            )
        case "note":
            return lambda alert: note(alert, action.actor, now, action.cause, action.note)


def _who_was_first(alert: Alert, history: Sequence[Transition], now: float) -> str:
    for step in reversed(history):
        if step.version == alert.version and step.actor.uid is not None:
            ago = _ago(now - step.time)
            return f"{step.actor.name} {_TOLD.get(step.action, step.action)} {ago} ago"
    return f"the alert has version {alert.version} now"


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"

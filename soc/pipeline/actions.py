"""People's actions on alerts, stored with the event that rules may match."""

from __future__ import annotations

from collections.abc import Callable

from soc.alerting import transition_event
from soc.model.alerts import Alert, Transition
from soc.pipeline.pipeline import TRANSACTION
from soc.store import Store


def apply_action(
    store: Store, alert: Alert, action: Callable[[Alert], tuple[Alert, Transition]], now: float
) -> Alert:
    """Apply one action to the alert in a transaction of its own; returns the alert as it is then.

    Raises ActionError when the action does not fit.
    """
    after, step = action(alert)
    with store.transaction():
        batch = store.cursors.next(TRANSACTION)
        store.alerts.save([], [after], [step], [], now)
        store.events.add_own([transition_event(after, step)], batch)
    return after

"""Notices of what a transaction has made of alerts, written into the outbox by that transaction."""

from __future__ import annotations

from soc.alerting.notify import LIFETIME_SECONDS, notice_id, worth_telling
from soc.inventory import Notify
from soc.model.alerts import Alert, Transition
from soc.model.notices import Notice, What
from soc.pipeline.report import alert_document, moment_text
from soc.store import Store


def write_notices(store: Store, notify: Notify, now: float) -> None:
    """Tell the default targets of the transitions that this transaction has appended."""
    if not notify.default:
        return
    told = [(step, what) for step in store.alerts.appended if (what := worth_telling(step, now))]
    if not told:
        return
    alerts = store.alerts.by_ids({step.alert_id for step, _ in told})
    store.outbox.add(
        [
            _notice(alerts[step.alert_id], step, what, target)
            for step, what in told
            for target in notify.default
        ],
        now,
        now + LIFETIME_SECONDS,
    )


def _notice(alert: Alert, step: Transition, what: What, target: str) -> Notice:
    return Notice(
        notice_id(step, target),
        target,
        alert.id,
        what,
        step.time,
        {
            "what": what,
            "time": moment_text(step.time),
            "reason": step.reason,
            "alert": alert_document(alert) | {"description": alert.description, "runbook": alert.runbook},
        },
    )

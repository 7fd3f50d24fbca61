"""Notices as documents, and dead letters sent again: `soc notify outbox`, with a hub or without."""

from __future__ import annotations

import sys
from typing import Any

from soc.alerting.notify import LIFETIME_SECONDS
from soc.model.notices import OutboxEntry
from soc.pipeline.report import moment_text
from soc.store import Store

ALL = "all"


def outbox_documents(store: Store, limit: int, *, dead: bool) -> list[dict[str, Any]]:
    """The newest `limit` notices, oldest first; `dead`: of those that were given up."""
    return [_document(entry) for entry in store.outbox.select("dead" if dead else "", limit)]


def retry_notices(store: Store, id: str, now: float) -> list[str]:
    """Make a notice that waits or was given up due now, with what travels in its message; ALL = every
    dead letter. Returns the ids of what is due; none where there is no such notice."""
    dead = store.outbox.select("dead", sys.maxsize) if id == ALL else ()
    wanted = [entry.notice.id for entry in dead] if id == ALL else [id]
    with store.transaction():
        return store.outbox.retry(wanted, now, now + LIFETIME_SECONDS)


def _document(entry: OutboxEntry) -> dict[str, Any]:
    alert = entry.notice.document.get("alert", {})
    return {
        "id": entry.notice.id,
        "target": entry.notice.target,
        "what": entry.notice.what,
        "state": entry.state,
        "time": moment_text(entry.notice.time),
        "attempts": entry.attempts,
        "next_attempt": moment_text(entry.next_attempt) if entry.state == "pending" else None,
        "settled": moment_text(entry.settled),
        "error": entry.error,
        "message": entry.message,
        "reached": list(entry.reached),
        "alert": entry.notice.alert_id,
        "label": alert.get("label", ""),
        "severity": alert.get("severity", ""),
        "summary": alert.get("summary", ""),
    }

"""Notices and messages for tests of notification."""

from __future__ import annotations

from typing import Any

from soc.alerting.notify import Message
from soc.model.notices import Notice

NOW = 1_700_000_000.0
HOSTILE = "evil\r\nBcc: all@example.org\r\n\r\n\x1b[31m\u202e\x00\ud800\u2028 <b>&</b> \u00e9\u4e2d"


def alert(number: int, **more: Any) -> dict[str, Any]:
    """An alert's document as it stands in a notice."""
    return {
        "id": f"ALERT{number}", "label": f"A-{number}", "rule": "Root login", "severity": "high",
        "device": "web-1", "labels": {"user": "root"}, "site": "hq", "supplier": "hostco",
        "first_seen": "2023-11-14T22:13:20.000Z", "last_seen": "2023-11-14T22:13:20.000Z", "count": 1,
        "summary": f"root logged in, number {number}", "description": "", "runbook": "", **more,
    }  # fmt: skip


def notice(number: int, what: Any = "opened", **more: Any) -> Notice:
    """A notice of such an alert; `more` is the alert's."""
    document = {
        "what": what,
        "time": "2023-11-14T22:13:20.000Z",
        "reason": "",
        "alert": alert(number, **more),
    }
    return Notice(f"notice-{number}", "ops", f"ALERT{number}", what, NOW + number, document)


def message(*notices: Notice) -> Message:
    return Message("message-1", "ops", notices)

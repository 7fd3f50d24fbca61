"""Notices on their way to one target, as a mail's text and as a webhook's document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soc.model import SEVERITY_IDS
from soc.model.notices import Notice
from soc.model.text import clean

MAXIMUM_NOTICES = 50
DIGEST_ABOVE = 10  # from here on a line each
_MAXIMUM_LINES = 50
_MAXIMUM_LINE_CHARACTERS = 500
_MAXIMUM_SUBJECT_CHARACTERS = 150
_MAXIMUM_ITEMS = 64


@dataclass(frozen=True, slots=True)
class Message:
    """What one attempt sends. `id` stays the same when it is sent again; no notices = a test."""

    id: str
    target: str
    notices: Sequence[Notice]


def subject(message: Message) -> str:
    """One clean line."""
    alerts = [_alert(notice) for notice in message.notices]
    if not alerts:
        text = f"[soc] test message for {message.target}"
    elif len(alerts) == 1:
        [alert] = alerts
        text = " ".join(
            (f"[soc] {alert['severity']} {message.notices[0].what}:", alert["label"], alert["summary"])
        )
    else:
        worst = max((alert["severity"] for alert in alerts), key=lambda name: SEVERITY_IDS.get(name, 0))
        text = f"[soc] {len(alerts)} notices, worst {worst}: " + ", ".join(
            f"{count} {what}" for what, count in _counts(message)
        )
    return clean(text, _MAXIMUM_SUBJECT_CHARACTERS)


def text(message: Message) -> str:
    """Plain text, each line clean; every alert in full, or a line each when there are many."""
    if not message.notices:
        lines = ["This is a test: alerts for this target arrive as this message did."]
    elif len(message.notices) > DIGEST_ABOVE:
        lines = [_line(notice) for notice in by_severity(message)]
    else:
        lines = [line for notice in by_severity(message) for line in (*_block(notice), "")]
    return "\n".join((*lines, "", f"soc, target {clean(message.target)}, message {message.id}", ""))


def document(message: Message) -> dict[str, Any]:
    """What a webhook gets: {"version", "id", "target", "test", "subject", "notices"}, every text clean."""
    return {
        "version": 1,
        "id": message.id,
        "target": message.target,
        "test": not message.notices,
        "subject": subject(message),
        "notices": [{"id": notice.id, **_cleaned(notice.document)} for notice in message.notices],
    }


def by_severity(message: Message) -> list[Notice]:
    """The most severe first; what happened to one alert stays in order."""
    return sorted(
        message.notices, key=lambda notice: (-SEVERITY_IDS.get(_alert(notice)["severity"], 0), notice.time)
    )


def _block(notice: Notice) -> Iterator[str]:
    alert = _alert(notice)
    yield _clean_line(f"{notice.what.upper()}  {alert['severity']}  {alert['summary']}")
    labels = ", ".join(f"{name}={value}" for name, value in alert["labels"].items())
    for name, value in (
        ("alert", f"{alert['label']} ({alert['id']})"),
        ("device", alert["device"]),
        ("site", alert["site"]),
        ("supplier", alert["supplier"]),
        ("rule", alert["rule"]),
        ("when", notice.document.get("time", "")),
        ("first seen", alert["first_seen"]),
        ("last seen", alert["last_seen"]),
        ("count", alert["count"]),
        ("labels", labels),
        ("reason", notice.document.get("reason", "")),
        ("runbook", alert.get("runbook", "")),
    ):
        if value not in ("", None):
            yield _clean_line(f"  {name + ':':<12}{value}")
    for line in _clean_lines(alert.get("description", "")):
        yield f"  {line}"


def _line(notice: Notice) -> str:
    alert = _alert(notice)
    return _clean_line(
        f"{notice.what:<9} {alert['severity']:<13} {alert['label']:<8} {alert['device']:<20.40} "
        f"{alert['summary']:.200}  {notice.document.get('time', '')}"
    )


def _alert(notice: Notice) -> dict[str, Any]:
    """The alert's document; what a damaged one lacks is empty."""
    names = ("severity", "label", "id", "device", "site", "supplier", "rule", "summary")
    empty: dict[str, Any] = dict.fromkeys((*names, "first_seen", "last_seen", "count"), "")
    return empty | {"labels": {}} | dict(notice.document.get("alert", {}))


def _counts(message: Message) -> list[tuple[str, int]]:
    whats = [notice.what for notice in message.notices]
    return [(what, whats.count(what)) for what in ("opened", "reopened", "resolved") if what in whats]


def _clean_line(line: str) -> str:
    return clean(line, _MAXIMUM_LINE_CHARACTERS)


def _clean_lines(value: object) -> list[str]:
    return [_clean_line(line) for line in str(value).splitlines()[:_MAXIMUM_LINES]]


def _cleaned(value: Any) -> Any:
    """A JSON value bounded and with clean texts; line breaks stay."""
    if isinstance(value, str):
        return "\n".join(_clean_lines(value))
    if isinstance(value, Mapping):
        return {_clean_line(str(name)): _cleaned(item) for name, item in list(value.items())[:_MAXIMUM_ITEMS]}
    if isinstance(value, list):
        return [_cleaned(item) for item in value[:_MAXIMUM_ITEMS]]
    return value

"""A screen as sentences, one a line: for screen readers, pipes and terminals that can do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from soc.console.client import Client
from soc.console.report import items
from soc.console.words import age, clock, moment, percent

Document = Mapping[str, Any]
MAXIMUM_ROWS = 512
SCREENS = ("overview", "alerts", "devices")


async def plain_screen(client: Client, screen: str, filter: str, now: float) -> list[str]:
    """The lines of a screen. Raises HubError."""
    lines = list(_header(await client.get("/v1/status"), now))
    if screen == "overview":
        return lines + list(_overview(await client.get("/v1/overview"), now))
    answer = await client.get(f"/v1/{screen}", filter=filter, limit=MAXIMUM_ROWS)
    rows = items(answer, "items")
    say = _alert if screen == "alerts" else _device
    said = f", filter {filter}" if filter else ""
    lines.append(f"{len(rows)} of {answer.get('total', len(rows))} {screen}{said}")
    return lines + [say(row, now) for row in rows]


def _header(status: Document, now: float) -> Iterator[str]:
    hub, alerts, you = (_part(status, name) for name in ("hub", "alerts", "you"))
    blind = moment(hub.get("blind_since"))
    yield f"Blind since {clock(blind, now)}." if blind is not None else f"Live, {clock(now)}."
    yield f"{alerts.get('open', 0)} alerts open."
    yield f"You are {you.get('name', 'nobody')}, {you.get('role', 'without a role')}."


def _overview(document: Document, now: float) -> Iterator[str]:
    for tower in items(document, "towers"):
        worst = tower.get("worst") or "nothing"
        available = percent(tower.get("availability_ratio"))
        yield (
            f"Tower {tower.get('tower', '')}: worst {worst}, {tower.get('open_alerts', 0)} alerts open, "
            + (f"available {available}, " if available else "")
            + f"{tower.get('up', 0)} of {tower.get('total', 0)} devices up."
        )
    needing = items(document, "needs_you")
    yield f"{len(needing)} alerts need somebody."
    yield from (_alert(alert, now) for alert in needing)


def _alert(alert: Document, now: float) -> str:
    owner = f"owner {alert['owner']}" if alert.get("owner") else "nobody's"
    return (
        f"{alert.get('severity', '')}, {alert.get('label', '')}, {alert.get('entity', '')}: "
        f"{alert.get('summary') or alert.get('rule', '')}; {alert.get('workflow', '')}, "
        f"{alert.get('condition', '')}, since {age(moment(alert.get('first_seen')), now)}, {owner}."
    )


def _device(device: Document, now: float) -> str:
    cause = f", {device['cause']}" if device.get("cause") else ""
    since = f"since {age(moment(device.get('since')), now)}, " if device.get("since") else ""
    last = moment(device.get("last_seen")) if device.get("state") != "up" else None
    seen = f"last seen {age(last, now)} ago, " if last is not None else ""
    return (
        f"{device.get('device', '')}, {device.get('kind', '')}, {device.get('tower', '')}: "
        f"{device.get('state', '')}{cause}, {since}{seen}"
        f"{device.get('open_alerts', 0)} alerts open."
    )


def _part(document: Document, name: str) -> Document:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}

"""The line that is always there: where you are, and whether what you see is so."""

from __future__ import annotations

from collections.abc import Mapping

from soc.console.palette import Span
from soc.console.session import Live
from soc.console.words import clock, grouped, moment

SCREENS = (("1", "overview"), ("2", "alerts"), ("3", "devices"))


def header(title: str, live: Live, unowned_critical: int | None, now: float, width: int) -> list[Span]:
    """The header: figures only while they hold, and never green while the hub or its collection is blind."""
    line: list[Span] = [(f" {title} ", "tab"), (" ", "text")]
    alerts, collection = _part(live.status, "alerts"), _part(live.status, "collection")
    count = alerts.get("open")
    if isinstance(count, int):
        line += [(f" {grouped(count)} open", "strong" if count else "dim")]
    if unowned_critical:
        line += [(f" {unowned_critical} unowned crit", "critical")]
    line += [("  ", "text"), *_liveness(live, now), (" ", "text")]
    if live.state == "live":
        if live.events_per_second is not None:
            line += [(f" {grouped(live.events_per_second)} ev/s", "text")]
        lag = collection.get("lag_seconds")
        if isinstance(lag, (int, float)):
            line += [(f" lag {lag:.1f}s" if lag < 100 else f" lag {lag / 60:.0f}m", "text")]
    name, role = str(live.user.get("name") or ""), str(live.user.get("role") or "")
    line += [(f"  {name}", "strong")]
    if width >= 120:
        line += [(f" {role}", "dim"), ("   ", "text")]
        for key, screen in SCREENS:
            line += [(f" {key} ", "key"), (screen, "dim")]
    return line


def _liveness(live: Live, now: float) -> list[Span]:
    if live.state == "lost":
        return [(f" ? STALE since {clock(live.since, now)}, read-only ", "stale")]
    if live.state == "connecting":
        return [(" ? connecting ", "stale")]
    if live.blind_since:
        since = moment(live.blind_since)
        return [(f" BLIND since {clock(since, now)[:5] if since else '?'} ", "blind")]
    return [("● live ", "ok"), (clock(now), "text")]


def _part(status: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = status.get(name)
    return found if isinstance(found, Mapping) else {}

"""An alert or a device as lines to read. Pure: documents of the API in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from soc.console.palette import Line, Span
from soc.console.words import (
    age,
    clock,
    moment,
    owner,
    pairs,
    progress,
    severity,
    short_number,
    sparkline,
    state,
    wrap,
)

Document = Mapping[str, Any]
_LABEL_CELLS = 6
_SERIES_CELLS, _NARROW_SERIES_CELLS = 12, 5
MAXIMUM_EVIDENCE = 50


def items(document: Document, name: str) -> list[Document]:
    """The objects of a list in a document, whatever else stands there."""
    found = document.get(name)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, Sequence) else []


def labelled(label: str, text: str, width: int, style: str = "text") -> list[Line]:
    """`label` and a wrapped text beside it."""
    pieces = wrap(text, max(10, width - _LABEL_CELLS - 3))
    return [
        [(f" {label if number == 0 else '':<{_LABEL_CELLS}} ", "title"), (piece, style)]
        for number, piece in enumerate(pieces)
    ]


def rule(title: str, width: int, style: str = "strong") -> Line:
    """A title in a line across the pane."""
    return [("─ ", "rule"), (title, style), (" " + "─" * max(0, width), "rule")]


def alert_title(alert: Document) -> str:
    return f"{alert.get('label') or alert.get('id', '')} {alert.get('summary') or alert.get('rule', '')}"


def alert_preview(alert: Document, now: float, width: int) -> list[Line]:
    """What decides about an alert: why it fired, about whom, when, and the evidence."""
    lines = _alert_head(alert, now, width)
    evidence = items(alert, "evidence")
    for number, event in enumerate(evidence[:6]):
        lines += [_event_line(event, "Seen" if number == 0 else "")]
    count = alert.get("count")
    if isinstance(count, int) and count > 6 and evidence:
        lines += [[(" " * (_LABEL_CELLS + 2), "dim"), (f"… {count - min(len(evidence), 6)} more", "dim")]]
    lines += _history(items(alert, "history")[-3:], now, width)
    return lines


def alert_report(alert: Document, now: float, width: int) -> list[Line]:
    """Everything that the hub says about an alert."""
    lines = _alert_head(alert, now, width)
    runbook = str(alert.get("runbook") or "")
    if runbook:
        lines += labelled("Do", runbook, width)
    history = items(alert, "history")
    lines += [(), rule(f"history, {len(history)}", width)]
    lines += _history(history, now, width, label="")
    evidence = items(alert, "evidence")
    if evidence:
        lines += [(), rule(f"evidence, {len(evidence)} of {alert.get('count', '?')}", width)]
        for event in evidence[:MAXIMUM_EVIDENCE]:
            lines += _event_block(event, width)
    lines += [(), rule("identity", width)]
    for name in ("id", "fingerprint", "rule_id", "rule_version", "version"):
        if alert.get(name) not in (None, ""):
            lines.append([(f" {name:<14}", "dim"), (str(alert[name]), "dim")])
    return lines


def _alert_head(alert: Document, now: float, width: int) -> list[Line]:
    word, token = severity(alert.get("severity"))
    said, said_token = progress(alert)
    first, last = moment(alert.get("first_seen")), moment(alert.get("last_seen"))
    count = alert.get("count")
    head: list[Span] = [(f" {word:<{_LABEL_CELLS}} ", token), (f"{alert.get('rule', '')}  ", "text")]
    head += [(said, said_token), ("  ", "text")] if said else []
    head += [("owner ", "dim"), (owner(alert), "strong")]
    lines: list[Line] = [head]
    summary, description = str(alert.get("summary") or ""), str(alert.get("description") or "")
    lines += labelled("Why", description if description and summary in description else summary, width)
    if description and summary not in description:
        lines += labelled("", description, width, "dim")
    places = [str(alert[name]) for name in ("device", "tower", "site", "supplier") if alert.get(name)]
    others = {
        name: value
        for name, value in dict(alert.get("labels") or {}).items()
        if name not in ("device", "tower", "site", "supplier", "alertname", "severity")
    }
    lines += labelled(
        "From", "  ".join([*places, pairs(others)]).strip() or str(alert.get("entity", "")), width
    )
    times = f"{clock(first, now)}, {age(first, now)} ago"
    if isinstance(count, int) and count > 1:
        times = f"{count} times since {times}; last {clock(last, now)}, {age(last, now)} ago"
    lines += labelled("When", times, width)
    if alert.get("suppressed_by"):
        lines += labelled("Hushed", f"by {alert['suppressed_by']}", width)
    if alert.get("disposition"):
        lines += labelled("Closed", str(alert["disposition"]), width)
    return lines


def _history(steps: Iterable[Document], now: float, width: int, label: str = "Did") -> list[Line]:
    lines: list[Line] = []
    for step in steps:
        who = step.get("name") or "system"
        text = f"{clock(moment(step.get('time')), now)}  {step.get('action', '')} by {who}"
        text += f", {step['disposition']}" if step.get("disposition") else ""
        text += f": {step['reason']}" if step.get("reason") else ""
        lines += labelled(label, text, width)
        label = ""
    return lines


def _event_line(event: Document, label: str) -> Line:
    return [
        (f" {label:<{_LABEL_CELLS}} ", "title"),
        (clock(moment(event.get("time"))) + "  ", "dim"),
        (f"{event.get('device') or event.get('source_address') or ''}  ", "low"),
        (str(event.get("message") or event.get("id", "")), "text"),
    ]


def _event_block(event: Document, width: int) -> list[Line]:
    shown = ("user", "source_ip", "target_ip", "process", "service", "source_address")
    about = {name: event[name] for name in shown if event.get(name)}
    lines: list[Line] = [
        [
            (f" {clock(moment(event.get('time')))}  ", "dim"),
            (f"{event.get('device') or ''}  ", "low"),
            (pairs(about), "dim"),
        ]
    ]
    message = str(event.get("message") or event.get("id", ""))
    return lines + [[("   " + piece, "text")] for piece in wrap(message, max(10, width - 4))]


def device_report(device: Document, now: float, width: int) -> list[Line]:
    """A device: state and cause, alerts, facts, latest values, events; as far as the hub says."""
    word, token = state(device.get("state"))
    head: list[Span] = [
        (f" {word} ", token),
        ("since ", "dim"),
        (clock(moment(device.get("since")), now), "text"),
    ]
    head += [(f" ({age(moment(device.get('since')), now)})", "dim")] if device.get("since") else []
    lines: list[Line] = [head]
    if device.get("cause"):
        lines += labelled("Cause", str(device["cause"]), width)
    place = [str(device[name]) for name in ("kind", "tower", "site", "supplier") if device.get(name)]
    lines += labelled("Is", "  ".join(place), width)
    if device.get("last_seen") or not device.get("since"):
        seen = moment(device.get("last_seen"))
        ago = f" ({age(seen, now)} ago)" if seen is not None else ""
        lines += labelled("Seen", clock(seen, now) + ago, width)
    alerts = items(device, "alerts")
    if alerts:
        lines += [(), rule(f"alerts, {len(alerts)}", width)]
        lines += [_alert_line(alert, now) for alert in alerts]
    facts = sorted(items(device, "facts"), key=lambda fact: str(fact.get("key", "")))
    for key, members in groupby(facts, key=lambda fact: str(fact.get("key", ""))):
        lines += [(), rule(key, width)]
        for fact in members:
            lines += _named(str(fact.get("instance") or ""), str(fact.get("value", "")), width)
    samples = items(device, "samples")
    if samples:
        cells = _SERIES_CELLS if width >= 70 else _NARROW_SERIES_CELLS
        known = [line for sample in samples if (line := _series_line(sample, cells))]
        lines += [(), rule(f"values of late, {len(known)}", width), *known]
        if len(known) < len(samples):
            lines += [[(f" {len(samples) - len(known)} series have no value of late", "dim")]]
    events = items(device, "events")
    if events:
        lines += [(), rule(f"events, latest {len(events)}", width)]
        for event in events:
            time = f" {clock(moment(event.get('time')), now):<9} "
            for number, piece in enumerate(wrap(str(event.get("message") or ""), max(10, width - 13))):
                lines.append([(time if number == 0 else " " * len(time), "dim"), (piece, "text")])
    return lines


def _alert_line(alert: Document, now: float) -> Line:
    word, token = severity(alert.get("severity"))
    said, said_token = progress(alert)
    return [
        (f" {word:<{_LABEL_CELLS}} ", token),
        (f"{alert.get('label', ''):<7}{age(moment(alert.get('first_seen')), now):>5} ", "dim"),
        (f"{said} " if said else "", said_token),
        (str(alert.get("summary") or alert.get("rule") or ""), "text"),
    ]


def _series_line(series: Document, cells: int) -> Line:
    """One series: its values of late as a sparkline, the latest in full; nothing without any."""
    found = series.get("values")
    pairs_ = found if isinstance(found, Sequence) else [(None, series.get("value"))]
    values = [pair[1] for pair in pairs_ if isinstance(pair, Sequence) and len(pair) == 2]
    stale = not values or values[-1] is None  # the value before is the last known one
    known = next((value for value in reversed(values) if value is not None), None)
    if known is None:
        return ()
    return [
        (f" {sparkline(values, cells, from_zero=False)} ", "spark"),
        (f"{short_number(known):>6} ", "dim" if stale else "strong"),
        ("stale " if stale else " ", "dim"),
        (f"{series.get('metric', '')}  ", "text"),
        (pairs(series.get("labels")), "dim"),
    ]


def _named(name: str, value: str, width: int) -> list[Line]:
    column = 22 if width >= 60 else 12
    pieces = wrap(value, max(10, width - column - 2))
    return [
        [(f" {name if number == 0 else '':<{column}} ", "dim"), (piece, "text")]
        for number, piece in enumerate(pieces)
    ]

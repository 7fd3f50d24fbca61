"""What the tables show of an alert, a device and a tower."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from soc.console.pages import Row
from soc.console.palette import Span
from soc.console.table import Column
from soc.console.words import (
    age,
    clock,
    moment,
    owner,
    percent,
    progress,
    severity,
    sparkline,
    state,
)

MINUTES = 20  # of a tower's event rate


def _text(name: str, style: str = "text") -> Callable[[Row, float], Span]:
    return lambda row, _: (str(row.get(name) or ""), style)


def _severity(row: Row, _now: float) -> Span:
    word, token = severity(row.get("severity"))
    return word, "dim" if row.get("workflow") == "closed" else token


def _age(row: Row, now: float) -> Span:
    return age(moment(row.get("first_seen")), now), "dim"


def _summary(row: Row, _now: float) -> Span:
    return str(row.get("summary") or row.get("rule") or ""), "dim" if row.get(
        "workflow"
    ) == "closed" else "text"


def _owner(row: Row, _now: float) -> Span:
    said, token = progress(row)
    if said in ("", "acked"):
        return owner(row), "strong" if row.get("owner") else "dim"
    return said, token


ALERTS: Sequence[Column] = (
    Column("", 6, _severity),
    Column("alert", 6, _text("label", "dim")),
    Column("age", 5, _age, right=True, ticking=True),
    Column("site", 8, _text("site", "dim"), from_width=78),
    Column("about", 12, _text("entity", "low"), roomy=20),
    Column("what", 0, _summary),
    Column("count", 5, lambda row, _: (str(row.get("count") or ""), "dim"), from_width=110, right=True),
    Column("owner", 6, _owner, roomy=8),
)


def _state(row: Row, _now: float) -> Span:
    return state(row.get("state"))


def _open(row: Row, _now: float) -> Span:
    count = row.get("open_alerts") or 0
    return (str(count), "high") if count else ("", "dim")


DEVICES: Sequence[Column] = (
    Column("", 9, _state),
    Column("device", 14, _text("device", "low"), roomy=24),
    Column("tower", 8, _text("tower", "dim")),
    Column("kind", 10, _text("kind"), from_width=78, roomy=14),
    Column("site", 10, _text("site", "dim"), from_width=120),
    Column(
        "since", 5, lambda row, now: (age(moment(row.get("since")), now), "dim"), right=True, ticking=True
    ),
    Column("open", 4, _open, right=True),
    Column("cause", 0, _text("cause", "dim")),
    Column(
        "seen",
        11,
        lambda row, now: (clock(moment(row["last_seen"]), now) if row.get("last_seen") else "", "dim"),
        from_width=120,
        right=True,
    ),
)


def _worst(row: Row, _now: float) -> Span:
    return severity(row.get("worst"))


def _up(row: Row, _now: float) -> Span:
    up, total = row.get("up"), row.get("total")
    return f"{up}/{total}", "text" if up == total else "high"


def _available(row: Row, _now: float) -> Span:
    return percent(row.get("availability_ratio")), "text"


def _open_alerts(row: Row, _now: float) -> Span:
    count = row.get("open_alerts") or 0
    return f"{count} open" if count else "", "strong" if count else "dim"


def _rate(row: Row, _now: float) -> Span:
    numbers = row.get("events_per_minute")
    return sparkline(numbers if isinstance(numbers, list) else (), MINUTES), "spark"


TOWERS: Sequence[Column] = (
    Column("tower", 10, lambda row, _: (str(row.get("tower") or "").upper(), "strong")),
    Column("", 6, _worst),
    Column("alerts", 8, _open_alerts, right=True),
    Column("avail", 6, _available, from_width=44, right=True),
    Column("up", 9, _up, right=True),
    Column("events a minute, 20 min", 23, _rate, from_width=70),
)

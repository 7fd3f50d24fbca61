"""How values are said on a screen: short, fixed in width, the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len, set_cell_size

from soc.model.text import clean

# name -> (glyph and word, token of the palette)
SEVERITIES: Mapping[str, tuple[str, str]] = {
    "critical": ("!!CRIT", "critical"),
    "high": ("! HIGH", "high"),
    "medium": ("~ MED", "medium"),
    "low": (". LOW", "low"),
    "informational": ("- INFO", "dim"),
    "": ("+ OK", "ok"),
}
STATES: Mapping[str, tuple[str, str]] = {
    "up": ("+ UP", "ok"),
    "down": ("!!DOWN", "critical"),
    "unreachable": ("! UNREACH", "high"),
    "maintenance": ("~ MAINT", "low"),
    "unknown": ("? UNKNOWN", "stale"),
}
_BLOCKS = "▁▂▃▄▅▆▇█"
_UNITS = ("", "k", "M", "G", "T", "P")


def severity(value: object) -> tuple[str, str]:
    """(glyph and word, token) of a severity; '' or None is none at all, anything unknown is stale."""
    return SEVERITIES.get(str(value or ""), ("? STALE", "stale"))


def state(value: object) -> tuple[str, str]:
    """(glyph and word, token) of a device's state."""
    return STATES.get(str(value or ""), STATES["unknown"])


def moment(value: object) -> float | None:
    """RFC 3339 text as UTC seconds; None where it is none."""
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError):
        return None


def clock(seconds: float | None, now: float | None = None) -> str:
    """Local time of day; with `now`, the date too once it is another day."""
    if seconds is None:
        return "never"
    try:
        local = datetime.fromtimestamp(seconds).astimezone()
        far = now is not None and local.date() != datetime.fromtimestamp(now).astimezone().date()
    except (ValueError, OverflowError, OSError):
        return "?"
    return local.strftime("%m-%d %H:%M" if far else "%H:%M:%S")


def age(since: float | None, now: float) -> str:
    """Time gone by in at most five cells: 0:41, 9:59, 42m, 3h07, 2d04, 412d."""
    if since is None:
        return ""
    seconds = max(0, int(now - since))
    if seconds < 600:
        return f"{seconds // 60}:{seconds % 60:02}"
    if seconds < 3600:
        return f"{seconds // 60}m"
    if seconds < 86400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02}"
    days = seconds // 86400
    return f"{days}d{seconds % 86400 // 3600:02}" if days < 100 else f"{min(days, 9999)}d"


def grouped(number: float) -> str:
    """1 012: thousands apart by a blank; a fraction below ten keeps a digit."""
    if isinstance(number, float) and 0 < number < 9.95:
        return f"{number:.1f}"
    return f"{number:,.0f}".replace(",", " ")


def percent(ratio: object) -> str:
    """0..1 as a percentage, rounded down so that less than all never shows as all; '' where unknown."""
    if not isinstance(ratio, (int, float)) or not math.isfinite(ratio):
        return ""
    return f"{math.floor(ratio * 1000 + 1e-9) / 10:.1f}%"


def short_number(value: object) -> str:
    """1.23k, 45.6M, 0.42: three significant digits."""
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return "" if value is None else str(value)
    if value == 0 or (value == int(value) and abs(value) < 10_000):
        return str(int(value))
    power = 0 if abs(value) < 1000 else min(int(math.log10(abs(value)) // 3), len(_UNITS) - 1)
    return f"{value / 1000**power:.3g}{_UNITS[power]}"


def sparkline(numbers: Sequence[object], width: int, *, from_zero: bool = True) -> str:
    """The last `width` numbers as blocks between 0, or their minimum, and their maximum; what is no
    number is a gap."""
    values = [
        float(number) if isinstance(number, (int, float)) and math.isfinite(number) else None
        for number in numbers[-width:]
    ]
    known = [value for value in values if value is not None]
    lowest = min(known, default=0.0) if not from_zero else 0.0
    span = max(known, default=0.0) - lowest
    line = ""
    for value in values:
        step = 0 if value is None or span <= 0 else math.ceil((value - lowest) / span * len(_BLOCKS)) - 1
        line += " " if value is None else _BLOCKS[max(0, min(len(_BLOCKS) - 1, step))]
    return line.rjust(width)


def pairs(labels: object) -> str:
    """Labels as name=value, separated by blanks."""
    if not isinstance(labels, Mapping):
        return ""
    return "  ".join(f"{name}={value}" for name, value in labels.items())


def owner(alert: Mapping[str, Any]) -> str:
    """Who has it: a name, or a dash."""
    return str(alert.get("owner") or "—")


def progress(alert: Mapping[str, Any]) -> tuple[str, str]:
    """(word, token) of how far an alert has come: nothing while it is open, firing and nobody's."""
    if alert.get("workflow") == "closed":
        return "closed", "dim"
    if alert.get("suppressed_by"):
        return "hushed", "dim"
    if alert.get("condition") in ("resolved", "no-data", "pending"):
        resolved = alert.get("condition") == "resolved"
        return str(alert["condition"]), "ok" if resolved else "stale"
    if alert.get("workflow") in ("acknowledged", "snoozed"):
        return {"acknowledged": "acked", "snoozed": "snoozed"}[str(alert["workflow"])], "low"
    return "", "text"


def wrap(text: str, width: int) -> list[str]:
    """`text` broken between words into pieces of at most `width` cells."""
    pieces: list[str] = []
    current = ""
    for word in clean(text).split(" "):
        longer = f"{current} {word}" if current else word
        if cell_len(longer) <= width:
            current = longer
            continue
        if current:
            pieces.append(current)
        while cell_len(word) > width:
            head = set_cell_size(word, width).rstrip(" ")
            head = word[: max(1, len(head))]
            pieces.append(head)
            word = word[len(head) :]
        current = word
    return [*pieces, current] if current or not pieces else pieces

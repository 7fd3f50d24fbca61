"""Whether an agent is still the one that was asked last: if not, what it is has to be asked again."""

from __future__ import annotations

from typing import Any

from soc.collect.port import Answer

_DRIFT_SECONDS = 60.0  # between the agent's clock and ours, and while an answer is under way
_RESTART_SECONDS = 300.0  # later than this it began, not the clocks differ


def note_beginning(answer: Answer, uptime: Any) -> None:
    """Keep as the hint `booted` (UTC seconds) since when the agent runs, by its sysUpTime at answer.time.

    Sets `answer.anew` where it began again since the last contact, or is of another engine or kind. That
    sysUpTime goes round after 497 days looks alike.
    """
    before = answer.job.hints
    for name in ("engine_id", "object_id"):
        known = before.get(name)
        answer.anew |= bool(known) and answer.hints.get(name, known) != known
    if type(uptime) is not int or uptime < 0:
        return
    booted, known = answer.time - uptime / 100, before.get("booted")
    if known is None or abs(booted - known) > _DRIFT_SECONDS:
        answer.hints["booted"] = round(booted)
        answer.anew |= known is not None and booted - known > _RESTART_SECONDS

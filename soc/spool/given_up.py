"""The gap that making room in the spool leaves behind."""

from __future__ import annotations

from collections.abc import Sequence

from soc.model import Event
from soc.model.own import own_event


def given_up_event(segments: Sequence[str], now: float) -> Event:
    """Done segments that went, oldest first, to make room: from them no store is rebuilt."""
    first, last = segments[0], segments[-1]
    return own_event(
        ("given-up", first, last),
        now,
        "spool",
        "done",
        f"the spool is at its limit: {len(segments)} ingested segments were given up",
        severity_id=3,
        fields={"first": first, "last": last, "segments": str(len(segments))},
    )

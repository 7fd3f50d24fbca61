"""What is told of a store that had lost transactions."""

from __future__ import annotations

from soc.model import Event
from soc.model.ids import digest


def unknown_transactions(last: int, noted: int) -> str:
    """The store ends at transaction `last`, the journal goes on with `noted`."""
    return (
        f"the store has lost transactions: it ends at {last}, the journal knows what to do again from "
        f"{noted} on; restore a backup (soc store restore DIR), or without one what journal and spool hold "
        "(soc store restore)"
    )


def recovery_event(first: int, last: int, segments_gone: int, now: float) -> Event:
    """Transactions `first` to `last` were done again, as our own event."""
    gone = f"; {segments_gone} of their segments are gone with what stood in them" if segments_gone else ""
    return Event(
        id=digest("recovery", str(first), str(last), f"{now:.6f}"),
        time=now,
        received=now,
        product="soc",
        category="store",
        service="recovery",
        severity_id=4 if segments_gone else 3,
        message=f"the store had lost its last {last - first + 1} transactions: rebuilt from journal and spool"
        + gone,
        fields={"first": str(first), "last": str(last), "segments_gone": str(segments_gone)},
    )

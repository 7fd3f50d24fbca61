"""What is told of a store that had lost transactions."""

from __future__ import annotations

from collections.abc import Sequence

from soc.model import Event
from soc.model.own import own_event


def unknown_transactions(last: int, noted: int) -> str:
    """The store ends at transaction `last`, the journal goes on with `noted`."""
    return (
        f"the store has lost transactions: it ends at {last}, the journal knows what to do again from "
        f"{noted} on; restore a backup (soc store restore DIR), or without one what journal and spool hold "
        "(soc store restore)"
    )


def recovery_event(before: int, last: int, segments_gone: int, notices: Sequence[str], now: float) -> Event:
    """The store ended at transaction `before`; those to `last` were done again. As our own event."""
    told = list(notices)
    if last > before:
        told.append(f"the store lacked its last {last - before} transactions: rebuilt from journal and spool")
    if segments_gone:
        told.append(f"{segments_gone} of their segments are gone with what stood in them")
    return own_event(
        ("recovery", str(before), str(last), f"{now:.6f}"),
        now,
        "store",
        "recovery",
        "; ".join(told),
        severity_id=4 if segments_gone else 3,
        fields={"before": str(before), "last": str(last), "segments_gone": str(segments_gone)},
    )

"""Seconds since the epoch (everywhere else) and UTC TIMESTAMP (in the store), exact to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1)  # the store's TIMESTAMP is UTC without a zone


def moment(seconds: float) -> datetime:
    """UTC seconds as the store keeps them."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def seconds(value: datetime) -> float:
    """The store's UTC time as seconds since the epoch."""
    return (value - _EPOCH) / timedelta(seconds=1)

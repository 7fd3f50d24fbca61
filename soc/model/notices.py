"""A notice: that something happened to an alert, for one target (docs/operations.md, notification)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

What = Literal["opened", "reopened", "resolved"]
NoticeState = Literal["pending", "delivered", "dead"]


@dataclass(frozen=True, slots=True)
class Notice:
    """`id` is hash(transition id, target): the same step is told to the same target once.

    `document` is what a webhook gets of it: `what`, `time` (RFC 3339), `reason`, `alert` (the object of
    `soc alerts show` without history and evidence).
    """

    id: str
    target: str  # its name in the inventory
    alert_id: str
    what: What
    time: float  # of the transition, UTC seconds
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A notice in the outbox and how far it came. Times are UTC seconds."""

    notice: Notice
    state: NoticeState
    attempts: int
    created: float
    expires: float
    next_attempt: float
    message: str  # id of the message that carries it, and perhaps others; "" = none yet
    reached: tuple[str, ...]  # the recipients that have taken that message
    settled: float | None  # when it was delivered or given up
    error: str  # of the last attempt

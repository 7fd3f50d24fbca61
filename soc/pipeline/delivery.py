"""From the outbox to the targets, at least once, with the network outside of any transaction.

An attempt is claimed in the store before it begins and settled after it ended. A process killed in
between leaves the claim: the message goes again, with the same id, when its next attempt is due.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Protocol, TypeVar

from soc.alerting.notify import (
    MAXIMUM_ATTEMPTS,
    MAXIMUM_NOTICES,
    Attempt,
    Message,
    delay_seconds,
    send,
)
from soc.inventory import Notify
from soc.model.ids import digest
from soc.model.notices import OutboxEntry
from soc.model.own import own_event
from soc.store import Entry, Store

RUN_SECONDS = 20.0
_Result = TypeVar("_Result")


class InStore(Protocol):
    """Runs work on the store where that may be done: by the holder of its lock, between transactions."""

    def __call__(self, work: Callable[[Store], _Result], /) -> _Result: ...


@dataclass(slots=True)
class Delivered:
    """What one run did, in notices."""

    delivered: int = 0
    postponed: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True)
class _Claim:
    message: Message
    entries: Sequence[OutboxEntry]

    @property
    def ids(self) -> list[str]:
        return [entry.notice.id for entry in self.entries]

    @property
    def attempts(self) -> int:
        """With the one that is claimed."""
        return 1 + max(entry.attempts for entry in self.entries)


def deliver_due(
    in_store: InStore,
    notify: Notify,
    *,
    now: Callable[[], float],
    monotonic: Callable[[], float],
    draw: Callable[[], float],
    seconds: float = RUN_SECONDS,
) -> Delivered:
    """Send what is due: a message to each target in turn, until nothing is left or the time is over.

    A target that fails is left alone for the rest of the run, and stops no other. The last attempt ends
    within soc.alerting.notify.send.SEND_SECONDS after `seconds`. Raises what `in_store` raises; what was
    sent then and could not be settled is sent again.
    """
    done = Delivered()
    ends = monotonic() + seconds
    due = in_store(partial(_begin, now=now(), done=done))
    targets = deque(name for name in due if name in notify.targets)
    while targets and monotonic() < ends:
        name = targets.popleft()
        claim = in_store(partial(_claim, target=name, now=now(), draw=draw()))
        if claim is None:
            continue
        attempt = send(notify.targets[name], claim.message, now=now(), reached=claim.entries[0].reached)
        in_store(partial(_settle, claim=claim, attempt=attempt, now=now(), draw=draw(), done=done))
        if attempt.outcome != "retry":
            targets.append(name)
    return done


def _begin(store: Store, now: float, done: Delivered) -> list[str]:
    """Give up what is too old; returns the targets with something to send."""
    expired = store.outbox.expired(now, MAXIMUM_ATTEMPTS)
    for target, found in groupby(expired, key=lambda entry: entry.notice.target):
        entries = list(found)
        reason = entries[-1].error or "never tried: is the target in the inventory, and did anything run?"
        _give_up(store, target, entries, reason, now, done)
    return store.outbox.due_targets(now)


def _claim(store: Store, target: str, now: float, draw: float) -> _Claim | None:
    entries = store.outbox.due(target, now, MAXIMUM_NOTICES)
    if not entries:
        return None
    ids = [entry.notice.id for entry in entries]
    id = entries[0].message or (ids[0] if len(ids) == 1 else digest(*ids))
    claim = _Claim(Message(id, target, [entry.notice for entry in entries]), entries)
    with store.transaction():
        store.outbox.claim(ids, id, now + delay_seconds(claim.attempts, draw))
    return claim


def _settle(store: Store, claim: _Claim, attempt: Attempt, now: float, draw: float, done: Delivered) -> None:
    detail = f"{attempt.step}: {attempt.detail}" if attempt.detail else ""
    next_attempt = now + delay_seconds(claim.attempts, draw)
    if attempt.outcome == "delivered":
        with store.transaction(Entry("notices", now, delivered=tuple(claim.ids))):
            store.outbox.settle(claim.ids, "delivered", now, detail)
        done.delivered += len(claim.ids)
    elif attempt.outcome == "dead":
        _give_up(store, claim.message.target, claim.entries, detail, now, done)
    else:
        # Nobody has it for certain: what is new by then may join it, in a message of its own id.
        keep = claim.message.id if attempt.reached or attempt.uncertain else ""
        with store.transaction():
            store.outbox.postpone(claim.ids, keep, attempt.reached, next_attempt, detail)
        done.postponed += len(claim.ids)


def _give_up(
    store: Store, target: str, entries: Sequence[OutboxEntry], reason: str, now: float, done: Delivered
) -> None:
    """Dead letters, told by an own event that rules may match."""
    ids = [entry.notice.id for entry in entries]
    event = own_event(
        ("notification", *ids, f"{now:.6f}"),
        now,
        "notification",
        target,
        f"notices for {target} given up: {len(ids)} ({reason})",
        severity_id=4,
        fields={"target": target, "notices": str(len(ids)), "reason": reason},
    )
    entry = Entry("notices", now, events=(event,), given_up=tuple(ids))
    with store.transaction(entry) as number:
        store.outbox.settle(ids, "dead", now, reason)
        store.events.add_own([event], number)
    done.dead += len(ids)

"""The outbox: written once, claimed as messages, settled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from soc.model import StoreError
from soc.model.notices import Notice, OutboxEntry
from soc.store import Store
from tests.store.test_alerts import opened

NOW = 1_700_000_000.0
DAY = 86400.0


def notice(number: int, what: Any = "opened", *, alert: str = "", target: str = "ops") -> Notice:
    """A notice whose id, and unless given whose alert, follow from its number."""
    return Notice(
        f"{target}-{number}", target, alert or f"alert-{number}", what, NOW + number, {"number": number}
    )


def ids(entries: list[OutboxEntry]) -> list[str]:
    return [entry.notice.id for entry in entries]


def state(store: Store, id: str) -> OutboxEntry:
    [entry] = [entry for entry in store.outbox.select("", 1000) if entry.notice.id == id]
    return entry


def test_round_trip(store: Store) -> None:
    """What goes in comes out: due at once, untried, in the order of writing."""
    store.outbox.add([notice(2), notice(1)], NOW, NOW + DAY)
    first, second = store.outbox.due("ops", NOW, 50)
    assert (first.notice, second.notice) == (notice(2), notice(1))
    assert first == OutboxEntry(notice(2), "pending", 0, NOW, NOW + DAY, NOW, "", (), None, "")
    assert store.outbox.counts() == {"pending": 2}


def test_known_ids_are_ignored(store: Store) -> None:
    """A step told again, though delivered since, changes nothing."""
    store.outbox.add([notice(1)], NOW, NOW + DAY)
    store.outbox.settle(["ops-1"], "delivered", NOW + 1)
    store.outbox.add([notice(1)], NOW + 60, NOW + DAY)
    assert store.outbox.counts() == {"delivered": 1}
    assert store.outbox.due("ops", NOW + 60, 50) == []


def test_end_is_told_to_those_who_know_the_beginning(store: Store) -> None:
    """A resolved alert is told to the target that heard of it, in this transaction or before."""
    store.outbox.add([notice(1, alert="a")], NOW, NOW + DAY)
    ends = [
        notice(2, "resolved", alert="a"),
        notice(3, "resolved", alert="unheard"),
        notice(4, "resolved", alert="a", target="hook"),
        notice(5, alert="b"),
        notice(6, "resolved", alert="b"),
    ]
    store.outbox.add(ends, NOW, NOW + DAY)
    assert ids(store.outbox.select("", 100)) == ["ops-1", "ops-2", "ops-5", "ops-6"]


def test_targets_in_order_of_waiting(store: Store) -> None:
    """Only targets with something due are named, the longest waiting first."""
    store.outbox.add([notice(1, target="late")], NOW + 10, NOW + DAY)
    store.outbox.add([notice(1, target="early")], NOW, NOW + DAY)
    store.outbox.add([notice(1, target="future")], NOW + 100, NOW + DAY)
    assert store.outbox.due_targets(NOW + 20) == ["early", "late"]


def test_an_open_message_goes_again_as_it_was(store: Store) -> None:
    """After an attempt that nobody settled, the same notices travel again, without the new ones."""
    store.outbox.add([notice(number) for number in range(3)], NOW, NOW + DAY)
    store.outbox.claim(ids(store.outbox.due("ops", NOW, 2)), "message", NOW + 60)
    store.outbox.add([notice(9)], NOW + 30, NOW + DAY)
    assert ids(store.outbox.due("ops", NOW + 30, 50)) == ["ops-2", "ops-9"]
    again = store.outbox.due("ops", NOW + 60, 50)
    assert [(entry.notice.id, entry.message, entry.attempts) for entry in again] == [
        ("ops-0", "message", 1), ("ops-1", "message", 1),
    ]  # fmt: skip


def test_postponed(store: Store) -> None:
    """A failed attempt comes due later, with its error, its message and who has it."""
    store.outbox.add([notice(1)], NOW, NOW + DAY)
    store.outbox.claim(["ops-1"], "message", NOW + 60)
    store.outbox.postpone(["ops-1"], "message", ["mia@example.org"], NOW + 120, "greylisted")
    assert store.outbox.due("ops", NOW + 119, 50) == []
    [entry] = store.outbox.due("ops", NOW + 120, 50)
    assert (entry.reached, entry.error, entry.attempts) == (("mia@example.org",), "greylisted", 1)


def test_expired(store: Store) -> None:
    """Too old or tried too often, and due: not what still waits for its attempt."""
    store.outbox.add([notice(1)], NOW, NOW + 100)
    store.outbox.add([notice(2), notice(3)], NOW, NOW + DAY)
    for _ in range(2):
        store.outbox.claim(["ops-2"], "message", NOW + 50)
    assert store.outbox.expired(NOW + 49, 2) == []
    assert ids(store.outbox.expired(NOW + 50, 2)) == ["ops-2"]
    assert ids(store.outbox.expired(NOW + 100, 2)) == ["ops-1", "ops-2"]


def test_retry(store: Store) -> None:
    """A dead letter is due again with those in its message; what was delivered or is unknown stays."""
    store.outbox.add([notice(number) for number in range(4)], NOW, NOW + DAY)
    store.outbox.claim(["ops-0", "ops-1"], "message", NOW + 60)
    store.outbox.settle(["ops-0", "ops-1", "ops-2"], "dead", NOW + 1, "refused")
    store.outbox.settle(["ops-3"], "delivered", NOW + 1)
    assert sorted(store.outbox.retry(["ops-0", "ops-3", "x"], NOW + DAY, NOW + 2 * DAY)) == ["ops-0", "ops-1"]
    entry = state(store, "ops-0")
    assert (entry.state, entry.attempts, entry.settled, entry.error) == ("pending", 0, None, "refused")
    assert (entry.next_attempt, entry.expires) == (NOW + DAY, NOW + 2 * DAY)
    assert [state(store, id).state for id in ("ops-2", "ops-3")] == ["dead", "delivered"]


def test_selected_by_state(store: Store) -> None:
    """The newest of a state, oldest first."""
    store.outbox.add([notice(number) for number in range(3)], NOW, NOW + DAY)
    store.outbox.settle(["ops-1"], "dead", NOW, "refused")
    assert ids(store.outbox.select("dead", 10)) == ["ops-1"]
    assert ids(store.outbox.select("", 2)) == ["ops-1", "ops-2"]


def test_hostile_text(store: Store) -> None:
    """Whatever a document holds comes back unchanged."""
    document = {"summary": "'; DROP TABLE outbox; --\x00\x1b[31m\u202e\ud800", "labels": {"a\nb": None}}
    hostile = Notice("id", "ops", "alert", "opened", NOW, document)
    store.outbox.add([hostile], NOW, NOW + DAY)
    assert store.outbox.due("ops", NOW, 1)[0].notice == hostile


def test_a_rolled_back_transaction_leaves_nothing(store: Store) -> None:
    """Notices are there with the transitions they tell, or not at all."""
    with pytest.raises(StoreError), store.transaction():
        _add_and_fail(store)
    assert store.outbox.counts() == {}


def _add_and_fail(store: Store) -> None:
    store.outbox.add([notice(1)], NOW, NOW + DAY)
    store.query("SELECT nonsense")


def test_forgotten_after_its_time(store: Store) -> None:
    """Settled notices go, unless their alert is to be told as resolved one day; pending ones stay."""
    alert = opened(store)
    store.outbox.add(
        [notice(1), notice(2), notice(3), notice(4, alert=alert.id)], NOW, NOW + DAY
    )  # fmt: skip
    store.outbox.settle(["ops-1", "ops-4"], "delivered", NOW)
    store.outbox.settle(["ops-2"], "dead", NOW + 10)
    store.outbox.forget(NOW + 10)
    assert ids(store.outbox.select("", 10)) == ["ops-2", "ops-3", "ops-4"]
    store.outbox.forget(NOW + 11)
    assert ids(store.outbox.select("", 10)) == ["ops-3", "ops-4"]
    store.alerts.save([], [replace(alert, workflow="closed")], [], [], NOW)
    store.outbox.forget(NOW + 11)
    assert ids(store.outbox.select("", 10)) == ["ops-3"]


def test_fate_that_nobody_knows(store: Store) -> None:
    """What was written again long after its time counts as told; what is recent, or was tried, is sent."""
    store.outbox.add([notice(1), notice(2)], NOW, NOW + DAY)
    store.outbox.claim(["ops-2"], "m", NOW + 60)
    store.outbox.add([notice(3)], NOW + 60, NOW + 60 + DAY)
    store.outbox.presume_delivered(NOW + DAY)
    assert [state(store, f"ops-{number}").state for number in (1, 2, 3)] == [
        "delivered",
        "pending",
        "pending",
    ]
    assert "not known" in state(store, "ops-1").error

"""Analysts' filters: parsed to terms, bound as values."""

from __future__ import annotations

import pytest

from soc.model import ConfigurationError, Event
from soc.store import Store
from soc.store.filters import Term, parse


def test_terms() -> None:
    """Fields, quotes, words and negation."""
    assert parse('user:root -process:"a b" failed severity:high') == (
        Term("user", "root"), Term("process", "a b", True), Term("", "failed"), Term("severity", "4"),
    )  # fmt: skip
    assert parse("") == ()


@pytest.mark.parametrize("text", ['user:"open', "severity:loud", "a " * 51, 'x:"a"b'])
def test_not_understood(text: str) -> None:
    """What is not understood is named."""
    with pytest.raises(ConfigurationError):
        parse(text)


EVENTS = [
    Event(
        "1", 100, 100, device="web-1", user="root", message="Failed password", fields={"outcome": "failure"}
    ),
    Event("2", 200, 200, device="web-2", user="ro_t", message="100% done", raw="x'; DROP TABLE event; --"),
    Event("3", 300, 300, device="db-1", severity_id=4, source_ip="10.0.0.7", message="it's fine"),
]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", "123"),
        ("user:ROOT", "1"),
        ("user:ro_t", "2"),
        ("device:web-*", "12"),
        ("-device:web-*", "3"),
        ("outcome:failure", "1"),
        ("-outcome:failure", "23"),
        ("source_ip:10.*", "3"),
        ("severity:high", "3"),
        ("100%", "2"),
        ('"failed password"', "1"),
        ("'; DROP", "2"),
        ("it's", "3"),
        ("user:' message:x", ""),
        ("no_such_field:*", ""),
    ],
)
def test_selection(store: Store, text: str, ids: str) -> None:
    """Each filter selects what it says, and none is ever SQL."""
    store.events.add_own(EVENTS, None)
    found = store.events.select(parse(text), 0, 1000, 10)
    assert "".join(event.id for event in found) == ids


def test_limit_keeps_the_newest(store: Store) -> None:
    """The last events, oldest of them first; the range of time is closed."""
    store.events.add_own(EVENTS, None)
    assert [event.id for event in store.events.select((), 0, 1000, 2)] == ["2", "3"]
    assert [event.id for event in store.events.select((), 100, 200, 9)] == ["1", "2"]

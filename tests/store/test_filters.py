"""Analysts' filters as conditions: nothing of them but bound values reaches the database."""

from __future__ import annotations

import pytest

from soc.model import ConfigurationError, Event
from soc.model.filters import parse_filter
from soc.store import Store
from soc.store.events import VOCABULARY
from soc.store.filters import Asker, condition

ASKER = Asker(now=400.0, user="mia")
EVENTS = [
    Event(
        "1", 100, 100, device="web-1", user="root", message="Failed password", fields={"outcome": "failure"}
    ),
    Event(
        "2",
        200,
        200,
        device="web-2",
        user="ro_t",
        message="100% done",
        raw="x'; DROP TABLE event; --",
        fields={"attempts": "10"},
    ),
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
        ("outcome:*", "1"),
        ("-user:*", "3"),
        ("severity>=high", "3"),
        ("severity<high", "12"),
        ("severity_id:4", "3"),
        ("age<101s", "3"),
        ("age>=200s", "12"),
        ("outcome>1", ""),
        ("attempts>=9", "2"),
    ],
)
def test_selection(store: Store, text: str, ids: str) -> None:
    """Each filter selects what it says, and none is ever SQL."""
    store.events.add_own(EVENTS, None)
    found = store.events.select(parse_filter(text), ASKER, 0, 1000, 10)
    assert "".join(event.id for event in found) == ids


def test_limit_keeps_the_newest(store: Store) -> None:
    """The last events, oldest of them first; the range of time is closed."""
    store.events.add_own(EVENTS, None)
    assert [event.id for event in store.events.select((), ASKER, 0, 1000, 2)] == ["2", "3"]
    assert [event.id for event in store.events.select((), ASKER, 100, 200, 9)] == ["1", "2"]


@pytest.mark.parametrize("text", ["severity_id:many", "age:1h", "age<soon", "user>b"])
def test_not_comparable(text: str) -> None:
    """What a field cannot be compared with is an error, found before the database is asked."""
    with pytest.raises(ConfigurationError):
        condition(VOCABULARY, parse_filter(text), ASKER)

"""Pages of events: each event once, whatever their times."""

from __future__ import annotations

import pytest

from soc.model import Event
from soc.store import Store
from soc.store.filters import Asker

NOW = 1_700_000_000.0
# Seconds before now: many at one time, at the ends of the spans that are searched, far back, at the ends.
AGES = [0.0, *[1.0] * 7, 59.999999, 60.0, 60.0, 60.000001, 540.0, 540.0, 4380.0, 50_000.0, 86_400.0, 86_400.0]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages(store: Store, limit: int) -> None:
    """Newest first, by id where times are equal, both ends of the range in."""
    events = [Event(f"e{number}", NOW - age, NOW) for number, age in enumerate(AGES)]
    outside = [Event("older", NOW - 86_401, NOW), Event("newer", NOW + 1, NOW)]
    store.events.add_own(events + outside, None)
    found: list[Event] = []
    after: tuple[float, str] | None = None
    while page := store.events.page((), Asker(NOW), NOW - 86_400, NOW, after, limit):
        assert len(page) <= limit
        found += page
        after = (page[-1].time, page[-1].id)
    expected = sorted(events, key=lambda event: (event.time, event.id), reverse=True)
    assert [event.id for event in found] == [event.id for event in expected]

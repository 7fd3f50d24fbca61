"""soc.model.own: what is told of ourselves."""

from __future__ import annotations

from soc.model.own import own_event


def test_what_is_told_again_is_the_same_event() -> None:
    """An event's id follows from what it is about, not from how it is put."""
    first = own_event(("gap", "01"), 7.0, "spool", "done", "a gap")
    again = own_event(("gap", "01"), 8.0, "spool", "done", "the gap")
    assert first.id == again.id != own_event(("gap", "02"), 7.0, "spool", "done", "a gap").id
    assert (first.product, first.time, first.received, first.fields) == ("soc", 7.0, 7.0, {})

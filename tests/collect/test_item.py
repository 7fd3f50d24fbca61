"""What is read of a JSON document that a host printed."""

from __future__ import annotations

from soc.collect.item import Item


def test_whatever_stands_in_an_item() -> None:
    """Readers give their type or nothing."""
    item = Item(
        {"a": "1.5", "b": True, "c": [1], "d": None, "e": "x", "t": "2026-03-01T10:00:00Z", "big": "1e999"}
    )
    assert [item.number(name) for name in "abcdef"] == [1.5, None, None, None, None, None]
    assert [item.text(name) for name in "abcde"] == ["1.5", "", "", "", "x"]
    assert (item.flag("b"), item.flag("a"), item.whole("a"), Item("1e999").whole()) == (True, None, 1, None)
    assert (item.moment("t"), item.moment("e"), item.moment("d")) == (1772359200.0, None, None)
    assert [Item(text).number() for text in ("NaN", "inf", "-1e999")] == [None, None, None]
    assert Item("2026-03-01T10:00:00").moment() == Item("2026-03-01T11:00:00+01:00").moment() == 1772359200.0
    assert ("d" in item, "e" in item) == (False, True)
    assert [Item(value).text() for value in ("x", 5, [1])] == ["x", "5", ""]
    assert [one.number() for one in item.items("c")] == [1.0]

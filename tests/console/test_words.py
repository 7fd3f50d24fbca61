"""soc.console.words: values as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from soc.console import words

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (41, "0:41"), (127, "2:07"), (599, "9:59"), (600, "10m"), (3599, "59m"), (3600, "1h00"),
     (11_220, "3h07"), (86_400, "1d00"), (187_200, "2d04"), (8_640_000, "100d"), (-5, "0:00")],
)  # fmt: skip
def test_age(seconds: float, text: str) -> None:
    """Minutes and seconds, hours and minutes, days and hours; the future is now."""
    assert words.age(NOW - seconds, NOW) == text


@given(st.floats(0, 1e9))
def test_age_fits_its_column(seconds: float) -> None:
    """At most five cells, for thirty years."""
    assert len(words.age(NOW - seconds, NOW)) <= 5


def test_percent_never_rounds_up_to_all() -> None:
    """0.9999 is not 100 %; what is unknown is nothing."""
    assert words.percent(0.9999) == "99.9%"
    assert words.percent(1.0) == "100.0%"
    assert words.percent(0.997) == "99.7%"
    assert words.percent(None) == ""


def test_sparkline() -> None:
    """From zero to the maximum; gaps stay gaps; few numbers stand at the right."""
    assert words.sparkline([0, 1, 2, 4, 8], 5) == "▁▁▂▄█"
    assert words.sparkline([5, None, 10], 5) == "  ▄ █"
    assert words.sparkline([0, 0], 2) == "▁▁"
    assert words.sparkline([100, 101, 102], 3, from_zero=False) == "▁▄█"
    assert words.sparkline([], 3) == "   "


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1, "1"), (0.217, "0.217"), (4096, "4096"), (8e9, "8G"), (1.371e12, "1.37T"), (None, ""),
     (float("nan"), "nan"), (1e30, "1e+15P")],
)  # fmt: skip
def test_short_number(value: object, text: str) -> None:
    """Three significant digits and a unit prefix; nothing for no value."""
    assert words.short_number(value) == text


def test_grouped() -> None:
    """Thousands apart; a fraction only below ten."""
    assert [words.grouped(number) for number in (0, 4, 3.26, 42.4, 1012, 1_234_567)] == [
        "0", "4", "3.3", "42", "1 012", "1 234 567"
    ]  # fmt: skip


def test_severities_have_glyph_word_and_colour() -> None:
    """No two look alike without their colours."""
    said = [words.severity(name) for name in ("critical", "high", "medium", "low", "informational", "")]
    assert [text for text, _ in said] == ["!!CRIT", "! HIGH", "~ MED", ". LOW", "- INFO", "+ OK"]
    assert words.severity("strange") == ("? STALE", "stale")
    assert words.state(None)[0] == "? UNKNOWN"


@pytest.mark.parametrize("value", [None, "", "yesterday", 7, "9999999-01-01", "2026-13-01T00:00:00Z"])
def test_moment_of_no_time(value: object) -> None:
    """What is no time is None, and shown as never or nothing."""
    assert words.moment(value) is None
    assert words.clock(words.moment(value)) == "never"
    assert words.age(words.moment(value), NOW) == ""


@given(st.text(max_size=200), st.integers(4, 40))
def test_wrap_fits_and_loses_nothing(text: str, width: int) -> None:
    """Each piece fits its width; all characters but blanks are still there, in order."""
    pieces = words.wrap(text, width)
    assert all(cell_len(piece) <= width for piece in pieces)
    assert "".join(pieces).replace(" ", "") == words.clean(text).replace(" ", "")

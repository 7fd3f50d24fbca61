"""soc.console.paint: nothing that is shown can act on the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from soc.console.paint import Painter
from soc.console.palette import STYLES
from tests.support.console_estate import HOSTILE

PAINTERS = {
    "full": Painter("full"),
    "ansi": Painter("ansi"),
    "none": Painter("none"),
    "ascii": Painter("full", ascii_only=True),
}
TEXTS = st.text(max_size=60) | st.sampled_from(list(HOSTILE.values()))


@given(st.lists(TEXTS, max_size=4), st.integers(0, 50), st.sampled_from(list(PAINTERS)))
def test_strip_is_as_wide_as_asked_and_harmless(texts: list[str], width: int, name: str) -> None:
    """Any text, cut or filled to the width, has no control or format character of those that act."""
    strip = PAINTERS[name].strip([(text, "text") for text in texts], width)
    assert sum(cell_len(segment.text) for segment in strip) == width
    for character in strip.text:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert character not in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
    if name == "ascii":
        assert strip.text.isascii()


@given(TEXTS, st.integers(0, 30), st.booleans())
def test_fit_is_exact(text: str, width: int, right: bool) -> None:
    """A cell has its column's width, whatever its characters' widths are."""
    assert cell_len(PAINTERS["full"].fit(text, width, right=right)) == width


def test_markup_is_text() -> None:
    """Brackets are shown as they came, and no segment carries an action or a link."""
    strip = PAINTERS["full"].strip([(HOSTILE["markup"], "text")], 100)
    assert strip.text.rstrip() == HOSTILE["markup"]
    assert all(segment.style and not segment.style.meta and not segment.style.link for segment in strip)


@pytest.mark.parametrize("token", sorted({token for styles in STYLES.values() for token in styles}))
@pytest.mark.parametrize("row", ["", "cursor", "resting", "bar", "panel"])
def test_no_colour_without_colours(token: str, row: str) -> None:
    """Where colours are not wanted, styles are bold, reverse and underline alone."""
    style = PAINTERS["none"].style(token, row)
    assert style.color is None
    assert style.bgcolor is None


def test_sixteen_colours_are_the_terminals_own() -> None:
    """No style asks for more than the sixteen."""
    for token in STYLES["ansi"]:
        style = PAINTERS["ansi"].style(token, "")
        assert all(colour is None or (colour.number or 0) < 16 for colour in (style.color, style.bgcolor))


def test_ascii_keeps_the_meaning() -> None:
    """Sparklines, bullets and arrows have ASCII stand-ins of the same width."""
    painter = PAINTERS["ascii"]
    assert painter.text("● live ▁▃█ 3 new ↑ … — ä") == "* live _,# 3 new ^ . - ?"
    assert painter.fit("too long a text", 6) == "too l."


def test_blanks_that_look_alike_are_one_segment() -> None:
    """A blank beside a word takes the word's colours, unless its background would show."""
    painter = Painter("full")
    assert [part.text for part in painter.strip([("a", "critical"), (" ", "text")], 6, "bar")] == ["a     "]
    assert [part.text for part in painter.strip([("a", "chip"), (" ", "text")], 3, "bar")] == ["a", "  "]
    plain = Painter("none")
    assert [part.text for part in plain.strip([("a", "chip"), (" ", "text")], 3)] == ["a", "  "]
    assert [part.text for part in plain.strip([("a", "text"), (" ", "chip")], 2)] == ["a", " "]

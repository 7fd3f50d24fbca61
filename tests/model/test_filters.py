"""The filter language: text to terms."""

from __future__ import annotations

import pytest

from soc.model import ConfigurationError
from soc.model.filters import Term, parse_filter


def test_terms() -> None:
    """Fields, quotes, words, comparisons and negation."""
    assert parse_filter('user:root -process:"a b" failed severity>=high -age<1h') == (
        Term("user", "root"), Term("process", "a b", True), Term("", "failed"),
        Term("severity", "high", operator=">="), Term("age", "1h", True, "<"),
    )  # fmt: skip
    assert parse_filter("") == ()


@pytest.mark.parametrize("text", ["->x", "a->b", "x>", "<1>", "10:30", "https"])
def test_words(text: str) -> None:
    """What only looks like a comparison is a word."""
    [term] = parse_filter(text)
    assert term.field == ""


@pytest.mark.parametrize(
    "text", ['user:"open', "severity:loud", "severity>=4", "a " * 51, 'x:"a"b', "a" * 5000]
)
def test_not_understood(text: str) -> None:
    """What is not understood is named."""
    with pytest.raises(ConfigurationError):
        parse_filter(text)


def test_what_cannot_be_encoded() -> None:
    """A lone surrogate cannot reach the store."""
    assert parse_filter("user:\ud800") == (Term("user", "?"),)

"""What makers leave in their boards' firmware."""

from __future__ import annotations

import pytest

from soc.collect.firmware import filled_in


@pytest.mark.parametrize(
    "text", ["", "  ", "To be filled by O.E.M.", "Default string", "System Serial Number", "None", "0000"]
)
def test_nobody_filled_it_in(text: str) -> None:
    """Placeholders are no values."""
    assert filled_in(text) == ""


@pytest.mark.parametrize("text", ["ABC1234", "PowerEdge R650", "0A12", "Nonesuch 7"])
def test_a_value(text: str) -> None:
    """Everything else is one, without the blanks around it."""
    assert filled_in(f" {text} ") == text

"""What every screen of the console is, and what it may ask of the application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.message import Message
from textual.widget import Widget

from soc.console.paint import Painter
from soc.console.palette import Span
from soc.console.session import Session

WIDE_CELLS = 120  # from here on: list beside detail
TOWERS_CELLS = 180  # from here on: towers beside both


class View(Widget):
    """One screen. The application shows one at a time and tells it what happens."""

    title = ""

    class Said(Message):
        """Something to tell the reader in the last line."""

        def __init__(self, text: str, style: str = "strong") -> None:
            super().__init__()
            self.text = text
            self.style = style

    class Go(Message):
        """Show another screen; `row` is what to show there, `filter` what to look for."""

        def __init__(
            self, name: str, row: Mapping[str, Any] | None = None, filter: str | None = None
        ) -> None:
            super().__init__()
            self.name = name
            self.row = row
            self.filter = filter

    def __init__(self, session: Session, painter: Painter, *, id: str) -> None:
        super().__init__(id=id)
        self.session = session
        self.painter = painter

    def entered(self) -> None:
        """It is shown now: take the focus, catch up."""

    def tick(self) -> None:
        """A second went by while it is shown."""

    def resumed(self) -> None:
        """The hub is back after a loss: ask again."""

    def reread(self) -> None:
        """More changed than the hub tells: look at what is shown again."""

    def changed(self, kind: str, document: Mapping[str, Any]) -> None:
        """The hub pushed a changed alert or device."""

    def overview(self, document: Mapping[str, Any]) -> None:
        """The towers, once a second while a screen that `wants_overview` is shown."""

    @property
    def wants_overview(self) -> bool:
        return False

    @property
    def filter(self) -> str | None:
        """What the list is filtered by; None where there is nothing to filter."""
        return None

    def set_filter(self, text: str) -> None:
        """Filter by something else, soon."""

    def escape(self) -> bool:
        """Esc: stop what is going on or go one step back; False when there is neither."""
        return False

    def holds(self, key: str) -> bool:  # noqa: ARG002 - most never do
        """Whether a key has to wait, because what it acts on is still asked for."""
        return False

    def hints(self) -> list[tuple[str, str]]:
        """(key, what it does), for the last line."""
        return []


def hint_spans(hints: list[tuple[str, str]]) -> list[Span]:
    """Keys and what they do, side by side."""
    return [part for key, what in hints for part in ((f" {key} ", "key"), (f"{what} ", "dim"))]

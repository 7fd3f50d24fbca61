"""Widgets that are lines of text: only those in sight are made, and only those that changed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from soc.console.paint import Painter
from soc.console.palette import Line


class TextLine(Widget):
    """One line of spans, as wide as it gets."""

    def __init__(self, painter: Painter, *, row: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._painter = painter
        self._row = row
        self._line: Line = ()

    def show(self, line: Line) -> None:
        """Show this line; only from the first span on that changed is it painted."""
        if line != self._line:
            same = sum(
                1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(line, self._line, strict=False))
            )
            x = sum(cell_len(self._painter.text(text)) for text, _ in line[:same])
            self._line = line
            self.refresh(Region(x, 0, max(1, self.size.width - x), 1))

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - there is one
        return self._painter.strip(self._line, self.size.width, self._row)


class Lines(Widget, can_focus=True):
    """Rows that are moved through by keys; subclasses say how many there are and paint each.

    Row 0 is the first; `top` is the one in the uppermost line, under `heading_rows` lines that stay.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "step(1)", "a row down, up", key_display="j k ↓ ↑"),
        Binding("k,up", "step(-1)"),
        Binding("ctrl+d", "half_page(1)", "half a page down, up", key_display="^d ^u"),
        Binding("ctrl+u", "half_page(-1)"),
        Binding("pagedown", "page(1)", "a page down, up", key_display="PgDn PgUp"),
        Binding("pageup", "page(-1)"),
        Binding("g", "first_key", "first, last row", key_display="gg G"),
        Binding("home", "first"),
        Binding("G,end", "last"),
    ]
    heading_rows = 0

    def __init__(self, painter: Painter, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.painter = painter
        self.top = 0
        self._g_pressed = False

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row_strip(self, index: int, width: int) -> Strip:
        """Row `index`, `width` cells wide."""
        raise NotImplementedError

    def heading_strip(self, width: int) -> Strip:
        """The line above the rows, where `heading_rows` is 1."""
        return self.painter.strip((), width)

    def move_to(self, index: int) -> None:
        """Go to a row: here, bring it to the top."""
        self.scroll_rows(index)

    def position(self) -> int:
        """The row that moving starts from."""
        return self.top

    @property
    def page_rows(self) -> int:
        """How many rows are in sight."""
        return max(1, self.size.height - self.heading_rows)

    def scroll_rows(self, top: int) -> None:
        """Let row `top` be the uppermost, as far as there are rows to fill the page."""
        top = max(0, min(top, self.row_count() - self.page_rows))
        if top != self.top:
            self.top = top
            self.refresh()

    def refresh_row(self, index: int) -> None:
        """Paint one row again, if it is in sight."""
        if self.top <= index < self.top + self.page_rows:
            self.refresh(Region(0, index - self.top + self.heading_rows, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y < self.heading_rows:
            return self.heading_strip(width)
        index = self.top + y - self.heading_rows
        return self.row_strip(index, width) if index < self.row_count() else self.painter.strip((), width)

    def on_resize(self) -> None:
        self.scroll_rows(self.top)

    def on_key(self, event: events.Key) -> None:
        if event.key != "g":
            self._g_pressed = False

    def action_first_key(self) -> None:
        if self._g_pressed:
            self.action_first()
        self._g_pressed = not self._g_pressed

    def action_step(self, rows: int) -> None:
        self.move_to(self.position() + rows)

    def action_half_page(self, direction: int) -> None:
        self.move_to(self.position() + direction * max(1, self.page_rows // 2))

    def action_page(self, direction: int) -> None:
        self.move_to(self.position() + direction * self.page_rows)

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(self.row_count() - 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(self.top + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(self.top - 3)


class TextPane(Lines):
    """Lines of text to read, scrolled as a whole. They are built anew for each width."""

    def __init__(self, painter: Painter, *, row: str = "", id: str | None = None) -> None:
        super().__init__(painter, id=id)
        self._row = row
        self._build: Callable[[int], Sequence[Line]] = lambda _: ()
        self._lines: Sequence[Line] = ()

    def show(self, build: Callable[[int], Sequence[Line]], *, keep_place: bool = False) -> None:
        """Show what `build(width)` makes, from the first line on or where the reader is."""
        self._build = build
        before, self._lines = self._lines, build(self.size.width)
        top = max(0, min(self.top if keep_place else 0, self.row_count() - self.page_rows))
        if top != self.top:
            self.top = top
            self.refresh()
            return
        for index in range(top, top + self.page_rows):
            if before[index : index + 1] != self._lines[index : index + 1]:
                self.refresh_row(index)

    def on_resize(self) -> None:
        self.show(self._build, keep_place=True)

    def row_count(self) -> int:
        return len(self._lines)

    def row_strip(self, index: int, width: int) -> Strip:
        return self.painter.strip(self._lines[index], width, self._row)

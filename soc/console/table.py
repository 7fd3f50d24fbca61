"""A table over pages: any number of rows, the selection tied to a row's id and not to its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from soc.console.lines import Lines
from soc.console.pages import Pages, Row
from soc.console.paint import Painter
from soc.console.palette import Span

ROOMY_CELLS = 100


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `width` in cells, 0 = what the others leave; `roomy` is its width where the table has
    ROOMY_CELLS. Shown where the table has `from_width` cells. `ticking`: its text depends on the time."""

    title: str
    width: int
    cell: Callable[[Row, float], Span]
    roomy: int = 0
    from_width: int = 0
    right: bool = False
    ticking: bool = False


class Table(Lines):
    """Rows under a cursor. Nothing moves a row but `show`."""

    heading_rows = 1

    class Moved(Message):
        """Another row is selected, or the selected one changed."""

        def __init__(self, table: Table) -> None:
            super().__init__()
            self.table = table

    class Opened(Message):
        """The selected row was chosen by a second click."""

        def __init__(self, table: Table) -> None:
            super().__init__()
            self.table = table

    class Wanted(Message):
        """A row whose page is not held came into sight."""

        def __init__(self, table: Table, index: int) -> None:
            super().__init__()
            self.table = table
            self.index = index

    class TopWanted(Message):
        """The reader went to the first row, by `gg` or Home."""

    def __init__(
        self,
        painter: Painter,
        columns: Sequence[Column],
        clock: Callable[[], float],
        *,
        heading: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(painter, id=id)
        self._columns = columns
        self._clock = clock
        self.heading_rows = int(heading)
        self.pages: Pages | None = None
        self.cursor = 0
        self._selected_id = ""
        self._said: dict[int, str] = {}  # the ticking text of each row in sight, as last painted

    @property
    def selected(self) -> Row | None:
        """The row under the cursor, if its page is held."""
        return self.pages.row(self.cursor) if self.pages is not None else None

    def show(self, pages: Pages) -> None:
        """Show other rows. The selected row stays selected, at the same height, where it is among them."""
        height = self.cursor - self.top
        self.pages = pages
        place = pages.index(self._selected_id) if self._selected_id else None
        self.cursor = max(0, min(self.cursor if place is None else place, len(pages) - 1))
        self.top = max(0, min(self.cursor - height, len(pages) - self.page_rows))
        self._follow()
        self._settle()
        self.refresh()

    def arrived(self) -> None:
        """A page that was wanted is held now."""
        self.cursor = max(0, min(self.cursor, self.row_count() - 1))
        self._follow()
        self._settle()
        self.refresh()

    def update(self, row: Row) -> bool:
        """Replace the row of the same id where it stands; False when it is not held."""
        pages = self.pages
        index = pages.index(pages.row_id(row)) if pages is not None else None
        if pages is None or index is None:
            return False
        if pages.row(index) == row:
            return True
        pages.update(row)
        self.refresh_row(index)
        if index == self.cursor:
            self.post_message(self.Moved(self))
        return True

    def tick(self) -> None:
        """Paint what the passing of time changed, and nothing else."""
        now = self._clock()
        for x, width, column in self._layout(self.size.width):
            if not column.ticking:
                continue
            for index in range(self.top, min(self.top + self.page_rows, self.row_count())):
                row = self.pages.row(index) if self.pages is not None else None
                if row is not None and self._said.get(index) != column.cell(row, now)[0]:
                    self.refresh(Region(x, index - self.top + self.heading_rows, width, 1))

    def row_count(self) -> int:
        return len(self.pages) if self.pages is not None else 0

    def position(self) -> int:
        return self.cursor

    def move_to(self, index: int) -> None:
        index = max(0, min(index, self.row_count() - 1))
        if index != self.cursor:
            before, self.cursor = self.cursor, index
            self._follow()
            self.refresh_row(before)
            self.refresh_row(index)
        self._settle()

    def action_first(self) -> None:
        super().action_first()
        self.post_message(self.TopWanted())

    def heading_strip(self, width: int) -> Strip:
        line = [
            (self.painter.fit(column.title, cells, right=column.right) + " ", "dim")
            for _, cells, column in self._layout(width)
        ]
        return self.painter.strip([(" ", "dim"), *line], width)

    def row_strip(self, index: int, width: int) -> Strip:
        pages = self.pages
        if pages is None or not pages.held(index):
            self.post_message(self.Wanted(self, index))
            return self.painter.strip([(" …", "dim")], width, self._row_style(index))
        row = pages.row(index)
        if row is None:
            return self.painter.strip((), width)
        now = self._clock()
        line: list[Span] = [(" ", "text")]
        for _, cells, column in self._layout(width):
            text, token = column.cell(row, now)
            if column.ticking:
                self._said[index] = text
            line += [(self.painter.fit(text, cells, right=column.right), token), (" ", "text")]
        return self.painter.strip(line, width, self._row_style(index))

    def scroll_rows(self, top: int) -> None:
        before = self.top
        super().scroll_rows(top)
        if self.top != before:
            self._said.clear()

    def on_resize(self) -> None:
        super().on_resize()
        self._follow()

    def on_focus(self) -> None:
        self.refresh_row(self.cursor)

    def on_blur(self) -> None:
        self.refresh_row(self.cursor)

    def on_click(self, event: events.Click) -> None:
        index = self.top + event.y - self.heading_rows
        if event.y < self.heading_rows or index >= self.row_count():
            return
        chosen = index == self.cursor
        self.move_to(index)
        if chosen:
            self.post_message(self.Opened(self))

    def _row_style(self, index: int) -> str:
        return ("cursor" if self.has_focus else "resting") if index == self.cursor else ""

    def _settle(self) -> None:
        """The selection is what the cursor stands on now."""
        row = self.selected
        if row is not None and self.pages is not None:
            self._selected_id = self.pages.row_id(row)
        self.post_message(self.Moved(self))

    def _follow(self) -> None:
        """Scroll as little as brings the cursor into sight."""
        top = min(self.top, self.cursor)
        self.scroll_rows(max(top, self.cursor - self.page_rows + 1))

    def _layout(self, width: int) -> list[tuple[int, int, Column]]:
        """(x, cells, column) of each column that has room in `width`."""
        shown = [
            (column.roomy if column.roomy and width >= ROOMY_CELLS else column.width, column)
            for column in self._columns
            if width >= column.from_width
        ]
        spare = width - 1 - sum(cells + 1 for cells, _ in shown)
        places = []
        x = 1
        for cells, column in shown:
            cells = cells or max(4, spare)
            places.append((x, cells, column))
            x += cells + 1
        return places

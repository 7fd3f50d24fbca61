"""What is selected, beside or below its list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from textual.app import ComposeResult
from textual.timer import Timer
from textual.widget import Widget

from soc.console.background import start
from soc.console.details import Details
from soc.console.errors import HubError
from soc.console.lines import TextLine, TextPane
from soc.console.paint import Painter
from soc.console.palette import Line
from soc.console.report import rule
from soc.console.session import Session
from soc.console.table import Table
from soc.console.view import WIDE_CELLS

SETTLE_SECONDS = 0.06  # how long the cursor rests before the hub is asked

# Makes lines of (document, now, width).
Report = Callable[[Mapping[str, Any], float, int], list[Line]]


class Preview(Widget):
    """The row under a table's cursor: at once what the row says, then what the hub adds.

    `short` is shown below a list, `full` beside it. The neighbours' details are fetched ahead.
    """

    def __init__(
        self, session: Session, painter: Painter, details: Details, title: Callable[[Mapping[str, Any]], str],
        short: Report, full: Report,
    ) -> None:  # fmt: skip
        super().__init__()
        self._session = session
        self._details = details
        self._title_of = title
        self._short = short
        self._full = full
        self._key: object = None
        self._document: Mapping[str, Any] | None = None
        self._settling: Timer | None = None
        self._wanted: list[Mapping[str, Any]] = []  # whose details are not known
        self._title = TextLine(painter)
        self._pane = TextPane(painter)

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._pane

    def follow(self, table: Table) -> None:
        """Show the selected row of `table`."""
        row = table.selected
        if row is None:
            self._show(None)
            return
        known = self._details.known(row)
        if known is None and self._document is not None and self._details.key(row) == self._key:
            known = {**self._document, **row}  # it changed: until the hub has answered, its older details
        self._show(known or row)
        neighbours = [
            other
            for index in (table.cursor + 1, table.cursor - 1)
            if table.pages is not None and index >= 0 and (other := table.pages.row(index)) is not None
        ]
        self._wanted = [wanted for wanted in (row, *neighbours) if self._details.known(wanted) is None]
        if self._wanted and self._settling is not None:
            self._settling.reset()
            self._settling.resume()

    def on_mount(self) -> None:
        self._settling = self.set_interval(SETTLE_SECONDS, self._settled, pause=True)

    def on_resize(self) -> None:
        self._show(self._document)

    def _settled(self) -> None:
        if self._settling is not None:
            self._settling.pause()
        start(self, "detail", self._fetch)

    async def _fetch(self) -> None:
        try:
            for row in self._wanted:
                document = await self._details.fetch(row)
                if self._details.key(row) == self._key:
                    self._show(document)
        except HubError as error:
            self._heading([(f" {error} ", "error")])

    def _show(self, document: Mapping[str, Any] | None) -> None:
        same = document is not None and self._details.key(document) == self._key
        self._document = document
        self._key = None if document is None else self._details.key(document)
        if document is None:
            self._heading(rule("nothing selected", self.size.width, "dim"))
            self._pane.show(lambda _: ())
            return
        report = self._full if self.app.size.width >= WIDE_CELLS else self._short
        now = self._session.clock()
        self._heading(rule(self._title_of(document), self.size.width))
        self._pane.show(lambda width: report(document, now, width), keep_place=same)

    def _heading(self, line: Line) -> None:
        self._title.show(line)

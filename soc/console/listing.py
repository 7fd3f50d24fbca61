"""A filtered list of the hub's: its title line and its table."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.timer import Timer
from textual.widget import Widget

from soc.console.background import start
from soc.console.errors import HubError, RefusedError
from soc.console.lines import TextLine
from soc.console.pages import PAGE_ROWS, Pages, Row
from soc.console.paint import Painter
from soc.console.palette import Span
from soc.console.session import Session
from soc.console.table import Column, Table
from soc.console.words import clock, grouped

DEBOUNCE_SECONDS = 0.15
SHOWN_QUERY_SECONDS = 0.15  # a question answered sooner is not worth a word
LOOK_SECONDS = 1.0  # between two looks for rows that the list does not have
RETRY_SECONDS = 5.0

_TERM = re.compile(r'(?:[^\s"]|"[^"]*"?)+')


class Listing(Widget):
    """Rows of `path` that fit the filter, most wanted first as the hub orders them.

    Rows stay where they are: a changed one is painted in place, new ones are counted in the title until
    the reader goes to the top. One question runs at a time; a newer one cancels it.
    """

    def __init__(
        self,
        session: Session,
        painter: Painter,
        *,
        path: str,
        key: str,
        columns: Sequence[Column],
        filter: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._session = session
        self._path = path
        self._key = key
        self.filter = filter
        self._answered_filter: str | None = None  # what the rows shown fit
        self._everything: int | None = None  # rows without any filter
        self._fresh: Pages | None = None  # with rows that the shown pages lack
        self._new = 0
        self._looking: Timer | None = None
        self._asked: float | None = None
        self._asking: Timer | None = None
        self._error = ""
        self._last_good: float | None = None
        self.selection_changed: Callable[[], None] = lambda: None
        self._title = TextLine(painter, row="bar")
        self.table = Table(painter, columns, session.clock)

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.table

    def on_mount(self) -> None:
        self.reload()

    def set_filter(self, text: str) -> None:
        """Ask by another filter, once it has not changed for DEBOUNCE_SECONDS."""
        if text != self.filter:
            self.filter = text
            self._retitle()
            self.reload(DEBOUNCE_SECONDS)

    @property
    def asking(self) -> bool:
        """Whether another filter was set that the hub has not answered yet."""
        return self._asked is not None and self._answered_filter != self.filter

    @property
    def selected(self) -> Row | None:
        """The row under the cursor; None while the rows shown are not what the filter says."""
        return self.table.selected if self._answered_filter == self.filter else None

    def reload(self, delay_seconds: float = 0.0) -> None:
        """Ask anew; the old rows stay until the answer is there."""
        self._ask(partial(self._reload, delay_seconds))

    def cancel(self) -> bool:
        """Stop the question that is running; False when there is none."""
        running = self._asked is not None
        self.workers.cancel_group(self, "question")
        self._answered()
        return running

    def changed(self, row: Row) -> None:
        """A row changed. If the list does not have it, look soon whether it should."""
        if self._fresh is not None:
            self._fresh.update(row)
        if not self.table.update(row):
            self.look_soon()

    def look_soon(self) -> None:
        """Ask for the first page again: for changes, and for rows that the list does not have."""
        if self._looking is None:
            self._looking = self.set_timer(LOOK_SECONDS, self._look)

    def take_new(self) -> None:
        """Let the new rows in."""
        if self._fresh is not None:
            self.table.show(self._fresh)
            self.table.move_to(0)
            self._fresh, self._new = None, 0
            self._retitle()
            start(self, "count", self._count)

    def on_table_wanted(self, message: Table.Wanted) -> None:
        message.stop()
        if self._asked is None and not self._error:
            self._ask(partial(self._load, message.index))

    def on_table_top_wanted(self, message: Table.TopWanted) -> None:
        message.stop()
        self.take_new()

    def on_table_moved(self, message: Table.Moved) -> None:
        message.stop()
        self.selection_changed()

    def pages(self, filter: str) -> Pages:
        async def fetch(after: str | None, limit: int) -> Mapping[str, Any]:
            return await self._session.client.get(self._path, filter=filter, after=after, limit=limit)

        return Pages(fetch, self._key)

    def _ask(self, question: Callable[[], Awaitable[None]]) -> None:
        self._asked = self._session.clock()
        if self._asking is None:
            self._asking = self.set_interval(SHOWN_QUERY_SECONDS, self._retitle)
        self._asking.resume()
        start(self, "question", question)

    def _answered(self, error: str = "") -> None:
        self._asked = None
        if self._asking is not None:
            self._asking.pause()
        self._error = error
        if not error:
            self._last_good = self._session.clock()
        self._retitle()

    async def _reload(self, delay_seconds: float) -> None:
        await asyncio.sleep(delay_seconds)
        asked = self.filter
        pages = self.pages(asked)
        if not await self._fetched(pages, 0):
            return
        self._answered_filter = asked
        self._fresh, self._new = None, 0
        self.table.show(pages)
        self._answered()
        await self._count()

    async def _count(self) -> None:
        """How many rows there are without any filter."""
        with contextlib.suppress(HubError):  # the title does without
            total = (await self._session.client.get(self._path, limit=1)).get("total")
            self._everything = total if isinstance(total, int) else None
            self._retitle()

    async def _load(self, index: int) -> None:
        pages = self.table.pages
        if pages is not None and await self._fetched(pages, index):
            self._answered()
            self.table.arrived()

    async def _fetched(self, pages: Pages, index: int) -> bool:
        try:
            await pages.load(index)
        except HubError as error:
            self._answered(str(error))
            if not isinstance(error, RefusedError):
                self.set_timer(RETRY_SECONDS, self._retry)
            return False
        return True

    def _retry(self) -> None:
        if self._error and self._asked is None:
            self.reload()

    def _look(self) -> None:
        self._looking = None
        start(self, "look", self._compare)

    async def _compare(self) -> None:
        """Fetch the first page again: what it has and the list has not is new."""
        asked = self.filter
        fresh = self.pages(asked)
        try:
            await fresh.load(0)
        except HubError:
            return
        shown = self.table.pages
        if shown is None or asked != self.filter:
            return
        rows = [row for index in range(min(PAGE_ROWS, len(fresh))) if (row := fresh.row(index)) is not None]
        self._new = sum(1 for row in rows if not self.table.update(row))
        self._fresh = fresh if self._new else None
        if len(shown) == 0:
            self.take_new()
        self._retitle()

    def _retitle(self) -> None:
        line: list[Span] = [(" ", "text")]
        for term in _TERM.findall(self.filter):
            line += [(f" {term} ", "chip"), (" ", "text")]
        shown = self.table.row_count()
        of = f" of {grouped(self._everything)}" if self._everything is not None else ""
        line += [(f" {grouped(shown)}{of} ", "strong")]
        if self._new:
            line += [(f" {self._new} new ↑ ", "new"), (" ", "text")]
        asked = self._session.clock() - self._asked if self._asked is not None else 0.0
        if self._error:
            good = f"; last good {clock(self._last_good)}" if self._last_good else ""
            line += [(f" {self._error}{good} ", "error")]
        elif asked >= SHOWN_QUERY_SECONDS:
            line += [(f" querying {asked:.1f} s, Esc cancels ", "dim")]
        self._title.show(line)

"""soc.console.pages: long lists, a page at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from soc.console.pages import PAGE_ROWS, RESIDENT_PAGES, Pages


class Rows:
    """`count` numbered rows behind tokens; remembers what was asked."""

    def __init__(self, count: int, total: bool = True) -> None:
        self.rows = [{"id": f"r{number}", "value": number} for number in range(count)]
        self.total = total
        self.asked: list[str | None] = []

    async def fetch(self, after: str | None, limit: int) -> Mapping[str, Any]:
        self.asked.append(after)
        begin = int(after or 0)
        more = begin + limit < len(self.rows)
        answer: dict[str, Any] = {
            "items": self.rows[begin : begin + limit], "next": str(begin + limit) if more else None
        }  # fmt: skip
        return answer | ({"total": len(self.rows)} if self.total else {})


def loaded(rows: Rows, *indexes: int) -> Pages:
    pages = Pages(rows.fetch, "id")

    async def load() -> None:
        for index in indexes:
            await pages.load(index)

    asyncio.run(load())
    return pages


def test_only_what_is_looked_at_is_fetched() -> None:
    """The first page alone, with the length that the hub names."""
    rows = Rows(3 * PAGE_ROWS + 5)
    pages = loaded(rows, 0)
    assert len(pages) == len(rows.rows)
    assert rows.asked == [None]
    assert pages.row(3) == rows.rows[3]
    assert pages.row(PAGE_ROWS) is None
    assert not pages.held(PAGE_ROWS)


def test_jump_to_the_end_walks_the_tokens_once() -> None:
    """The last row needs the tokens before it; the pages on the way are not fetched again."""
    rows = Rows(3 * PAGE_ROWS + 5)
    pages = loaded(rows, 0, 3 * PAGE_ROWS + 4, PAGE_ROWS, 0)
    assert pages.row(3 * PAGE_ROWS + 4) == rows.rows[-1]
    assert len(rows.asked) == 4


def test_length_without_a_total() -> None:
    """A hub that names no total: one row more than seen, until the end is reached."""
    rows = Rows(PAGE_ROWS + 5, total=False)
    assert len(loaded(rows, 0)) == PAGE_ROWS + 1
    assert len(loaded(rows, 0, PAGE_ROWS)) == PAGE_ROWS + 5


def test_length_that_was_wrong_ends_with_the_last_page() -> None:
    """Rows that went away meanwhile: asking beyond the end corrects the length, and asks no further."""
    rows = Rows(PAGE_ROWS + 5)
    pages = loaded(rows, 0)
    del rows.rows[-3:]
    asyncio.run(pages.load(PAGE_ROWS + 4))
    assert len(pages) == PAGE_ROWS + 2
    asyncio.run(pages.load(10 * PAGE_ROWS))
    assert pages.row(10 * PAGE_ROWS) is None


def test_old_pages_are_let_go_and_come_back() -> None:
    """Memory is bounded; a page that was let go is fetched again by its token."""
    rows = Rows((RESIDENT_PAGES + 3) * PAGE_ROWS)
    pages = loaded(rows, len(rows.rows) - 1)
    assert pages.row(0) is None
    assert pages.index("r0") is None
    asyncio.run(pages.load(0))
    assert pages.row(0) == rows.rows[0]
    assert pages.index("r0") == 0
    assert sum(pages.held(number * PAGE_ROWS) for number in range(RESIDENT_PAGES + 3)) == RESIDENT_PAGES


def test_update_in_place() -> None:
    """A changed row keeps its index; one that is not held is not taken in."""
    pages = loaded(Rows(10), 0)
    assert pages.update({"id": "r4", "value": "new"}) == 4
    assert pages.row(4) == {"id": "r4", "value": "new"}
    assert pages.update({"id": "other"}) is None
    assert len(pages) == 10


def test_rows_that_are_here_already() -> None:
    """A list from elsewhere is a page; nothing is asked for."""
    pages = Pages.of([{"id": "a"}, {"id": "b"}], "id")
    assert (len(pages), pages.index("b"), pages.held(1)) == (2, 1, True)
    assert len(Pages.of([], "id")) == 0

"""A list of any length, fetched page by page as it is looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

PAGE_ROWS = 512
RESIDENT_PAGES = 16

Row = Mapping[str, Any]
# (after-token or None, limit) -> {"items", "next", "total"?}
Fetch = Callable[[str | None, int], Awaitable[Mapping[str, Any]]]


async def _nothing(_after: str | None, _limit: int) -> Mapping[str, Any]:
    return {}


class Pages:
    """The rows of one question. Pages are numbered; each is reached by the token that the one before it
    gave, so that rows coming or going between two fetches neither double nor hide others.
    """

    def __init__(self, fetch: Fetch, key: str) -> None:
        self._fetch = fetch
        self._key = key
        self._tokens: list[str | None] = [None]  # that fetch each page known so far
        self._pages: OrderedDict[int, list[Row]] = OrderedDict()
        self._places: dict[str, int] = {}  # id -> index, of rows held
        self._ended = False
        self.length = 0  # rows there are, as far as known

    @classmethod
    def of(cls, rows: Sequence[Row], key: str) -> Pages:
        """Rows that are all here already, at most a page of them."""
        pages = cls(_nothing, key)
        pages._hold(0, list(rows[:PAGE_ROWS]))
        pages._ended, pages.length = True, len(pages._pages[0])
        return pages

    def __len__(self) -> int:
        return self.length

    def row(self, index: int) -> Row | None:
        """The row, or None where its page is not held."""
        page = self._pages.get(index // PAGE_ROWS)
        offset = index % PAGE_ROWS
        return page[offset] if page is not None and offset < len(page) else None

    def index(self, row_id: str) -> int | None:
        """Where the row stands, if held."""
        return self._places.get(row_id)

    def row_id(self, row: Row) -> str:
        """The row's stable id."""
        return str(row.get(self._key, ""))

    def held(self, index: int) -> bool:
        """Whether the page of `index` is here; looking at it keeps it."""
        number = index // PAGE_ROWS
        if number not in self._pages:
            return False
        self._pages.move_to_end(number)
        return True

    async def load(self, index: int) -> None:
        """Fetch the page of `index`, and those before it whose tokens are needed. Raises HubError."""
        wanted = index // PAGE_ROWS
        while wanted >= len(self._tokens) and not self._ended:
            await self._load(len(self._tokens) - 1)
        if wanted < len(self._tokens) and wanted not in self._pages:
            await self._load(wanted)

    def update(self, row: Row) -> int | None:
        """Replace the row of the same id where it stands; its index, or None when it is not held."""
        index = self._places.get(self.row_id(row))
        if index is not None:
            self._pages[index // PAGE_ROWS][index % PAGE_ROWS] = row
        return index

    async def _load(self, number: int) -> None:
        answer = await self._fetch(self._tokens[number], PAGE_ROWS)
        items = [item for item in answer.get("items", ()) if isinstance(item, Mapping)]
        self._hold(number, items)
        begin = number * PAGE_ROWS
        following = answer.get("next")
        if number == len(self._tokens) - 1:
            if following is None:
                self._ended = True
                self.length = begin + len(items)
            else:
                self._tokens.append(str(following))
                total = answer.get("total")
                self.length = max(self.length, begin + len(items) + 1, total if isinstance(total, int) else 0)
        self._forget()

    def _hold(self, number: int, rows: list[Row]) -> None:
        self._pages[number] = rows
        begin = number * PAGE_ROWS
        self._places.update((self.row_id(row), begin + offset) for offset, row in enumerate(rows))

    def _forget(self) -> None:
        while len(self._pages) > RESIDENT_PAGES:
            _, rows = self._pages.popitem(last=False)
            for row in rows:
                self._places.pop(self.row_id(row), None)

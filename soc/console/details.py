"""Details of what is selected, remembered while they hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from soc.console.client import Client

Document = Mapping[str, Any]
REMEMBERED = 64
# A list's row says by these whether the details fetched before are still those of the row.
_STAMPS = ("version", "last_seen", "count", "workflow", "condition", "suppressed_by", "state", "since")


class Details:
    """Full documents of a list's rows, by what the row says."""

    def __init__(self, client: Client, path: str, key: str) -> None:
        self._client = client
        self._path = path
        self._key = key
        self._known: OrderedDict[str, tuple[tuple[Any, ...], Document]] = OrderedDict()

    def key(self, row: Document) -> str:
        """The id that names a row and its details."""
        return str(row.get(self._key))

    def known(self, row: Document) -> Document | None:
        """The details, if they were fetched and the row has not changed since."""
        stamp, document = self._known.get(self.key(row), ((), None))
        return document if document is not None and stamp == self._stamp(row) else None

    async def fetch(self, row: Document) -> Document:
        """Ask the hub. Raises HubError."""
        name = self.key(row)
        document = await self._client.get(f"{self._path}/{quote(name, safe='')}")
        self._known[name] = (self._stamp(row), document)
        self._known.move_to_end(name)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return document

    def _stamp(self, row: Document) -> tuple[Any, ...]:
        return tuple(row.get(name) for name in _STAMPS)

"""One column of a table, walked: what to ask next, and what must not go on."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import Any

MAXIMUM_ROWS = 20_000

Key = tuple[int, ...]


class WalkError(Exception):
    """The agent's answers cannot be a walk: OIDs that do not increase, or no end."""


class ColumnCells:
    """Cells of one column in the agent's order: `cells` by index text, `keys` the same as numbers."""

    __slots__ = ("_prefix", "cells", "keys")

    def __init__(self, oid: str) -> None:
        self._prefix = len(oid) + 1
        self.cells: dict[str, Any] = {}
        self.keys: list[Key] = []

    def add(self, answer: list[tuple[str, Any] | None]) -> bool:
        """Take one answer; True once the column has ended.

        Raises WalkError where OIDs do not increase (RFC 3416 section 4.2.3 promises that they do)
        and where there are more than MAXIMUM_ROWS.
        """
        ended = answer[-1] is None
        found = [cell for cell in answer if cell is not None]
        start = self._prefix
        indexes = [oid[start:] for oid, _ in found]
        keys: list[Key] = [tuple(map(int, index.split("."))) if index else () for index in indexes]
        for before, after in pairwise(chain(self.keys[-1:] or [()], keys)):
            if before >= after:
                raise WalkError(f"OIDs do not increase after instance {'.'.join(map(str, before))}")
        self.cells.update(zip(indexes, (value for _, value in found), strict=True))
        self.keys += keys
        if len(self.keys) > MAXIMUM_ROWS:
            raise WalkError(f"more than {MAXIMUM_ROWS} rows")
        return ended

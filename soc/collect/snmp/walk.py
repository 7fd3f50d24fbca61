"""One column of a table, walked: what to ask next, and what must not go on."""

from __future__ import annotations

from itertools import chain
from operator import lt
from typing import Any

MAXIMUM_ROWS = 20_000


class WalkError(Exception):
    """The agent's answers cannot be a walk: OIDs that do not increase, or no end."""


class ColumnCells:
    """One column: instances as text, in the agent's order, and their cells."""

    __slots__ = ("_last", "_like", "_prefix", "index", "values")

    def __init__(self, oid: str, like: ColumnCells | None = None) -> None:
        """`like` is another column of the table, read already: mostly it has the same instances."""
        self._like = like.index if like is not None else None
        self._prefix = len(oid) + 1
        self._last: Any = -1  # the last instance: a number, or a tuple where indexes have several parts
        self.index: list[str] = []
        self.values: list[Any] = []

    def add(self, answer: list[tuple[str, Any] | None]) -> bool:
        """Take one answer; True once the column has ended.

        Raises WalkError where OIDs do not increase (RFC 3416 section 4.2.3 promises that they do)
        and where there are more than MAXIMUM_ROWS.
        """
        ended = answer[-1] is None
        found = [cell for cell in answer if cell is not None] if ended else answer
        if found:
            start, have = self._prefix, len(self.index)
            indexes = [oid[start:] for oid, _ in found]  # type: ignore[misc]
            # What the table's first column has was found to increase already.
            if self._like is None or self._like[have : have + len(indexes)] != indexes:
                if self._like is not None and have:
                    self._advance(self.index[-1:])
                self._like = None
                self._advance(indexes)
            self.index += indexes
            self.values += [value for _, value in found]  # type: ignore[misc]
        if len(self.index) > MAXIMUM_ROWS:
            raise WalkError(f"more than {MAXIMUM_ROWS} rows")
        return ended

    def _advance(self, indexes: list[str]) -> None:
        keys: list[Any]
        try:
            keys = list(map(int, indexes))
        except ValueError:
            keys = list(map(index_key, indexes))
        if type(self._last) is not type(keys[0]):
            self._last = () if self._last == -1 else _as_tuple(self._last)
            keys = list(map(_as_tuple, keys))
        if not all(map(lt, chain((self._last,), keys), keys)):
            raise WalkError(f"OIDs do not increase at or after instance {indexes[0]}")
        self._last = keys[-1]


def index_key(index: str) -> tuple[int, ...]:
    """An index as numbers, for ordering: 1.10 comes after 1.9."""
    return tuple(map(int, index.split("."))) if index else ()


def _as_tuple(key: int | tuple[int, ...]) -> tuple[int, ...]:
    return key if isinstance(key, tuple) else (key,)

"""Tables and samples by column: for collectors of many values, where an object for each would cost most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

NAMES = ("index", "at")  # what no column can be called


class Columns:
    """One table by column: `index` and each declared name are lists of one length.

    A cell is None where the agent has none. An absent table has no rows: its lists are empty.
    """

    index: list[str]

    def __init__(self, index: list[str], values: Mapping[str, list[Any]]) -> None:
        self.__dict__ = {**values, "index": index}

    def __len__(self) -> int:
        return len(self.index)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no column {name!r}; declared: {', '.join(sorted(self.values()))}")

    def values(self) -> dict[str, list[Any]]:
        """Cells by declared name."""
        return {name: cells for name, cells in self.__dict__.items() if name != "index"}

    def at(self, index: list[str]) -> Columns:
        """The rows of these indexes in this order; all None where the table has no such row."""
        if index == self.index:
            return self
        places = {own: number for number, own in enumerate(self.index)}
        found = [places.get(wanted) for wanted in index]
        return Columns(
            index,
            {
                name: [None if place is None else cells[place] for place in found]
                for name, cells in self.values().items()
            },
        )


class Samples(NamedTuple):
    """One metric's samples, one for each row: columns of one length, not to be changed any more.

    Rows whose value is None have no sample. `attributes` are as a Sample's.
    """

    metric: str
    values: Sequence[float | None]
    labels: Sequence[Mapping[str, str]]
    attributes: Sequence[Mapping[str, str]] = ()

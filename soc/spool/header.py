"""What a segment says of itself. Apart from its rows: who looks at no rows needs no polars."""

from __future__ import annotations

from dataclasses import dataclass

from soc.model import Cursor

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says of itself, readable without its rows."""

    segment: str  # ULID of the sealing time: names sort as the segments were sealed
    writer: str
    site: str
    created: float
    sealed: float
    rows: int
    simulated: bool = False
    cursors: tuple[Cursor, ...] = ()
    format_version: int = FORMAT_VERSION

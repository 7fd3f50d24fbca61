"""Cursors of segments that were sealed by a process which was killed before it noted them."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from soc.collect.environment import WRITER
from soc.collect.state import CollectState
from soc.model import SpoolError
from soc.model.ids import ulid_time_ms
from soc.model.text import is_cursor
from soc.spool.header import Header, read_header
from soc.spool.spool import Spool

# Segments older than this, counted from the newest that was noted, were noted too: whoever is killed
# is started again sooner. A cursor missed here costs asking for the same lines again, no more.
_BACK_MS = 600_000


def recover_cursors(state: CollectState, spool: Spool, others: Collection[str] = ()) -> list[str]:
    """Take over cursors that are not in the state. `others` are writers at work, who note their own.

    Returns what could not be taken over, for people; those lines are asked for again.
    """
    problems = []
    last = state.last_segments()
    floor_ms = max(map(ulid_time_ms, last.values()), default=0) - _BACK_MS
    paths = [*spool.waiting(), *spool.done_directory.glob("*.parquet")]
    for name in sorted({path.name for path in paths if ulid_time_ms(path.stem) > floor_ms}):
        header = _header(spool, name)
        if header is None or not header.writer.startswith(WRITER) or header.writer in others:
            continue
        if header.segment > last.get(header.writer, ""):
            cursors = [item for item in header.cursors if is_cursor(item.stream) and is_cursor(item.value)]
            if left_out := len(header.cursors) - len(cursors):
                problems.append(f"segment {name}: {left_out} cursors that are none, left out")
            with state.transaction():
                state.save_cursors(cursors, header.writer, header.segment)
    return problems


def _header(spool: Spool, name: str) -> Header | None:
    """None for what is no segment: whoever ingests it sets it aside and says so."""
    for directory in (spool.directory, spool.done_directory):  # in this order it may be moved meanwhile
        with suppress(SpoolError):
            return read_header(directory / name)
    return None

"""Cursors of segments that were sealed by a process which was killed before it noted them."""

from __future__ import annotations

from collections.abc import Collection

from soc.collect.environment import WRITER
from soc.collect.state import CollectState
from soc.model import SpoolError
from soc.model.ids import ulid_time_ms
from soc.spool.segment import read_header
from soc.spool.spool import Spool

# Segments older than this, counted from the newest that was noted, were noted too: whoever is killed
# is started again sooner. A cursor missed here costs asking for the same lines again, no more.
_BACK_MS = 600_000


def recover_cursors(state: CollectState, spool: Spool, others: Collection[str] = ()) -> None:
    """Take over cursors that are not in the state. `others` are writers at work, who note their own."""
    last = state.last_segments()
    floor_ms = max(map(ulid_time_ms, last.values()), default=0) - _BACK_MS
    paths = [*spool.waiting(), *spool.done_directory.glob("*.parquet")]
    recent = [path for path in paths if ulid_time_ms(path.stem) > floor_ms]
    for path in sorted(recent, key=lambda path: path.name):
        try:
            header = read_header(path)
        except SpoolError:
            continue  # whoever ingests it sets it aside and says so
        if not header.writer.startswith(WRITER) or header.writer in others:
            continue
        if path.stem > last.get(header.writer, ""):
            with state.transaction():
                state.save_cursors(header.cursors, header.writer, header.segment)

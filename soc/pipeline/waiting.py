"""Segments that wait in the spool: which come next, which are set aside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from soc.model import Event, SpoolError
from soc.model.own import own_event
from soc.model.times import is_time
from soc.spool.header import Header, read_header
from soc.spool.spool import Spool
from soc.store import Store

ROWS_PER_TRANSACTION = 20_000
SET_ASIDE_PER_TRANSACTION = 500  # files: its journal entry names each, and is bounded
SegmentFile = tuple[Header, Path]


class Waiting:
    """The spool as the pipeline sees it. `unreadable` are files to set aside, with the reason."""

    def __init__(self, store: Store, spool: Spool) -> None:
        self._store = store
        self._spool = spool
        self._headers: dict[Path, Header] = {}
        self.unreadable: dict[Path, str] = {}

    def next_files(self) -> list[SegmentFile]:
        """The oldest segments not yet ingested: at least one, else up to ROWS_PER_TRANSACTION."""
        self._look()
        found: list[SegmentFile] = []
        rows = 0
        for path, header in self._headers.items():
            if found and rows + header.rows > ROWS_PER_TRANSACTION:
                break
            found.append((header, path))
            rows += header.rows
        return found

    def find(self, segments: Iterable[str]) -> tuple[list[SegmentFile], int]:
        """Those of the segments that are not in the store, waiting or done; and how many are gone."""
        known = self._store.segments.known(list(segments))
        found: list[SegmentFile] = []
        gone = 0
        for segment in segments:
            if segment in known:
                continue
            name = f"{segment}.parquet"
            paths = (self._spool.directory / name, self._spool.done_directory / name)
            path = next((path for path in paths if path.exists()), None)
            if path is None:
                gone += 1
                continue
            try:
                found.append((read_header(path), path))
            except SpoolError as error:
                self.unreadable[path] = str(error)
        return found, gone

    def requeue_unknown(self) -> int:
        """Done segments that the store lacks wait again; returns how many segments wait then."""
        done = sorted(self._spool.done_directory.glob("*.parquet"))
        known = self._store.segments.known([path.stem for path in done])
        for path in done:
            if path.stem not in known:
                self._spool.requeue(path)
        return len(self._spool.waiting())

    def put_back(self, files: Iterable[SegmentFile]) -> None:
        """They wait again."""
        for _, path in files:
            self._spool.requeue(path)

    def stage(self, files: Sequence[SegmentFile]) -> list[SegmentFile]:
        """Stage the rows of these files for one transaction; returns those that could be read."""
        self.unreadable |= self._store.segments.stage(files)
        return [file for file in files if file[1] not in self.unreadable]

    def next_unreadable(self) -> dict[Path, str]:
        """Those of the unreadable files that one transaction reports."""
        return dict(islice(self.unreadable.items(), SET_ASIDE_PER_TRANSACTION))

    def finish(self, files: Sequence[SegmentFile], reported: Iterable[Path]) -> None:
        """After the commit: these are in, of the unreadable ones those are reported."""
        for _, path in files:
            self._spool.done(path)
        for path in reported:
            self._spool.quarantine(path, self.unreadable.pop(path))

    def _look(self) -> None:
        """Read the headers of new files. Those whose rows are in already (their ingestion was killed
        before it could set them aside) go to done."""
        paths = [path for path in self._spool.waiting() if path not in self.unreadable]
        headers = {path: self._headers[path] for path in paths if path in self._headers}
        new: dict[Path, Header] = {}
        for path in paths:
            if path in headers:
                continue
            try:
                header = read_header(path)
            except SpoolError as error:
                self.unreadable[path] = str(error)
                continue
            if wrong := _wrong(header, path):
                self.unreadable[path] = f"{path.name}: {wrong}"
            else:
                new[path] = header
        if new:
            known = self._store.segments.known([header.segment for header in new.values()])
            for path, header in new.items():
                if header.segment in known:
                    self._spool.done(path)
                else:
                    headers[path] = header
        self._headers = {path: headers[path] for path in paths if path in headers}


def _wrong(header: Header, path: Path) -> str:
    """What makes the header unusable; a file is known by the name of its segment."""
    if header.segment != path.stem:
        return f"holds segment {header.segment!r:.60}, not the one it is named after"
    if not all(isinstance(text, str) for text in (header.writer, header.site)):
        return "its header names no writer or no site"
    times = (header.created, header.sealed)
    if not all(isinstance(time, (int, float)) and is_time(time) for time in times):
        return "its header lacks the times of creation and sealing"
    if not isinstance(header.rows, int):
        return "its header lacks the number of rows"
    return ""


def set_aside_event(path: Path, reason: str) -> Event:
    """An unreadable segment, as our own event. Its time is the file's, so that it is told once."""
    time = path.stat().st_mtime
    return own_event(
        ("segment", path.name),
        time,
        "spool",
        "quarantine",
        f"segment set aside: {reason}",
        severity_id=4,
        fields={"segment": path.stem, "reason": reason},
    )

"""Received messages as they came: refined raw segments, packed by hour for as long as they are kept.

A pack is a ZIP archive with one member per segment, `<segment>.raw`; events refer to a message by its
segment and number. A busy hour has several packs.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from soc.model import StoreError
from soc.model.ids import ulid
from soc.store.database import Database
from soc.store.sealing.directory import SealedDirectory
from soc.store.sealing.manifest import Manifest, SealedFile
from soc.store.times import moment

_HOUR_SECONDS = 3600.0
MAXIMUM_BYTES = 64 * 1024**2
# Logs repeat themselves: the fastest level makes a sixth of them.
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class _Segment:
    path: Path
    time: float  # when its last message came, about
    bytes: int


class RawSealing:
    """From the spool's raw/done into packs. The caller is the store's only writer."""

    def __init__(self, database: Database, directory: SealedDirectory) -> None:
        self._database = database
        self._directory = directory
        self._manifest = Manifest(database)

    def seal(self, done: Path, now: float) -> list[SealedFile]:
        """One pack of the oldest hour in `done` that has passed, or of what is a full pack; [] = none is due.

        Raises StoreError when it cannot be written; the segments stay where they are.
        """
        try:
            segments = _choose(_segments(done), now)
            return [self._pack(segments, now)] if segments else []
        except OSError as error:
            raise StoreError(f"raw segments of {done}: {error.strerror}; they stay there") from error

    def finish(self, done: Path) -> None:
        """Unlink what a kill left in `done` although its pack counts."""
        packs = [file for file in self._manifest.in_state("sealed") if file.kind == "raw"]
        if not packs:
            return
        place = self._directory.place(max(packs, key=lambda file: file.since).name)
        try:
            with zipfile.ZipFile(place) as pack:
                names = pack.namelist()
        except (OSError, zipfile.BadZipFile):
            return  # verification names it; what is in the spool is packed again
        for name in names:
            (done / Path(name).name).unlink(missing_ok=True)

    def _pack(self, segments: list[_Segment], now: float) -> SealedFile:
        first, last = segments[0].time, max(segment.time for segment in segments)
        name = f"raw/day={moment(first):%Y-%m-%d}/hour={moment(first):%H}/{ulid(int(now * 1000))}.zip"
        file = SealedFile(name, "raw", "", "writing", now, first, last, len(segments))
        with self._database.transaction():
            self._manifest.begin([file])
        place = self._directory.open_place(name)
        with zipfile.ZipFile(
            place, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL, strict_timestamps=False
        ) as pack:
            for segment in segments:
                pack.write(segment.path, segment.path.name)
        size, sha256 = self._directory.publish(name)
        sealed = replace(file, state="sealed", bytes=size, sha256=sha256)
        with self._database.transaction():
            self._manifest.complete(sealed)
        for segment in segments:
            segment.path.unlink(missing_ok=True)
        return sealed


def _segments(done: Path) -> Iterator[_Segment]:
    """By name: names are ULIDs, in the order of time."""
    with os.scandir(done) as entries:
        found = sorted(
            (entry for entry in entries if entry.name.endswith(".raw")), key=lambda entry: entry.name
        )
        for entry in found:
            status = entry.stat(follow_symlinks=False)
            yield _Segment(Path(entry.path), status.st_mtime, status.st_size)


def _choose(segments: Iterator[_Segment], now: float) -> list[_Segment]:
    """The first ones of one hour that fit; [] when neither the hour has passed nor the pack is full."""
    chosen: list[_Segment] = []
    size = 0
    for segment in segments:
        if chosen and segment.time // _HOUR_SECONDS != chosen[0].time // _HOUR_SECONDS:
            break
        chosen.append(segment)
        size += segment.bytes
        if size >= MAXIMUM_BYTES:
            return chosen
    passed = chosen and (chosen[0].time // _HOUR_SECONDS + 1) * _HOUR_SECONDS <= now
    return chosen if passed else []

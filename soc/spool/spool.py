"""The spool directory: sealing, waiting, done, quarantine, and room kept for bad days.

spool/*.parquet are sealed and wait; spool/open/ holds what is being written and is emptied on start;
spool/done/ keeps ingested segments; spool/quarantine/ unreadable ones, each with its reason beside it.
spool/raw/ holds what was received and is to be refined (soc/spool/raw.py), spool/raw/done/ what was.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from soc.model import SpoolError
from soc.model.ids import ulid, ulid_time_ms
from soc.spool.header import Header
from soc.spool.layout import RAW

if TYPE_CHECKING:  # it loads polars, which only who seals needs
    from soc.spool.segment import SegmentBuilder

DEFAULT_LIMIT_BYTES = 4 * 1024**3
RESERVE = "reserve"
RESERVE_BYTES = 4 * 1024**2
_ALMOST_FULL_RATIO = 0.8
_ROOMY_RATIO = 0.75


@dataclass(frozen=True, slots=True)
class Usage:
    """How full the spool is. `free_bytes` is what may still be written, limit and disk considered;
    `done_bytes` of `used_bytes` can be given up."""

    used_bytes: int
    done_bytes: int
    limit_bytes: int
    free_bytes: int

    @property
    def capacity_bytes(self) -> int:
        return self.used_bytes + self.free_bytes

    @property
    def almost_full(self) -> bool:
        """Whether what cannot be given up takes over 80 %."""
        return self.used_bytes - self.done_bytes > _ALMOST_FULL_RATIO * self.capacity_bytes


class Spool:
    """One spool directory. Writers and the ingesting process may be different processes."""

    def __init__(
        self, directory: Path, limit_bytes: int = DEFAULT_LIMIT_BYTES, open_name: str = "open"
    ) -> None:
        """`open_name` sets writers apart: `discard_unsealed` empties the directory of that name only."""
        self.directory = directory
        self.limit_bytes = limit_bytes
        self.done_directory = directory / "done"
        self.quarantine_directory = directory / "quarantine"
        self.raw_directory = directory / RAW
        self.raw_done_directory = self.raw_directory / "done"
        self._open_directory = directory / open_name
        self._reserve = directory / RESERVE
        self._given_up: list[str] = []  # done segments that went, not yet said
        try:
            for path in (*self._kept(), self._open_directory):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SpoolError(f"spool {directory}: {error.strerror}") from error

    def _kept(self) -> tuple[Path, ...]:
        return (
            self.directory, self.done_directory, self.quarantine_directory, self.raw_directory,
            self.raw_done_directory,
        )  # fmt: skip

    def usage(self) -> Usage:
        """Bytes in waiting, done and quarantined segments, raw ones too, against the limit and the disk's
        free room."""
        sizes = {directory: sum(map(_size, _files(directory))) for directory in self._kept()}
        used = sum(sizes.values())
        done = sizes[self.done_directory] + sizes[self.raw_done_directory]
        disk_free = shutil.disk_usage(self.directory).free
        return Usage(used, done, self.limit_bytes, max(0, min(self.limit_bytes - used, disk_free)))

    def _make_room(self, usage: Usage) -> None:
        """Unlink the oldest done segments until there is room again."""
        used = usage.used_bytes
        target = min(_ROOMY_RATIO * usage.capacity_bytes, usage.capacity_bytes - RESERVE_BYTES)
        done = (*self.done_directory.glob("*.parquet"), *self.raw_done_directory.glob("*.raw"))
        for path in sorted(done, key=lambda path: path.name):
            if used <= target:
                break
            with contextlib.suppress(FileNotFoundError):  # another writer makes room, too
                used -= path.stat().st_size
                path.unlink()
                self._given_up.append(path.name)

    def check_room(self) -> list[str]:
        """Raise SpoolError when nothing more can be promised storage; keep the reserve filled otherwise.

        Called before anything is asked of a device: what cannot be stored is not collected. Over 80 %
        full, the oldest done segments go: returns the names of those that went since it last returned,
        oldest first.
        """
        try:
            usage = self.usage()
            if (
                usage.used_bytes > _ALMOST_FULL_RATIO * usage.capacity_bytes
                or usage.free_bytes < RESERVE_BYTES
            ):
                self._make_room(usage)
                usage = self.usage()
            if usage.free_bytes < RESERVE_BYTES:
                raise SpoolError(
                    f"spool {self.directory} is full: {usage.used_bytes} of {usage.limit_bytes} bytes used, "
                    f"{usage.free_bytes} free (at least {RESERVE_BYTES} needed); free disk space or let "
                    "ingestion catch up"
                )
            self._fill_reserve()
        except OSError as error:
            raise SpoolError(f"spool {self.directory}: {error.strerror}") from error
        gone, self._given_up = self._given_up, []
        return gone

    def release_reserve(self) -> None:
        """Give up the reserve for what must still be written; `check_room` fills it again."""
        self._reserve.unlink(missing_ok=True)

    def _fill_reserve(self) -> None:
        descriptor = os.open(self._reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size < RESERVE_BYTES:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        finally:
            os.close(descriptor)

    def seal(
        self,
        builder: SegmentBuilder,
        *,
        writer: str,
        created: float,
        sealed: float,
        site: str = "local",
        simulated: bool = False,
        segment: str = "",
        after: str = "",
    ) -> Header:
        """Make the builder's rows durable as one segment: only then are they acknowledged.

        `created` and `sealed` are UTC seconds; `segment` is the ULID where the rows have one of their own
        (made again, they replace themselves); else one is made that sorts behind `after`, the writer's
        last, though its clock was stepped back. A disk that fills up in the middle is met with the
        reserve, once; raises SpoolError when the segment could not be made durable (nothing of it stays).
        """
        header = Header(
            segment=segment or ulid(max(int(sealed * 1000), ulid_time_ms(after) + 1)),
            writer=writer, site=site, created=created, sealed=sealed, rows=builder.count,
            simulated=simulated, cursors=tuple(builder.cursors),
        )  # fmt: skip
        content = builder.content(header)
        try:
            self._write(content, header)
        except OSError as error:
            self.release_reserve()
            try:
                self._write(content, header)
            except OSError:
                raise SpoolError(
                    f"spool {self.directory}: segment not stored ({error.strerror}); its data will be "
                    "collected again, free disk space"
                ) from error
        return header

    def _write(self, content: bytes, header: Header) -> None:
        name = f"{header.segment}.parquet"
        temporary = self._open_directory / name
        try:
            _write_durably(temporary, content)
            temporary.rename(self.directory / name)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        _fsync(self.directory)

    def discard_unsealed(self) -> None:
        """Remove what a killed writer left unfinished; call as the only writer (holding collect.lock)."""
        for path in _files(self._open_directory):
            Path(path.path).unlink(missing_ok=True)

    def waiting(self) -> list[Path]:
        """Sealed segments not yet ingested, oldest first (names are ULIDs)."""
        return sorted(self.directory.glob("*.parquet"))

    def done(self, path: Path) -> None:
        """Keep an ingested segment aside, for rebuilding the store."""
        with contextlib.suppress(FileNotFoundError):
            path.rename(self.done_directory / path.name)

    def release(self, segments: Iterable[str]) -> int:
        """Unlink those of the segments that are done; returns how many were. See soc/store/contained.py."""
        gone = 0
        for segment in segments:
            path = self.done_directory / f"{segment}.parquet"
            if path.exists():
                path.unlink()
                gone += 1
        return gone

    def requeue(self, path: Path) -> None:
        """A done segment waits again: the store lacks it."""
        with contextlib.suppress(FileNotFoundError):
            path.rename(self.directory / path.name)

    def quarantine(self, path: Path, reason: str) -> None:
        """Set an unreadable segment aside with its reason; nothing else waits for it."""
        with contextlib.suppress(FileNotFoundError):
            path.rename(self.quarantine_directory / path.name)
            with contextlib.suppress(OSError):  # the reason is told elsewhere, too
                (self.quarantine_directory / f"{path.name}.reason").write_text(f"{reason}\n", "utf-8")


def _files(directory: Path) -> list[os.DirEntry[str]]:
    with os.scandir(directory) as entries:
        return [entry for entry in entries if entry.is_file(follow_symlinks=False) and entry.name != RESERVE]


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:  # moved since by another process
        return 0


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

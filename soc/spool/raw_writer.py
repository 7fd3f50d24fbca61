"""Write raw segments: `.open` while frames are appended, `.raw` once sealed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from soc.model import SpoolError
from soc.model.ids import ulid
from soc.spool.raw import (
    OPEN_SUFFIX,
    SEALED_SUFFIX,
    RawHeader,
    TornHeaderError,
    encode_header,
    read_raw,
)


@dataclass(frozen=True, slots=True)
class Durable:
    """Frames `first` to `last` of the segment survive anything but the loss of the disk."""

    segment: str
    first: int
    last: int


@dataclass(slots=True)
class _Open:
    descriptor: int
    path: Path
    header: RawHeader
    size_bytes: int
    begun: float  # monotonic seconds
    last: int = 0
    durable: int = 0
    in_directory: bool = False  # whether the directory's entry is durable


class RawWriter:
    """Appends to one segment at a time; for one thread. Every method raises OSError when the disk does."""

    def __init__(self, directory: Path, *, writer: str, seed: int, site: str = "local") -> None:
        self._directory = directory
        self.name = writer
        self._site = site
        self.seed = seed
        self._open: _Open | None = None

    @property
    def size_bytes(self) -> int:
        """Of the segment being written; 0 = none is."""
        return self._open.size_bytes if self._open else 0

    @property
    def begun(self) -> float | None:
        """When the segment being written was begun (monotonic seconds); None = none is."""
        return self._open.begun if self._open else None

    @property
    def dirty(self) -> bool:
        return self._open is not None and self._open.durable < self._open.last

    def append(self, first: int, last: int, frames: bytes, now: float, monotonic: float) -> None:
        """Add encoded frames numbered `first` to `last`, beginning a segment where none is open.

        When it fails nothing of these frames is in the file.
        """
        if self._open is None:
            header = RawHeader(ulid(int(now * 1000)), self.name, self._site, now, first, self.seed)
            path = self._directory / (header.segment + OPEN_SUFFIX)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._open = _Open(descriptor, path, header, 0, monotonic)
            frames = encode_header(header) + frames
        current = self._open
        try:
            _write(current.descriptor, frames)
        except OSError:
            if current.size_bytes == 0:
                self._discard(current)
            else:
                os.ftruncate(current.descriptor, current.size_bytes)
                os.lseek(current.descriptor, current.size_bytes, os.SEEK_SET)
            raise
        current.size_bytes += len(frames)
        current.last = last

    def sync(self) -> Durable | None:
        """Make what was appended durable; None where there was nothing new."""
        current = self._open
        if current is None or not self.dirty:
            return None
        os.fdatasync(current.descriptor)
        if not current.in_directory:
            _fsync(self._directory)
            current.in_directory = True
        current.durable = current.last
        return Durable(current.header.segment, current.header.first, current.last)

    def seal(self) -> tuple[Path, Durable | None] | None:
        """End the open segment: from here on readers see it. Returns its path and what `sync` would."""
        current = self._open
        if current is None:
            return None
        durable = self.sync()
        os.close(current.descriptor)
        self._open = None
        sealed = current.path.with_suffix(SEALED_SUFFIX)
        current.path.rename(sealed)
        _fsync(self._directory)
        return sealed, durable

    def abandon(self) -> int:
        """Let go of a segment that cannot be synced; `recover` seals it. Returns the frames not durable."""
        current, self._open = self._open, None
        if current is None:
            return 0
        os.close(current.descriptor)
        return current.last - max(current.durable, current.header.first - 1)

    def _discard(self, current: _Open) -> None:
        self._open = None
        os.close(current.descriptor)
        current.path.unlink(missing_ok=True)


@dataclass(slots=True)
class Recovered:
    """What a killed writer had left: sealed segments, and files to quarantine with the reason."""

    sealed: list[Path]
    unreadable: list[tuple[Path, str]]


def recover(directory: Path) -> Recovered:
    """Seal what is left open, cut to its valid frames; call as the directory's only writer.

    A torn end was never acknowledged. What is damaged otherwise may have been: such a file is sealed as it
    is, its reader tells of the damage; without a valid frame it is unreadable. Raises OSError when the disk
    does.
    """
    result = Recovered([], [])
    for path in sorted(directory.glob(f"*{OPEN_SUFFIX}")):
        try:
            content = read_raw(path)
        except TornHeaderError:
            path.unlink()
            continue
        except SpoolError as error:
            result.unreadable.append((path, str(error)))
            continue
        if not content.frames:
            if content.damages and not content.torn:
                size = content.damages[0].size_bytes
                result.unreadable.append((path, f"{path.name}: {size} bytes, and no frame in them is whole"))
            else:
                path.unlink()
            continue
        sealed = path.with_suffix(SEALED_SUFFIX)
        with path.open("r+b") as file:
            if content.torn and len(content.damages) == 1:
                file.truncate(content.valid_bytes)
            os.fsync(file.fileno())
        path.rename(sealed)
        result.sealed.append(sealed)
    _fsync(directory)
    return result


def sealed_segments(directory: Path) -> list[Path]:
    """Sealed raw segments in the directory, oldest first."""
    return sorted(directory.glob(f"*{SEALED_SUFFIX}"))


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

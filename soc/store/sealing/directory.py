"""The directory of sealed files: made durable, checked, removed. Names are relative to it."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

from soc.model import StoreError
from soc.spool.durable import fsync
from soc.store.sealing.manifest import SealedFile

_OPEN = "open"  # what is being written


class SealedDirectory:
    """One directory of sealed files, shared by the connections of a process.

    `damaged` are names found unusable since the process began, with why. `horizons`: no file of the kind
    holds anything later (UTC seconds); what is asked of later times need not look for files.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.damaged: dict[str, str] = {}
        self.horizons: dict[str, float] = {}
        self._intact: set[str] = set()
        if not read_only:
            (path / _OPEN).mkdir(mode=0o700, parents=True, exist_ok=True)

    def reaches(self, kind: str, since: float) -> bool:
        """Whether any file of the kind may hold something at `since` or later."""
        return kind in self.horizons and self.horizons[kind] >= since

    def raise_horizon(self, kind: str, time: float) -> None:
        """Before the file counts, so that who still looks beyond the old one looks again."""
        self.horizons[kind] = max(time, self.horizons.get(kind, -math.inf))

    def place(self, name: str) -> Path:
        return self.path / name

    def open_place(self, name: str) -> Path:
        """Where the file is written until it is whole."""
        return self.path / _OPEN / name.replace("/", "_")

    def publish(self, name: str) -> tuple[int, str]:
        """The file written at `open_place` becomes durable under its name; returns (bytes, SHA-256).

        Raises StoreError when the disk does not take it.
        """
        place, written = self.place(name), self.open_place(name)
        try:
            fsync(written)
            sha256, size = sha256_of(written), written.stat().st_size
            self._make_durably(place.parent)
            written.rename(place)
            fsync(place.parent)
        except OSError as error:
            raise StoreError(f"sealed file {place}: {error.strerror}; its rows stay in the store") from error
        return size, sha256

    def remove(self, name: str) -> None:
        """Unlink the file, finished or not; one that is gone already is no error."""
        for path in (self.place(name), self.open_place(name)):
            path.unlink(missing_ok=True)

    def usable(self, files: list[SealedFile], *, content: bool) -> list[SealedFile]:
        """Those of the files that are there whole; the others are noted as damaged.

        `content`: by their hashes too, once for each file and process.
        """
        return [file for file in files if not self._damage(file, content)]

    def look(self, file: SealedFile) -> str:
        """What is known to be wrong with the file, or seen by its size; '' = nothing."""
        return self._damage(file, content=False)

    def check(self, file: SealedFile) -> str:
        """What is wrong with the file by its size and hash; '' = nothing."""
        self._intact.discard(file.name)
        self.damaged.pop(file.name, None)
        return self._damage(file, content=True)

    def _damage(self, file: SealedFile, content: bool) -> str:
        if file.name not in self.damaged and (reason := self._find_damage(file, content)):
            self.damaged[file.name] = reason
        return self.damaged.get(file.name, "")

    def _find_damage(self, file: SealedFile, content: bool) -> str:
        try:
            size = self.place(file.name).stat().st_size
            if size != file.bytes:
                return f"{size} bytes, {file.bytes} were sealed"
            if content and file.name not in self._intact:
                if sha256_of(self.place(file.name)) != file.sha256:
                    return "its content is not what was sealed"
                self._intact.add(file.name)
        except FileNotFoundError:
            return "missing"
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return ""

    def _make_durably(self, directory: Path) -> None:
        missing = [path for path in (directory, *directory.parents) if not path.exists()]
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in missing:
            fsync(path.parent)


def sha256_of(path: Path) -> str:
    """Hexadecimal, of the file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

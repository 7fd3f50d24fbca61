"""Legal holds: while one stands, no sealed file that it covers is unlinked.

They are lines of JSON beside the sealed files, so that a hold can be placed whoever has the store, and
outlives it. Lines are only ever appended; each names the hash of the one before. A file that was tampered
with, or does not read, is an error, and as long as it is one nothing is unlinked.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import NoneType
from typing import Any

from soc.model import ConfigurationError, SideFileError, StoreError
from soc.model.alerts import Actor
from soc.spool.durable import fsync, write_all

FILE_NAME = "holds.jsonl"
_MAXIMUM_BYTES = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on what was between `begin` and `end` (UTC seconds, None = open); device "" = on all."""

    id: str
    reason: str
    device: str
    begin: float | None
    end: float | None
    added: float
    added_by: str
    added_by_uid: int | None
    ended: float | None = None
    ended_by: str = ""
    ended_by_uid: int | None = None
    ended_reason: str = ""

    def overlaps(self, first: float, last: float) -> bool:
        """Whether it stands and covers any of the closed range of time."""
        return (
            self.ended is None
            and (self.begin is None or self.begin <= last)
            and (self.end is None or self.end >= first)
        )


class Holds:
    """The holds of one directory of sealed files. Everything raises SideFileError when they do not read."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    def all(self) -> list[Hold]:
        """Every hold ever placed, in order."""
        with self.standing() as holds:
            return holds

    @contextmanager
    def standing(self) -> Iterator[list[Hold]]:
        """Every hold; none is added or ended within the block."""
        with self._locked(fcntl.LOCK_SH) as descriptor:
            yield self._holds(self._read(descriptor))

    def add(
        self, reason: str, actor: Actor, now: float, *, device: str = "", begin: float | None = None,
        end: float | None = None,
    ) -> Hold:  # fmt: skip
        """Place a hold: once this returns, nothing it covers is unlinked."""
        if not reason.strip():
            raise ConfigurationError("a hold needs a reason")
        if begin is not None and end is not None and end < begin:
            raise ConfigurationError("a hold ends after it begins")
        with self._locked(fcntl.LOCK_EX) as descriptor:
            content = self._read(descriptor)
            holds = self._holds(content)
            hold = Hold(f"H-{len(holds) + 1}", reason, device, begin, end, now, actor.name, actor.uid)
            told = {name: value for name, value in asdict(hold).items() if not name.startswith("ended")}
            self._append(descriptor, content, {"action": "add", **told})
        return hold

    def finish(self, id: str, reason: str, actor: Actor, now: float) -> Hold:
        """End the hold. Raises ConfigurationError when there is none of that id that stands."""
        with self._locked(fcntl.LOCK_EX) as descriptor:
            content = self._read(descriptor)
            holds = {hold.id: hold for hold in self._holds(content)}
            if id not in holds:
                raise ConfigurationError(f"no hold {id}; soc hold list shows them")
            if holds[id].ended is not None:
                raise ConfigurationError(f"hold {id} has been ended by {holds[id].ended_by}")
            ending: dict[str, Any] = {
                "ended": now,
                "ended_by": actor.name,
                "ended_by_uid": actor.uid,
                "ended_reason": reason,
            }
            self._append(descriptor, content, {"action": "end", "id": id, **ending})
        return replace(holds[id], **ending)

    @contextmanager
    def _locked(self, kind: int) -> Iterator[int]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SideFileError(f"holds {self._path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, kind)
            yield descriptor
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int) -> bytes:
        if os.fstat(descriptor).st_size > _MAXIMUM_BYTES:
            raise SideFileError(f"holds {self._path}: larger than any list of holds")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            file.seek(0)
            return file.read()

    def _holds(self, content: bytes) -> list[Hold]:
        holds: dict[str, Hold] = {}
        for number, record in enumerate(_records(content, self._path), 1):
            try:
                hold = _hold(holds, record)
            except (KeyError, TypeError, ValueError):
                raise SideFileError(
                    f"{self._path}:{number}: neither places nor ends a hold; nothing is unlinked until the "
                    "file is as it was (a backup has it)"
                ) from None
            holds[hold.id] = hold
        return list(holds.values())

    def _append(self, descriptor: int, content: bytes, record: dict[str, Any]) -> None:
        # What a kill or a full disk left of a line was never acknowledged.
        whole = content[: content.rfind(b"\n") + 1]
        last = whole.splitlines()[-1] if whole else b""
        line = json.dumps({**record, "previous": _hash(last)}, ensure_ascii=False, sort_keys=True)
        try:
            os.ftruncate(descriptor, len(whole))
            write_all(descriptor, line.encode("utf-8", "replace") + b"\n")
            os.fsync(descriptor)
            fsync(self._path.parent)
        except OSError as error:
            raise StoreError(f"holds {self._path}: {error.strerror}; nothing was noted") from error


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest() if line else ""


def _records(content: bytes, path: Path) -> list[dict[str, Any]]:
    records = []
    last = b""
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), 1):
        try:
            record = json.loads(line)
            follows = record.pop("previous") == _hash(last)
        except (ValueError, KeyError, TypeError, AttributeError):
            follows = False
        if not follows:
            raise SideFileError(
                f"{path}:{number}: not what was written after the line before; nothing is unlinked until "
                "the file is as it was (a backup has it)"
            )
        records.append(record)
        last = line
    return records


def _hold(holds: Mapping[str, Hold], record: dict[str, Any]) -> Hold:
    """What a line makes of a hold. Raises KeyError, TypeError or ValueError where it is none of ours."""
    action = record.pop("action")
    if action not in ("add", "end"):
        raise ValueError
    hold = Hold(**record) if action == "add" else replace(holds[record["id"]], **record)
    texts = (hold.id, hold.reason, hold.device, hold.added_by, hold.ended_by, hold.ended_reason)
    numbers = (hold.begin, hold.end, hold.added, hold.added_by_uid, hold.ended, hold.ended_by_uid)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    if hold.added is None or not all(isinstance(number, (int, float, NoneType)) for number in numbers):
        raise TypeError
    return hold

"""Retention: a sealed file is unlinked when everything in it is past its time and no hold covers it.

What is unlinked is what the manifest says, never what a directory lists. A file expires first (answers
leave it out) and is unlinked an hour later, so that whoever has just been given its name can still read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from soc.inventory import Retention
from soc.model import StoreError
from soc.store.database import Database, literal
from soc.store.sealing.directory import SealedDirectory
from soc.store.sealing.holds import Hold, Holds
from soc.store.sealing.manifest import Manifest, SealedFile

GRACE_SECONDS = 3600.0
MAXIMUM_FILES = 200  # in one run


@dataclass(slots=True)
class Kept:
    """What is kept under one rule of retention; times are UTC seconds, None = there is nothing.

    `next_*`: the file that goes next, and when. `held_*`: past their time, kept by a hold. `expired_*`: no
    longer in answers, about to be unlinked.
    """

    name: str
    keep_seconds: float
    files: int = 0
    bytes: int = 0
    rows: int = 0
    oldest: float | None = None
    newest: float | None = None
    next_file: str = ""
    next_time: float | None = None
    held_files: int = 0
    held_bytes: int = 0
    expired_files: int = 0
    expired_bytes: int = 0
    holds: set[str] = field(default_factory=set)
    damaged: dict[str, str] = field(default_factory=dict)


class Expiry:
    """Retention over the files of one store. The caller of `expire` and `unlink` is its only writer."""

    def __init__(self, database: Database, directory: SealedDirectory, holds: Holds) -> None:
        self._database = database
        self._directory = directory
        self.holds = holds
        self._manifest = Manifest(database)
        self._mentions: dict[tuple[str, str], bool] = {}  # (file, device)

    def expire(self, retention: Retention, now: float) -> list[SealedFile]:
        """Files whose time has passed leave the answers; one that a hold covers by now comes back.

        Returns those that left. Raises StoreError when the holds do not read.
        """
        gone: list[SealedFile] = []
        with self.holds.standing() as holds, self._database.transaction():
            back = [file for file in self._manifest.in_state("expired") if self._covering(file, holds)]
            for file in self._manifest.in_state("sealed"):
                if len(gone) == MAXIMUM_FILES:
                    break
                if expires(file, retention) <= now and not self._covering(file, holds):
                    gone.append(file)
            self._manifest.change([file.name for file in back], "sealed", now)
            self._manifest.change([file.name for file in gone], "expired", now)
        return gone

    def unlink(self, now: float) -> list[SealedFile]:
        """Unlink files that expired a while ago and that no hold covers; returns them."""
        with self.holds.standing() as holds:
            gone = [
                file
                for file in self._manifest.in_state("expired")
                if file.since <= now - GRACE_SECONDS and not self._covering(file, holds)
            ][:MAXIMUM_FILES]
            for file in gone:
                self._directory.remove(file.name)
        if gone:
            with self._database.transaction():
                self._manifest.change([file.name for file in gone], "unlinked", now)
                self._forget_series()
        return gone

    def kept(self, retention: Retention, now: float) -> list[Kept]:
        """What is kept, by the name of its rule: samples, raw, and events by class."""
        named = {"samples": retention.samples, "raw": retention.raw}
        named |= {f"events/{name}": seconds for name, seconds in sorted(retention.events.items())}
        found = {name: Kept(name, seconds) for name, seconds in named.items()}
        holds = self.holds.all()
        for file in self._manifest.in_state("sealed", "expired"):
            name = rule_name(file)
            kept = found.setdefault(name, Kept(name, retention.events["default"]))
            _count(kept, file, expires(file, retention), now, self._covering(file, holds))
        return list(found.values())

    def _covering(self, file: SealedFile, holds: Sequence[Hold]) -> list[str]:
        """Ids of the holds that cover the file."""
        return [
            hold.id
            for hold in holds
            if hold.overlaps(file.min_time, file.max_time)
            and (not hold.device or self._mentioned(file, hold.device))
        ]

    def _mentioned(self, file: SealedFile, device: str) -> bool:
        """Whether the file may say anything of the device: so does one that does not tell."""
        name = file.name
        if file.kind == "raw":
            return True  # messages are told apart by sender, and a device may have had another address
        if file.kind == "sample":
            name = name.replace("samples/", "series/", 1)
        key = (name, device)
        if key not in self._mentions:
            place = literal(self._directory.place(name))
            try:
                [(found,)] = self._database.rows(
                    f"SELECT count(*) > 0 FROM (FROM read_parquet({place}) WHERE device = $device LIMIT 1)",  # noqa: S608
                    {"device": device},
                )
            except StoreError:
                return True
            self._mentions[key] = bool(found)
        return self._mentions[key]

    def _forget_series(self) -> None:
        """Series of which nothing is left, neither hot nor sealed."""
        self._database.execute(
            """
            DELETE FROM series
            WHERE sealed_until < coalesce(
                (SELECT min(min_time) FROM sealed_file
                 WHERE kind = 'sample' AND list_contains(['sealed', 'expired'], state)),
                'infinity'::TIMESTAMP)
              AND series_id NOT IN (SELECT series_id FROM hot_sample)
            """
        )


def rule_name(file: SealedFile) -> str:
    """Under which rule of retention the file is kept."""
    if file.kind in ("event", "match"):
        return f"events/{file.retention_class}"
    return "raw" if file.kind == "raw" else "samples"


def expires(file: SealedFile, retention: Retention) -> float:
    """When everything in the file is past its time, UTC seconds."""
    if file.kind in ("event", "match"):
        kept = retention.events.get(file.retention_class, retention.events["default"])
    else:
        kept = retention.raw if file.kind == "raw" else retention.samples
    return file.max_time + kept


def _count(kept: Kept, file: SealedFile, time: float, now: float, holds: list[str]) -> None:
    kept.files += 1
    kept.bytes += file.bytes
    kept.rows += file.rows if file.kind != "series" else 0
    kept.oldest = min(file.min_time, kept.oldest if kept.oldest is not None else file.min_time)
    kept.newest = max(file.max_time, kept.newest if kept.newest is not None else file.max_time)
    kept.holds.update(holds)
    if file.damage:
        kept.damaged[file.name] = file.damage
    if holds:
        if time <= now:
            kept.held_files += 1
            kept.held_bytes += file.bytes
    elif file.state == "expired":
        kept.expired_files += 1
        kept.expired_bytes += file.bytes
    elif kept.next_time is None or time < kept.next_time:
        kept.next_file, kept.next_time = file.name, time

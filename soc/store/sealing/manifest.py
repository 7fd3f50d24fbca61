"""The manifest: which sealed files there are, what they hold, what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from soc.model.times import LATEST_SECONDS
from soc.store.database import Database
from soc.store.times import moment

# What questions are asked of; `series` are the dictionaries beside the samples, `raw` what was received.
Kind = Literal["sample", "series", "event", "match", "raw"]
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A row of the manifest; times are UTC seconds, `rows` of kind raw are segments."""

    name: str
    kind: Kind
    retention_class: str
    state: str
    since: float
    min_time: float
    max_time: float
    rows: int = 0
    bytes: int = 0
    sha256: str = ""
    format_version: int = FORMAT_VERSION
    damage: str = ""


_SELECTED = """
    name, kind, class, state, epoch_us(since) / 1e6, epoch_us(min_time) / 1e6, epoch_us(max_time) / 1e6,
    row_count, bytes, sha256, format_version, damage
"""


class Manifest:
    """Files by name; those in state `sealed` count in answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reaching(self, kind: Kind, since: float | None, until: float | None) -> list[SealedFile]:
        """Undamaged files of the kind that overlap [since, until], by name; None = without bound."""
        return self._files(
            """
            kind = $kind AND state = 'sealed' AND damage = ''
            AND ($since IS NULL OR max_time >= $since::TIMESTAMP)
            AND ($until IS NULL OR min_time <= $until::TIMESTAMP)
            """,
            {
                "kind": kind,
                "since": None if since is None else moment(_storable(since)),
                "until": None if until is None else moment(_storable(until)),
            },
        )

    def holding_times(self, kind: Kind, staged: str) -> list[SealedFile]:
        """Undamaged files that may hold a row of the temporary table `staged`, judged by its column time."""
        return self._files(
            f"""
            kind = $kind AND state = 'sealed' AND damage = ''
            AND max_time >= (SELECT min(time) FROM {staged})
            AND EXISTS (SELECT 1 FROM {staged} AS row WHERE row.time BETWEEN min_time AND max_time)
            """,  # noqa: S608 - the name of one of this package's tables
            {"kind": kind},
        )

    def in_state(self, *states: str) -> list[SealedFile]:
        """Every file in one of these states, damaged ones too."""
        return self._files("list_contains($states::VARCHAR[], state)", {"states": list(states)})

    def past(self, kind: Kind, retention_class: str | None, end: float, limit: int) -> list[SealedFile]:
        """Sealed files of the kind with nothing later than `end`, oldest first."""
        return self._files(
            """
            kind = $kind AND state = 'sealed' AND ($class IS NULL OR class = $class)
            AND max_time < $end::TIMESTAMP
            """,
            {"kind": kind, "class": retention_class, "end": moment(_storable(end))},
        )[:limit]

    def horizons(self) -> dict[str, float]:
        """By kind, the latest time that any file has held (UTC seconds)."""
        return dict(
            self._database.rows("SELECT kind, epoch_us(max(max_time)) / 1e6 FROM sealed_file GROUP BY kind")
        )

    def begin(self, files: Sequence[SealedFile]) -> None:
        """Note files that are about to be written, so that whoever comes after a kill knows of them."""
        for file in files:
            self._database.execute(
                """
                INSERT INTO sealed_file VALUES (
                    $name, $kind, $class, 'writing', $since, $first, $last, 0, 0, '', $version, ''
                )
                """,
                {
                    "name": file.name, "kind": file.kind, "class": file.retention_class,
                    "since": moment(file.since), "first": moment(file.min_time),
                    "last": moment(file.max_time), "version": file.format_version,
                },
            )  # fmt: skip

    def complete(self, file: SealedFile) -> None:
        """In the transaction that deletes its rows: the file counts from now on."""
        self._database.execute(
            """
            UPDATE sealed_file
            SET state = 'sealed', min_time = $first, max_time = $last, row_count = $rows, bytes = $bytes,
                sha256 = $sha256
            WHERE name = $name
            """,
            {
                "name": file.name, "first": moment(file.min_time), "last": moment(file.max_time),
                "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256,
            },
        )  # fmt: skip

    def forget(self, name: str) -> None:
        """A file that was never finished."""
        self._database.execute(
            "DELETE FROM sealed_file WHERE name = $name AND state = 'writing'", {"name": name}
        )

    def change(self, names: Sequence[str], state: str, now: float) -> None:
        """These files come to be in that state."""
        self._database.execute(
            """
            UPDATE sealed_file SET state = $state, since = $now
            WHERE list_contains($names::VARCHAR[], name)
            """,
            {"names": list(names), "state": state, "now": moment(now)},
        )

    def set_damage(self, name: str, damage: str) -> None:
        """Leave the file out of answers, or ('') take it in again."""
        self._database.execute(
            "UPDATE sealed_file SET damage = $damage WHERE name = $name", {"name": name, "damage": damage}
        )

    def _files(self, condition: str, values: dict[str, object]) -> list[SealedFile]:
        return [
            SealedFile(*row)
            for row in self._database.rows(
                f"SELECT {_SELECTED} FROM sealed_file WHERE {condition} ORDER BY max_time, name",  # noqa: S608
                values,
            )
        ]


def _storable(time: float) -> float:
    """Questions may reach beyond what a TIMESTAMP says, infinitely far too."""
    return min(max(time, 0.0), LATEST_SECONDS)

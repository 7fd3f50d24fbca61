"""Take in sealed files that the manifest does not name: what a store that was lost had sealed.

A store that is made again, or comes from a backup, does not know what was sealed since. Each such file is
read whole and noted with what it holds; rows of it that are in the database leave that. Segments that are
ingested later find their rows in the file.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from soc.model import StoreError
from soc.model.ids import ulid_time_ms
from soc.store.database import Database, literal
from soc.store.sealing.directory import SealedDirectory, sha256_of
from soc.store.sealing.manifest import FORMAT_VERSION, Kind, Manifest, SealedFile
from soc.store.sealing.seal import DEFAULT_CLASS
from soc.store.times import seconds

_FOLDERS: dict[str, Kind] = {"samples": "sample", "events": "event", "matches": "match", "raw": "raw"}
# What tells rows apart, in a sealed file and in the database.
_KEYS: dict[Kind, tuple[str, str]] = {
    "sample": ("series, time", "(SELECT hash FROM series WHERE series_id = hot.series_id), time"),
    "event": ("id, time", "id, time"),
    "match": ("event_id, rule_id, time", "event_id, rule_id, time"),
}


@dataclass(slots=True)
class Adopted:
    """How many files count again, and which could not be taken in, with why."""

    files: int = 0
    refused: dict[str, str] = field(default_factory=dict)


class Adoption:
    """The caller is the store's only writer; no transaction is open."""

    def __init__(self, database: Database, directory: SealedDirectory) -> None:
        self._database = database
        self._directory = directory
        self._manifest = Manifest(database)

    def adopt(self, now: float) -> Adopted:
        """Take in every file that the manifest does not name, each in a transaction of its own."""
        done = Adopted()
        known = {name for (name,) in self._database.rows("SELECT name FROM sealed_file")}
        for file in self._found(now):
            if file.name in known:
                continue
            try:
                done.files += self._adopt(file)
            except (StoreError, OSError, ValueError, zipfile.BadZipFile) as error:
                done.refused[file.name] = str(error)
        return done

    def _found(self, now: float) -> Iterator[SealedFile]:
        """Files by the names that sealing gives them."""
        for folder, kind in _FOLDERS.items():
            suffix = ".zip" if kind == "raw" else ".parquet"
            for path in sorted((self._directory.path / folder).rglob(f"*{suffix}")):
                name = str(path.relative_to(self._directory.path))
                retention_class = ""
                if kind in ("event", "match"):
                    retention_class = PurePosixPath(name).parts[1].removeprefix("class=") or DEFAULT_CLASS
                yield SealedFile(name, kind, retention_class, "sealed", now, now, now)

    def _adopt(self, file: SealedFile) -> int:
        """Returns how many files it was: samples come with their dictionary."""
        found = [self._raw(file)] if file.kind == "raw" else self._rows(file)
        with self._database.transaction():
            if file.kind == "sample":
                self._know_series(found[1])
            if file.kind in _KEYS:
                self._take_over(found[0])
            self._manifest.begin(found)
            for one in found:
                self._manifest.complete(one)
        for one in found:
            self._directory.raise_horizon(one.kind, one.max_time)
        return len(found)

    def _rows(self, file: SealedFile) -> list[SealedFile]:
        """The file, and a dictionary, as the manifest will have them. Raises StoreError or ValueError."""
        place = literal(self._directory.place(file.name))
        self._require_format(place)
        key, _ = _KEYS[file.kind]
        [(rows, distinct, first, last)] = self._database.rows(
            f"SELECT count(*), count(DISTINCT ({key})), min(time), max(time) FROM read_parquet({place})"  # noqa: S608
        )
        if not rows or rows != distinct:
            raise ValueError("it holds no rows, or rows twice")
        whole = replace(self._measured(file), rows=rows, min_time=seconds(first), max_time=seconds(last))
        self._require_news(whole)
        if file.kind != "sample":
            return [whole]
        dictionary = replace(whole, name=file.name.replace("samples/", "series/", 1), kind="series")
        place = literal(self._directory.place(dictionary.name))
        self._require_format(place)
        [(rows,)] = self._database.rows(f"SELECT count(series) FROM read_parquet({place})")  # noqa: S608
        return [whole, replace(self._measured(dictionary), rows=rows)]

    def _raw(self, file: SealedFile) -> SealedFile:
        with zipfile.ZipFile(self._directory.place(file.name)) as pack:
            names = sorted(pack.namelist())
            if not names or pack.testzip() is not None:
                raise ValueError("it holds no segments, or damaged ones")
        first, last = (ulid_time_ms(Path(name).stem) / 1000 for name in (names[0], names[-1]))
        return replace(self._measured(file), rows=len(names), min_time=first, max_time=last)

    def _measured(self, file: SealedFile) -> SealedFile:
        place = self._directory.place(file.name)
        return replace(file, bytes=place.stat().st_size, sha256=sha256_of(place))

    def _require_format(self, place: str) -> None:
        versions = self._database.rows(
            f"SELECT value::VARCHAR FROM parquet_kv_metadata({place}) "  # noqa: S608 - a path
            "WHERE key::VARCHAR = 'soc_format_version'"
        )
        if not versions or not versions[0][0].isdecimal() or int(versions[0][0]) > FORMAT_VERSION:
            raise ValueError("it is of a newer program, or not ours")

    def _require_news(self, file: SealedFile) -> None:
        """None of its rows may be in a file that counts already."""
        others = [
            literal(self._directory.place(other.name))
            for other in self._manifest.reaching(file.kind, file.min_time, file.max_time)
        ]
        if not others:
            return
        key, _ = _KEYS[file.kind]
        place = literal(self._directory.place(file.name))
        [(known,)] = self._database.rows(
            f"""
            SELECT count(*) FROM read_parquet({place})
            SEMI JOIN read_parquet([{", ".join(others)}]) USING ({key})
            """  # noqa: S608 - constants and paths
        )
        if known:
            raise ValueError(f"{known} of its rows are in other files: it is left alone")

    def _know_series(self, dictionary: SealedFile) -> None:
        """Series that only the dictionary knows."""
        self._database.execute(
            f"""
            INSERT INTO series (
                series_id, metric, device, labels, labels_json, interval_seconds, attributes, hash
            )
            SELECT (SELECT coalesce(max(series_id), 0) FROM series) + row_number() OVER (ORDER BY series),
                   metric, device, CAST(labels::JSON AS MAP(VARCHAR, VARCHAR)), labels, interval_seconds,
                   attributes, series
            FROM read_parquet({literal(self._directory.place(dictionary.name))})
            WHERE series NOT IN (SELECT hash FROM series)
            """  # noqa: S608 - a path
        )

    def _take_over(self, file: SealedFile) -> None:
        """The file's rows leave the database."""
        key, of_hot = _KEYS[file.kind]
        place = literal(self._directory.place(file.name))
        span = {"first": file.min_time, "last": file.max_time}
        self._database.execute(
            f"""
            DELETE FROM hot_{file.kind} AS hot
            WHERE time BETWEEN make_timestamp($first::BIGINT) AND make_timestamp($last::BIGINT)
              AND ({of_hot}) IN (SELECT ({key}) FROM read_parquet({place}))
            """,  # noqa: S608 - constants and a path
            {name: round(value * 1e6) for name, value in span.items()},
        )
        if file.kind == "sample":
            self._database.execute(
                f"""
                UPDATE series SET sealed_until = greatest(sealed_until, held.until)
                FROM (SELECT series, max(time) AS until FROM read_parquet({place}) GROUP BY series) AS held
                WHERE series.hash = held.series
                """  # noqa: S608 - a path
            )

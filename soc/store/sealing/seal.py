"""Move old rows from the database into sealed files, one bounded piece at a time.

A piece is noted in the manifest, written beside, fsynced, renamed, and swapped: one transaction lets the
file count and deletes its rows. Killed anywhere, the next run removes what was not swapped and begins anew.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from soc.model import StoreError
from soc.model.ids import ulid
from soc.store.database import Database, literal
from soc.store.sealing.directory import SealedDirectory
from soc.store.sealing.manifest import FORMAT_VERSION, Kind, Manifest, SealedFile
from soc.store.sealing.sealed import EVENT_COLUMNS, MATCH_COLUMNS
from soc.store.times import moment, seconds

_HOUR_SECONDS, _DAY_SECONDS = 3600.0, 86400.0
# How long ago a day (of samples) or an hour (of events) must have ended. Looked at every hour, nothing
# stays longer than 48 hours.
SAMPLE_AGE_SECONDS = 23 * _HOUR_SECONDS
EVENT_AGE_SECONDS = 46 * _HOUR_SECONDS
# One piece is about a second's work.
MAXIMUM_SAMPLES = 2_000_000
MAXIMUM_EVENTS = 500_000

DEFAULT_CLASS = "default"
# What a rule matched is evidence, whatever its sender thought of it.
_CLASS = """
    CASE WHEN id IN (SELECT event_id FROM hot_match) THEN 'default'
         WHEN severity_id = 1 AND fields['level'] = 'debug' THEN 'debug'
         WHEN product = 'soc' AND category = 'execution' THEN 'execution'
         ELSE 'default' END
"""
_FOLDERS = {"event": "events", "match": "matches"}
_FORMAT = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{soc_format_version: '{FORMAT_VERSION}'}}"


class Sealing:
    """Rows to files. The caller is the store's only writer; no transaction is open."""

    def __init__(self, database: Database, directory: SealedDirectory) -> None:
        self._database = database
        self._directory = directory
        self._manifest = Manifest(database)

    def recover(self) -> int:
        """Remove the files that a kill left unfinished; their rows are in the store. Returns how many."""
        unfinished = [file for file in self._manifest.in_state("writing") if file.kind != "raw"]
        for file in unfinished:
            self._directory.remove(file.name)
            self._manifest.forget(file.name)
        return len(unfinished)

    def seal_events(self, now: float, matched: int) -> list[SealedFile]:
        """One file of events of the oldest hour that is due; [] = none is.

        Own events wait until their transaction is `matched`.
        """
        end = _floor(now - EVENT_AGE_SECONDS, _HOUR_SECONDS)
        ready = "(own_batch IS NULL OR own_batch <= $matched)"
        values: dict[str, object] = {"matched": matched}
        oldest = self._database.rows(
            f"""
            SELECT epoch_us(time) / 1e6, {_CLASS} FROM hot_event
            WHERE time < $end AND {ready}
            ORDER BY time LIMIT 1
            """,  # noqa: S608 - constants
            {**values, "end": moment(end)},
        )
        if not oldest:
            return []
        [(first, retention_class)] = oldest
        where = f"time >= $first AND time < $last AND {ready} AND {_CLASS} = $class"
        values |= {"class": retention_class}
        return self._seal_hour("event", now, EVENT_COLUMNS, first, where, values)

    def seal_matches(self, now: float) -> list[SealedFile]:
        """One file of matches of the oldest hour that is due; [] = none is."""
        end = _floor(now - EVENT_AGE_SECONDS, _HOUR_SECONDS)
        [(first,)] = self._database.rows(
            "SELECT epoch_us(min(time)) / 1e6 FROM hot_match WHERE time < $end", {"end": moment(end)}
        )
        if first is None:
            return []
        where = "time >= $first AND time < $last"
        return self._seal_hour("match", now, MATCH_COLUMNS, first, where, {})

    def seal_samples(self, now: float) -> list[SealedFile]:
        """One file of samples of the oldest day that is due, and its dictionary; [] = none is.

        A file holds whole series, those of a metric together; further files hold the day's others.
        """
        end = _floor(now - SAMPLE_AGE_SECONDS, _DAY_SECONDS)
        [(oldest,)] = self._database.rows(
            "SELECT epoch_us(min(time)) / 1e6 FROM hot_sample WHERE time < $end", {"end": moment(end)}
        )
        if oldest is None:
            return []
        day = _floor(oldest, _DAY_SECONDS)
        values: dict[str, object] = {"first": moment(day), "last": moment(day + _DAY_SECONDS)}
        id, folder = ulid(int(now * 1000)), f"day={moment(day):%Y-%m-%d}"
        samples = SealedFile(f"samples/{folder}/{id}.parquet", "sample", "", "writing", now, day, day)
        dictionary = replace(samples, name=f"series/{folder}/{id}.parquet", kind="series")
        self._begin(samples, dictionary)
        with self._database.transaction():
            self._choose_series(values)
            written = self._write(
                samples,
                """
                SELECT chosen.hash AS series, time, value
                FROM hot_sample JOIN sealing_series AS chosen USING (series_id)
                WHERE time >= $first AND time < $last
                ORDER BY chosen.position, time
                """,
                values,
            )
            described = self._write(
                # It expires with the samples that need it.
                replace(dictionary, min_time=written.min_time, max_time=written.max_time),
                """
                SELECT hash AS series, metric, device, labels_json AS labels, interval_seconds, attributes
                FROM series SEMI JOIN sealing_series USING (series_id)
                ORDER BY hash
                """,
                {},
            )
            chosen = "series_id IN (SELECT series_id FROM sealing_series)"
            self._delete("hot_sample", f"time >= $first AND time < $last AND {chosen}", values, written.rows)
            self._database.execute(
                f"UPDATE series SET sealed_until = greatest(sealed_until, $until::TIMESTAMP) WHERE {chosen}",  # noqa: S608
                {"until": moment(written.max_time)},
            )
        return [written, described]

    def _choose_series(self, span: dict[str, object]) -> None:
        """Into sealing_series (series_id, hash, position): the day's first series by hash, as many as fit."""
        self._database.execute(
            """
            CREATE OR REPLACE TEMP TABLE sealing_series AS
            WITH counted AS (
                SELECT series_id, count(*) AS samples FROM hot_sample
                WHERE time >= $first AND time < $last
                GROUP BY series_id
            ), summed AS (
                SELECT series_id, hash, samples, sum(samples) OVER in_order AS total,
                       row_number() OVER in_order AS position
                FROM counted JOIN series USING (series_id)
                WINDOW in_order AS (ORDER BY hash ROWS UNBOUNDED PRECEDING)
            )
            SELECT series_id, hash, position FROM summed WHERE total - samples < $maximum
            """,
            {**span, "maximum": MAXIMUM_SAMPLES},
        )

    def _seal_hour(
        self, kind: Kind, now: float, columns: str, first: float, where: str, values: dict[str, object]
    ) -> list[SealedFile]:
        """A file of rows of the hour of `first`, the oldest; the rest of a crowded hour follows."""
        begin = _floor(first, _HOUR_SECONDS)
        table, retention_class = f"hot_{kind}", str(values.get("class", DEFAULT_CLASS))
        values = {**values, "first": moment(begin), "last": moment(begin + _HOUR_SECONDS)}
        cut = self._database.rows(
            f"SELECT time FROM {table} WHERE {where} ORDER BY time LIMIT 1 OFFSET {MAXIMUM_EVENTS}",  # noqa: S608
            values,
        )
        if cut:
            # Rows of one time stay together, however many they are.
            values["last"] = max(cut[0][0], moment(first) + timedelta(microseconds=1))
        name = (
            f"{_FOLDERS[kind]}/class={retention_class}/day={moment(begin):%Y-%m-%d}/hour={moment(begin):%H}/"
            f"{ulid(int(now * 1000))}.parquet"
        )
        file = SealedFile(name, kind, retention_class, "writing", now, begin, begin)
        select = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY time"  # noqa: S608 - constants
        self._begin(file)
        with self._database.transaction():
            written = self._write(file, select, values)
            self._delete(table, where, values, written.rows)
        return [written]

    def _begin(self, *files: SealedFile) -> None:
        with self._database.transaction():
            self._manifest.begin(files)

    def _write(self, file: SealedFile, select: str, values: dict[str, object]) -> SealedFile:
        """Write, read back, make durable; returns the file as the manifest now has it."""
        place = literal(self._directory.open_place(file.name))
        self._database.execute(f"COPY ({select}) TO {place} ({_FORMAT})", values)
        times = "min(time), max(time)" if file.kind != "series" else "NULL, NULL"
        [(rows, first, last)] = self._database.rows(
            f"SELECT count(*), {times} FROM read_parquet({place})"  # noqa: S608 - a constant and a path
        )
        size, sha256 = self._directory.publish(file.name)
        written = replace(file, state="sealed", rows=rows, bytes=size, sha256=sha256)
        if first is not None:
            written = replace(written, min_time=seconds(first), max_time=seconds(last))
        self._directory.raise_horizon(written.kind, written.max_time)
        self._manifest.complete(written)
        return written

    def _delete(self, table: str, where: str, values: dict[str, object], written: int) -> None:
        """Delete what was written, to the row."""
        [(deleted,)] = self._database.rows(f"DELETE FROM {table} WHERE {where}", values)  # noqa: S608
        if deleted != written:
            raise StoreError(
                f"{table}: {deleted} rows to seal, {written} were written; they stay in the store"
            )


def _floor(time: float, step: float) -> float:
    return time // step * step

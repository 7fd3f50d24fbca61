"""Series and samples: one row per series (the dictionary), one per sample."""

from __future__ import annotations

from collections.abc import Iterable

from soc.model import Sample, canonical_labels
from soc.store.database import Database
from soc.store.sealing.sealed import Sealed

_STAGED_COLUMNS = {
    "metric": "VARCHAR",
    "device": "VARCHAR",
    "labels_json": "VARCHAR",
    "attributes": "VARCHAR",
    "interval_seconds": "DOUBLE",
    "time": "TIMESTAMP",
    "value": "DOUBLE",
    "position": "BIGINT",
}


class Series:
    """The series dictionary and the samples."""

    def __init__(self, database: Database, sealed: Sealed) -> None:
        self._database = database
        self._sealed = sealed

    def add(self, samples: Iterable[tuple[str, Sample, float]]) -> int:
        """Store (device, sample, interval_seconds), as segments' samples are; returns how many were new."""
        self._database.stage(
            "staged_sample",
            _STAGED_COLUMNS,
            (
                (
                    sample.metric, device, canonical_labels(sample.labels),
                    canonical_labels(sample.attributes) if sample.attributes else None,
                    interval_seconds, sample.time, sample.value, position,
                )
                for position, (device, sample, interval_seconds) in enumerate(samples)
            ),
        )  # fmt: skip
        return self._add()

    def oldest(self) -> float | None:
        """The time of the oldest sample, UTC seconds."""
        [(oldest,)] = self._database.rows(
            """
            SELECT epoch_us(least(
                (SELECT min(time) FROM hot_sample),
                (SELECT min(min_time) FROM sealed_file WHERE kind = 'sample' AND state = 'sealed')
            )) / 1e6
            """
        )
        return None if oldest is None else float(oldest)

    def add_staged(self) -> int:
        """Store the staged segments' samples; returns how many were new."""
        self._database.execute(
            """
            CREATE OR REPLACE TEMP TABLE staged_sample AS
            SELECT metric, device, labels AS labels_json, attributes, interval_seconds, time, value, position
            FROM staged
            WHERE record = 'sample'
            """
        )
        return self._add()

    def _add(self) -> int:
        """From staged_sample into series and sample.

        A sample is known by (series, time): the first one stays. A series keeps the interval and
        the attributes that were told last.
        """
        self._database.execute(
            """
            INSERT INTO series (
                series_id, metric, device, labels, labels_json, interval_seconds, attributes, hash
            )
            SELECT (SELECT coalesce(max(series_id), 0) FROM series)
                       + row_number() OVER (ORDER BY metric, device, labels_json),
                   metric, device,
                   CAST(labels_json::JSON AS MAP(VARCHAR, VARCHAR)), labels_json,
                   arg_max(interval_seconds, time), coalesce(arg_max(attributes, time), ''),
                   CAST(left(sha256(metric), 8) || left(sha256(device), 8) || left(sha256(
                       strlen(metric) || ':' || metric || strlen(device) || ':' || device || labels_json
                   ), 16) AS UUID)
            FROM staged_sample AS staged
            WHERE NOT EXISTS (
                SELECT 1 FROM series
                WHERE series.metric = staged.metric
                  AND series.device = staged.device
                  AND series.labels_json = staged.labels_json
            )
            GROUP BY metric, device, labels_json
            """
        )
        self._database.execute(
            """
            UPDATE series
            SET interval_seconds = declared.interval_seconds,
                attributes = coalesce(declared.attributes, series.attributes)
            FROM (
                SELECT metric, device, labels_json, arg_max(interval_seconds, time) AS interval_seconds,
                       arg_max(attributes, time) AS attributes
                FROM staged_sample
                GROUP BY metric, device, labels_json
            ) AS declared
            WHERE series.metric = declared.metric
              AND series.device = declared.device
              AND series.labels_json = declared.labels_json
              AND (
                  series.interval_seconds <> declared.interval_seconds
                  OR series.attributes <> declared.attributes
              )
            """
        )
        # Literal bounds let DuckDB skip the row groups of other times.
        [(first, last)] = self._database.rows("SELECT min(time), max(time) FROM staged_sample")
        known = self._sealed.known("sample", "staged_sample")
        [(added,)] = self._database.rows(
            f"""
            INSERT INTO hot_sample
            SELECT series.series_id, staged.time, staged.value
            FROM staged_sample AS staged
            JOIN series USING (metric, device, labels_json)
            WHERE NOT EXISTS (
                SELECT 1 FROM {known} AS known
                WHERE known.series_id = series.series_id
                  AND known.time = staged.time
                  AND known.time BETWEEN $first AND $last
            )
            QUALIFY row_number() OVER (
                PARTITION BY series.series_id, staged.time ORDER BY staged.position
            ) = 1
            ORDER BY staged.time, series.series_id
            """,  # noqa: S608 - made of constants and names of sealed files
            {"first": first, "last": last},
        )
        return int(added)

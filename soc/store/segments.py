"""Segments: which ones are in, and their rows staged for the other entities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from soc.model import StoreError
from soc.spool.header import Header
from soc.store.database import IDS, Database, disk_full, ids
from soc.store.times import moment

# Times a segment may hold; others cannot be told to Python, or are nonsense.
_EARLIEST, _LATEST = "TIMESTAMP '1970-01-01'", "TIMESTAMP '2200-01-01'"

_STAGED = """
    CREATE OR REPLACE TEMP TABLE staged (
        segment VARCHAR, position BIGINT,
        record VARCHAR, ordinal BIGINT, time TIMESTAMP, device VARCHAR,
        metric VARCHAR, labels VARCHAR, attributes VARCHAR, value DOUBLE, interval_seconds DOUBLE,
        key VARCHAR, instance VARCHAR, text VARCHAR,
        collector VARCHAR, ok BOOLEAN, answered BOOLEAN, reason VARCHAR, detail VARCHAR,
        duration_seconds DOUBLE, fact_keys VARCHAR[],
        id VARCHAR, received TIMESTAMP, source_address VARCHAR, relayed BOOLEAN,
        product VARCHAR, category VARCHAR, service VARCHAR,
        class_uid INTEGER, activity_id INTEGER, severity_id TINYINT,
        message VARCHAR, "user" VARCHAR, source_ip VARCHAR, target_ip VARCHAR, process VARCHAR,
        fields MAP(VARCHAR, VARCHAR), raw VARCHAR,
        rule_id VARCHAR, rule_version VARCHAR, correlation_fields VARCHAR
    )
"""


class Segments:
    """Ingested segments. `stage` reads files into the temporary table `staged`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.holds: set[str] = set()  # which records are staged; "reading" = polls that read facts

    def known(self, segments: Sequence[str]) -> set[str]:
        """Those of the segments whose rows are in the store."""
        if not segments:
            return set()
        rows = self._database.rows(f"SELECT id FROM segment WHERE id IN {IDS}", ids(segments))  # noqa: S608
        return {id for (id,) in rows}

    def stage(self, files: Sequence[tuple[Header, Path]]) -> dict[Path, str]:
        """Read the files' rows, in this order; returns why for each that was left out.

        A file is left out when it does not read, holds another number of rows than its header says, or
        lacks what a record needs. Raises StoreError when the store itself fails.
        """
        left_out: dict[Path, str] = {}
        try:
            self._read(files)
        except StoreError as error:
            if not _blames_a_file(error):
                raise
            left_out = self._unreadable(files)
            self._read([file for file in files if file[1] not in left_out])
        wrong = self._wrong(files)
        left_out |= {path: wrong[header.segment] for header, path in files if header.segment in wrong}
        for segment in wrong:
            self._database.execute("DELETE FROM staged WHERE segment = $segment", {"segment": segment})
        return left_out

    def record(self, headers: Iterable[Header], now: float) -> None:
        """Note these segments as ingested, in the transaction that stores their rows."""
        self._database.stage(
            "staged_header",
            {
                "id": "VARCHAR", "writer": "VARCHAR", "site": "VARCHAR", "created": "TIMESTAMP",
                "sealed": "TIMESTAMP", "row_count": "BIGINT", "simulated": "BOOLEAN",
            },
            (
                (
                    header.segment, header.writer, header.site, header.created, header.sealed, header.rows,
                    header.simulated,
                )
                for header in headers
            ),
        )  # fmt: skip
        self._database.execute(
            "INSERT INTO segment BY NAME SELECT *, $now::TIMESTAMP AS ingested FROM staged_header",
            {"now": moment(now)},
        )

    def _read(self, files: Sequence[tuple[Header, Path]]) -> None:
        self._database.execute(_STAGED)
        if not files:
            return
        self._database.stage(
            "staged_file",
            {"filename": "VARCHAR", "segment": "VARCHAR", "file_number": "BIGINT"},
            ((str(path), header.segment, number) for number, (header, path) in enumerate(files)),
        )
        self._database.execute(
            """
            INSERT INTO staged BY NAME
            SELECT rows.* EXCLUDE (filename) REPLACE (map_from_entries(fields) AS fields),
                   staged_file.segment, (staged_file.file_number << 32) + rows.ordinal AS position
            FROM read_parquet($paths, filename = TRUE, union_by_name = TRUE) AS rows
            JOIN staged_file USING (filename)
            """,
            {"paths": [str(path) for _, path in files]},
        )

    def _unreadable(self, files: Sequence[tuple[Header, Path]]) -> dict[Path, str]:
        found = {}
        for file in files:
            try:
                self._read([file])
            except StoreError as error:
                if not _blames_a_file(error):
                    raise
                found[file[1]] = str(error.__cause__).splitlines()[0][:200]
        return found

    def _wrong(self, files: Sequence[tuple[Header, Path]]) -> dict[str, str]:
        """What is wrong, by segment; notes what the others hold."""
        counted = self._database.rows(
            f"""
            SELECT segment, record, coalesce(len(fact_keys) > 0, FALSE) AS reading,
                   count(*), count(*) FILTER (
                (CASE record
                    WHEN 'sample' THEN
                        metric IS NOT NULL AND interval_seconds IS NOT NULL
                        AND coalesce(json_valid(labels), FALSE)
                    WHEN 'fact' THEN key IS NOT NULL AND instance IS NOT NULL AND text IS NOT NULL
                    WHEN 'poll' THEN collector IS NOT NULL AND ok IS NOT NULL AND answered IS NOT NULL
                    WHEN 'event' THEN id IS NOT NULL AND fields IS NOT NULL
                        AND received BETWEEN {_EARLIEST} AND {_LATEST}
                    WHEN 'match' THEN id IS NOT NULL AND rule_id IS NOT NULL AND rule_version IS NOT NULL
                        AND coalesce(json_valid(labels), FALSE)
                        AND coalesce(json_valid(correlation_fields), FALSE)
                        AND received BETWEEN {_EARLIEST} AND {_LATEST}
                    ELSE FALSE
                END) IS NOT TRUE
                OR device IS NULL
                OR (time BETWEEN {_EARLIEST} AND {_LATEST}) IS NOT TRUE
            )
            FROM staged
            GROUP BY segment, record, reading
            """  # noqa: S608 - the inserted texts are this module's constants
        )
        rows: Counter[str] = Counter()
        bad: Counter[str] = Counter()
        for segment, _, _, count, lacking in counted:
            rows[segment] += count
            bad[segment] += lacking
        wrong: dict[str, str] = {}
        for header, _ in files:
            segment = header.segment
            if bad[segment]:
                wrong[segment] = f"{bad[segment]} rows lack what their record needs"
            elif rows[segment] and rows[segment] != header.rows:
                wrong[segment] = f"{rows[segment]} rows found, its header says {header.rows}"
        self.holds = set()
        for segment, record, reading, *_ in counted:
            if segment not in wrong:
                self.holds |= {record, "reading"} if reading else {record}
        return wrong


def _blames_a_file(error: StoreError) -> bool:
    cause = error.__cause__
    return isinstance(cause, duckdb.Error) and not (
        isinstance(cause, (duckdb.FatalException, duckdb.OutOfMemoryException)) or disk_full(cause)
    )

"""Figures for `soc status`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from soc.store.database import Database
from soc.store.present import DEVICE_NOW
from soc.store.times import moment

# That nobody answers whom nobody expects to is no failure of collection.
_FAILED = """
    NOT ok AND (answered OR device NOT IN (
        SELECT device FROM device_history WHERE valid_to IS NULL AND availability = 'best-effort'
    ))
"""


class Status:
    """Counts over the whole store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def devices(self, now: float) -> list[tuple[str, str, str, str]]:
        """(device, tower, state, cause) of every active device; one nobody has polled of late is unknown."""
        return self._database.rows(
            f"SELECT device, tower, state, cause FROM {DEVICE_NOW} AS device_now ORDER BY device",  # noqa: S608
            {"now": moment(now)},
        )

    def open_alerts(self) -> list[tuple[str, str, str, int]]:
        """(severity, rule title, tower or '', how many) of open alerts."""
        return self._database.rows(
            """
            SELECT alert.severity, alert.rule_title, coalesce(history.tower, '') AS tower, count(*)
            FROM alert_current JOIN alert USING (id)
            LEFT JOIN device_history AS history ON history.device = alert.device AND history.valid_to IS NULL
            WHERE workflow <> 'closed' AND condition = 'firing' AND suppressed_by = ''
            GROUP BY ALL
            ORDER BY ALL
            """
        )

    def collection(self) -> dict[str, Any]:
        """`last` poll (UTC seconds or None), number `failing` now, and `reasons`: of polls that failed, and
        of what transports did not believe in a device's last poll."""
        [(last, failing)] = self._database.rows(
            f"SELECT epoch_us(max(time)) / 1e6, count(*) FILTER ({_FAILED}) FROM poll_current"  # noqa: S608
        )
        reasons: Counter[str] = Counter(
            dict(
                self._database.rows(
                    f"SELECT reason, count(*) FROM poll_current WHERE {_FAILED} "  # noqa: S608 - a constant
                    "GROUP BY reason ORDER BY reason"
                )
            )
        )
        # Few devices are ever disbelieved: without a series nothing is looked for among the samples.
        for reason, count in self._database.rows(
            """
            SELECT series.labels['reason'], sum(hot_sample.value)::BIGINT
            FROM series
            JOIN poll_current
                ON poll_current.device = series.device AND poll_current.collector = series.labels['collector']
            JOIN hot_sample
                ON hot_sample.series_id = series.series_id AND hot_sample.time = poll_current.time
            WHERE series.metric = 'poll_rejected_values' AND hot_sample.value > 0
            GROUP BY ALL
            """
        ):
            reasons[reason] += count
        return {"last": last, "failing": failing, "reasons": dict(sorted(reasons.items()))}

    def sizes(self) -> dict[str, int]:
        """Rows by kind."""
        [(samples, events)] = self._database.rows(
            """
            WITH sealed AS (
                SELECT kind, sum(row_count) AS rows FROM sealed_file WHERE state = 'sealed' GROUP BY kind
            )
            SELECT (SELECT count(*) FROM hot_sample)
                       + coalesce((SELECT rows FROM sealed WHERE kind = 'sample'), 0),
                   (SELECT count(*) FROM hot_event)
                       + coalesce((SELECT rows FROM sealed WHERE kind = 'event'), 0)
            """
        )
        return {"samples": int(samples), "events": int(events)}

    def hot(self) -> dict[str, int]:
        """Rows that are not sealed yet, and the database's bytes: in use, and free for rows to come."""
        [(samples, events, matches)] = self._database.rows(
            """
            SELECT (SELECT count(*) FROM hot_sample), (SELECT count(*) FROM hot_event),
                   (SELECT count(*) FROM hot_match)
            """
        )
        [(size, used, free)] = self._database.rows(
            """
            SELECT block_size, used_blocks, free_blocks FROM pragma_database_size()
            WHERE database_name = current_database()
            """
        )
        return {
            "samples": samples,
            "events": events,
            "matches": matches,
            "used_bytes": size * used,
            "free_bytes": size * free,
        }

"""Outcomes of polls, and from them whether a device answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from soc.model import REACHABILITY_COLLECTORS
from soc.store.database import IDS, Database, ids
from soc.store.times import moment

# Nothing was asked of the device, or nobody waited for the answer: these polls say nothing about it.
_SAYS_NOTHING = ["resting", "credential", "deadline"]
# A poll counts for this many intervals, or cycles where those are rarer (soc status, device state).
_EXPIRY_INTERVALS = 2.5


@dataclass(frozen=True, slots=True)
class Reachability:
    """One collector's answer on a device changed at `time`; `answered` None = its last poll expired."""

    segment: str
    device: str
    collector: str
    time: float
    answered: bool | None


class Polls:
    """The last outcome per device and collector."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_staged(self) -> None:
        """Keep the newest staged outcome of every device and collector."""
        self._database.execute(
            """
            CREATE OR REPLACE TEMP TABLE poll_newest AS
            SELECT staged.device, staged.collector, staged.time, staged.ok, staged.answered,
                   coalesce(staged.reason, '') AS reason, coalesce(staged.detail, '') AS detail,
                   coalesce(staged.interval_seconds, 0) AS interval_seconds
            FROM staged
            LEFT JOIN poll_current AS known USING (device, collector)
            WHERE staged.record = 'poll' AND (known.time IS NULL OR known.time < staged.time)
            QUALIFY row_number() OVER (
                PARTITION BY staged.device, staged.collector ORDER BY staged.time DESC, staged.position
            ) = 1
            """
        )
        self._database.execute(
            """
            DELETE FROM poll_current USING poll_newest
            WHERE poll_current.device = poll_newest.device AND poll_current.collector = poll_newest.collector
            """
        )
        self._database.execute("INSERT INTO poll_current BY NAME SELECT * FROM poll_newest")

    def forget_after(self, time: float) -> None:
        """Forget what polls from after `time` said: a clock that was set back would make every poll from
        then on seem late, for as long as it was ahead."""
        for table in ("poll_current", "reachability_current"):
            self._database.execute(
                f"DELETE FROM {table} WHERE time > $time",  # noqa: S608 - constants
                {"time": moment(time)},
            )

    def reachability_staged(self) -> list[Reachability]:
        """Apply the staged reachability polls; returns what changed by them, in order of segment and time.

        A poll older than the one known is late and says nothing new. Where a device that comes and goes
        has another host key, somebody else has its address by now, and nothing there is its answer until
        the poll that found it has run out. The distance that counts as the cadence is the median of the last
        three: neither one stop nor one extra cycle moves it.
        """
        self._database.execute(
            """
            CREATE OR REPLACE TEMP TABLE reachability_chain AS
            WITH stranger AS (
                SELECT DISTINCT device, CASE WHEN known.time >= poll_current.time THEN known.expires
                                             ELSE 'infinity'::TIMESTAMP END AS until
                FROM poll_current JOIN device_history AS history USING (device)
                LEFT JOIN reachability_current AS known USING (device, collector)
                WHERE poll_current.collector = 'ssh' AND poll_current.reason = 'host-key-changed'
                  AND poll_current.answered -- else it is a jump host's
                  AND history.valid_to IS NULL AND history.availability = 'best-effort'
            ), fresh AS (
                SELECT staged.device, staged.collector, staged.time,
                       staged.answered AND stranger.device IS NULL AS answered,
                       coalesce(staged.interval_seconds, 0) AS interval_seconds, staged.segment,
                       staged.position
                FROM staged
                LEFT JOIN reachability_current AS known USING (device, collector)
                LEFT JOIN stranger ON stranger.device = staged.device AND staged.time <= stranger.until
                WHERE staged.record = 'poll'
                  AND list_contains($collectors, staged.collector)
                  AND (staged.answered OR NOT list_contains($says_nothing, coalesce(staged.reason, '')))
                  AND (known.time IS NULL OR known.time < staged.time)
                QUALIFY row_number() OVER (
                    PARTITION BY staged.device, staged.collector, staged.time ORDER BY staged.position
                ) = 1
            ), chain AS (
                SELECT device, collector, time, answered, interval_seconds, segment, position,
                       NULL::DOUBLE AS gap_1_seconds, NULL::DOUBLE AS gap_2_seconds,
                       NULL::TIMESTAMP AS expires, FALSE AS expired,
                       CASE WHEN answered THEN time END AS seen, FALSE AS known
                FROM fresh
                UNION ALL BY NAME
                SELECT *, TRUE AS known FROM reachability_current SEMI JOIN fresh USING (device, collector)
            ), spaced AS (
                SELECT * REPLACE (
                           CASE WHEN known THEN gap_1_seconds
                                ELSE (epoch_us(time) - epoch_us(lag(time) OVER in_time)) / 1e6
                           END AS gap_1_seconds)
                FROM chain
                WINDOW in_time AS (PARTITION BY device, collector ORDER BY time)
            ), remembered AS (
                SELECT * REPLACE (
                           CASE WHEN known THEN gap_2_seconds
                                ELSE lag(gap_1_seconds) OVER in_time END AS gap_2_seconds),
                       CASE WHEN NOT known
                            THEN coalesce(lag(gap_1_seconds, 2) OVER in_time, lag(gap_2_seconds) OVER in_time)
                       END AS gap_3_seconds
                FROM spaced
                WINDOW in_time AS (PARTITION BY device, collector ORDER BY time)
            ), paced AS (
                SELECT *, CASE WHEN gap_3_seconds IS NULL THEN least(gap_1_seconds, gap_2_seconds)
                               ELSE greatest(least(gap_1_seconds, gap_2_seconds),
                                             least(greatest(gap_1_seconds, gap_2_seconds), gap_3_seconds))
                          END AS cadence_seconds
                FROM remembered
            ), judged AS (
                SELECT * REPLACE (
                    CASE WHEN known THEN expires
                         ELSE time + to_microseconds(CAST(
                             1e6 * $intervals * greatest(interval_seconds, coalesce(cadence_seconds, 0))
                             AS BIGINT))
                    END AS expires)
                FROM paced
            )
            SELECT * REPLACE (max(seen) OVER in_time AS seen),
                   lag(time) OVER in_time AS previous_time,
                   lag(answered) OVER in_time AS previous_answered,
                   lag(expires) OVER in_time AS previous_expires,
                   lag(expired) OVER in_time AS previous_expired
            FROM judged
            WINDOW in_time AS (PARTITION BY device, collector ORDER BY time)
            """,
            {
                "collectors": list(REACHABILITY_COLLECTORS),
                "says_nothing": _SAYS_NOTHING,
                "intervals": _EXPIRY_INTERVALS,
            },
        )
        changes = self._database.rows(
            """
            SELECT segment, device, collector, epoch_us(time) / 1e6 AS changed, answered
            FROM reachability_chain
            WHERE NOT known
              AND (previous_time IS NULL OR previous_expired OR previous_expires < time
                   OR previous_answered <> answered)
            UNION ALL
            SELECT segment, device, collector, epoch_us(previous_expires) / 1e6, NULL
            FROM reachability_chain
            WHERE NOT known AND NOT previous_expired AND previous_expires < time
            ORDER BY segment, changed, device, collector
            """
        )
        return [Reachability(*row) for row in changes]

    def keep_reachability(self) -> None:
        """Make the newest polls of `reachability_staged` the known ones."""
        self._database.execute(
            """
            DELETE FROM reachability_current USING reachability_chain AS chain
            WHERE NOT chain.known
              AND reachability_current.device = chain.device
              AND reachability_current.collector = chain.collector
            """
        )
        self._database.execute(
            """
            INSERT INTO reachability_current
            SELECT device, collector, time, answered, interval_seconds, gap_1_seconds, gap_2_seconds,
                   expires, FALSE, seen
            FROM reachability_chain
            WHERE NOT known
            QUALIFY row_number() OVER (PARTITION BY device, collector ORDER BY time DESC) = 1
            """
        )

    def expire(self, time: float) -> list[Reachability]:
        """Polls whose word has run out by `time`; each is returned once."""
        expired = self._database.rows(
            """
            UPDATE reachability_current SET expired = TRUE
            WHERE NOT expired AND expires <= $time
            RETURNING device, collector, epoch_us(expires) / 1e6
            """,
            {"time": moment(time)},
        )
        return sorted(
            (Reachability("", device, collector, at, None) for device, collector, at in expired),
            key=lambda change: (change.time, change.device, change.collector),
        )

    def seen(self, availability: str) -> list[tuple[str, float]]:
        """(device, time of its last answer) of active devices of this availability that ever answered."""
        return self._database.rows(
            """
            SELECT device, epoch_us(max(reachability_current.seen)) / 1e6 AS last_seen
            FROM reachability_current JOIN device_history AS history USING (device)
            WHERE history.valid_to IS NULL AND history.state = 'active'
              AND history.availability = $availability
            GROUP BY device
            HAVING last_seen IS NOT NULL
            ORDER BY device
            """,
            {"availability": availability},
        )

    def answers(self, devices: Sequence[str]) -> dict[str, dict[str, bool]]:
        """What each collector's last poll said, by device and collector; expired ones are left out."""
        found: dict[str, dict[str, bool]] = {}
        for device, collector, answered in self._database.rows(
            f"""
            SELECT device, collector, answered
            FROM reachability_current
            WHERE device IN {IDS} AND NOT expired
            """,  # noqa: S608 - a constant
            ids(devices),
        ):
            found.setdefault(device, {})[collector] = answered
        return found

"""The towers side by side: availability, the worst alert, the pulse of events."""

from __future__ import annotations

from soc.store.database import Database
from soc.store.events import EXECUTION
from soc.store.present import DEVICE_NOW
from soc.store.states import OFF_OR_AWAY
from soc.store.times import moment


class Overview:
    """Figures by tower."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def device_counts(self, now: float) -> list[tuple[str, str, int, int]]:
        """(tower, state, how many, how many of them are off or away) of active devices."""
        return self._database.rows(
            f"""
            SELECT tower, state, count(*), count(*) FILTER (cause = $off_or_away)
            FROM {DEVICE_NOW} AS device_now
            GROUP BY ALL
            ORDER BY ALL
            """,  # noqa: S608 - a constant of this package
            {"now": moment(now), "off_or_away": OFF_OR_AWAY},
        )

    def availability(self, since: float, now: float) -> dict[str, float]:
        """By tower, the share of its devices' time in [since, now] that they were up.

        Time in which nobody knows, or under maintenance, counts neither way; absent = none was known.
        """
        rows = self._database.rows(
            """
            WITH step AS (
                SELECT device, time, state FROM device_state WHERE time >= $since AND time < $now
            ), changed AS (
                SELECT DISTINCT device FROM step
            ), span AS (
                -- Who has not changed since is as it is now; of the others, also what came before.
                SELECT device, $since::TIMESTAMP AS time, state
                FROM device_state_current ANTI JOIN changed USING (device)
                WHERE device_state_current.time < $now
                UNION ALL
                SELECT device, $since::TIMESTAMP, arg_max(state, (time, rowid))
                FROM device_state SEMI JOIN changed USING (device)
                WHERE time < $since
                GROUP BY device
                UNION ALL
                SELECT device, time, state FROM step
            ), lasting AS (
                SELECT device, state, epoch_us(
                           coalesce(lead(time) OVER (PARTITION BY device ORDER BY time), $now::TIMESTAMP)
                       ) - epoch_us(time) AS microseconds
                FROM span
            )
            SELECT tower, sum(microseconds) FILTER (lasting.state = 'up') / sum(microseconds)
            FROM lasting JOIN device_history AS history
                ON history.device = lasting.device AND history.valid_to IS NULL AND history.state = 'active'
            WHERE lasting.state IN ('up', 'down', 'unreachable')
            GROUP BY tower
            HAVING sum(microseconds) > 0
            """,
            {"since": moment(since), "now": moment(now)},
        )
        return {tower: ratio or 0.0 for tower, ratio in rows}

    def events_per_minute(self, first: float, minutes: int) -> dict[str, list[int]]:
        """By tower, how many events its devices had in each of `minutes` minutes of late, from `first` on.

        What we ran on them is not theirs.
        """
        counts: dict[str, list[int]] = {}
        for tower, minute, count in self._database.rows(
            f"""
            SELECT tower, (epoch_us(time) - epoch_us($first::TIMESTAMP)) // 60000000 AS minute, count(*)
            FROM hot_event AS event JOIN device_history AS history
                ON history.device = event.device AND history.valid_to IS NULL
            WHERE time >= $first AND time < $last AND NOT {EXECUTION}
            GROUP BY tower, minute
            """,  # noqa: S608 - made of a constant
            {"first": moment(first), "last": moment(first + 60 * minutes)},
        ):
            counts.setdefault(tower, [0] * minutes)[int(minute)] = int(count)
        return counts

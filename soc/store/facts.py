"""What devices say of themselves: history, the present, and an event for every change."""

from __future__ import annotations

from soc.store.database import Database
from soc.store.times import moment


class Facts:
    """Facts by device, set (`key`) and member (`instance`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_staged(self, now: float, batch: int) -> int:
        """Apply the staged facts and complete readings in order of time; returns the number of changes.

        A member that a complete reading lacks is removed. The first reading of a set is its baseline;
        every later difference makes an own event of `batch`.
        """
        self._observe()
        self._keep_changes()
        [(changes,)] = self._database.rows("SELECT count(*) FROM fact_change")
        if changes:
            self._store_changes(now, batch)
        return int(changes)

    def _observe(self) -> None:
        """fact_observation: what was said of each member at each reading; NULL = it was not there."""
        self._database.execute(
            """
            CREATE OR REPLACE TEMP TABLE fact_observation AS
            WITH said AS (
                SELECT device, key, instance, time, text AS value
                FROM staged
                WHERE record = 'fact'
                QUALIFY row_number() OVER (
                    PARTITION BY device, key, instance, time ORDER BY position DESC
                ) = 1
            ), reading AS (
                SELECT DISTINCT device, unnest(fact_keys) AS key, time
                FROM staged
                WHERE record = 'poll' AND ok
            ), member AS (
                SELECT device, key, instance FROM said
                UNION
                SELECT device, key, instance FROM fact_current
            )
            SELECT device, key, instance, time, value FROM said
            UNION ALL
            SELECT reading.device, reading.key, member.instance, reading.time, NULL
            FROM reading
            JOIN member USING (device, key)
            ANTI JOIN said
                ON said.device = reading.device AND said.key = reading.key
               AND said.instance = member.instance AND said.time = reading.time
            """
        )
        self._database.execute(
            """
            CREATE OR REPLACE TEMP TABLE fact_set_read AS
            SELECT device, key, min(time) AS first_read
            FROM (
                SELECT device, key, time FROM fact_observation
                UNION ALL
                SELECT device, unnest(fact_keys), time FROM staged WHERE record = 'poll' AND ok
            )
            GROUP BY device, key
            """
        )
        self._database.execute(
            "INSERT INTO fact_set SELECT * FROM fact_set_read ANTI JOIN fact_set USING (device, key)"
        )

    def _keep_changes(self) -> None:
        """fact_change: what differs from the observation before; older ones than the known are late."""
        self._database.execute(
            """
            CREATE OR REPLACE TEMP TABLE fact_change AS
            WITH chain AS (
                SELECT device, key, instance, since AS time, value, TRUE AS known
                FROM fact_current
                SEMI JOIN fact_observation USING (device, key, instance)
                UNION ALL
                SELECT observed.device, observed.key, observed.instance, observed.time, observed.value, FALSE
                FROM fact_observation AS observed
                LEFT JOIN fact_current AS present USING (device, key, instance)
                WHERE present.since IS NULL OR present.since < observed.time
            ), compared AS (
                SELECT *, lag(value) OVER (
                           PARTITION BY device, key, instance ORDER BY time, known DESC
                       ) AS old
                FROM chain
            )
            SELECT device, key, instance, time, value, old,
                   CASE WHEN value IS NULL THEN 'removed'
                        WHEN old IS NULL THEN 'added'
                        ELSE 'changed' END AS action
            FROM compared
            WHERE NOT known AND value IS DISTINCT FROM old
            """
        )

    def _store_changes(self, now: float, batch: int) -> None:
        self._database.execute("INSERT INTO fact SELECT device, key, instance, value, time FROM fact_change")
        self._database.execute(
            """
            DELETE FROM fact_current USING fact_change AS gone
            WHERE fact_current.device = gone.device AND fact_current.key = gone.key
              AND fact_current.instance = gone.instance
            """
        )
        self._database.execute(
            """
            INSERT INTO fact_current
            SELECT device, key, instance, value, time
            FROM fact_change
            QUALIFY row_number() OVER (PARTITION BY device, key, instance ORDER BY time DESC) = 1
            """
        )
        self._database.execute(
            """
            INSERT INTO hot_event BY NAME
            SELECT md5(concat_ws(chr(31), 'change', device, key, instance, epoch_us(time), action, value))
                       AS id,
                   time, $now::TIMESTAMP AS received, device, '' AS source_address, FALSE AS relayed,
                   'soc' AS product, 'change' AS category, key AS service,
                   0 AS class_uid, 0 AS activity_id, 2 AS severity_id,
                   concat(key, CASE WHEN instance = '' THEN '' ELSE ' ' || instance END, ' ', action, ': ',
                          coalesce(old, '-'), ' -> ', coalesce(value, '-')) AS message,
                   '' AS user, '' AS source_ip, '' AS target_ip, '' AS process,
                   MAP {'action': action, 'instance': instance, 'old': coalesce(old, ''),
                        'new': coalesce(value, '')} AS fields,
                   '' AS raw, '' AS segment, $batch::BIGINT AS own_batch
            FROM fact_change
            JOIN fact_set USING (device, key)
            WHERE fact_change.time > fact_set.first_read
            ORDER BY time
            """,
            {"now": moment(now), "batch": batch},
        )

    def current(self, device: str) -> list[tuple[str, str, str, float]]:
        """(key, instance, value, since when) of what the device said last."""
        return self._database.rows(
            """
            SELECT key, instance, value, epoch_us(since) / 1e6 FROM fact_current
            WHERE device = $device AND value IS NOT NULL
            ORDER BY key, instance
            """,
            {"device": device},
        )

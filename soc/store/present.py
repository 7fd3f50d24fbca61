"""The active devices as they are at $now, as SQL for the questions that begin with them."""

from __future__ import annotations

from soc.store.states import OFF_OR_AWAY

# device, what the inventory says of it, state, cause, since, last_seen (its last poll that was answered,
# however long ago). A device that nobody has polled of late is unknown, whatever it was before.
DEVICE_NOW = f"""(
    SELECT history.device, history.tower, history.kind, history.site, history.supplier, history.labels,
           history.availability,
           CASE WHEN polled.latest IS NULL OR polled.latest <= $now THEN 'unknown'
                ELSE coalesce(present.state, 'unknown') END AS state,
           CASE WHEN polled.latest IS NULL THEN 'never polled'
                WHEN polled.latest <= $now THEN 'not polled of late'
                WHEN present.state = 'unknown' AND history.availability = 'best-effort' THEN '{OFF_OR_AWAY}'
                ELSE coalesce(present.cause, '') END AS cause,
           CASE WHEN polled.latest <= $now THEN polled.latest ELSE present.time END AS since,
           polled.last_seen
    FROM device_history AS history
    LEFT JOIN device_state_current AS present USING (device)
    LEFT JOIN (
        SELECT device, max(expires) AS latest, max(seen) AS last_seen
        FROM reachability_current
        GROUP BY device
    ) AS polled USING (device)
    WHERE history.valid_to IS NULL AND history.state = 'active'
)"""  # noqa: S608 - a constant

"""Devices as people look at them: what the inventory says, how they are, what they said of late."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from soc.model.filters import Term
from soc.store.database import Database
from soc.store.filters import Age, Asker, Number, Text, Vocabulary, condition
from soc.store.present import DEVICE_NOW
from soc.store.sealing.sealed import Sealed
from soc.store.times import moment

_ROWS = f"""
    WITH alerting AS (
        SELECT alert.device, count(*) AS open_alerts
        FROM alert_current JOIN alert USING (id)
        WHERE workflow <> 'closed' AND condition = 'firing' AND suppressed_by = ''
        GROUP BY alert.device
    ), listed AS (
        SELECT device_now.*, coalesce(alerting.open_alerts, 0) AS open_alerts
        FROM {DEVICE_NOW} AS device_now LEFT JOIN alerting USING (device)
    )
"""  # noqa: S608 - constants
_SELECTED = """
    device, tower, kind, site, supplier, state, cause, epoch_us(since) / 1e6, open_alerts,
    epoch_us(last_seen) / 1e6, availability, labels
"""
VOCABULARY = Vocabulary(
    {
        "device": Text("device"),
        "tower": Text("tower"),
        "kind": Text("kind"),
        "site": Text("site"),
        "supplier": Text("supplier"),
        "state": Text("state"),
        "cause": Text("cause"),
        "availability": Text("availability"),
        "open_alerts": Number("open_alerts"),
        "age": Age("since"),
        "seen": Age("last_seen"),
    },
    words=("device", "kind", "site", "supplier", "cause"),
    others="labels",
)


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device now. `since` None = it has never had a state; `last_seen` None = it never answered."""

    device: str
    tower: str
    kind: str
    site: str
    supplier: str
    state: str
    cause: str
    since: float | None
    open_alerts: int
    last_seen: float | None
    availability: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class SeriesValues:
    """A series' samples of late, oldest first; value None = it was absent from then on."""

    metric: str
    labels: dict[str, str]
    interval_seconds: float
    values: list[tuple[float, float | None]]


class DeviceList:
    """Devices by filter, and one device in detail."""

    def __init__(self, database: Database, sealed: Sealed) -> None:
        self._database = database
        self._sealed = sealed

    def page(
        self, terms: Sequence[Term], asker: Asker, after: str | None, limit: int
    ) -> tuple[list[DeviceRow], int]:
        """At most `limit` active devices that fit every term, by name, from behind `after` on; and how many
        fit in all.

        Raises ConfigurationError for a term that says nothing about devices.
        """
        fits, values = condition(VOCABULARY, terms, asker)
        rows = self._database.rows(
            f"""
            {_ROWS}
            SELECT count(*) OVER (), {_SELECTED}
            FROM listed
            WHERE {fits}
            QUALIFY $after IS NULL OR device > $after
            ORDER BY device
            LIMIT $limit
            """,  # noqa: S608 - made of constants; what the user typed is bound
            {**values, "now": moment(asker.now), "after": after, "limit": limit},
        )
        total = int(rows[0][0]) if rows else self.count(terms, asker) if after else 0
        return [DeviceRow(*row[1:]) for row in rows], total

    def count(self, terms: Sequence[Term], asker: Asker) -> int:
        """How many active devices fit every term."""
        fits, values = condition(VOCABULARY, terms, asker)
        [(count,)] = self._database.rows(
            f"{_ROWS} SELECT count(*) FROM listed WHERE {fits}",  # noqa: S608 - as above
            {**values, "now": moment(asker.now)},
        )
        return int(count)

    def by_names(self, names: Sequence[str], now: float) -> list[DeviceRow]:
        """Those of these devices that are active, by name."""
        if not names:
            return []
        # Values that stand in the question itself are looked for before anything is joined or counted.
        values = {f"name_{number}": name for number, name in enumerate(names)}
        wanted = ", ".join(f"${name}" for name in values)
        rows = self._database.rows(
            f"{_ROWS} SELECT {_SELECTED} FROM listed WHERE device IN ({wanted}) ORDER BY device",  # noqa: S608
            {**values, "now": moment(now)},
        )
        return [DeviceRow(*row) for row in rows]

    def samples(self, device: str, since: float, maximum_series: int) -> list[SeriesValues]:
        """The device's series with samples from `since` on, by metric and labels."""
        values = {"device": device, "maximum": maximum_series, "since": moment(since)}

        def question(sample: str) -> list[tuple[Any, ...]]:
            return self._database.rows(
                f"""
                WITH wanted AS (
                    SELECT * FROM series WHERE device = $device ORDER BY metric, labels_json LIMIT $maximum
                )
                SELECT metric, labels_json, interval_seconds,
                       list(epoch_us(sample.time) / 1e6 ORDER BY sample.time),
                       list(value ORDER BY sample.time)
                FROM {sample} AS sample JOIN wanted USING (series_id)
                WHERE sample.time >= $since
                GROUP BY metric, labels_json, interval_seconds
                ORDER BY metric, labels_json
                """,  # noqa: S608 - made of constants and names of sealed files
                values,
            )

        rows = self._sealed.ask("sample", since, None, question)
        return [
            SeriesValues(metric, json.loads(labels), interval, list(zip(times, values, strict=True)))
            for metric, labels, interval, times, values in rows
        ]

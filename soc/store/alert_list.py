"""Lists of alerts as people look at them: filtered, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from soc.model.alerts import Alert
from soc.model.filters import Term
from soc.store.alerts import SELECTED, alert_of
from soc.store.database import IDS, Database, ids
from soc.store.filters import Age, Asker, Choice, Number, Severity, Text, Vocabulary, condition
from soc.store.times import moment

_OPEN = "workflow <> 'closed' AND condition = 'firing' AND suppressed_by = ''"
_SEVERITY_ID = "list_position(['informational', 'low', 'medium', 'high', 'critical'], severity)"
_FROM = """
    FROM alert_current JOIN alert USING (id)
    LEFT JOIN device_history AS history ON history.device = alert.device AND history.valid_to IS NULL
"""
VOCABULARY = Vocabulary(
    {
        "status": Choice(
            {
                "open": _OPEN,
                "all": "TRUE",
                "suppressed": "workflow <> 'closed' AND suppressed_by <> ''",
                "acknowledged": "workflow = 'acknowledged'",
                "snoozed": "workflow = 'snoozed'",
                "closed": "workflow = 'closed'",
                "firing": "condition = 'firing'",
                "resolved": "condition = 'resolved'",
                "no-data": "condition = 'no-data'",
            }
        ),
        "severity": Severity(_SEVERITY_ID),
        "tower": Text("history.tower"),
        "device": Text("alert.device"),
        "kind": Text("history.kind"),
        "site": Text("alert.site"),
        "supplier": Text("alert.supplier"),
        "rule": Text("rule_title"),
        "rule_id": Text("alert.rule_id"),
        "type": Text("alert.kind"),
        "owner": Text("owner", person=True),
        "workflow": Text("workflow"),
        "condition": Text("condition"),
        "suppressed_by": Text("suppressed_by"),
        "disposition": Text("disposition"),
        "label": Text("'A-' || number"),
        "id": Text("alert.id"),
        "summary": Text("summary"),
        "count": Number('"count"'),
        "age": Age("first_seen"),
    },
    words=("summary", "rule_title", "alert.device", "labels_json"),
    others="CAST(labels_json::JSON AS MAP(VARCHAR, VARCHAR))",
)


class AlertKey(NamedTuple):
    """Where an alert stands in the list: the most severe first, then the newest."""

    severity_id: int
    first_seen: float
    id: str


class AlertList:
    """Alerts by filter."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, terms: Sequence[Term], asker: Asker, after: AlertKey | None, limit: int
    ) -> tuple[list[tuple[AlertKey, Alert]], int]:
        """At most `limit` alerts that fit every term, from behind `after` on; and how many fit in all.

        Raises ConfigurationError for a term that says nothing about alerts.
        """
        fits, values = condition(VOCABULARY, terms, asker)
        rows = self._database.rows(
            f"""
            SELECT count(*) OVER (), {_SEVERITY_ID}, {SELECTED}
            {_FROM}
            WHERE {fits}
            QUALIFY $after_id IS NULL
                 OR {_SEVERITY_ID} < $after_severity
                 OR {_SEVERITY_ID} = $after_severity
                    AND (first_seen < $after_seen OR first_seen = $after_seen AND alert.id > $after_id)
            ORDER BY {_SEVERITY_ID} DESC, first_seen DESC, alert.id
            LIMIT $limit
            """,
            {
                **values,
                "after_severity": after.severity_id if after else None,
                "after_seen": moment(after.first_seen) if after else None,
                "after_id": after.id if after else None,
                "limit": limit,
            },
        )
        found = [(row[1], alert_of(row[2:])) for row in rows]
        total = int(rows[0][0]) if rows else self.count(terms, asker) if after else 0
        return [(AlertKey(severity, alert.first_seen, alert.id), alert) for severity, alert in found], total

    def count(self, terms: Sequence[Term], asker: Asker) -> int:
        """How many alerts fit every term."""
        fits, values = condition(VOCABULARY, terms, asker)
        [(count,)] = self._database.rows(
            f"SELECT count(*) {_FROM} WHERE {fits}",
            values,
        )
        return int(count)

    def needing_somebody(self, limit: int) -> list[Alert]:
        """Open alerts that nobody has taken, the most severe first, then the oldest."""
        return self._alerts(
            f"""
            WHERE {_OPEN} AND workflow = 'open' AND owner = ''
            ORDER BY {_SEVERITY_ID} DESC, first_seen, alert.id
            LIMIT $limit
            """,
            {"limit": limit},
        )

    def of_device(self, device: str, limit: int) -> list[Alert]:
        """The device's open alerts, the most severe first, then the newest."""
        return self._alerts(
            f"""
            WHERE {_OPEN} AND alert.device = $device
            ORDER BY {_SEVERITY_ID} DESC, first_seen DESC, alert.id
            LIMIT $limit
            """,
            {"device": device, "limit": limit},
        )

    def by_ids(self, wanted: Sequence[str]) -> list[Alert]:
        """Those of these alerts that there are, by id."""
        return self._alerts(f"WHERE alert.id IN {IDS} ORDER BY alert.id", ids(wanted))

    def _alerts(self, condition: str, values: dict[str, Any]) -> list[Alert]:
        """`condition` is a constant of this module."""
        return [
            alert_of(row) for row in self._database.rows(f"SELECT {SELECTED} {_FROM} {condition}", values)
        ]

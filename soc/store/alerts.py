"""Alerts: occurrences, their transitions for good, and the projection of what they are now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soc.model import canonical_labels
from soc.model.alerts import Actor, Alert, Transition
from soc.store.database import IDS, Database, ids
from soc.store.times import moment

_ALERT = {
    "position": "BIGINT", "id": "VARCHAR", "fingerprint": "VARCHAR", "rule_id": "VARCHAR",
    "rule_version": "VARCHAR", "rule_title": "VARCHAR", "kind": "VARCHAR", "severity": "VARCHAR",
    "device": "VARCHAR", "labels_json": "VARCHAR", "summary": "VARCHAR", "description": "VARCHAR",
    "runbook": "VARCHAR", "window_seconds": "DOUBLE", "opened": "TIMESTAMP", "first_seen": "TIMESTAMP",
}  # fmt: skip
_CURRENT = {
    "id": "VARCHAR", "fingerprint": "VARCHAR", "rule_id": "VARCHAR", "workflow": "VARCHAR",
    "condition": "VARCHAR", "suppressed_by": "VARCHAR", "first_seen": "TIMESTAMP", "last_seen": "TIMESTAMP",
    "count": "BIGINT", "resolved": "TIMESTAMP", "closed": "TIMESTAMP", "owner": "VARCHAR",
    "disposition": "VARCHAR", "version": "INTEGER",
}  # fmt: skip
_TRANSITION = {
    "id": "VARCHAR", "alert_id": "VARCHAR", "fingerprint": "VARCHAR", "time": "TIMESTAMP",
    "action": "VARCHAR", "cause": "VARCHAR", "workflow_from": "VARCHAR", "workflow_to": "VARCHAR",
    "condition_from": "VARCHAR", "condition_to": "VARCHAR", "suppressed_by": "VARCHAR",
    "actor_uid": "INTEGER", "actor_name": "VARCHAR", "client": "VARCHAR", "reason": "VARCHAR",
    "disposition": "VARCHAR", "version": "INTEGER", "position": "BIGINT",
}  # fmt: skip
# Columns of `alert` and `alert_current` in the order of the noun's fields.
SELECTED = """
    alert.id, number, alert.fingerprint, alert.rule_id, rule_version, rule_title, alert.kind, severity,
    alert.device, labels_json, summary, description, runbook, alert.supplier, alert.site, window_seconds,
    epoch_us(opened) / 1e6, workflow, condition, suppressed_by,
    epoch_us(first_seen) / 1e6, epoch_us(last_seen) / 1e6, count,
    epoch_us(resolved) / 1e6, epoch_us(closed) / 1e6, owner, disposition, version
"""
_SELECT = f"SELECT {SELECTED} FROM alert_current JOIN alert USING (id) "  # noqa: S608 - constants
_TRANSITIONS = """
    SELECT id, alert_id, fingerprint, epoch_us(time) / 1e6, action, cause, workflow_from,
           workflow_to, condition_from, condition_to, suppressed_by, actor_uid, actor_name, client,
           reason, disposition, version
    FROM alert_transition
"""


def alert_of(row: Sequence[Any]) -> Alert:
    """A row of SELECTED."""
    return Alert(*(*row[:9], json.loads(row[9]), *row[10:]))


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; empty = any. `state` is open (see Alert.is_open), all, suppressed, or a workflow or
    condition."""

    state: str = "open"
    severity: str = ""
    rule: str = ""  # id or title
    device: str = ""


class Alerts:
    """Alerts and their history."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.appended: list[Transition] = []  # since somebody emptied it

    def touched(self, fingerprints: Collection[str], *, unfinished_availability: bool) -> list[Alert]:
        """Every occurrence of these fingerprints; if wanted also every availability alert that is not
        closed, or was closed by somebody while it fires."""
        return self._alerts(
            f"""
            WHERE alert_current.fingerprint IN {IDS}
               OR ($unfinished AND kind = 'availability'
                   AND (workflow <> 'closed' OR condition <> 'resolved'))
            ORDER BY alert.id
            """,
            {"unfinished": unfinished_availability, **ids(fingerprints)},
        )

    def opened_times(self, since: float) -> dict[str, list[float]]:
        """By rule, the rule times at which it has opened alerts from `since` on, ascending."""
        times: dict[str, list[float]] = {}
        for rule_id, opened in self._database.rows(
            """
            SELECT rule_id, epoch_us(opened) / 1e6 AS rule_time
            FROM alert WHERE opened >= $since ORDER BY rule_time
            """,
            {"since": moment(since)},
        ):
            times.setdefault(rule_id, []).append(opened)
        return times

    def evidence_counts(self, alerts: Iterable[Alert]) -> dict[str, int]:
        """How many pieces of evidence these alerts keep, by id."""
        return dict(
            self._database.rows(
                f"SELECT alert_id, count(*) FROM alert_evidence WHERE alert_id IN {IDS} GROUP BY alert_id",  # noqa: S608
                ids(alert.id for alert in alerts),
            )
        )

    def save(
        self,
        opened: Sequence[Alert],
        changed: Sequence[Alert],
        transitions: Sequence[Transition],
        evidence: Sequence[tuple[str, str, float]],
        now: float,
    ) -> None:
        """Append what is new and bring the projection up to it; ids already held are ignored.

        Opened alerts get their number here, and the supplier and site in force when they began.
        """
        if opened:
            self._insert_opened(opened)
        self._replace_current([*opened, *changed])
        self._append_transitions(transitions, now)
        self._append_evidence(evidence)

    def _insert_opened(self, opened: Sequence[Alert]) -> None:
        self._database.stage(
            "staged_alert",
            _ALERT,
            (
                (
                    position, alert.id, alert.fingerprint, alert.rule_id, alert.rule_version,
                    alert.rule_title, alert.kind, alert.severity, alert.device,
                    canonical_labels(alert.labels), alert.summary, alert.description, alert.runbook,
                    alert.window_seconds, alert.opened, alert.first_seen,
                )
                for position, alert in enumerate(opened)
            ),
        )  # fmt: skip
        self._database.execute(
            """
            INSERT INTO alert BY NAME
            SELECT staged.* EXCLUDE (position, first_seen),
                   (SELECT coalesce(max(number), 0) FROM alert)
                       + row_number() OVER (ORDER BY staged.position) AS number,
                   coalesce(history.supplier, '') AS supplier, coalesce(history.site, '') AS site
            FROM staged_alert AS staged
            LEFT JOIN device_history AS history
                ON history.device = staged.device AND history.valid_from <= staged.first_seen
               AND (history.valid_to IS NULL OR history.valid_to > staged.first_seen)
            WHERE staged.id NOT IN (SELECT id FROM alert)
            """
        )

    def _replace_current(self, alerts: Sequence[Alert]) -> None:
        if not alerts:
            return
        self._database.stage(
            "staged_current",
            _CURRENT,
            ([getattr(alert, name) for name in _CURRENT] for alert in alerts),
        )
        self._database.execute("INSERT OR REPLACE INTO alert_current BY NAME SELECT * FROM staged_current")

    def _append_transitions(self, transitions: Sequence[Transition], now: float) -> None:
        if not transitions:
            return
        self._database.stage(
            "staged_transition",
            _TRANSITION,
            (
                (
                    step.id, step.alert_id, step.fingerprint, step.time, step.action, step.cause,
                    step.workflow_from, step.workflow_to, step.condition_from, step.condition_to,
                    step.suppressed_by, step.actor.uid, step.actor.name, step.actor.client, step.reason,
                    step.disposition, step.version, position,
                )
                for position, step in enumerate(transitions)
            ),
        )  # fmt: skip
        new = {
            id
            for (id,) in self._database.rows(
                """
                INSERT INTO alert_transition BY NAME
                SELECT * EXCLUDE (position), $now::TIMESTAMP AS recorded
                FROM staged_transition
                WHERE id NOT IN (SELECT id FROM alert_transition)
                QUALIFY row_number() OVER (PARTITION BY id ORDER BY position) = 1
                ORDER BY position
                RETURNING id
                """,
                {"now": moment(now)},
            )
        }
        for step in transitions:
            if step.id in new:
                new.remove(step.id)
                self.appended.append(step)

    def reinstate(
        self, alert: Alert, transition: Transition, evidence: Sequence[tuple[str, float]], now: float
    ) -> bool:
        """Bring in a step that the journal holds, the alert as it was then; False when it is in already."""
        if self.transition(transition.id) is not None:
            return False
        if self.find(alert.id) is None:
            self._insert_opened([alert])
            self._database.execute(
                "UPDATE alert SET number = $number, supplier = $supplier, site = $site WHERE id = $id",
                {"number": alert.number, "supplier": alert.supplier, "site": alert.site, "id": alert.id},
            )
        self._replace_current([alert])
        self._append_transitions([transition], now)
        self._append_evidence([(alert.id, event_id, time) for event_id, time in evidence])
        return True

    def _append_evidence(self, evidence: Sequence[tuple[str, str, float]]) -> None:
        if not evidence:
            return
        self._database.stage(
            "staged_evidence",
            {"alert_id": "VARCHAR", "event_id": "VARCHAR", "time": "TIMESTAMP"},
            evidence,
        )
        self._database.execute(
            """
            INSERT INTO alert_evidence
            SELECT DISTINCT alert_id, event_id, time
            FROM staged_evidence AS staged
            ANTI JOIN alert_evidence AS known
                ON known.alert_id = staged.alert_id AND known.event_id = staged.event_id
            ORDER BY time, event_id
            """
        )

    def select(self, wanted: AlertFilter, limit: int = 1000) -> list[Alert]:
        """Alerts, the most severe and newest first."""
        return self._alerts(
            """
            WHERE (CASE $state
                       WHEN 'all' THEN TRUE
                       WHEN 'open' THEN workflow <> 'closed' AND condition = 'firing' AND suppressed_by = ''
                       WHEN 'suppressed' THEN workflow <> 'closed' AND suppressed_by <> ''
                       ELSE $state IN (workflow, condition)
                   END)
              AND $severity IN ('', severity)
              AND ($rule = '' OR $rule IN (alert.rule_id, rule_title))
              AND $device IN ('', device)
            ORDER BY list_position(['critical', 'high', 'medium', 'low', 'informational'], severity),
                     first_seen DESC, alert.id
            LIMIT $limit
            """,
            {
                "state": wanted.state,
                "severity": wanted.severity,
                "rule": wanted.rule,
                "device": wanted.device,
                "limit": limit,
            },
        )

    def find(self, name: str) -> Alert | None:
        """The alert with this id or label (A-12)."""
        number = name[2:] if name[:2] in ("A-", "a-") and name[2:].isdecimal() and len(name) < 20 else "-1"
        found = self._alerts(
            "WHERE alert.id = upper($name) OR number = $number", {"name": name, "number": int(number)}
        )
        return found[0] if found else None

    def by_ids(self, wanted: Iterable[str]) -> dict[str, Alert]:
        """Those alerts, by id."""
        return {alert.id: alert for alert in self._alerts(f"WHERE alert.id IN {IDS}", ids(wanted))}

    def history(self, alert_id: str) -> list[Transition]:
        """Its transitions, oldest first."""
        return self._transitions("WHERE alert_id = $id ORDER BY time, rowid", {"id": alert_id})

    def transition(self, id: str) -> Transition | None:
        """The transition with this id."""
        found = self._transitions("WHERE id = $id", {"id": id})
        return found[0] if found else None

    def evidence(self, alert_id: str) -> list[tuple[str, float]]:
        """(event id, time) of the evidence kept, oldest first."""
        return self._database.rows(
            """
            SELECT event_id, epoch_us(time) / 1e6 FROM alert_evidence
            WHERE alert_id = $id ORDER BY time, event_id
            """,
            {"id": alert_id},
        )

    def _transitions(self, condition: str, parameters: Mapping[str, Any]) -> list[Transition]:
        """`condition` is a constant of this module."""
        rows = self._database.rows(_TRANSITIONS + condition, parameters)
        return [Transition(*(*row[:11], Actor(*row[11:14]), *row[14:])) for row in rows]

    def _alerts(self, condition: str, parameters: Mapping[str, Any] | None = None) -> list[Alert]:
        """`condition` is a constant of this module."""
        rows = self._database.rows(_SELECT + condition, parameters or {})
        return [alert_of(row) for row in rows]

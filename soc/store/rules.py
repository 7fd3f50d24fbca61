"""What rules leave behind: their texts, the state between rule times, watermarks and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from soc.store.database import IDS, Database, ids
from soc.store.times import moment


class Rules:
    """The archive of rule texts, and the state of availability rules."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def archive(self, texts: Iterable[tuple[str, str, str]], now: float) -> None:
        """Keep (version, rule id, text) of every version ever in force."""
        known = {version for (version,) in self._database.rows("SELECT version FROM rule_archive")}
        new = {version: (version, *rest) for version, *rest in texts if version not in known}
        if not new:
            return
        self._database.stage(
            "staged_text", {"version": "VARCHAR", "rule_id": "VARCHAR", "text": "VARCHAR"}, new.values()
        )
        self._database.execute(
            "INSERT INTO rule_archive SELECT version, rule_id, text, $now FROM staged_text",
            {"now": moment(now)},
        )

    def text(self, version: str) -> str | None:
        """A rule's text as it was in that version."""
        rows = self._database.rows(
            "SELECT text FROM rule_archive WHERE version = $version", {"version": version}
        )
        return str(rows[0][0]) if rows else None

    def states(self) -> dict[str, dict[str, str]]:
        """State of every availability rule: rule id -> key -> JSON."""
        states: dict[str, dict[str, str]] = {}
        for rule_id, key, state in self._database.rows("SELECT rule_id, key, state FROM rule_state"):
            states.setdefault(rule_id, {})[key] = state
        return states

    def save_states(self, states: Mapping[str, Mapping[str, str]]) -> None:
        """Replace the state of these rules."""
        if not states:
            return
        self._database.execute(f"DELETE FROM rule_state WHERE rule_id IN {IDS}", ids(states))  # noqa: S608
        rows = [(rule, key, state) for rule, found in states.items() for key, state in found.items()]
        if not rows:
            return
        self._database.stage(
            "staged_rule_state", {"rule_id": "VARCHAR", "key": "VARCHAR", "state": "VARCHAR"}, rows
        )
        self._database.execute("INSERT INTO rule_state SELECT * FROM staged_rule_state")

    def add_gap(self, group: str, begin: float, end: float, now: float, reason: str) -> None:
        """Rule times in (begin, end] were not evaluated: what held then is unknown.

        A gap that goes on is one row.
        """
        known: dict[str, Any] = {"group": group, "begin": moment(begin), "end": moment(end)}
        known["reason"] = reason[:500]
        [(longer,)] = self._database.rows(
            """
            UPDATE evaluation_gap SET gap_to = $end
            WHERE rule_group = $group AND gap_to = $begin AND reason = $reason
            """,
            known,
        )
        if not longer:
            self._database.execute(
                "INSERT INTO evaluation_gap VALUES ($group, $begin, $end, $now, $reason)",
                {**known, "now": moment(now)},
            )

    def gaps(self) -> list[tuple[str, float, float, str]]:
        """(group, from, to, reason), oldest first."""
        return self._database.rows(
            """
            SELECT rule_group, epoch_us(gap_from) / 1e6, epoch_us(gap_to) / 1e6, reason
            FROM evaluation_gap ORDER BY gap_from, rule_group
            """
        )

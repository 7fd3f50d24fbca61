"""Matches of detection rules on events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soc.model import Match, canonical_labels
from soc.store.database import IDS, Database, ids
from soc.store.sealing.sealed import Sealed
from soc.store.times import moment

_COLUMNS = {
    "event_id": "VARCHAR",
    "rule_id": "VARCHAR",
    "rule_version": "VARCHAR",
    "time": "TIMESTAMP",
    "received": "TIMESTAMP",
    "device": "VARCHAR",
    "labels_json": "VARCHAR",
    "correlation_json": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Session:
    """New matches of one rule under the same labels, none further than the window from the next."""

    rule_id: str
    labels: dict[str, str]
    device: str  # empty where they come from several
    first: float
    last: float
    count: int
    events: tuple[tuple[str, float], ...]  # (event id, time), the first ones


@dataclass(frozen=True, slots=True)
class Touch:
    """New matches of one rule with the same values of the fields that correlations group by."""

    rule_id: str
    fields: dict[str, str]
    first: float
    last: float


class Matches:
    """Matches: one per (event, rule)."""

    def __init__(self, database: Database, sealed: Sealed) -> None:
        self._database = database
        self._sealed = sealed

    def add(self, own: Sequence[Match], *, staged: bool) -> int:
        """Store these matches on our own events and, if wanted, the staged ones; returns how many were new.

        The new ones stand in the temporary table match_new until the next call.
        """
        self._database.stage(
            "match_staged",
            _COLUMNS,
            (
                (
                    match.event_id, match.rule_id, match.rule_version, match.time, match.received,
                    match.device, canonical_labels(match.labels), canonical_labels(match.fields),
                )
                for match in own
            ),
        )  # fmt: skip
        if staged:
            self._database.execute(
                """
                INSERT INTO match_staged
                SELECT id, rule_id, rule_version, time, received, device, labels, correlation_fields
                FROM staged
                WHERE record = 'match'
                """
            )
        # As with events, a known one lies near.
        [(first,)] = self._database.rows("SELECT min(time) FROM match_staged")
        known = self._sealed.known("match", "match_staged")
        self._database.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE match_new AS
            SELECT *
            FROM match_staged AS staged
            WHERE NOT EXISTS (
                SELECT 1 FROM {known} AS known
                WHERE known.event_id = staged.event_id AND known.rule_id = staged.rule_id
                  AND known.time >= $first::TIMESTAMP - INTERVAL 1 DAY
            )
            QUALIFY row_number() OVER (PARTITION BY event_id, rule_id ORDER BY time) = 1
            """,  # noqa: S608 - made of constants and names of sealed files
            {"first": first},
        )
        [(added,)] = self._database.rows("INSERT INTO hot_match SELECT * FROM match_new ORDER BY time")
        return int(added)

    def sessions(self, window_seconds: float, maximum_events: int) -> list[Session]:
        """The new matches by rule and labels, split where the window separates them; oldest first."""
        rows = self._database.rows(
            """
            WITH separated AS (
                SELECT *, coalesce(time - lag(time) OVER in_time > to_microseconds($window), FALSE) AS begins
                FROM match_new
                WINDOW in_time AS (PARTITION BY rule_id, labels_json ORDER BY time, event_id)
            ), numbered AS (
                SELECT *, count_if(begins) OVER (
                    PARTITION BY rule_id, labels_json ORDER BY time, event_id
                ) AS session
                FROM separated
            )
            SELECT rule_id, labels_json, CASE WHEN min(device) = max(device) THEN min(device) ELSE '' END,
                   epoch_us(min(time)) / 1e6 AS first, epoch_us(max(time)) / 1e6, count(*),
                   list([event_id, epoch_us(time)::VARCHAR] ORDER BY time, event_id)[:$maximum]
            FROM numbered
            GROUP BY rule_id, labels_json, session
            ORDER BY first, rule_id, labels_json
            """,
            {"window": round(window_seconds * 1e6), "maximum": maximum_events},
        )
        return [
            Session(
                rule_id, json.loads(labels), device, first, last, count,
                tuple((event_id, int(at) / 1e6) for event_id, at in events),
            )
            for rule_id, labels, device, first, last, count, events in rows
        ]  # fmt: skip

    def touched(self) -> list[Touch]:
        """Which correlation fields the new matches have, each combination once."""
        rows = self._database.rows(
            """
            SELECT rule_id, correlation_json, epoch_us(min(time)) / 1e6, epoch_us(max(time)) / 1e6
            FROM match_new
            GROUP BY rule_id, correlation_json
            ORDER BY rule_id, correlation_json
            """
        )
        return [Touch(rule_id, json.loads(fields), first, last) for rule_id, fields, first, last in rows]

    def combinations(self, rule_ids: Sequence[str], first: float, last: float) -> list[Touch]:
        """As `touched`, of all matches of these rules in the closed range of time."""
        rows = self._within(
            first,
            last,
            f"""
            SELECT rule_id, correlation_json, epoch_us(min(time)) / 1e6, epoch_us(max(time)) / 1e6
            FROM {{match}} AS match
            WHERE rule_id IN {IDS} AND time BETWEEN $first AND $last
            GROUP BY rule_id, correlation_json
            ORDER BY rule_id, correlation_json
            """,  # noqa: S608 - a constant
            ids(rule_ids),
        )
        return [Touch(rule_id, json.loads(fields), first, last) for rule_id, fields, first, last in rows]

    def with_fields(self, combinations: Sequence[Touch], first: float, last: float) -> list[Match]:
        """The matches in the closed range of time that have one of these (rule, fields)."""
        self._database.stage(
            "staged_combination",
            {"rule_id": "VARCHAR", "correlation_json": "VARCHAR"},
            ((touch.rule_id, canonical_labels(touch.fields)) for touch in combinations),
        )
        rows = self._within(
            first,
            last,
            """
            SELECT event_id, rule_id, rule_version, epoch_us(time) / 1e6, epoch_us(received) / 1e6, device,
                   labels_json, correlation_json
            FROM {match} AS match SEMI JOIN staged_combination USING (rule_id, correlation_json)
            WHERE time BETWEEN $first AND $last
            ORDER BY time, event_id
            """,
            {},
        )
        return [Match(*(*row[:6], json.loads(row[6]), json.loads(row[7]))) for row in rows]

    def _within(
        self, first: float, last: float, sql: str, parameters: Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        """Rows of a question over {match}, the matches in [$first, $last]."""
        values = {"first": moment(first), "last": moment(last), **parameters}
        return self._sealed.ask(
            "match", first, last, lambda match: self._database.rows(sql.format(match=match), values)
        )

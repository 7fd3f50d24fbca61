"""The outbox: notices, written with the transitions they tell, and how far each came."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from soc.model.notices import Notice, NoticeState, OutboxEntry
from soc.store.database import IDS, Database, ids
from soc.store.times import moment

_NOTICE = {
    "position": "BIGINT", "id": "VARCHAR", "target": "VARCHAR", "alert_id": "VARCHAR", "what": "VARCHAR",
    "time": "TIMESTAMP", "document": "VARCHAR",
}  # fmt: skip
_SELECT = """
    SELECT id, target, alert_id, what, epoch_us(time) / 1e6, document,
           state, attempts, epoch_us(created) / 1e6, epoch_us(expires) / 1e6,
           epoch_us(next_attempt) / 1e6, message, reached, epoch_us(settled) / 1e6, error
    FROM outbox
"""


class Outbox:
    """Notices by target. Every method that changes something runs in the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, notices: Sequence[Notice], now: float, expires: float) -> None:
        """Append them, due at once; ids already held are ignored.

        That an alert has resolved is told to those alone who were told that it opened.
        """
        if not notices:
            return
        self._database.stage(
            "staged_notice",
            _NOTICE,
            (
                (
                    position, notice.id, notice.target, notice.alert_id, notice.what, notice.time,
                    json.dumps(notice.document),
                )
                for position, notice in enumerate(notices)
            ),
        )  # fmt: skip
        self._database.execute(
            """
            INSERT INTO outbox BY NAME
            SELECT staged.* EXCLUDE (position), $now::TIMESTAMP AS created, $expires::TIMESTAMP AS expires,
                   'pending' AS state, 0 AS attempts, $now::TIMESTAMP AS next_attempt, '' AS message,
                   '[]' AS reached, '' AS error
            FROM staged_notice AS staged
            WHERE id NOT IN (SELECT id FROM outbox)
              AND (what <> 'resolved' OR (alert_id, target) IN (
                      SELECT (alert_id, target) FROM outbox
                      UNION ALL SELECT (alert_id, target) FROM staged_notice WHERE what <> 'resolved'))
            ORDER BY position
            """,
            {"now": moment(now), "expires": moment(expires)},
        )

    def due_targets(self, now: float) -> list[str]:
        """Targets with something to send, the longest waiting first."""
        return [
            target
            for (target,) in self._database.rows(
                """
                SELECT target FROM outbox
                WHERE state = 'pending' AND next_attempt <= $now
                GROUP BY target ORDER BY min(next_attempt), target
                """,
                {"now": moment(now)},
            )
        ]

    def due(self, target: str, now: float, limit: int) -> list[OutboxEntry]:
        """What the next message to the target carries: a message that an attempt left open, as it was
        then, else the oldest notices that are in none, at most `limit`."""
        return self._entries(
            """
            WHERE state = 'pending' AND target = $target AND next_attempt <= $now
              AND message = coalesce(
                  (SELECT min_by(message, next_attempt) FROM outbox
                   WHERE state = 'pending' AND target = $target AND next_attempt <= $now AND message <> ''),
                  '')
            ORDER BY created, rowid
            LIMIT $limit
            """,
            {"target": target, "now": moment(now), "limit": limit},
        )

    def claim(self, wanted: Sequence[str], message: str, next_attempt: float) -> None:
        """An attempt begins: they travel in `message`, and come due again if nobody settles it."""
        self._change(
            wanted,
            f"""
            UPDATE outbox SET message = $message, attempts = attempts + 1, next_attempt = $next_attempt
            WHERE id IN {IDS} AND state = 'pending'
            """,  # noqa: S608 - a constant
            {"message": message, "next_attempt": moment(next_attempt)},
        )

    def settle(self, wanted: Sequence[str], state: NoticeState, now: float, error: str = "") -> None:
        """Delivered, or given up."""
        self._change(
            wanted,
            f"""
            UPDATE outbox SET state = $state, settled = $now, error = $error
            WHERE id IN {IDS} AND state = 'pending'
            """,  # noqa: S608 - a constant
            {"state": state, "now": moment(now), "error": error},
        )

    def presume_delivered(self, now: float) -> None:
        """After a gap in what is known of them: what is past its time was told long ago, or never will be."""
        self._database.execute(
            """
            UPDATE outbox
            SET state = 'delivered', settled = $now, error = 'not known: written again from the journal'
            WHERE state = 'pending' AND attempts = 0 AND expires <= $now
            """,
            {"now": moment(now)},
        )

    def forget(self, before: float) -> None:
        """Remove what was settled before then. An alert that is not closed keeps its notices: who was told
        that it opened is to be told that it has resolved."""
        self._database.execute(
            """
            DELETE FROM outbox
            WHERE state <> 'pending' AND settled < $before
              AND alert_id NOT IN (SELECT id FROM alert_current WHERE workflow <> 'closed')
            """,
            {"before": moment(before)},
        )

    def postpone(
        self, wanted: Sequence[str], message: str, reached: Sequence[str], next_attempt: float, error: str
    ) -> None:
        """The attempt failed for now; `message` stays "" when nobody can have it: others may join then."""
        self._change(
            wanted,
            f"""
            UPDATE outbox
            SET message = $message, reached = $reached, next_attempt = $next_attempt, error = $error
            WHERE id IN {IDS} AND state = 'pending'
            """,  # noqa: S608 - a constant
            {
                "message": message,
                "reached": json.dumps(list(reached)),
                "next_attempt": moment(next_attempt),
                "error": error,
            },
        )

    def expired(self, now: float, maximum_attempts: int) -> list[OutboxEntry]:
        """What is due, and too old or tried too often to be tried again."""
        return self._entries(
            """
            WHERE state = 'pending' AND next_attempt <= $now
              AND (expires <= $now OR attempts >= $maximum)
            ORDER BY target, created, rowid
            """,
            {"now": moment(now), "maximum": maximum_attempts},
        )

    def retry(self, wanted: Sequence[str], now: float, expires: float) -> list[str]:
        """Make these due now, with all attempts before them, and whatever travels in their messages;
        returns the ids of all. What is delivered stays so."""
        return [
            id
            for (id,) in self._database.rows(
                f"""
                UPDATE outbox
                SET state = 'pending', attempts = 0, next_attempt = $now, expires = $expires, settled = NULL
                WHERE state <> 'delivered'
                  AND (id IN {IDS}
                       OR message IN (SELECT message FROM outbox WHERE id IN {IDS} AND message <> ''))
                RETURNING id
                """,  # noqa: S608 - a constant
                {"now": moment(now), "expires": moment(expires), **ids(wanted)},
            )
        ]

    def select(self, state: str, limit: int) -> list[OutboxEntry]:
        """The newest `limit` entries in that state ("" = any), oldest first."""
        return self._entries(
            "WHERE $state IN ('', state) ORDER BY created DESC, rowid DESC LIMIT $limit",
            {"state": state, "limit": limit},
        )[::-1]

    def counts(self) -> dict[str, int]:
        """How many notices by state."""
        return dict(self._database.rows("SELECT state, count(*) FROM outbox GROUP BY state"))

    def _change(self, wanted: Sequence[str], sql: str, parameters: Mapping[str, Any]) -> None:
        if wanted:
            self._database.execute(sql, {**parameters, **ids(wanted)})

    def _entries(self, condition: str, parameters: Mapping[str, Any]) -> list[OutboxEntry]:
        """`condition` is a constant of this module."""
        return [_entry(row) for row in self._database.rows(_SELECT + condition, parameters)]


def _entry(row: Sequence[Any]) -> OutboxEntry:
    notice = Notice(*(*row[:5], json.loads(row[5])))
    return OutboxEntry(*(notice, *row[6:12], tuple(json.loads(row[12])), *row[13:]))

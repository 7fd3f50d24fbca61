"""Events and the matches of detection rules on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from soc.model import Event
from soc.model.filters import Term
from soc.model.times import LATEST_SECONDS
from soc.store.database import IDS, Database, ids
from soc.store.filters import Age, Asker, Number, Severity, Text, Vocabulary, condition
from soc.store.sealing.sealed import Sealed
from soc.store.times import moment

_COLUMNS = {
    "id": "VARCHAR",
    "time": "TIMESTAMP",
    "received": "TIMESTAMP",
    "device": "VARCHAR",
    "source_address": "VARCHAR",
    "relayed": "BOOLEAN",
    "product": "VARCHAR",
    "category": "VARCHAR",
    "service": "VARCHAR",
    "class_uid": "INTEGER",
    "activity_id": "INTEGER",
    "severity_id": "TINYINT",
    "message": "VARCHAR",
    "user": "VARCHAR",
    "source_ip": "VARCHAR",
    "target_ip": "VARCHAR",
    "process": "VARCHAR",
    "fields": "MAP(VARCHAR, VARCHAR)",
    "raw": "VARCHAR",
}
# Columns of `event` in the order of the noun's fields.
SELECTED = """
    id, epoch_us(time) / 1e6, epoch_us(received) / 1e6, device, source_address, relayed, product, category,
    service, class_uid, activity_id, severity_id, message, "user", source_ip, target_ip, process, fields, raw
"""

VOCABULARY = Vocabulary(
    {
        "id": Text("id"),
        "device": Text("device"),
        "source_address": Text("source_address"),
        "product": Text("product"),
        "category": Text("category"),
        "service": Text("service"),
        "message": Text("message"),
        "user": Text('"user"'),
        "source_ip": Text("source_ip"),
        "target_ip": Text("target_ip"),
        "process": Text("process"),
        "raw": Text("raw"),
        "severity": Severity("severity_id"),
        "severity_id": Number("severity_id"),
        "age": Age("time"),
    },
    words=("message", "raw"),
    others="fields",
)
_FIRST_SPAN_SECONDS = 60.0
EXECUTION = "(product = 'soc' AND category = 'execution')"  # a command that we ran on a host
_BEHIND_ALL = "\U0010ffff"  # no id is as great


class Events:
    """Events, ours among them."""

    def __init__(self, database: Database, sealed: Sealed) -> None:
        self._database = database
        self._sealed = sealed

    def add_staged(self, batch: int) -> int:
        """Store the staged events that are not in yet (by id); returns how many were new.

        Events that collection makes (`product: soc`) have not been matched: they wait as ours of `batch`.
        """
        self._database.execute(
            "CREATE OR REPLACE TEMP TABLE staged_event_time AS SELECT time FROM staged WHERE record = 'event'"
        )
        [(first,)] = self._database.rows("SELECT min(time) FROM staged_event_time")
        if first is None:
            return 0
        known = self._sealed.known("event", "staged_event_time")
        # A pull is repeated at the next cycle, so a known id lies near: older row groups are skipped.
        [(added,)] = self._database.rows(
            f"""
            INSERT INTO hot_event
            SELECT id, time, received, device, coalesce(source_address, ''), coalesce(relayed, FALSE),
                   coalesce(product, ''), coalesce(category, ''), coalesce(service, ''),
                   coalesce(class_uid, 0), coalesce(activity_id, 0), coalesce(severity_id, 1),
                   coalesce(message, ''), coalesce("user", ''), coalesce(source_ip, ''),
                   coalesce(target_ip, ''), coalesce(process, ''), fields, coalesce(raw, ''), segment,
                   CASE WHEN product = 'soc' THEN $batch END
            FROM staged
            WHERE record = 'event'
              AND NOT EXISTS (
                  SELECT 1 FROM {known} AS known
                  WHERE known.id = staged.id AND known.time >= $first::TIMESTAMP - INTERVAL 1 DAY
              )
            QUALIFY row_number() OVER (PARTITION BY id ORDER BY position) = 1
            ORDER BY position
            """,  # noqa: S608 - made of constants and names of sealed files
            {"first": first, "batch": batch},
        )
        return int(added)

    def add_own(self, events: Sequence[Event], batch: int | None) -> None:
        """Store events that this process made. They are matched after `batch`; None = never."""
        if not events:
            return
        self._database.stage(
            "staged_event",
            _COLUMNS,
            (
                [dict(event.fields) if name == "fields" else getattr(event, name) for name in _COLUMNS]
                for event in events
            ),
        )
        known = self._sealed.known("event", "staged_event")
        self._database.execute(
            f"""
            INSERT INTO hot_event BY NAME
            SELECT staged_event.*, '' AS segment, $batch::BIGINT AS own_batch
            FROM staged_event
            WHERE NOT EXISTS (
                SELECT 1 FROM {known} AS known
                WHERE known.id = staged_event.id AND known.time = staged_event.time
            )
            """,  # noqa: S608 - as above
            {"batch": batch},
        )

    def own_since(self, batch: int) -> list[Event]:
        """Own events of transactions after `batch`, oldest first."""
        return [
            Event(*row)
            for row in self._database.rows(
                f"SELECT {SELECTED} FROM hot_event WHERE own_batch > $batch ORDER BY time, id",  # noqa: S608
                {"batch": batch},
            )
        ]

    def has_own_since(self, batch: int) -> bool:
        """Whether own events of transactions after `batch` wait to be matched."""
        [(found,)] = self._database.rows(
            "SELECT EXISTS (SELECT 1 FROM hot_event WHERE own_batch > $batch)", {"batch": batch}
        )
        return bool(found)

    def by_ids(
        self, wanted: Sequence[str], since: float | None = None, until: float | None = None
    ) -> list[Event]:
        """Those events, by time. With the times between which they lie, no older file is searched."""

        def question(event: str) -> list[tuple[Any, ...]]:
            return self._database.rows(
                f"""
                SELECT {SELECTED}
                FROM {event}
                WHERE id IN {IDS} AND time BETWEEN $since AND $until
                ORDER BY time, id
                """,  # noqa: S608 - made of constants and names of sealed files
                {
                    **ids(wanted),
                    "since": moment(since or 0.0),
                    "until": moment(LATEST_SECONDS if until is None else until),
                },
            )

        return [Event(*row) for row in self._sealed.ask("event", since, until, question)]

    def select(
        self, terms: Sequence[Term], asker: Asker, since: float, until: float, limit: int
    ) -> list[Event]:
        """The last `limit` events with a time in [since, until] that fit every term, oldest first."""
        return self.page(terms, asker, since, until, None, limit)[::-1]

    def page(
        self,
        terms: Sequence[Term],
        asker: Asker,
        since: float,
        until: float,
        after: tuple[float, str] | None,
        limit: int,
    ) -> list[Event]:
        """At most `limit` events with a time in [since, until] that fit every term, newest first.

        `after` is (time, id) of the last event of the page before.
        """
        fits, values = condition(VOCABULARY, terms, asker)
        return self._newest_first(fits, values, since, until, after, limit)

    def of_device(self, device: str, since: float, until: float, limit: int) -> list[Event]:
        """At most `limit` events of the device with a time in [since, until], newest first.

        What we ran there is left out: it is many, and says nothing of the device.
        """
        # One device's are few: looking for enough of them by growing spans would read everything anyway.
        bounds = {"since": moment(since), "until": moment(until), "id": _BEHIND_ALL, "limit": limit}
        fits = f"device = $device AND NOT {EXECUTION}"
        return self._newest(fits, {"device": device, **bounds}, since, until)

    def _newest_first(
        self,
        fits: str,
        values: Mapping[str, Any],
        since: float,
        until: float,
        after: tuple[float, str] | None,
        limit: int,
    ) -> list[Event]:
        found: list[Event] = []
        # The newest are asked for first: mostly they are enough, and nothing older is read.
        time, id = after or (until, _BEHIND_ALL)
        for begin, end in _spans(since, time):
            bounds = {"since": moment(begin), "until": moment(end), "id": id, "limit": limit - len(found)}
            found += self._newest(fits, {**values, **bounds}, begin, end)
            if len(found) >= limit:
                break
            id = ""  # of the end of an older span, the span before had everything
        return found

    def _newest(self, fits: str, values: Mapping[str, Any], begin: float, end: float) -> list[Event]:
        def question(event: str) -> list[tuple[Any, ...]]:
            return self._database.rows(
                f"""
                SELECT {SELECTED}
                FROM {event}
                WHERE time BETWEEN $since AND $until AND {fits} AND (time < $until OR id < $id)
                ORDER BY time DESC, id DESC
                LIMIT $limit
                """,  # noqa: S608 - made of constants; what the user typed is bound
                values,
            )

        return [Event(*row) for row in self._sealed.ask("event", begin, end, question)]


def _spans(since: float, until: float) -> Iterator[tuple[float, float]]:
    """[since, until] from its end backwards, each part eight times as long as the one before."""
    length = _FIRST_SPAN_SECONDS
    while True:
        begin = max(since, until - length)
        yield begin, until
        if begin <= since:
            return
        until, length = begin, 8 * length

"""Where work goes on after a stop: named positions, saved by the transaction that did the work."""

from __future__ import annotations

from collections.abc import Mapping

from soc.store.database import Database


class Cursors:
    """Named whole numbers; microseconds where they are times."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> int | None:
        rows = self._database.rows("SELECT value FROM cursor WHERE name = $name", {"name": name})
        return int(rows[0][0]) if rows else None

    def set(self, name: str, value: int) -> None:
        position = {"name": name, "value": value}
        [(known,)] = self._database.rows("UPDATE cursor SET value = $value WHERE name = $name", position)
        if not known:
            self._database.execute("INSERT INTO cursor VALUES ($name, $value)", position)

    def set_all(self, positions: Mapping[str, int]) -> None:
        """Set several by one statement."""
        if positions:
            self._database.execute(
                "INSERT OR REPLACE INTO cursor SELECT unnest($names::VARCHAR[]), unnest($values::BIGINT[])",
                {"names": list(positions), "values": list(positions.values())},
            )

    def next(self, name: str) -> int:
        """Count `name` up by one; returns the new number, 1 at first."""
        number = (self.get(name) or 0) + 1
        self.set(name, number)
        return number

    def starting_with(self, prefix: str) -> dict[str, int]:
        """All with that prefix, by the rest of their names."""
        rows = self._database.rows(
            "SELECT name, value FROM cursor WHERE starts_with(name, $prefix)", {"prefix": prefix}
        )
        return {name[len(prefix) :]: int(value) for name, value in rows}

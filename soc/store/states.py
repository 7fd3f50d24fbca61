"""Device states: every transition, for good, and the present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from soc.store.database import IDS, Database, ids
from soc.store.times import moment

OFF_OR_AWAY = "off or away"  # why a device that nobody expects to answer is unknown, not down


@dataclass(frozen=True, slots=True)
class StateChange:
    """A device took on `state` (up, down, unreachable, unknown) at `time`; `previous` empty = its first."""

    device: str
    time: float
    state: str
    cause: str
    previous: str


class States:
    """Supplier accountability rests on these rows: they are never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self) -> dict[str, tuple[str, float]]:
        """(state, since) by device."""
        return {
            device: (state, since)
            for device, state, since in self._database.rows(
                "SELECT device, state, epoch_us(time) / 1e6 FROM device_state_current"
            )
        }

    def at(self, devices: Sequence[str], time: float) -> dict[str, str]:
        """The state of each of these devices as of `time`; absent = none yet."""
        return dict(
            self._database.rows(
                f"""
                SELECT device, arg_max(state, (time, rowid))
                FROM device_state
                WHERE device IN {IDS} AND time <= $time
                GROUP BY device
                """,  # noqa: S608 - a constant
                {"time": moment(time), **ids(devices)},
            )
        )

    def add(self, changes: Sequence[StateChange]) -> None:
        """Append transitions, in this order, with the supplier and site then in force."""
        if not changes:
            return
        self._database.stage(
            "staged_state",
            {
                "position": "BIGINT", "device": "VARCHAR", "time": "TIMESTAMP", "state": "VARCHAR",
                "cause": "VARCHAR",
            },
            (
                (position, change.device, change.time, change.state, change.cause)
                for position, change in enumerate(changes)
            ),
        )  # fmt: skip
        self._database.execute(
            """
            INSERT INTO device_state
            SELECT staged.device, staged.time, staged.state, staged.cause,
                   coalesce(history.supplier, ''), coalesce(history.site, '')
            FROM staged_state AS staged
            LEFT JOIN device_history AS history
                ON history.device = staged.device AND history.valid_from <= staged.time
               AND (history.valid_to IS NULL OR history.valid_to > staged.time)
            ORDER BY staged.position
            """
        )
        self._database.execute(
            "DELETE FROM device_state_current WHERE device IN (SELECT device FROM staged_state)"
        )
        self._database.execute(
            """
            INSERT INTO device_state_current
            SELECT device, time, state, cause
            FROM staged_state
            QUALIFY row_number() OVER (PARTITION BY device ORDER BY position DESC) = 1
            """
        )

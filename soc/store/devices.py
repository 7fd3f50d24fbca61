"""Devices as the inventory described them, by time."""

from __future__ import annotations

from collections.abc import Iterable

from soc.model import Device, canonical_labels
from soc.model.ids import digest
from soc.store.database import Database
from soc.store.times import moment

_COLUMNS = {
    "device": "VARCHAR",
    "tower": "VARCHAR",
    "site": "VARCHAR",
    "supplier": "VARCHAR",
    "kind": "VARCHAR",
    "state": "VARCHAR",
    "availability": "VARCHAR",
    "depends_on": "VARCHAR[]",
    "labels": "MAP(VARCHAR, VARCHAR)",
    "content": "VARCHAR",
}


class Devices:
    """Device history: who was responsible for what, and when."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, devices: Iterable[Device], now: float) -> int:
        """Record what changed in the inventory as of `now`; returns the number of devices that changed.

        A device's first description also holds for the time before: its older samples have no other.
        """
        described = {device.name: (device, _content(device)) for device in devices}
        known = dict(self._database.rows("SELECT device, content FROM device_history WHERE valid_to IS NULL"))
        if known == {name: content for name, (_, content) in described.items()}:
            return 0
        self._database.stage(
            "staged_device",
            _COLUMNS,
            (
                (
                    device.name, device.tower, device.site, device.supplier, device.kind, device.state,
                    device.availability, list(device.depends_on), dict(device.labels), content,
                )
                for device, content in described.values()
            ),
        )  # fmt: skip
        [(closed,)] = self._database.rows(
            """
            UPDATE device_history SET valid_to = $now
            WHERE valid_to IS NULL
              AND NOT EXISTS (
                  SELECT 1 FROM staged_device AS staged
                  WHERE staged.device = device_history.device AND staged.content = device_history.content
              )
            """,
            {"now": moment(now)},
        )
        [(opened,)] = self._database.rows(
            """
            INSERT INTO device_history
            SELECT device,
                   CASE WHEN EXISTS (SELECT 1 FROM device_history AS known WHERE known.device = staged.device)
                        THEN $now ELSE TIMESTAMP '1970-01-01' END,
                   NULL, $now, tower, site, supplier, kind, state, availability, depends_on, labels, content
            FROM staged_device AS staged
            WHERE NOT EXISTS (
                SELECT 1 FROM device_history AS known
                WHERE known.device = staged.device AND known.valid_to IS NULL
            )
            """,
            {"now": moment(now)},
        )
        return max(int(opened), int(closed))


def _content(device: Device) -> str:
    return digest(
        device.tower, device.site, device.supplier, device.kind, device.state, device.availability,
        canonical_labels(dict.fromkeys(device.depends_on, "")), canonical_labels(device.labels),
    )  # fmt: skip

"""A store in memory filled in promtool's notation."""

from __future__ import annotations

from collections.abc import Mapping

from soc.model import Device, Sample
from soc.promql.notation import Gap, Stale, parse_series, parse_values
from soc.store import Store, memory_store


def store_of(
    series: Mapping[str, str], *, step: float = 60.0, interval: float = 0.0, start: float = 0.0
) -> Store:
    """Series text -> values, one every `step` seconds from `start`; the label device is the device."""
    rows = []
    for text, values in series.items():
        metric, labels = parse_series(text)
        device = labels.pop("device", "")
        for number, value in enumerate(parse_values(values)):
            if not isinstance(value, Gap):
                kept = None if isinstance(value, Stale) else value
                rows.append((device, Sample(metric, kept, labels, start + number * step), interval))
    store = memory_store()
    store.series.add(rows)
    return store


def inventory(store: Store, *devices: Device, now: float) -> None:
    """Put exactly these devices in force as of `now`."""
    store.devices.sync(devices, now)

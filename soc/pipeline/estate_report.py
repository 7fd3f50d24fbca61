"""The estate as documents: devices and towers (docs/reference.md, API). Times are RFC 3339, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from soc.model import SEVERITIES, TOWERS
from soc.pipeline.report import Counts, alert_document, event_document, moment_text
from soc.promql import json_number
from soc.store import Store
from soc.store.device_list import DeviceRow, SeriesValues

AVAILABILITY_SECONDS = 24 * 3600.0
PULSE_MINUTES = 20
RECENT_SECONDS = 3600.0
RECENT_SAMPLES_SECONDS = 1800.0
_MAXIMUM_EVENTS = 50
_MAXIMUM_SERIES = 500
_MAXIMUM_ALERTS = 100
_MAXIMUM_NEEDS_YOU = 20


def device_document(row: DeviceRow) -> dict[str, Any]:
    """A device as lists have it."""
    return {
        "device": row.device,
        "tower": row.tower,
        "kind": row.kind,
        "site": row.site,
        "supplier": row.supplier,
        "state": row.state,
        "cause": row.cause,
        "since": moment_text(row.since),
        "open_alerts": row.open_alerts,
        "last_seen": moment_text(row.last_seen),
        "availability": row.availability,
    }


def device_details(store: Store, row: DeviceRow, now: float) -> dict[str, Any]:
    """A device with its facts, alerts, and what it sent in the last half hour (samples) and hour (events)."""
    return device_document(row) | {
        "labels": row.labels,
        "facts": [
            {"key": key, "instance": instance, "value": value, "since": moment_text(since)}
            for key, instance, value, since in store.facts.current(row.device)
        ],
        "alerts": [
            alert_document(alert) for alert in store.alert_list.of_device(row.device, _MAXIMUM_ALERTS)
        ],
        "samples": [
            _series(series)
            for series in store.device_list.samples(row.device, now - RECENT_SAMPLES_SECONDS, _MAXIMUM_SERIES)
        ],
        "events": [
            event_document(event)
            for event in store.events.of_device(row.device, now - RECENT_SECONDS, now, _MAXIMUM_EVENTS)
        ],
    }


def _series(series: SeriesValues) -> dict[str, Any]:
    return {
        "metric": series.metric,
        "labels": series.labels,
        "interval_seconds": series.interval_seconds,
        "values": [[time, None if value is None else json_number(value)] for time, value in series.values],
    }


@dataclass(frozen=True, slots=True)
class Trends:
    """What changes slowly, by tower: the share of the last 24 h that its devices were up, and its events in
    each of the last 20 whole minutes, oldest first."""

    availability: Mapping[str, float]
    events_per_minute: Mapping[str, list[int]]


def trends(store: Store, now: float) -> Trends:
    first = (now // 60 - PULSE_MINUTES) * 60
    return Trends(
        store.overview.availability(now - AVAILABILITY_SECONDS, now),
        store.overview.events_per_minute(first, PULSE_MINUTES),
    )


def overview_document(store: Store, lately: Trends, counts: Counts) -> dict[str, Any]:
    """Towers side by side, and the open alerts that nobody has taken."""
    devices, alerts = counts.devices, counts.alerts
    return {
        "towers": [
            {
                "tower": tower,
                "worst": max(
                    (severity for severity, _, found, _ in alerts if found == tower),
                    key=SEVERITIES.index,
                    default=None,
                ),
                "open_alerts": sum(count for _, _, found, count in alerts if found == tower),
                "availability_ratio": lately.availability.get(tower),
                "up": sum(count for found, state, count in devices if found == tower and state == "up"),
                "total": sum(count for found, _, count in devices if found == tower),
                "events_per_minute": lately.events_per_minute.get(tower, [0] * PULSE_MINUTES),
            }
            for tower in TOWERS
            if any(found == tower for found, *_ in devices)
        ],
        "needs_you": [
            alert_document(alert) for alert in store.alert_list.needing_somebody(_MAXIMUM_NEEDS_YOU)
        ],
    }

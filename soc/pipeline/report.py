"""What the store says, as documents for people and programs: alerts, events, status (CONTRACTS: commands).

Times are RFC 3339, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from soc.intake.receive.counters import read_status
from soc.model import TOWERS, Event
from soc.model.alerts import Alert, Transition
from soc.spool.layout import RAW, RECEIVE_LOCK, SPOOL
from soc.spool.lock import is_held
from soc.store import Store

DEVICE_STATES = ("up", "down", "unreachable", "unknown", "maintenance")


def moment_text(seconds: float | None) -> str | None:
    """UTC seconds as RFC 3339 with milliseconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def alert_document(alert: Alert) -> dict[str, Any]:
    """A line of `soc alerts --json`."""
    return {
        "id": alert.id,
        "label": alert.label,
        "rule": alert.rule_title,
        "rule_id": alert.rule_id,
        "kind": alert.kind,
        "severity": alert.severity,
        "entity": entity(alert),
        "device": alert.device,
        "labels": dict(alert.labels),
        "workflow": alert.workflow,
        "condition": alert.condition,
        "suppressed_by": alert.suppressed_by,
        "first_seen": moment_text(alert.first_seen),
        "last_seen": moment_text(alert.last_seen),
        "count": alert.count,
        "summary": alert.summary,
        "supplier": alert.supplier,
        "site": alert.site,
        "owner": alert.owner,
        "disposition": alert.disposition,
        "version": alert.version,
        "fingerprint": alert.fingerprint,
    }


def entity(alert: Alert) -> str:
    """What the alert is about, for people: its device, else its labels."""
    return alert.device or ", ".join(f"{name}={value}" for name, value in alert.labels.items())


def transition_document(step: Transition) -> dict[str, Any]:
    """One entry of an alert's history."""
    return {
        "time": moment_text(step.time),
        "action": step.action,
        "workflow": [step.workflow_from, step.workflow_to],
        "condition": [step.condition_from, step.condition_to],
        "suppressed_by": step.suppressed_by,
        "uid": step.actor.uid,
        "name": step.actor.name,
        "client": step.actor.client,
        "reason": step.reason,
        "disposition": step.disposition,
        "version": step.version,
        "cause": step.cause,
    }


def alert_details(store: Store, alert: Alert) -> dict[str, Any]:
    """The object of `soc alerts show`: the alert, its history and its evidence, oldest first."""
    times = dict(store.alerts.evidence(alert.id))
    evidence = list(times)
    found = store.events.by_ids(evidence, min(times.values()), max(times.values())) if times else []
    events = {event.id: event for event in found}
    return alert_document(alert) | {
        "description": alert.description,
        "runbook": alert.runbook,
        "history": [transition_document(step) for step in store.alerts.history(alert.id)],
        "evidence": [
            event_document(events[event_id]) if event_id in events else {"id": event_id}
            for event_id in evidence
        ],
    }


def event_document(event: Event) -> dict[str, Any]:
    """A line of `soc events --json`: what the event has, `fields` as an object."""
    document: dict[str, Any] = {
        "id": event.id,
        "time": moment_text(event.time),
        "received": moment_text(event.received),
        "severity_id": event.severity_id,
    }
    for name in Event.__slots__:
        value = getattr(event, name)
        if name not in document and value:
            document[name] = dict(value) if isinstance(value, Mapping) else value
    return document


@dataclass(frozen=True, slots=True)
class Counts:
    """What status and overview both rest on."""

    devices: Sequence[tuple[str, str, int]]  # tower, state, how many
    off_or_away: int  # of the unknown: nobody expects them to answer
    alerts: Sequence[tuple[str, str, str, int]]  # severity, rule, tower, how many are open


def count(store: Store, now: float) -> Counts:
    devices = store.overview.device_counts(now)
    return Counts([row[:3] for row in devices], sum(away for *_, away in devices), store.status.open_alerts())


def status_document(
    store: Store, data_directory: Path, now: float, counts: Counts | None = None
) -> dict[str, Any]:
    """The object of `soc status`, as of `now`; `counts` where they are known already."""
    counts = counts or count(store, now)
    devices, alerts = counts.devices, counts.alerts
    collection = store.status.collection()
    last = collection["last"]
    return {
        "devices": {
            "total": sum(count for *_, count in devices),
            **dict.fromkeys(DEVICE_STATES, 0),
            **_summed((state, count) for _, state, count in devices),
        },
        "off_or_away": counts.off_or_away,
        "towers": _towers(devices, alerts),
        "alerts": {
            "open": sum(count for *_, count in alerts),
            "by_severity": _summed((severity, count) for severity, _, _, count in alerts),
            "by_rule": _summed((rule, count) for _, rule, _, count in alerts),
        },
        "collection": {
            "last": moment_text(last),
            "lag_seconds": None if last is None else round(max(0.0, now - last), 3),
            "failing": collection["failing"],
            "reasons": collection["reasons"],
        },
        "store": {"bytes": _bytes(data_directory), **store.status.sizes()},
        "receiver": _receiver(data_directory),
        "hub": {"running": False, "pid": None},
    }


def _receiver(data_directory: Path) -> dict[str, Any] | None:
    """What `soc receive` last said of itself; None where it has never run, or says what nobody knows."""
    said = read_status(data_directory / SPOOL / RAW)
    if said is None:
        return None
    try:
        return {
            "running": is_held(data_directory / RECEIVE_LOCK),
            "started": str(said["started"]),
            "received": sum(map(int, said["received"].values())),
            "lost": sum(map(int, said["dropped"].values())),
            "waiting": int(said["waiting"]),
            "blocked": str(said["blocked"]),
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def not_up(store: Store, now: float) -> list[dict[str, str]]:
    """A line per device that is not up: device, state, cause."""
    return [
        {"device": device, "state": state, "cause": cause}
        for device, _, state, cause in store.status.devices(now)
        if state != "up"
    ]


def _summed(pairs: Any) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, count in pairs:
        sums[name] = sums.get(name, 0) + count
    return sums


def _towers(
    devices: Sequence[tuple[str, str, int]], alerts: Sequence[tuple[str, str, str, int]]
) -> dict[str, dict[str, int]]:
    return {
        tower: {
            "total": sum(count for found, _, count in devices if found == tower),
            "up": sum(count for found, state, count in devices if found == tower and state == "up"),
            "open_alerts": sum(count for _, _, found, count in alerts if found == tower),
        }
        for tower in TOWERS
        if any(found == tower for found, *_ in devices)
    }


def _bytes(data_directory: Path) -> int:
    return sum(path.stat().st_size for path in data_directory.glob("soc.duckdb*") if path.is_file())

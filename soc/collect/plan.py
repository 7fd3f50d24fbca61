"""Planning: which collectors are due on which device, over which transport. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from soc.collect.declare import Collector
from soc.collect.state import Task
from soc.inventory import Inventory
from soc.model import Device
from soc.model.durations import parse_duration
from soc.model.ids import digest

# Polls this much before their time are made now, so that a timer's jitter skips none.
_SLACK_RATIO = 0.1
# Longer intervals are spread, so that not every device is asked for everything in one cycle.
_SPREAD_FROM_SECONDS = 120.0
RETRY_SECONDS = 300.0
LOCAL_KIND = "local"


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be asked of one device over one transport now."""

    device: Device
    transport: str
    collectors: tuple[Collector, ...]


def interval_seconds(collector: Collector, device: Device, intervals: Mapping[str, float]) -> float:
    """The device's own interval for the collector's class, else the inventory's, else as declared."""
    own = device.every.get(collector.every)
    if own is not None:
        return own
    return intervals[collector.every] if collector.every in intervals else parse_duration(collector.every)


def transports(device: Device, kinds: Collection[str], ping: bool) -> tuple[str, ...]:
    """The transports that apply to a device whose credentials are of `kinds`.

    Loopback addresses are never pinged: the kernel answers for all of them.
    """
    if device.state != "active":
        return ()
    if device.kind == LOCAL_KIND:
        return ("local",)
    found = [kind for kind in ("snmp", "ssh") if kind in kinds and device.addresses]
    if ping and device.addresses and not any(is_loopback(address) for address in device.addresses):
        found.append("ping")
    return tuple(found)


def contacts(
    inventory: Inventory, available: Container[str], devices: Iterable[Device] | None = None
) -> list[tuple[Device, tuple[str, ...]]]:
    """Each of the devices (default: all) with those of the `available` transports that apply to it."""
    found = []
    for device in inventory.devices.values() if devices is None else devices:
        kinds = {inventory.credentials[name].kind for name in device.credentials}
        names = transports(device, kinds, "ping" in available)
        found.append((device, tuple(name for name in names if name in available)))
    return found


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def applies(collector: Collector, device: Device) -> bool:
    return (not collector.towers or device.tower in collector.towers) and (
        not collector.kinds or device.kind in collector.kinds
    )


def plan(
    devices: Sequence[tuple[Device, Sequence[str]]],
    collectors: Sequence[Collector],
    tasks: Mapping[tuple[str, str], Task],
    intervals: Mapping[str, float],
    now: float,
    everything: bool = False,
) -> list[Due]:
    """What is due at `now` (UTC seconds), a Due per device and transport, in the devices' order.

    `devices` pairs each device with its transports. `everything` ignores due times, not what was
    found not to apply.
    """
    by_transport: dict[str, list[Collector]] = {}
    for collector in collectors:
        by_transport.setdefault(collector.transport, []).append(collector)
    found = []
    for device, names in devices:
        for transport in names:
            due = tuple(
                collector
                for collector in by_transport.get(transport, ())
                if applies(collector, device)
                and _is_due(
                    tasks.get((device.name, collector.name)),
                    interval_seconds(collector, device, intervals),
                    now,
                    everything,
                )
            )
            if due:
                found.append(Due(device, transport, due))
    return found


def _is_due(task: Task | None, interval: float, now: float, everything: bool) -> bool:
    if task is not None and _absent(task, now):
        return False
    return everything or _due_from(task, interval, now) <= now


def _absent(task: Task, now: float) -> bool:
    return task.absent_until > now and task.absent_until - now < 1e7


def _due_from(task: Task | None, interval: float, now: float) -> float:
    if task is None:
        return now
    if _absent(task, now):
        return task.absent_until
    # A due time further off than one interval comes from a clock that was stepped back.
    return now if task.due > now + 2 * interval else task.due - _SLACK_RATIO * interval


def next_look(
    device: Device,
    collectors: Iterable[Collector],
    tasks: Mapping[tuple[str, str], Task],
    intervals: Mapping[str, float],
    now: float,
) -> float | None:
    """When the first of the collectors, all of which apply, is due on the device; None without any."""
    return min(
        (
            _due_from(
                tasks.get((device.name, collector.name)),
                interval_seconds(collector, device, intervals),
                now,
            )
            for collector in collectors
        ),
        default=None,
    )


def next_due(
    device: str, collector: Collector, task: Task | None, interval: float, now: float, failed: bool = False
) -> float:
    """When the collector is due again after a poll at `now`: its own schedule, without drift.

    The first poll of a long interval is followed by a shorter wait, different for each device; a
    failed one is repeated soon, however long the interval.
    """
    if failed and interval > RETRY_SECONDS:
        return now + RETRY_SECONDS
    if task is None:
        if interval < _SPREAD_FROM_SECONDS:
            return now + interval
        share = int(digest(device, collector.every, size=4), 16) / 0xFFFFFFFF
        return now + interval * max(share, _SLACK_RATIO)
    due = task.due + interval
    return due if now < due <= now + 2 * interval else now + interval

"""Planning: which collectors are due on which device, over which transport. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import floor, inf

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
    interval_seconds: float  # the shortest of all that apply over this transport, due or not
    planned: float  # UTC seconds


def interval_seconds(collector: Collector, device: Device, intervals: Mapping[str, float]) -> float:
    """The device's own interval for the collector's class, else the inventory's, else as declared."""
    own = device.every.get(collector.every)
    if own is not None:
        return own
    return intervals[collector.every] if collector.every in intervals else _literal(collector.every)


@cache
def _literal(every: str) -> float:
    return parse_duration(every)


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


class Applying:
    """Which collectors apply: remembered by what it depends on, of which there is little."""

    def __init__(
        self, collectors: Iterable[Collector], object_id: Callable[[str], str | None] | None = None
    ) -> None:
        """`object_id` tells a device's sysObjectID, None while that is not known.

        Collectors for some agents only wait until it is; without `object_id` they all apply, and the
        transport finds out.
        """
        self._collectors = tuple(collectors)
        self._object_id = object_id
        self._found: dict[tuple[str, str, str | None, str], tuple[Collector, ...]] = {}

    def kind_of(self, device: Device) -> tuple[str, str, str | None]:
        """What decides, apart from the transport."""
        return device.tower, device.kind, self._object_id(device.name) if self._object_id else None

    def over(self, transport: str, device: Device) -> tuple[Collector, ...]:
        key = (*self.kind_of(device), transport)
        found = self._found.get(key)
        if found is None:
            object_id = key[2]
            found = self._found[key] = tuple(
                item
                for item in self._collectors
                if item.transport == transport
                and applies(item, device)
                and (
                    self._object_id is None
                    or not item.object_ids
                    or (object_id is not None and item.asks(object_id))
                )
            )
        return found


def plan(
    devices: Iterable[tuple[Device, Sequence[str]]],
    applying: Applying,
    tasks: Mapping[tuple[str, str], Task],
    intervals: Mapping[str, float],
    now: float,
    everything: bool = False,
) -> list[Due]:
    """What is due at `now` (UTC seconds), a Due per device and transport, in the devices' order.

    `devices` pairs each device with its transports. `everything` ignores due times, not what was
    found not to apply.
    """
    found = []
    for device, names in devices:
        for transport in names:
            due, shortest = [], inf
            for collector in applying.over(transport, device):
                interval = interval_seconds(collector, device, intervals)
                shortest = min(shortest, interval)
                task = tasks.get((device.name, collector.name))
                from_ = _due_from(task, interval, intervals, now)
                if from_ <= now or (everything and not (task and _absent(task, intervals, now))):
                    due.append(collector)
            if due:
                found.append(Due(device, transport, tuple(due), shortest, now))
    return found


def left_over(
    devices: Iterable[tuple[Device, Sequence[str]]], applying: Applying, known: Iterable[tuple[str, str]]
) -> dict[str, list[str]]:
    """Of `known` (device, collector or transport) those that apply no more, by device.

    `devices` pairs all that are polled with their transports.
    """
    names_of: dict[tuple[object, ...], frozenset[str]] = {}
    expected: dict[str, frozenset[str]] = {}
    for device, transports in devices:
        key = (*applying.kind_of(device), *transports)
        if key not in names_of:
            collectors = [item for name in transports for item in applying.over(name, device)]
            names_of[key] = frozenset([*transports, *(item.name for item in collectors)])
        expected[device.name] = names_of[key]
    nothing: frozenset[str] = frozenset()
    found: dict[str, list[str]] = {}
    for device_name, name in known:
        if name not in expected.get(device_name, nothing):
            found.setdefault(device_name, []).append(name)
    return found


def _absent(task: Task, intervals: Mapping[str, float], now: float) -> bool:
    """Whether it was found not to apply; not for ever, though the clock was stepped back since."""
    return now < task.absent_until <= now + 2 * absence_seconds(intervals)


def absence_seconds(intervals: Mapping[str, float]) -> float:
    """How long what does not apply to a device is not asked for again."""
    return intervals["configuration"]


def _due_from(task: Task | None, interval: float, intervals: Mapping[str, float], now: float) -> float:
    if task is None:
        return now
    if task.absent_until and _absent(task, intervals, now):
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
                intervals,
                now,
            )
            for collector in collectors
        ),
        default=None,
    )


def next_due(
    device: str, collector: Collector, task: Task | None, interval: float, now: float, failed: bool = False
) -> float:
    """When the collector is due again after a poll planned for `now`: its own schedule, without drift.

    A long interval's polls lie where the device's name says, so that no outage brings devices into
    step; a failed one is repeated soon, however long the interval.
    """
    if interval < _SPREAD_FROM_SECONDS:
        anchor = task.due if task else now
    else:
        anchor = interval * int(digest(device, collector.every, size=4), 16) / 0xFFFFFFFF
    # Twice the slack: a poll that was made early must not be due again at once.
    due = anchor + interval * (floor((now - anchor) / interval + 2 * _SLACK_RATIO) + 1)
    return min(due, now + RETRY_SECONDS) if failed else due

"""soc.collect.schedule: pure."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import Collector, Row, Sample, SnmpScalars, collector
from soc.collect.schedule import Schedule
from soc.collect.state import Task
from soc.model import Device

NOW = 1_700_000_000.0
INTERVALS = {"reachability": 60.0, "interfaces": 300.0, "configuration": 86_400.0}


@collector(fetch=SnmpScalars(uptime="1.3.6.1.2.1.1.3.0"), every="reachability")
def often(row: Row) -> Iterator[Sample]:
    """Uptime (SNMPv2-MIB, RFC 3418)."""
    yield Sample("uptime_seconds", row.uptime / 100)


@collector(fetch=SnmpScalars(speed="1.3.6.1.2.1.2.2.1.5"), every="interfaces", towers={"network"})
def rarely(row: Row) -> Iterator[Sample]:
    """Speed (IF-MIB, RFC 2863)."""
    yield Sample("interface_speed_bits_per_second", row.speed)


def schedule(tasks: dict[tuple[str, str], Task], *devices: tuple[Device, tuple[str, ...]]) -> Schedule:
    return Schedule(devices, [often, rarely], tasks, INTERVALS, NOW)


def asked(found: Schedule, now: float) -> dict[str, list[Collector]]:
    due, _ = found.due(now)
    return {item.device.name: list(item.collectors) for item in due}


SWITCH, HOST = Device("sw-1", "network"), Device("web-1", "hosting")


def test_what_was_never_asked_is_due_at_once_and_once() -> None:
    """A device handed out is not handed out again before it is settled."""
    found = schedule({}, (SWITCH, ("snmp",)), (HOST, ("snmp",)))
    assert asked(found, NOW) == {"sw-1": [often, rarely], "web-1": [often]}
    assert asked(found, NOW + 3600) == {}


def test_settled_device_comes_when_its_first_collector_is_due() -> None:
    """A tenth of the interval before its time, as in a cycle; how late it is, is told."""
    tasks: dict[tuple[str, str], Task] = {}
    found = schedule(tasks, (SWITCH, ("snmp",)))
    found.due(NOW)
    tasks["sw-1", "often"], tasks["sw-1", "rarely"] = Task(NOW + 60), Task(NOW + 300)
    found.settle("sw-1", NOW + 1)
    assert asked(found, NOW + 53.9) == {}
    due, late = found.due(NOW + 56)
    assert [item.collectors for item in due] == [(often,)]
    assert round(late, 3) == 2.0


def test_what_does_not_apply_is_left_alone_until_it_may_again() -> None:
    """A collector found absent does not keep its device coming."""
    tasks = {("web-1", "often"): Task(NOW, absent_until=NOW + 86_400)}
    found = schedule(tasks, (HOST, ("snmp",)))
    assert asked(found, NOW + 3600) == {}
    assert asked(found, NOW + 86_400) == {"web-1": [often]}


def test_due_time_beyond_reason_counts_as_now() -> None:
    """A due time further off than two intervals comes from a clock that was set back."""
    found = schedule({("web-1", "often"): Task(NOW + 3600)}, (HOST, ("snmp",)))
    assert asked(found, NOW) == {"web-1": [often]}


def test_device_that_nothing_reaches_is_never_due() -> None:
    """Without a transport there is nothing to look at."""
    assert asked(schedule({}, (HOST, ())), NOW + 1e6) == {}

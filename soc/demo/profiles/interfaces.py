"""Interfaces (IF-MIB, RFC 2863). A port towards another simulated device follows that device's link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from soc.demo import ber
from soc.demo.formulas import counter
from soc.demo.profiles.subject import Subject, row, text
from soc.demo.tree import Formula, Value, Variable

_IF_ENTRY = (1, 3, 6, 1, 2, 1, 2, 2, 1)
_IF_X_ENTRY = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
_ETHERNET, _LOOPBACK, _WIRELESS = 6, 24, 71  # IANAifType
_UP, _DOWN = 1, 2
_GIGABIT = 1_000_000_000
_SWITCH_PORTS = 12
_ROUTER_PORTS = 4


@dataclass(frozen=True, slots=True)
class _Port:
    name: str
    alias: str = ""
    type: int = _ETHERNET
    speed: int = _GIGABIT  # bit/s
    enabled: bool = True
    towards: str = ""  # the device at the other end


def _ports(subject: Subject) -> Iterator[_Port]:
    device, kind = subject.device, subject.device.kind
    if kind in ("router", "gateway", "firewall", "load-balancer", "vpn-gateway"):
        yield _Port("Loopback0", "management", _LOOPBACK, 0)
        for number in range(max(_ROUTER_PORTS, len(subject.children) + 2)):
            yield _wired(subject, f"GigabitEthernet0/0/{number}", number, _GIGABIT)
    elif kind in ("switch", "wireless-controller"):
        for number in range(max(_SWITCH_PORTS, len(subject.children) + len(device.depends_on))):
            yield _wired(subject, f"GigabitEthernet1/0/{number + 1}", number, _GIGABIT)
        yield _Port("TenGigabitEthernet1/1/1", "", speed=10 * _GIGABIT, enabled=False)
    elif kind == "access-point":
        yield _Port("eth0", "uplink")
        yield _Port("wifi0", "2.4 GHz", _WIRELESS, 287_000_000)
        yield _Port("wifi1", "5 GHz", _WIRELESS, 1_200_000_000)
    elif kind in ("modem",):
        yield _Port("eth1", "lan")
        yield _Port("wwan0", "cellular", 1, 150_000_000)
    elif kind in ("hypervisor", "storage"):
        for number in range(4):
            yield _Port(f"vmnic{number}" if kind == "hypervisor" else f"eth{number}", speed=10 * _GIGABIT)
    else:
        yield _Port("lo", "", _LOOPBACK, 10_000_000)
        yield _Port("eth0", "", speed=_GIGABIT // 10 if kind in ("ups", "camera") else _GIGABIT)


def _wired(subject: Subject, name: str, number: int, speed: int) -> _Port:
    """Ports in order: towards the parents, the children, some hosts; the rest is disabled."""
    neighbours = (*subject.device.depends_on, *subject.children)
    if number < len(neighbours):
        behind = neighbours[number] if number >= len(subject.device.depends_on) else ""
        return _Port(name, neighbours[number], speed=speed, towards=behind)
    return _Port(name, "spare", speed=speed, enabled=False)


def interfaces(subject: Subject) -> list[Variable]:
    found: list[Variable] = []
    ports = list(_ports(subject))
    for index, port in enumerate(ports, start=1):
        found += _if_rows(subject, index, port)
    found.append(Variable((1, 3, 6, 1, 2, 1, 2, 1, 0), ber.INTEGER, len(ports)))
    return found


def _if_rows(subject: Subject, index: int, port: _Port) -> list[Variable]:
    generator = subject.dice(f"port {port.name}")
    booted, phase = subject.booted, generator.uniform(0, 6.28)
    busy = generator.uniform(0.0005, 0.12) * port.speed / 8 if port.enabled else 0.0
    share = generator.uniform(0.2, 0.9)
    received = counter(busy, booted, 0, phase) if busy else 0
    sent = counter(busy * share, booted, 0, phase + 1) if busy else 0
    packets_in = counter(busy / 640, booted, 0, phase) if busy else 0
    packets_out = counter(busy * share / 640, booted, 0, phase + 1) if busy else 0
    errors = generator.randint(0, 12) if port.enabled else 0
    discards = generator.randint(0, 80) if port.enabled else 0
    mac = bytes((2, 0, 0, generator.randrange(256), generator.randrange(256), index & 0xFF))
    c32, c64, number = ber.COUNTER32, ber.COUNTER64, ber.INTEGER
    found = row(_IF_ENTRY, (index,), {
        1: (number, index), 2: text(port.name), 3: (number, port.type), 4: (number, 1500),
        5: (ber.GAUGE32, min(port.speed, 0xFFFFFFFF)), 6: (ber.OCTET_STRING, mac),
        7: (number, _UP if port.enabled else _DOWN), 8: (number, _operational(subject, port)),
        9: (ber.TIME_TICKS, 4200), 10: (c32, received), 11: (c32, packets_in), 13: (c32, discards),
        14: (c32, errors), 15: (c32, 0), 16: (c32, sent), 17: (c32, packets_out), 19: (c32, discards // 2),
        20: (c32, 0),
    })  # fmt: skip
    return found + row(_IF_X_ENTRY, (index,), {
        1: text(port.name), 2: (c32, 0), 3: (c32, 0), 4: (c32, 0), 5: (c32, 0), 6: (c64, received),
        7: (c64, packets_in), 8: (c64, 0), 9: (c64, 0), 10: (c64, sent), 11: (c64, packets_out),
        12: (c64, 0), 13: (c64, 0), 14: (number, 1), 15: (ber.GAUGE32, port.speed // 1_000_000),
        16: (number, 2), 17: (number, 1), 18: text(port.alias), 19: (ber.TIME_TICKS, 0),
    })  # fmt: skip


def _operational(subject: Subject, port: _Port) -> Value | Formula:
    if not port.enabled:
        return _DOWN
    scenario, neighbour = subject.scenario, port.towards
    if neighbour != scenario.outage.device:
        return _UP
    return lambda time: _DOWN if scenario.link_down(neighbour, time) else _UP

"""Hosts that forward their log: from their own addresses, in both formats, understood by the refiner."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from soc.demo.estate import Estate
from soc.demo.syslog import SyslogSender
from soc.detection.places import load_all_rules
from soc.intake.refine import ReceivedLine, Refiner
from soc.inventory import Inventory

START = 1_800_000_000.0


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """A UDP socket on a free port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.2)
        yield udp


def _received(udp: socket.socket, inventory: Inventory) -> list[tuple[str, bytes]]:
    names = {device.addresses[0]: device.name for device in inventory.devices.values()}
    found = []
    while True:
        try:
            message, (address, _) = udp.recvfrom(65535)
        except TimeoutError:
            return found
        found.append((names[address], message))


def test_an_attack_is_sent_line_by_line(
    receiver: socket.socket, inventory: Inventory, estate: Estate
) -> None:
    """Every line comes from the attacked host, once, when its time has come; the login comes last."""
    attack = estate.scenario.attack
    sender = SyslogSender(estate, receiver.getsockname(), START)
    sender.attack(START)
    sender.send(START + attack.seconds / 2)
    first = [line for name, line in _received(receiver, inventory) if attack.source_ip.encode() in line]
    sender.send(START + attack.seconds + 1)
    sender.send(START + attack.seconds + 1)
    rest = _received(receiver, inventory)
    sender.close()
    second = [line for name, line in rest if attack.source_ip.encode() in line]
    assert {name for name, line in rest if attack.source_ip.encode() in line} == {attack.device}
    failed = [b"Failed password" in line for line in (*first, *second)]
    assert 0 < sum(failed[: len(first)]) < attack.attempts
    assert sum(failed) == attack.attempts
    accepted = [number for number, line in enumerate(second) if b"Accepted password" in line]
    assert accepted == [len(second) - 1]


def test_everyday_life_comes_from_each_host(
    receiver: socket.socket, inventory: Inventory, estate: Estate
) -> None:
    """Each host that lives sends its own lines in its own format; the dead send nothing."""
    scenario = estate.scenario
    sender = SyslogSender(estate, receiver.getsockname(), START)
    sender.send(START + 60)
    found = _received(receiver, inventory)
    sender.close()
    silent = {name for name in scenario.forwarding if scenario.silent(name, START)}
    assert silent
    assert {name for name, _ in found} == scenario.forwarding - silent
    refiner = Refiner(inventory.devices, load_all_rules())
    lines = [
        ReceivedLine(str(number), message.decode(), START + 60, inventory.devices[name].addresses[0], "udp")
        for number, (name, message) in enumerate(found)
    ]
    events, _ = refiner.refine_received(lines)
    assert [event.device for event in events] == [name for name, _ in found]
    assert {event.service for event in events} <= {"sshd", "sudo", "cron"}
    assert all(START <= event.time <= START + 60 for event in events)
    assert {message.startswith(b"<86>1 ") for _, message in found} == {True, False}, "both RFCs are spoken"


def test_nobody_listening_is_no_trouble(estate: Estate) -> None:
    """A receiver that is away costs the senders nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        endpoint = udp.getsockname()
    sender = SyslogSender(estate, endpoint, START)
    sender.attack(START)
    for second in range(1, 5):
        sender.send(START + second)
    sender.close()

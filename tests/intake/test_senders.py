"""soc.intake.senders"""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from soc.intake.senders import Senders
from soc.model import Device

WEB = Device("web-01", "hosting", addresses=("192.0.2.10", "2001:db8::10"), log_names=("www",))
GONE = Device("gone", "hosting", addresses=("192.0.2.11",), state="retired")
NAT_A = Device("nat-a", "network", addresses=("192.0.2.20",))
NAT_B = Device("nat-b", "network", addresses=("192.0.2.20",))
RELAY = Device("relay", "hosting", addresses=("10.9.0.1",))
SENDERS = Senders(
    [WEB, GONE, NAT_A, NAT_B, RELAY], [ip_network("10.9.0.0/24"), ip_network("2001:db8:9::/64")]
)


@pytest.mark.parametrize(
    ("address", "host", "device", "relayed"),
    [
        ("192.0.2.10", "anything", WEB, False),
        ("192.0.2.10", "nat-a", WEB, False),
        ("2001:db8::10", "", WEB, False),
        ("192.0.2.99", "web-01", None, False),
        ("192.0.2.11", "gone", None, False),
        ("192.0.2.20", "nat-b", NAT_B, False),
        ("192.0.2.20", "NAT-A.example.org", NAT_A, False),
        ("192.0.2.20", "web-01", None, False),
        ("10.9.0.1", "web-01", WEB, True),
        ("10.9.0.77", "WWW", WEB, True),
        ("10.9.0.77", "web-01.example.org", WEB, True),
        ("10.9.0.77", "192.0.2.10", WEB, True),
        ("10.9.0.1", "relay", RELAY, True),
        ("10.9.0.1", "nobody", None, True),
        ("10.9.0.1", "", None, True),
        ("2001:db8:9::1%eth0", "web-01", WEB, True),
        ("not an address", "web-01", None, False),
    ],
)
def test_who_sent_it(address: str, host: str, device: Device | None, relayed: bool) -> None:
    """The address decides; the host's claim counts only behind a relay or a shared address."""
    assert SENDERS.device(address, host) == (device, relayed)


def test_an_address_that_stands_for_one_device() -> None:
    """Neither a relay's nor a shared address says which device it is before the message is read."""
    assert SENDERS.by_address("192.0.2.10") == WEB
    assert SENDERS.by_address("192.0.2.20") is None
    assert SENDERS.by_address("10.9.0.1") is None


def test_an_address_that_was_handed_on() -> None:
    """What comes and goes may have lost its address to another device of ours: the message is nobody's."""
    laptops = [
        Device("lt-1", "end-user", addresses=("10.0.0.1",), availability="best-effort"),
        Device("lt-2", "end-user", addresses=("10.0.0.2",), availability="best-effort"),
    ]
    senders = Senders(laptops, ())
    assert senders.device("10.0.0.1", "lt-2") == (None, False)
    assert senders.device("10.0.0.1", "LT-1.example.org") == (laptops[0], False)
    assert senders.device("10.0.0.1", "desktop-7") == (laptops[0], False)

"""soc.intake.own_logins"""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soc.detection.load import load_rules
from soc.intake.own_logins import OwnLogins, local_addresses
from soc.intake.refine import Refiner
from soc.inventory import load_inventory
from soc.model import Device, LogRecord, Match
from soc.model.shipped import shipped

RULES = load_rules([shipped("rules") / "detection", shipped("rules") / "correlation"])
INVENTORY = """\
version: 1
settings: {own_addresses: [198.51.100.0/24]}
credentials:
  ops: {ssh: {user: soc, key_file: /k, known_hosts: /h}}
  root: {ssh: {user: root, key_file: /k, known_hosts: /h}}
  lab: {snmp: {version: "3", user: monitor}}
devices:
  - {name: web-01, address: 192.0.2.10, tower: hosting, credentials: [ops, lab]}
  - {name: old-01, address: 192.0.2.11, tower: hosting, credentials: [root]}
  - {name: bastion, address: 192.0.2.20, tower: hosting, credentials: [ops]}
  - {name: inner-01, address: 10.1.0.1, tower: hosting, credentials: [ops], ssh: {jump: bastion}}
  - {name: self-01, address: 127.0.0.1, tower: hosting, credentials: [ops]}
"""


@pytest.fixture
def own(tmp_path: Path) -> OwnLogins:
    """What the inventory makes of a machine that has the address 192.0.2.1."""
    path = tmp_path / "inventory.yaml"
    path.write_text(INVENTORY)
    return OwnLogins.of(load_inventory(path), ["192.0.2.1", "2001:db8::1"])


@pytest.mark.parametrize(
    ("device", "user", "address"),
    [
        ("web-01", "soc", "192.0.2.1"),
        ("web-01", "soc", "2001:db8::1"),
        ("web-01", "soc", "198.51.100.7"),  # as hosts see us
        ("old-01", "root", "192.0.2.1"),
        ("bastion", "soc", "192.0.2.1"),
        ("inner-01", "soc", "192.0.2.20"),  # through the jump host
        ("self-01", "soc", "127.0.0.1"),
    ],
)
def test_account_and_address_are_ours(own: OwnLogins, device: str, user: str, address: str) -> None:
    """A login of the device's SSH account from where we collect is ours."""
    assert own.made(device, user, address)


@pytest.mark.parametrize(
    ("device", "user", "address"),
    [
        ("web-01", "root", "192.0.2.1"),  # another user from our machine
        ("web-01", "monitor", "192.0.2.1"),  # an SNMP user is no account
        ("web-01", "soc", "203.0.113.7"),  # our account from elsewhere: the key was stolen
        ("web-01", "soc", "192.0.2.20"),  # from a jump host that is not this device's
        ("web-01", "soc", "127.0.0.1"),  # from the host itself
        ("inner-01", "soc", "192.0.2.1"),  # past the jump host
        ("old-01", "soc", "192.0.2.1"),  # another device's account
        ("nobody", "soc", "192.0.2.1"),
        ("", "soc", "192.0.2.1"),
        ("web-01", "", "192.0.2.1"),
        ("web-01", "soc", ""),
        ("web-01", "soc", "localhost; rm"),
    ],
)
def test_everything_else_is_not(own: OwnLogins, device: str, user: str, address: str) -> None:
    """Account or address alone are not enough."""
    assert not own.made(device, user, address)


def test_local_addresses_are_those_of_the_interfaces() -> None:
    """Loopback is among them, and nothing that is no IP address."""
    found = local_addresses()
    assert "127.0.0.1" in found
    for address in found:
        socket.getaddrinfo(address, None, flags=socket.AI_NUMERICHOST)


def _matches(own: OwnLogins, *texts: str) -> list[str]:
    stamp = datetime(2026, 3, 1, 10, tzinfo=UTC).isoformat()
    web = Device("web-01", "hosting", ("192.0.2.10",))
    records = [
        (web, LogRecord("auth", str(number), f"{stamp} web-01 sshd[{number}]: {text}"), 1_772_360_000.0)
        for number, text in enumerate(texts)
    ]
    matches: list[Match] = Refiner({}, RULES, own_logins=own).refine(records)[1]
    return [RULES.by_id[match.rule_id].name for match in matches]


def test_rules_about_logins_leave_ours_out(own: OwnLogins) -> None:
    """Our login is stored with its tag and matches no rule; the same account from elsewhere does."""
    ours = "Accepted publickey for soc from 192.0.2.1 port 50000 ssh2: ED25519 SHA256:x"
    assert _matches(own, ours) == []
    assert _matches(own, ours.replace("192.0.2.1", "203.0.113.7")) == ["ssh_login_success"]
    web = Device("web-01", "hosting")
    ((event,), _) = Refiner({}, RULES, own_logins=own).refine(
        [(web, LogRecord("auth", "1", f"Mar  1 10:00:00 web-01 sshd[1]: {ours}"), 1_772_360_000.0)]
    )
    assert event.fields["own_login"] == "true"


def test_guesses_from_our_own_address_still_match(own: OwnLogins) -> None:
    """Whoever tries passwords from the machine that collects is seen, whatever the account."""
    failures = [f"Failed password for {user} from 192.0.2.1 port 4000 ssh2" for user in ("root", "soc")]
    assert _matches(own, *failures) == ["ssh_login_failure", "ssh_login_failure"]
    assert _matches(own, "Accepted password for root from 192.0.2.1 port 4000 ssh2") == [
        "ssh_login_success", "ssh_root_password_login",
    ]  # fmt: skip

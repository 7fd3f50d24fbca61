"""soc.collect.credentials: which are tried, which rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from soc.collect import credentials
from soc.collect.credentials import REST_SECONDS, Rests, usable
from soc.collect.port import ResolvedCredential
from soc.inventory import load_inventory
from soc.model import Device

NOW = 1_700_000_000.0
SALT = b"0123456789abcdef"
DEVICE = Device("web-1", "hosting", credentials=("old", "new", "lab"))


def ssh(name: str = "old", **settings: object) -> ResolvedCredential:
    return ResolvedCredential(name, "ssh", {"user": "soc", **settings})


def test_what_worked_last_is_tried_first() -> None:
    """Credentials of the transport's kind, in the inventory's order behind the one that worked."""
    resolved = {
        "old": ssh("old"), "new": ssh("new"), "lab": ResolvedCredential("lab", "snmp"),
    }  # fmt: skip
    found, resting = usable(DEVICE, "ssh", resolved, credentials.NO_RESTS, "new", NOW)
    assert ([item.name for item in found], resting) == (["new", "old"], False)


def test_two_refusals_rest_a_credential_on_that_device_for_an_hour() -> None:
    """It rests nowhere else, and not before its time where the clock was stepped back."""
    rests = Rests({}, SALT)
    rests.refused("web-1", ssh(), NOW)
    assert not rests.resting("web-1", ssh(), NOW)
    rests.refused("web-1", ssh(), NOW)
    assert rests.resting("web-1", ssh(), NOW + REST_SECONDS - 1)
    assert not rests.resting("web-2", ssh(), NOW)
    assert not rests.resting("web-1", ssh(), NOW + REST_SECONDS)
    assert not rests.resting("web-1", ssh(), NOW - 86400)


def test_key_file_with_another_key_is_another_credential(tmp_path: Path) -> None:
    """Replacing the key behind an unchanged path ends the rest."""
    key = tmp_path / "key"
    key.write_text("one")
    rests = Rests({}, SALT)
    for _ in range(2):
        rests.refused("web-1", ssh(key_file=str(key)), NOW)
    assert rests.resting("web-1", ssh(key_file=str(key)), NOW)
    key.write_text("another")
    assert not rests.resting("web-1", ssh(key_file=str(key)), NOW)


def test_a_refusal_is_forgotten_once_it_is_accepted() -> None:
    """An accepted credential starts from nothing."""
    rests = Rests({}, SALT)
    for _ in range(2):
        rests.refused("web-1", ssh(), NOW)
    assert [rests.accepted("web-1", "old"), rests.accepted("web-1", "old")] == [True, False]
    assert not rests.resting("web-1", ssh(), NOW)


def test_a_password_refused_everywhere_costs_one_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow hash is made once for a credential, not for each of thousands of devices."""
    made = []
    scrypt = credentials.hashlib.scrypt
    monkeypatch.setattr(
        credentials.hashlib, "scrypt", lambda *args, **options: made.append(1) or scrypt(*args, **options)
    )
    rests, credential = Rests({}, SALT), ssh(password="wrong")
    for number in range(1000):
        rests.refused(f"host-{number}", credential, NOW)
        rests.refused(f"host-{number}", credential, NOW)
        assert rests.resting(f"host-{number}", credential, NOW)
    assert len(made) == 1


def test_a_seal_holds_no_secret() -> None:
    """What is kept of a refusal does not show the password it is about."""
    refusal = Rests({}, SALT).refused("web-1", ssh(password="hunter2"), NOW)
    assert b"hunter2" not in refusal.seal
    assert len(refusal.seal) == 16


def test_hops_are_in_the_order_they_are_reached(tmp_path: Path) -> None:
    """With the credentials of each that do not rest there; all of them need resolving."""
    path = tmp_path / "inventory.yaml"
    path.write_text(
        "version: 1\n"
        "credentials:\n"
        "  ops: {ssh: {user: soc, key_file: k, known_hosts: h}}\n"
        "  old: {ssh: {user: soc, key_file: k, known_hosts: h}}\n"
        "  lab: {snmp: {version: '2c', community: {env: C}}}\n"
        "devices:\n"
        "  - {name: outer, tower: security, address: 192.0.2.1, credentials: [ops, old, lab]}\n"
        "  - {name: inner, tower: security, address: 10.0.0.1, credentials: [ops], ssh: {jump: outer}}\n"
        "  - {name: web-1, tower: hosting, address: 10.1.0.1, credentials: [ops], ssh: {jump: inner}}\n"
    )
    inventory = load_inventory(path)
    resolved = {name: ssh(name) for name in ("ops", "old")}
    rests = Rests({}, SALT)
    for _ in range(2):
        rests.refused("outer", resolved["old"], NOW)
    way = credentials.hops(inventory.devices["web-1"], inventory, resolved, rests, NOW)
    assert [(hop.device.name, [item.name for item in hop.credentials]) for hop in way] == [
        ("outer", ["ops"]), ("inner", ["ops"]),
    ]  # fmt: skip
    assert credentials.needed(inventory, [inventory.devices["web-1"]]) == {"ops", "old"}
    assert credentials.hops(inventory.devices["outer"], inventory, resolved, rests, NOW) == ()

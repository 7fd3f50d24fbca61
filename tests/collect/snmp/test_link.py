"""SNMPv3 against Debian's snmpd: discovery, keys, and what a wrong one looks like."""

from __future__ import annotations

import pytest

from soc.collect import SnmpScalars, SnmpTable, text

from .conftest import USERS, poll, v3

SYSTEM = SnmpScalars(name=text("1.3.6.1.2.1.1.5.0"), location=text("1.3.6.1.2.1.1.6.0"))
INTERFACES = SnmpTable("1.3.6.1.2.1.2.2.1", name=text(2))


@pytest.mark.parametrize("user", USERS)
def test_every_level_and_protocol_reads(snmpd: int, user: str) -> None:
    """noAuthNoPriv, authNoPriv and authPriv; the engine id is remembered and used again."""
    answer = poll(snmpd, (SYSTEM, INTERFACES), v3(user))
    assert answer.failure is None
    assert answer.values[SYSTEM].name == "example-agent"
    assert "lo" in [row.name for row in answer.values[INTERFACES]]
    assert len(bytes.fromhex(answer.hints["engine_id"])) >= 5
    again = poll(snmpd, (SYSTEM,), v3(user), hints=answer.hints)
    assert again.failure is None
    assert again.hints.get("engine_id", answer.hints["engine_id"]) == answer.hints["engine_id"]
    assert again.values[SYSTEM].name == "example-agent"


@pytest.mark.parametrize(
    "changes",
    [
        {"user": "nobody"},
        {"auth": {"protocol": "sha256", "key": "not-the-password"}},
        {"auth": {"protocol": "sha512", "key": "correct-horse-auth"}},
        {"priv": {"protocol": "aes128", "key": "not-the-password"}},
        {"priv": {"protocol": "des", "key": "correct-horse-priv"}},
        {"priv": None},
    ],
    ids=["user", "auth key", "auth protocol", "priv key", "priv protocol", "level"],
)
def test_a_wrong_user_or_key_is_an_authentication_failure(snmpd: int, changes: dict[str, object]) -> None:
    """The agent answered and did not accept the credential, whichever part of it is wrong."""
    answer = poll(snmpd, (SYSTEM,), v3("sha256aes128", timeout=0.1, **changes))
    assert answer.failure is not None
    assert answer.failure.reason == "authentication"
    assert answer.answered
    assert answer.refused_credentials == ("c0",)
    assert "password" not in repr(answer)


def test_a_refused_credential_leaves_the_next_its_turn(snmpd: int) -> None:
    """After an authentication failure the next credential is tried on the same address."""
    wrong = v3("sha256aes128", auth={"protocol": "sha256", "key": "not-the-password"})
    answer = poll(snmpd, (SYSTEM,), wrong, v3("md5des"))
    assert answer.failure is None
    assert (answer.credential, answer.refused_credentials) == ("c1", ("c0",))


def test_another_engine_at_a_known_address_is_discovered_anew(snmpd: int) -> None:
    """A replaced device has another engine id: the remembered one is given up after one silence."""
    hints = {"credential": "c0", "endpoint": f"127.0.0.1:{snmpd}", "engine_id": "80001f8804deadbeef"}
    answer = poll(snmpd, (SYSTEM,), v3("sha256aes128", timeout=0.2), hints=hints)
    assert answer.failure is None
    assert answer.hints["engine_id"] != hints["engine_id"]

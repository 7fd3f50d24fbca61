"""soc.collect.snmp.reference and public: the engines beside the fast one give the same."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from soc.collect import SnmpScalars, SnmpTable, integer, text
from soc.collect.snmp import transport
from soc.demo import ber
from tests.support.snmpd import running_snmpd

from .agents import honest, serving
from .conftest import USERS, poll, v3

SYSTEM = SnmpScalars(
    name=text("1.3.6.1.2.1.1.5.0"), location=text("1.3.6.1.2.1.1.6.0"), absent=text("1.3.6.1.2.1.99.1.0")
)
INTERFACES = SnmpTable("1.3.6.1.2.1.2.2.1", index_=integer(1), name=text(2), nothing=text(99))
LAB = {"version": "2c", "community": "public", "timeout": 2.0, "tries": 2}


def _content(answer: object) -> object:
    assert answer.failure is None, answer.failure
    system, rows = answer.values[SYSTEM], answer.values[INTERFACES]
    return (system.name, system.location, system.absent, [(row.index, row.index_, row.name) for row in rows])


@pytest.mark.parametrize("version", ["1", "2c"])
def test_pysnmp_reads_what_gufo_reads(snmpd: int, version: str) -> None:
    """The same scalars and rows, absent ones absent."""
    fetches, settings = (SYSTEM, INTERFACES), LAB | {"version": version}
    other = poll(snmpd, fetches, settings, options={"engine": "pysnmp"})
    assert _content(other) == _content(poll(snmpd, fetches, settings))
    assert other.credential == "c0"


@pytest.mark.parametrize("user", USERS)
def test_pysnmp_speaks_every_level(snmpd: int, user: str) -> None:
    """noAuthNoPriv, authNoPriv and authPriv with master keys."""
    answer = poll(snmpd, (SYSTEM, INTERFACES), v3(user, timeout=2), options={"engine": "pysnmp"})
    assert _content(answer)[0] == "example-agent"


@pytest.mark.parametrize("version", ["1", "2c"])
def test_the_public_api_reads_what_the_private_one_reads(
    snmpd: int, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where gufo's sockets are not as we know them, its public API serves."""
    fetches, settings = (SYSTEM, INTERFACES), LAB | {"version": version}
    expected = _content(poll(snmpd, fetches, settings))
    monkeypatch.setattr(transport, "FAST", False)
    assert _content(poll(snmpd, fetches, settings)) == expected


@pytest.mark.parametrize("user", USERS)
def test_the_public_api_speaks_every_level(snmpd: int, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """noAuthNoPriv, authNoPriv and authPriv with master keys."""
    monkeypatch.setattr(transport, "FAST", False)
    answer = poll(snmpd, (SYSTEM, INTERFACES), v3(user, timeout=2))
    assert _content(answer)[0] == "example-agent"


def test_a_wrong_key_is_an_authentication_failure_with_pysnmp_too(snmpd: int) -> None:
    """The agent answered and did not accept the credential."""
    wrong = v3("sha256aes128", timeout=1, auth={"protocol": "sha256", "key": "not-the-password"})
    answer = poll(snmpd, (SYSTEM,), wrong, options={"engine": "pysnmp"})
    assert answer.failure is not None
    assert (answer.failure.reason, answer.answered) == ("authentication", True)
    assert answer.refused_credentials == ("c0",)


def test_a_context_is_read_in_place_of_the_default_one(tmp_path: Path) -> None:
    """snmpd passes its context vlan-10 on to another agent: what only that holds comes, rows included."""
    behind = honest(
        {
            "1.3.6.1.2.1.1.3.0": (ber.TIME_TICKS, 4711),
            "1.3.6.1.2.1.1.5.0": (ber.OCTET_STRING, b"behind the context"),
            "1.3.6.1.2.1.2.2.1.1.10": (ber.INTEGER, 10),
            "1.3.6.1.2.1.2.2.1.2.10": (ber.OCTET_STRING, b"vlan-10"),
        }
    )
    access = v3("sha256aes128", timeout=2)
    with serving(lambda request: [behind.respond(request.datagram, 0.0) or b""]) as inner:
        lines = [
            "sysName in front",
            "rouser sha256aes128 priv .1 vlan-10",
            f"proxy -Cn vlan-10 -v 2c -c public 127.0.0.1:{inner} .1.3",
        ]
        with running_snmpd(tmp_path, lines) as port:
            answer = poll(port, (SYSTEM, INTERFACES), access, options={"context": "vlan-10"})
            assert _content(answer) == ("behind the context", None, None, [("10", 10, "vlan-10")])
            assert poll(port, (SYSTEM,), access).values[SYSTEM].name == "in front"


def test_a_context_that_the_agent_lacks_is_not_read_from_another(snmpd: int) -> None:
    """snmpd has its default context alone: nothing is taken from that instead."""
    access = v3("sha256aes128", timeout=0.3)
    answer = poll(snmpd, (SYSTEM,), access, options={"context": "vlan-10"})
    assert answer.failure is not None
    assert answer.values == {}
    assert poll(snmpd, (SYSTEM,), access, options={"engine": "pysnmp"}).failure is None


def test_silence_is_a_timeout_with_every_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries and their waits are ours, whichever engine sends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        settings = LAB | {"timeout": 0.1}
        reference = poll(port, (SYSTEM,), settings, options={"engine": "pysnmp"})
        monkeypatch.setattr(transport, "FAST", False)
        public = poll(port, (SYSTEM,), settings)
    for answer in (reference, public):
        assert answer.failure is not None
        assert (answer.failure.reason, answer.answered) == ("timeout", False)

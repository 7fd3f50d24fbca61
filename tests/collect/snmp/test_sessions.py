"""soc.collect.snmp.sessions: what answered is asked over the same socket again."""

from __future__ import annotations

import time

from soc.collect import SnmpScalars, text
from soc.collect.port import Answer, Job, ResolvedCredential
from soc.collect.snmp import SnmpTransport
from soc.collect.snmp.access import Access
from soc.collect.snmp.gufo import Session
from soc.collect.snmp.sessions import Sessions
from soc.model import Device

from .agents import Request, honest, serving
from .conftest import v3

SYSTEM = SnmpScalars(name=text("1.3.6.1.2.1.1.5.0"))
ENDPOINT = "127.0.0.1:9"


def test_a_session_is_handed_out_once() -> None:
    """Whoever takes it has it alone, until it is given back; another credential has none."""
    sessions, access = Sessions(), Access("lab", "2c", "public")
    session = Session(ENDPOINT, access)
    sessions.give(ENDPOINT, access, session)
    assert sessions.take(ENDPOINT, Access("lab", "2c", "changed"), session.clock_read) is None
    assert sessions.take(ENDPOINT, access, session.clock_read + 9000) is session
    assert sessions.take(ENDPOINT, access, session.clock_read) is None


def test_the_oldest_gives_way() -> None:
    """No more are kept than files may be open."""
    sessions, access = Sessions(maximum=2), Access("lab", "2c", "public")
    for port in (1, 2, 3):
        sessions.give(f"127.0.0.1:{port}", access, Session(f"127.0.0.1:{port}", access))
    found = [sessions.take(f"127.0.0.1:{port}", access, 0.0) is not None for port in (1, 2, 3)]
    assert found == [False, True, True]


def test_a_clock_read_long_ago_is_read_again() -> None:
    """Within 150 s an SNMPv3 agent takes our idea of its time; after 120 we ask."""
    sessions, access = Sessions(), Access("core", "3", user="plain")
    session = Session(ENDPOINT, access)
    sessions.give(ENDPOINT, access, session)
    assert sessions.take(ENDPOINT, access, session.clock_read + 121) is None


def test_version_3_needs_one_request_from_the_second_poll_on(snmpd: int) -> None:
    """Engine, clock and keys are known; the answers are the same."""
    credentials = (ResolvedCredential("core", "snmp", v3("sha256aes128", timeout=5)),)
    device = Device("d", "network", addresses=("127.0.0.1",), options={"snmp": {"port": snmpd}})
    transport, answers = SnmpTransport(), list[Answer]()
    hints: dict[str, object] = {}
    for _ in range(3):
        job = Job(device, credentials, (SYSTEM,), hints=hints)
        transport.run([job], answers.append, time.monotonic() + 60)
        hints = {**hints, **answers[-1].hints}
    assert [answer.failure for answer in answers] == [None] * 3
    assert {answer.values[SYSTEM].name for answer in answers} == {"example-agent"}
    assert answers[1].hints == answers[2].hints == {}


def test_an_agent_that_begins_anew_is_asked_anew() -> None:
    """A kept socket that is refused is no verdict: the device is asked over another one."""
    agent = honest({"1.3.6.1.2.1.1.3.0": (0x43, 1), "1.3.6.1.2.1.1.5.0": (0x04, b"x")})
    asked: list[Request] = []

    def answer(request: Request) -> list[bytes]:
        asked.append(request)
        return [agent.respond(request.datagram, 0.0) or b""]

    credentials = (ResolvedCredential("lab", "snmp", {"version": "2c", "community": "public", "timeout": 5}),)
    transport, answers = SnmpTransport(), list[Answer]()
    with serving(answer) as port:
        device = Device("d", "network", addresses=("127.0.0.1",), options={"snmp": {"port": port}})
        hints: dict[str, object] = {}
        for _ in range(2):
            job = Job(device, credentials, (SYSTEM,), hints=hints)
            transport.run([job], answers.append, time.monotonic() + 60)
            hints = {**hints, **answers[-1].hints}
    job = Job(device, credentials, (SYSTEM,), hints=hints)
    transport.run([job], answers.append, time.monotonic() + 60)
    assert [answer.failure and answer.failure.reason for answer in answers] == [None, None, "refused"]

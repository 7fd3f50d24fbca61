"""soc.collect.snmp.gufo: whatever arrives, a session gives a value or a Signal."""

from __future__ import annotations

import select
import socket

from hypothesis import example, given, settings
from hypothesis import strategies as st

from soc.collect.snmp.access import Access
from soc.collect.snmp.gufo import Bulk, Get, Next, Operation, Session, Signal

from .agents import Request, response
from .conftest import free_udp_port

ACCESS = Access("lab", "2c", "public")
OID = "1.3.6.1.2.1.1.5.0"
EMPTY_BINDING = b"\x30\x02\x30\x00"


def _receive(operation: Operation, answer: bytes | None, mutate: tuple[int, int] | None = None) -> object:
    """What the session makes of a datagram: `answer`, or the true one with one octet changed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        session = Session(f"127.0.0.1:{agent.getsockname()[1]}", ACCESS)
        assert session.send(operation) is None
        datagram, peer = agent.recvfrom(65535)
        if answer is None:
            answer = response(Request.parse(datagram), [(OID, b"\x04\x03abc")])
        if mutate:
            at, octet = mutate
            changed = bytearray(answer)
            changed[at % len(changed)] = octet
            answer = bytes(changed)
        agent.sendto(answer, peer)
        select.select([session.fd], [], [], 1)
        return session.receive(operation)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
@example(b"")
@example(b"0" * 4200)
def test_noise_is_garbage_or_ignored(noise: bytes) -> None:
    """Random datagrams never raise and never count as an answer."""
    assert _receive(Get([OID]), noise) in (Signal.GARBAGE, None)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 200), st.integers(0, 255))
def test_one_wrong_octet_never_raises(at: int, octet: int) -> None:
    """A true answer with any octet changed is a value, a Signal or ignored."""
    for operation in (Get([OID]), Bulk("1.3.6.1.2.1.1.5", 4), Next("1.3.6.1.2.1.1.5")):
        outcome = _receive(operation, None, (at, octet))
        assert outcome is None or isinstance(outcome, dict | list | Signal)


def test_a_refused_port_is_told() -> None:
    """ECONNREFUSED on the connected socket is Signal.REFUSED."""
    session = Session(f"127.0.0.1:{free_udp_port()}", ACCESS)
    assert session.send(Get([OID])) is None
    select.select([session.fd], [], [], 1)
    assert session.receive(Get([OID])) is Signal.REFUSED


def test_a_request_that_does_not_fit_is_told() -> None:
    """More OIDs than a datagram takes are TOO_BIG before anything is sent."""
    session = Session(f"127.0.0.1:{free_udp_port()}", ACCESS)
    assert session.send(Get([f"1.3.6.1.4.1.99999.{row}.0" for row in range(1000)])) is Signal.TOO_BIG

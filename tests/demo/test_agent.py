"""The demo's SNMP agent, spoken to by net-snmp's programs over a real socket."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from soc.demo import ber
from soc.demo.agent import GET, GET_NEXT, SET, Agent
from soc.demo.serve import AgentServer, Endpoint
from soc.demo.tree import Variable, VariableTree

SYSTEM = (1, 3, 6, 1, 2, 1, 1)
TABLE = (1, 3, 6, 1, 2, 1, 2, 2, 1)


def _variables() -> list[Variable]:
    rows = [
        variable
        for index in range(1, 41)
        for variable in (
            Variable((*TABLE, 1, index), ber.INTEGER, index),
            Variable((*TABLE, 2, index), ber.OCTET_STRING, f"port {index}".encode()),
            Variable((*TABLE, 10, index), ber.COUNTER32, lambda time, index=index: int(time) * index),
        )
    ]
    return [
        Variable((*SYSTEM, 1, 0), ber.OCTET_STRING, b"simulated"),
        Variable((*SYSTEM, 2, 0), ber.OBJECT_IDENTIFIER, (1, 3, 6, 1, 4, 1, 8072, 3, 2, 10)),
        Variable((*SYSTEM, 3, 0), ber.TIME_TICKS, 12345),
        Variable((1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1), ber.COUNTER64, 1 << 63),
        Variable((1, 3, 6, 1, 2, 1, 4, 20, 1, 1, 10, 0, 0, 1), ber.IP_ADDRESS, bytes((10, 0, 0, 1))),
        *rows,
    ]


class _Running:
    def __init__(self) -> None:
        self.dead: set[str] = set()
        tree = VariableTree(_variables())
        agents = {
            (address, 0): Agent(tree, "secret", silent=lambda _, address=address: address in self.dead)
            for address in ("127.0.21.1", "127.0.21.2")
        }
        self.server = AgentServer(agents)
        read, self._stop = os.pipe()
        self.thread = threading.Thread(target=self.server.serve, args=(read, time.time))
        self.thread.start()

    def stop(self) -> None:
        os.write(self._stop, b"x")
        self.thread.join(10)
        self.server.close()


@pytest.fixture
def running() -> Iterator[_Running]:
    """Two devices served by one process."""
    running = _Running()
    yield running
    running.stop()


def _snmp(
    program: str, endpoint: Endpoint, *words: str, version: str = "2c", community: str = "secret"
) -> str:
    if shutil.which(program) is None:
        pytest.skip("needs Debian package snmp")
    address = f"udp:{endpoint[0]}:{endpoint[1]}"
    options = ["-v", version, "-c", community, "-t", "1", "-r", "0", "-On", "-Ih"]
    done = subprocess.run(
        [program, *options, address, *words], capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout + done.stderr


def test_get_every_type(running: _Running) -> None:
    """Each value type arrives as net-snmp prints it."""
    names = ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.31.1.1.1.6.1"]
    answer = _snmp("snmpget", running.server.endpoints[0], *names, "1.3.6.1.2.1.4.20.1.1.10.0.0.1")
    assert '"simulated"' in answer
    assert "OID: .1.3.6.1.4.1.8072.3.2.10" in answer
    assert "Timeticks: (12345)" in answer
    assert "Counter64: 9223372036854775808" in answer
    assert "IpAddress: 10.0.0.1" in answer


def test_get_absent(running: _Running) -> None:
    """v2c tells a missing instance from a missing object, v1 refuses the name."""
    endpoint = running.server.endpoints[0]
    instance, elsewhere = "1.3.6.1.2.1.2.2.1.1.99", "1.3.6.1.4.1.99999.1.0"
    assert "No Such Instance" in _snmp("snmpget", endpoint, instance)
    assert "No Such Object" in _snmp("snmpget", endpoint, elsewhere)
    assert "noSuchName" in _snmp("snmpget", endpoint, instance, version="1")


@pytest.mark.parametrize(
    ("program", "version"), [("snmpbulkwalk", "2c"), ("snmpwalk", "2c"), ("snmpwalk", "1")]
)
def test_walk_sees_every_variable_once(running: _Running, program: str, version: str) -> None:
    """A walk by GETBULK or GETNEXT lists the whole tree in order (v1 skips no 32-bit value)."""
    lines = _snmp(program, running.server.endpoints[1], "1.3.6.1.2.1.2", version=version).splitlines()
    names = [line.split(" = ")[0] for line in lines if line.startswith(".1.3.6.1.2.1.2.")]
    assert len(names) == 120
    assert names == sorted(names, key=lambda name: tuple(map(int, name.strip(".").split("."))))


def test_walk_to_the_end_of_the_view(running: _Running) -> None:
    """Behind the last variable comes endOfMibView, and the walk ends."""
    answer = _snmp("snmpbulkwalk", running.server.endpoints[0], "1.3.6.1.2.1.31")
    assert "Counter64" in answer
    assert "Timeout" not in _snmp("snmpgetnext", running.server.endpoints[0], "1.3.6.1.6")
    assert "No more variables" in _snmp("snmpgetnext", running.server.endpoints[0], "1.3.6.1.6")


def test_version_1_has_no_counter64(running: _Running) -> None:
    """A 64-bit counter is passed over by GETNEXT and refused by GET in v1 (RFC 3584)."""
    endpoint, counter = running.server.endpoints[0], "1.3.6.1.2.1.31.1.1.1.6"
    assert "noSuchName" in _snmp("snmpget", endpoint, f"{counter}.1", version="1")
    assert "Counter64" not in _snmp("snmpgetnext", endpoint, counter, version="1")


def test_wrong_community_is_silence(running: _Running) -> None:
    """A request with another community gets no answer at all."""
    assert "Timeout" in _snmp("snmpget", running.server.endpoints[0], "1.3.6.1.2.1.1.1.0", community="public")


def test_silence_is_switched_at_run_time(running: _Running) -> None:
    """A device that dies stops answering, its neighbour in the same process does not."""
    first, second = running.server.endpoints
    running.dead.add(first[0])
    assert "Timeout" in _snmp("snmpget", first, "1.3.6.1.2.1.1.1.0")
    assert "simulated" in _snmp("snmpget", second, "1.3.6.1.2.1.1.1.0")
    running.dead.clear()
    assert "simulated" in _snmp("snmpget", first, "1.3.6.1.2.1.1.1.0")


def request(
    pdu: int, names: list[tuple[int, ...]], *, version: int = 1, first: int = 0, second: int = 0
) -> bytes:
    """A request as bytes; for GETBULK `first` is non-repeaters and `second` max-repetitions."""
    bindings = b"".join(
        ber.encode(ber.SEQUENCE, ber.encode(ber.OBJECT_IDENTIFIER, ber.encode_oid(name)) + b"\x05\x00")
        for name in names
    )
    body = b"".join(ber.encode_integer(number) for number in (77, first, second))
    body += ber.encode(ber.SEQUENCE, bindings)
    head = ber.encode_integer(version) + ber.encode(ber.OCTET_STRING, b"secret")
    return ber.encode(ber.SEQUENCE, head + ber.encode(pdu, body))


def _error_status(response: bytes | None) -> int:
    assert response is not None
    at = response.index(b"\x02\x01\x4d") + 3  # behind the request id, 77
    return response[at + 2]


def test_too_big() -> None:
    """A GET whose answer exceeds the message size is tooBig; a GETBULK is cut instead."""
    agent = Agent(VariableTree(_variables()), "secret", maximum_bytes=484)
    names = [(*TABLE, 2, index) for index in range(1, 41)]
    assert _error_status(agent.respond(request(GET, names), 0.0)) == 1
    bulk = agent.respond(request(0xA5, [(*TABLE, 2)], second=50), 0.0)
    assert _error_status(bulk) == 0
    assert bulk is not None
    assert 300 < len(bulk) <= 484


def test_set_is_refused() -> None:
    """The agent is read-only: notWritable in v2c, noSuchName in v1."""
    agent = Agent(VariableTree(_variables()), "secret")
    assert _error_status(agent.respond(request(SET, [(*SYSTEM, 1, 0)]), 0.0)) == 17
    assert _error_status(agent.respond(request(SET, [(*SYSTEM, 1, 0)], version=0), 0.0)) == 2


def test_formulas_follow_the_time() -> None:
    """A formula is evaluated at the request's time and wraps at the counter's width."""
    tree = VariableTree([Variable((*TABLE, 10, 1), ber.COUNTER32, lambda time: int(time))])
    agent = Agent(tree, "secret")
    answer = agent.respond(request(GET, [(*TABLE, 10, 1)]), float((1 << 32) + 5))
    assert answer is not None
    assert answer.endswith(b"\x41\x01\x05")


def test_garbage_is_silence_or_an_answer() -> None:
    """Truncated, flipped and random datagrams never raise."""
    agent = Agent(VariableTree(_variables()), "secret")
    generator = random.Random(7)
    whole = [request(pdu, [(*TABLE, 2, 1), SYSTEM], second=5) for pdu in (GET, GET_NEXT, SET, 0xA5, 0xA7)]
    for datagram in whole:
        for cut in range(len(datagram)):
            assert agent.respond(datagram[:cut], 0.0) is None
    for _ in range(20_000):
        datagram = bytearray(generator.choice(whole))
        for _ in range(generator.randint(1, 4)):
            datagram[generator.randrange(len(datagram))] = generator.randrange(256)
        answer = agent.respond(bytes(datagram), 0.0)
        assert answer is None or answer[0] == ber.SEQUENCE
    for _ in range(5_000):
        assert agent.respond(generator.randbytes(generator.randint(0, 80)), 0.0) is None

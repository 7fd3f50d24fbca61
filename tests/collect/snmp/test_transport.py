"""SnmpTransport against Debian's snmpd, and against agents that are not there."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from soc.collect import SnmpScalars, SnmpTable, counter64, integer, text, ticks
from soc.collect.port import Answer, Job, ResolvedCredential
from soc.collect.snmp import SnmpTransport
from soc.demo import ber
from soc.model import Device

from .agents import honest, serving
from .conftest import free_udp_port, poll

SYSTEM = SnmpScalars(uptime=ticks("1.3.6.1.2.1.1.3.0"), name=text("1.3.6.1.2.1.1.5.0"))
INTERFACES = SnmpTable("1.3.6.1.2.1.31.1.1.1", name=text(1), received=counter64(6), sent=counter64(10))
STORAGE = SnmpTable(
    "1.3.6.1.2.1.25.2.3.1", description=text(3), unit_bytes=integer(4), units=integer(5), used=integer(6)
)
LAB = {"version": "2c", "community": "public", "timeout": 0.3, "tries": 2}


@pytest.mark.parametrize("version", ["1", "2c"])
def test_interfaces_agree_with_the_kernel(snmpd: int, version: str) -> None:
    """Names are those of /sys/class/net; 64-bit counters lie between two readings of it (v1 has none)."""
    before = _kernel_counters()
    answer = poll(snmpd, (SYSTEM, INTERFACES), LAB | {"version": version})
    after = _kernel_counters()
    assert answer.failure is None
    assert answer.values[SYSTEM].name == "example-agent"
    rows = {row.name: row for row in answer.values[INTERFACES]}
    assert set(rows) == set(before)
    for name, row in rows.items():
        if version == "1":
            assert row.received is None
        else:
            # snmpd reads the kernel's counters every few seconds.
            assert row.received <= after[name]
            assert row.received >= before[name] * 0.5


def test_storage_agrees_with_statvfs(snmpd: int) -> None:
    """The root file system's size and use are the kernel's, to the block."""
    answer = poll(snmpd, (STORAGE,))
    row = next(row for row in answer.values[STORAGE] if row.description == "/")
    status = os.statvfs("/")
    assert row.units * row.unit_bytes == pytest.approx(status.f_blocks * status.f_frsize, rel=0.001)
    used = (status.f_blocks - status.f_bfree) * status.f_frsize
    assert row.used * row.unit_bytes == pytest.approx(used, rel=0.05)


def test_ipv6(snmpd: int) -> None:
    """An IPv6 address is polled like any other."""
    answer = poll(snmpd, (SYSTEM,), LAB, addresses=("::1",))
    if answer.failure and answer.failure.reason == "connect":
        pytest.skip("needs IPv6 on the loopback interface")
    assert answer.failure is None
    assert answer.hints["endpoint"] == f"[::1]:{snmpd}"


def test_a_wrong_community_is_a_timeout_that_says_so(snmpd: int) -> None:
    """Agents are silent to a wrong community: the detail names that possibility."""
    answer = poll(snmpd, (SYSTEM,), LAB | {"community": "wrong", "timeout": 0.1})
    assert answer.failure is not None
    assert answer.failure.reason == "timeout"
    assert "community" in answer.failure.detail
    assert not answer.answered
    assert "wrong'" not in repr(answer)


def test_credentials_are_tried_in_order_and_the_good_one_is_remembered(snmpd: int) -> None:
    """The second works; with the hint it is the first to be tried."""
    wrong = LAB | {"community": "wrong", "timeout": 0.1}
    answer = poll(snmpd, (SYSTEM,), wrong, LAB)
    assert answer.credential == answer.hints["credential"] == "c1"
    again = poll(snmpd, (SYSTEM,), wrong, LAB, hints=answer.hints)
    assert again.credential == "c1"


def test_addresses_are_tried_in_order(snmpd: int) -> None:
    """The first address refuses, the second answers and is remembered."""
    answer = poll(snmpd, (SYSTEM,), LAB, addresses=("127.77.1.1", "127.0.0.1"))
    assert answer.failure is None
    assert answer.hints["endpoint"] == f"127.0.0.1:{snmpd}"


def test_a_refused_port_is_told_from_silence() -> None:
    """ICMP port unreachable is "refused" and no answer; a socket that says nothing is "timeout"."""
    refused = poll(free_udp_port(), (SYSTEM,), LAB)
    assert refused.failure is not None
    assert (refused.failure.reason, refused.answered) == ("refused", False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        answer = poll(silent.getsockname()[1], (SYSTEM,), LAB | {"timeout": 0.05})
    assert answer.failure is not None
    assert (answer.failure.reason, answer.answered) == ("timeout", False)
    assert answer.failures == {SYSTEM: answer.failure}


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"version": "2c"}, "community"),
        ({"version": "9", "community": "x"}, "version"),
        ({"version": "3"}, "user"),
        ({"version": "3", "user": "u", "auth": {"protocol": "rot13", "key": "hush-hush"}}, "sha256"),
        ({"version": "3", "user": "u", "auth": {"protocol": "md5"}}, "auth has no key"),
        ({"version": "3", "user": "u", "priv": {"protocol": "aes", "key": "hush-hush"}}, "priv needs auth"),
    ],
)  # fmt: skip
def test_an_unusable_credential_fails_before_a_packet(settings: dict[str, object], missing: str) -> None:
    """Reason "credential"; the detail names the setting and never a secret."""
    answer = poll(free_udp_port(), (SYSTEM,), settings)
    assert answer.failure is not None
    assert answer.failure.reason == "credential"
    assert missing in answer.failure.detail
    assert "hush-hush" not in repr(answer)


def test_an_unknown_name_is_a_failure_to_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host name without an address gets reason "resolve"; it delays nobody else."""

    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    answer = poll(free_udp_port(), (SYSTEM,), LAB, addresses=("nobody.example",))
    assert answer.failure is not None
    assert answer.failure.reason == "resolve"


def test_dead_devices_do_not_delay_the_living() -> None:
    """Of 300 devices 60 are silent: every live one is done before the first dead one is given up."""
    agent = honest(
        {"1.3.6.1.2.1.1.3.0": (ber.TIME_TICKS, 100), "1.3.6.1.2.1.1.5.0": (ber.OCTET_STRING, b"x")}
    )
    credential = (ResolvedCredential("lab", "snmp", LAB | {"timeout": 2.0, "tries": 1}),)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent,
        serving(lambda request: [agent.respond(request.datagram, 0.0) or b""]) as live,
    ):
        silent.bind(("127.0.0.1", 0))
        dead = silent.getsockname()[1]
        jobs = [
            Job(_device(f"d{number}", dead if number % 5 == 0 else live), credential, (SYSTEM,))
            for number in range(300)
        ]
        answers: list[Answer] = []
        SnmpTransport().run(jobs, answers.append, time.monotonic() + 30)
    outcome = [answer.failure is None for answer in answers]
    assert outcome == [True] * 240 + [False] * 60


def test_the_deadline_answers_for_everyone() -> None:
    """What is under way and what was not begun both end with reason "deadline", each once."""
    credential = (ResolvedCredential("lab", "snmp", LAB | {"timeout": 30.0, "tries": 1}),)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        jobs = [Job(_device(f"d{number}", port), credential, (SYSTEM,)) for number in range(400)]
        answers: list[Answer] = []
        SnmpTransport().run(jobs, answers.append, time.monotonic() + 0.05)
    assert {answer.failure.reason for answer in answers if answer.failure} == {"deadline"}
    assert sorted(answer.job.device.name for answer in answers) == sorted(job.device.name for job in jobs)


def test_one_device_has_a_time_limit_of_its_own() -> None:
    """A device that keeps us busy is cut off; the cycle's deadline is further away."""
    device = _device("slow", free_udp_port())
    agent = honest({f"1.3.6.1.2.1.31.1.1.1.1.{row}": (ber.OCTET_STRING, b"x") for row in range(1, 2000)})

    def dawdle(request: object) -> list[bytes]:
        time.sleep(0.02)
        return [agent.respond(request.datagram, 0.0) or b""]

    with serving(dawdle) as port:
        device = _device("slow", port)
        job = Job(device, (ResolvedCredential("lab", "snmp", LAB),), (INTERFACES,))
        answers: list[Answer] = []
        SnmpTransport(maximum_seconds=0.2).run([job], answers.append, time.monotonic() + 30)
    assert answers[0].failure is not None
    assert answers[0].failure.reason == "deadline"
    assert answers[0].answered


def _device(name: str, port: int) -> Device:
    return Device(name, "network", addresses=("127.0.0.1",), options={"snmp": {"port": port}})


def _kernel_counters() -> dict[str, int]:
    found = {}
    for path in Path("/sys/class/net").iterdir():
        if (path / "ifindex").exists():
            found[path.name] = int((path / "statistics/rx_bytes").read_text())
    return found


def test_a_device_long_silent_is_only_probed() -> None:
    """After three silent polls each target has one try; an answer brings the usual patience back."""
    datagrams: list[bytes] = []
    agent = honest({"1.3.6.1.2.1.1.3.0": (ber.TIME_TICKS, 100)})

    def silent(request: object) -> list[bytes]:
        datagrams.append(request.datagram)
        return []

    hints: dict[str, object] = {}
    sent = []
    settings = LAB | {"timeout": 0.05, "tries": 3}
    with serving(silent) as port:
        for _ in range(5):
            datagrams.clear()
            hints |= poll(port, (SYSTEM,), settings, hints=hints).hints
            sent.append(len(datagrams))
    assert sent == [3, 3, 3, 1, 1]
    with serving(lambda request: [agent.respond(request.datagram, 0.0) or b""]) as port:
        answer = poll(port, (SYSTEM,), settings | {"timeout": 2.0}, hints=hints)
    assert answer.failure is None
    assert answer.hints["silent"] == 0


def test_a_known_device_that_dies_has_its_tries_once() -> None:
    """The one GET for all counts as the first try."""
    datagrams: list[bytes] = []

    def silent(request: object) -> list[bytes]:
        datagrams.append(request.datagram)
        return []

    with serving(silent) as port:
        hints = {"endpoint": f"127.0.0.1:{port}", "credential": "c0"}
        answer = poll(port, (SYSTEM,), LAB | {"timeout": 0.05, "tries": 3}, hints=hints)
    assert answer.failure is not None
    assert answer.failure.reason == "timeout"
    assert len(datagrams) == 3

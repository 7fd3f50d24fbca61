"""Ping by socket and by program, in a network of its own; nothing leaves the machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from typing import Any

import pytest

from soc.collect.declare import Ping
from soc.collect.ping import PingTransport, ping_method
from soc.collect.ping.program import Statistics, parse, run_program
from soc.collect.port import Answer, Job
from soc.model import Device

# Documentation addresses (RFC 5737, RFC 3849) on the loopback interface of a new network namespace:
# the kernel answers for .1 and ::1, and drops what goes to the rest of 192.0.2.0/24.
_NETWORK = """
ip link set lo up
ip address add 192.0.2.1/32 dev lo
ip -6 address add 2001:db8::1/128 dev lo nodad || true
ip route add 192.0.2.0/24 dev lo
echo "{groups}" > /proc/sys/net/ipv4/ping_group_range
exec "{python}" -c '{program}'
"""
_PROGRAM = """
import json, sys, time
from soc.collect.declare import Ping
from soc.collect.ping import PingTransport, ping_method
from soc.collect.port import Job
from soc.model import Device
ping = Ping(count=2)
def tell(answer):
    row = answer.values.get(ping)
    print(json.dumps({
        "device": answer.job.device.name, "method": ping_method(), "answered": answer.answered,
        "reason": answer.failure.reason if answer.failure else "",
        "row": [row.sent, row.received, row.rtt_seconds] if row else None,
    }))
devices = json.loads(sys.stdin.read())
jobs = [Job(Device(name, "network", tuple(addresses)), (), (ping,)) for name, addresses in devices.items()]
PingTransport().run(jobs, tell, time.monotonic() + 20)
"""
_METHODS = {"icmp": "0 2147483647", "program": "1 0"}
_DEVICES = {
    "there": ["192.0.2.1"],
    "there-6": ["2001:db8::1"],
    "silent": ["192.0.2.99"],
    "second-address": ["192.0.2.98", "192.0.2.1"],
    "no-route": ["203.0.113.1"],
    "loopback": ["127.0.0.1", "::1"],
}


@pytest.fixture(scope="module", params=["icmp", "program"])
def answers(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """Every device's answer, by each method."""
    for program, package in (("unshare", "util-linux"), ("ip", "iproute2"), ("ping", "iputils-ping")):
        if shutil.which(program) is None:
            pytest.skip(f"needs Debian package {package}")
    if subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs root, to make a network namespace")
    script = _NETWORK.format(groups=_METHODS[request.param], python=sys.executable, program=_PROGRAM)
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script], input=json.dumps(_DEVICES), check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    found = {item["device"]: item for item in map(json.loads, done.stdout.splitlines())}
    assert {item["method"] for item in found.values()} == {request.param}
    return found


def test_every_device_has_its_answer(answers: dict[str, dict[str, Any]]) -> None:
    """None is left out, whatever became of it."""
    assert set(answers) == set(_DEVICES)


@pytest.mark.parametrize("name", ["there", "there-6", "second-address"])
def test_replies_are_counted(answers: dict[str, dict[str, Any]], name: str) -> None:
    """All requests came back within the second that a local reply never needs."""
    answer = answers[name]
    sent, received, rtt = answer["row"]
    assert (answer["answered"], answer["reason"], sent, received) == (True, "", 2, 2)
    assert 0 < rtt < 1


def test_silence_is_loss_and_a_timeout(answers: dict[str, dict[str, Any]]) -> None:
    """The counts come as a value although the device failed, so that loss is known."""
    assert answers["silent"]["row"] == [2, 0, None]
    assert (answers["silent"]["answered"], answers["silent"]["reason"]) == (False, "timeout")


def test_no_route_is_no_loss(answers: dict[str, dict[str, Any]]) -> None:
    """What could not be sent is a network error of ours, and no count."""
    assert (answers["no-route"]["row"], answers["no-route"]["reason"]) == (None, "connect")


def test_loopback_is_never_pinged(answers: dict[str, dict[str, Any]]) -> None:
    """The kernel would answer for any device there: neither value nor failure."""
    loopback = answers["loopback"]
    assert (loopback["row"], loopback["answered"], loopback["reason"]) == (None, False, "")


def _ask(method: str, *addresses: str, seconds: float = 5.0) -> Answer:
    found: list[Answer] = []
    job = Job(Device("host", "network", addresses), (), (Ping(),))
    PingTransport(method).run([job], found.append, time.monotonic() + seconds)
    (answer,) = found
    return answer


def test_without_any_method_ping_does_not_apply() -> None:
    """No socket and no program: neither value nor failure."""
    answer = _ask("", "192.0.2.1")
    assert (answer.answered, answer.failure, answer.values) == (False, None, {})


@pytest.mark.parametrize("method", ["icmp", "program"])
def test_name_without_address(method: str) -> None:
    """A name that does not resolve is the failure, by either method."""
    answer = _ask(method, "no-such-host.invalid")
    assert answer.failure is not None
    assert answer.failure.reason == "resolve"


@pytest.mark.parametrize("method", ["icmp", "program"])
def test_passed_deadline_is_an_answer(method: str) -> None:
    """Nothing is sent once the cycle's time is over."""
    answer = _ask(method, "192.0.2.1", seconds=-1)
    assert answer.failure is not None
    assert answer.failure.reason == "deadline"


def test_method_is_what_this_machine_has() -> None:
    """One of the three words, and the program only where it is there."""
    method = ping_method()
    assert method in ("icmp", "program", "")
    assert method != "program" or shutil.which("ping", path="/usr/bin:/bin:/usr/sbin:/sbin")


@pytest.mark.parametrize(
    ("stdout", "stderr", "expected"),
    [
        (
            "3 packets transmitted, 2 received, 33.3333% packet loss, time 402ms\n"
            "rtt min/avg/max/mdev = 0.400/1.500/2.600/1.100 ms\n",
            "",
            Statistics(3, 2, 0.0015),
        ),
        (
            "3 packets transmitted, 3 packets received, 0% packet loss\n"
            "round-trip min/avg/max = 0.1/0.25/0.4 ms\n",
            "",
            Statistics(3, 3, 0.00025),
        ),
        ("3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2ms\n", "", Statistics(3, 0)),
        (
            "",
            "ping: connect: Network is unreachable\n",
            Statistics(error="ping: connect: Network is unreachable"),
        ),
        ("", "\x1b]0;x\x07", Statistics(error="·]0;x·")),
        ("", "", Statistics(error="ping printed nothing")),
    ],
    ids=["iputils", "busybox", "errors", "unreachable", "hostile", "nothing"],
)
def test_what_ping_prints(stdout: str, stderr: str, expected: Statistics) -> None:
    """The summaries of iputils and busybox (written from their documentation), and no summary."""
    assert parse(stdout, stderr) == expected


def test_program_that_hangs_is_killed(tmp_path: Any) -> None:
    """A ping that does not end is ended."""
    hanging = tmp_path / "ping"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    assert run_program(str(hanging), "192.0.2.1", 1, 0.3) == Statistics(error="no end of it in time")

"""The demo's SNMPv3 agents, spoken to by net-snmp's programs."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from soc.demo import ber
from soc.demo.agent_v3 import DeviceV3, User, serve
from soc.demo.tree import Variable, VariableTree

USER = User("monitor", "authentication-1", "privacy-secret-1")
COUNTER = (1, 3, 6, 1, 2, 1, 2, 2, 1, 10)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One device with a table of 100 rows, served from a thread of its own."""
    if shutil.which("snmpget") is None:
        pytest.skip("needs Debian package snmp")
    with pytest.MonkeyPatch.context() as patch:
        # pysnmp keeps its engine's boots below the temporary directory.
        patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("pysnmp")))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.23.1", 0))
            address = probe.getsockname()
        rows = [Variable((*COUNTER, index), ber.COUNTER32, (1 << 32) + index) for index in range(1, 101)]
        tree = VariableTree(
            [Variable((1, 3, 6, 1, 2, 1, 1, 5, 0), ber.OCTET_STRING, b"v3-device"), *rows[:100]]
        )
        ready, loops = threading.Event(), []

        async def run() -> None:
            stop = asyncio.Event()
            loops.append((asyncio.get_running_loop(), stop))
            await serve({address: DeviceV3(tree, lambda _: False)}, USER, time.time, ready.set, stop)

        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        assert ready.wait(60)
        yield f"udp:{address[0]}:{address[1]}"
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def _snmp(program: str, endpoint: str, *names: str, key: str = USER.authentication_key) -> str:
    options = ["-v3", "-l", "authPriv", "-u", USER.name, "-a", "SHA-256", "-A", key, "-x", "AES"]
    options += ["-X", USER.privacy_key, "-t", "2", "-r", "1", "-On"]
    done = subprocess.run(
        [program, *options, endpoint, *names], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def test_authenticated_and_encrypted(endpoint: str) -> None:
    """SHA-256 and AES-128 with the right keys give values, and exceptions for what is absent."""
    answer = _snmp("snmpget", endpoint, "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.5.1", "1.3.6.1.9.9")
    assert '"v3-device"' in answer
    assert "No Such Instance" in answer
    assert "No Such Object" in answer


def test_walk(endpoint: str) -> None:
    """GETBULK lists every row once, counters wrapped at their width, and ends."""
    lines = _snmp("snmpbulkwalk", endpoint, "1.3.6.1.2.1.2").splitlines()
    assert [line.rsplit(" ", 1)[1] for line in lines if "Counter32" in line] == [
        str(n) for n in range(1, 101)
    ]


def test_wrong_key(endpoint: str) -> None:
    """Another authentication key is refused as such, not met by silence."""
    assert "Authentication failure" in _snmp("snmpget", endpoint, "1.3.6.1.2.1.1.5.0", key="some-other-key")

"""Two devices and what may hold the locks of their data directory."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HOLD = """
import sys, time
from pathlib import Path
from soc.spool.lock import acquire
with acquire(Path(sys.argv[1]), 0, "soc test"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def held(path: Path, seconds: float = 120.0) -> Iterator[subprocess.Popen[bytes]]:
    """Another process holds the lock for the block, or until its seconds are over."""
    path.parent.mkdir(0o700, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), str(seconds)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def two_devices(directory: Path) -> Iterator[TwoDevices]:
    """Its agent's port is open, and its community set, for the block."""
    with (
        pytest.MonkeyPatch.context() as environment,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent,
    ):
        environment.setenv("SOC_TEST_COMMUNITY", "public")
        agent.bind(("127.0.0.1", 0))
        agent.setblocking(False)
        yield TwoDevices(directory, agent)


class TwoDevices:
    """One SNMP device that only listens, and the local host."""

    def __init__(self, directory: Path, agent: socket.socket) -> None:
        self.data = directory / "data"
        self.agent = agent
        inventory = directory / "inventory.yaml"
        inventory.write_text(
            "version: 1\n"
            "credentials: {lab: {snmp:"
            " {version: '2c', community: {env: SOC_TEST_COMMUNITY}, timeout: 200ms}}}\n"
            "devices:\n"
            "  - {name: me, tower: hosting, kind: local}\n"
            "  - {name: sw-1, address: 127.0.0.1, tower: network, credentials: [lab],"
            f" snmp: {{port: {agent.getsockname()[1]}}}}}\n"
        )
        self.inventory = inventory
        self.arguments = ["--data", str(self.data), "--inventory", str(inventory)]

    def waiting(self) -> int:
        return len(list((self.data / "spool").glob("*.parquet")))

    def packets(self) -> int:
        count = 0
        while True:
            try:
                self.agent.recv(4096)
            except BlockingIOError:
                return count
            count += 1

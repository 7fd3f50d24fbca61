"""A running `soc receive` on free loopback ports, and what it reported durable."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soc.intake.receive.counters import read_status
from soc.spool.raw import Frame, read_raw
from tests.support.command import SOC

PATIENCE_SECONDS = 30.0


def wait_until(true: Callable[[], Any]) -> Any:
    """What `true` returns once it is true; fails after a generous time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := true()):
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.02)
    return found


@dataclass
class RunningReceiver:
    """The process; `durable` are the ranges it reported, as (segment, first, last)."""

    data: Path
    process: subprocess.Popen[str]
    ports: dict[str, int]
    durable: list[tuple[str, int, int]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # on stderr

    def last_durable(self) -> int:
        """The highest number reported durable."""
        return self.durable[-1][2] if self.durable else 0

    def wait_durable(self, number: int) -> None:
        wait_until(lambda: self.last_durable() >= number)

    def wait_said(self, text: str) -> None:
        wait_until(lambda: any(text in line for line in self.said))

    def send_udp(self, *payloads: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for payload in payloads:
                sock.sendto(payload, ("127.0.0.1", self.ports["udp"]))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.ports["tcp"]), timeout=PATIENCE_SECONDS)

    def status(self, true: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The status file once it says what `true` asks for."""

        def look() -> dict[str, Any] | None:
            status = read_status(self.data / "spool/raw")
            return status if status and status["pid"] == self.process.pid and true(status) else None

        found: dict[str, Any] = wait_until(look)
        return found

    def stop(self) -> int:
        """End it as systemd does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


def frames(data: Path) -> list[Frame]:
    """Every frame in sealed raw segments, waiting or refined, in order."""
    raw = data / "spool/raw"
    return [
        frame
        for path in sorted((*raw.glob("*.raw"), *raw.glob("done/*.raw")), key=lambda path: path.name)
        for frame in read_raw(path).frames
    ]


@contextmanager
def receiver(data: Path, *options: str, tcp: bool = True) -> Iterator[RunningReceiver]:
    """`soc receive` on free ports until the block ends (killed then, if it still runs)."""
    where = ["--udp", "127.0.0.1:0", *(["--tcp", "127.0.0.1:0"] if tcp else [])]
    with start(data, *where, *options) as running:
        yield running


@contextmanager
def start(
    data: Path, *options: str, command: tuple[str, ...] = SOC, close_fds: bool = True
) -> Iterator[RunningReceiver]:
    """The same with these options only."""
    process = subprocess.Popen(
        [*command, "receive", "--json", "--data", str(data), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        close_fds=close_fds,
    )
    assert process.stdout
    assert process.stderr
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        listening = (text.split() for text in json.loads(line)["listening"])
        ports = {transport: int(address.rpartition(":")[2]) for transport, address in listening}
        running = RunningReceiver(data, process, ports)
        readers = [threading.Thread(target=read, args=(running,)) for read in (_read_reports, _read_said)]
        for reader in readers:
            reader.start()
        yield running
    finally:
        process.kill()
        process.wait()
    for reader in readers:
        reader.join()


def _read_reports(running: RunningReceiver) -> None:
    assert running.process.stdout
    with running.process.stdout as lines:
        for line in lines:
            document = json.loads(line)
            running.durable.append((document["segment"], document["first"], document["durable"]))


def _read_said(running: RunningReceiver) -> None:
    assert running.process.stderr
    with running.process.stderr as lines:
        for line in lines:
            running.said.append(line)

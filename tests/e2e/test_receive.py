"""`soc receive` as a service: real senders, a full disk, and kill -9 at any moment."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from soc.spool.spool import Spool
from tests.support.command import soc
from tests.support.devices import accept
from tests.support.disk import fill
from tests.support.receiver import RunningReceiver, frames, receiver

INVENTORY = """\
version: 1
devices:
  - {name: web-01, address: 127.0.0.1, tower: hosting}
"""


def start_refiner(data: Path, inventory: Path) -> subprocess.Popen[bytes]:
    """A refiner process; it ends when its standard input does."""
    data.mkdir(mode=0o700, exist_ok=True)
    accept(data, inventory)
    return subprocess.Popen(
        [sys.executable, "-m", "soc.intake.refiner", "--data", str(data)], stdin=subprocess.PIPE
    )


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yaml"
    path.write_text(INVENTORY)
    return path


def messages(data: Path, inventory: Path) -> list[str]:
    """Of every received event in the store after a cycle, its message."""
    places = ["--data", str(data), "--inventory", str(inventory)]
    soc("collect", *places, check=True)
    done = soc("events", "--since", "1h", "--limit", "1000000", "--json", "--data", str(data), check=True)
    # Not splitlines: a message may hold what str takes for the end of a line.
    events = [json.loads(line) for line in done.stdout.split("\n") if line]
    return [event["message"] for event in events if event["fields"].get("stream") == "syslog"]


def test_what_is_sent_becomes_events(tmp_path: Path, inventory: Path) -> None:
    """UDP and both framings of TCP: received, durable, refined, ingested; ended by SIGTERM with 0."""
    data = tmp_path / "data"
    with receiver(data) as running:
        running.send_udp(b"<38>Oct 11 22:14:15 web-01 app[1]: by udp")
        with running.connect() as client:
            client.sendall(b"<38>Oct 11 22:14:15 web-01 app[1]: line\n")
            message = b"<38>Oct 11 22:14:15 web-01 app[1]: counted"
            client.sendall(b"%d %s" % (len(message), message))
        running.wait_durable(3)
        assert running.stop() == 0
    assert sorted(messages(data, inventory)) == ["by udp", "counted", "line"]


def test_a_stopped_receiver_leaves_nothing_unsealed(tmp_path: Path) -> None:
    """Datagrams in the socket's buffer and messages without an end are taken when it is told to stop."""
    with receiver(tmp_path) as running, running.connect() as client:
        client.sendall(b"<38>first\n<38>no end")
        running.wait_durable(1)
        running.send_udp(*(b"<38>datagram %d" % number for number in range(500)))
        assert running.stop() == 0
    assert not list((tmp_path / "spool/raw").glob("*.open"))
    payloads = [frame.payload for frame in frames(tmp_path)]
    assert len(payloads) == 502
    assert b"<38>no end" in payloads


def test_a_burst_is_not_lost(tmp_path: Path) -> None:
    """20,000 datagrams as fast as they can be sent, which the socket's buffer holds."""
    if int(Path("/proc/sys/net/core/rmem_max").read_text()) < 4 * 1024**2 and os.geteuid() != 0:
        pytest.skip("needs root, or sysctl net.core.rmem_max of 4 MB")
    with receiver(tmp_path) as running:
        for begin in range(0, 20_000, 4_000):
            running.send_udp(*(b"<38>datagram %d" % number for number in range(begin, begin + 4_000)))
            running.wait_durable(begin + 4_000)
        status = running.status(lambda status: status["durable"] == 20_000)
        assert running.stop() == 0
    assert status["received"]["udp"] == 20_000
    assert status["dropped"] == {}
    assert [frame.payload for frame in frames(tmp_path)] == [b"<38>datagram %d" % n for n in range(20_000)]


def test_hostile_senders_harm_nobody(tmp_path: Path, inventory: Path) -> None:
    """Garbage, endless lines, lying lengths, empty datagrams and half connections beside an honest sender."""
    data = tmp_path / "data"
    chance = random.Random(3)
    with receiver(data, "--connections-per-source", "8") as running:
        clients = [running.connect() for _ in range(7)]
        for client, sent in zip(
            clients,
            (b"x" * 200_000, b"999999 <13>", b"\n" * 5000, chance.randbytes(50_000), b"<", b"1", b""),
            strict=True,
        ):
            client.sendall(sent)
        running.send_udp(b"", b"\0\0", chance.randbytes(60_000), b"\xff\xfe<script>\x1b]0;x\x07[/x]")
        with running.connect() as honest:
            honest.sendall(b"<38>Oct 11 22:14:15 web-01 app[1]: honest\n")
            extra = running.connect()
            assert extra.recv(1) == b""
        status = running.status(lambda status: status["connections"]["refused"] == {"per-source": 1})
        for client in clients:
            client.close()
        running.status(lambda status: status["connections"]["open"] == 0)
        assert running.stop() == 0
    assert status["truncated"] >= 2
    assert status["dropped"] == {"empty": 2}
    assert max(len(frame.payload) for frame in frames(data)) <= 65_536
    found = messages(data, inventory)
    assert found.count("honest") == 1
    assert len(found) == len(frames(data))


def test_a_full_disk_is_said_and_survived(small_disk: Path) -> None:
    """Full: datagrams are dropped and counted, TCP senders held; freed: it goes on with what was held."""
    data = small_disk / "data"
    data.mkdir(0o700)
    with receiver(data) as running, running.connect() as client:
        running.send_udp(b"<38>before")
        running.wait_durable(1)
        fill(small_disk / "filling")
        (data / "spool/reserve").unlink()
        fill(small_disk / "filling")
        running.send_udp(b"<38>" + b"x" * 8000)
        running.wait_said("dropped and TCP senders held")
        for _ in range(20):
            running.send_udp(b"<38>dropped")
        client.sendall(b"<38>held\n")
        time.sleep(0.3)
        (small_disk / "filling").unlink()
        running.wait_durable(3)
        status = running.status(lambda status: not status["blocked"] and status["dropped"])
        running.wait_said("messages are stored again")
        assert running.stop() == 0
    assert status["dropped"] == {"spool-full": 20}
    assert [frame.payload[:12] for frame in frames(data)] == [b"<38>before", b"<38>xxxxxxxx", b"<38>held"]


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"needs Debian package {package}")
    return found


def test_logger_of_debian(tmp_path: Path, inventory: Path) -> None:
    """logger's RFC 3164 and RFC 5424 messages, over UDP, TCP and TCP with octet counts, say what they say."""
    logger = program("logger", "bsdutils")
    data = tmp_path / "data"
    forms = [
        ("--udp", "--rfc3164"), ("--udp", "--rfc5424"), ("--tcp", "--rfc3164"), ("--tcp", "--rfc5424"),
        ("--tcp", "--octet-count", "--rfc5424"),
    ]  # fmt: skip
    with receiver(data) as running:
        for form in forms:
            port = running.ports["udp" if "--udp" in form else "tcp"]
            subprocess.run(
                [
                    logger,
                    "--server",
                    "127.0.0.1",
                    "--port",
                    str(port),
                    *form,
                    "--tag",
                    "probe",
                    "--",
                    " ".join(form),
                ],
                check=True,
            )
        running.wait_durable(len(forms))
        assert running.stop() == 0
    assert sorted(messages(data, inventory)) == sorted(" ".join(form) for form in forms)


def test_rsyslogd_of_debian(tmp_path: Path, inventory: Path) -> None:
    """rsyslogd forwarding over UDP, TCP and TCP with octet counts: every line arrives as it was."""
    rsyslogd = program("rsyslogd", "rsyslog")
    data, home = tmp_path / "data", tmp_path / "rsyslog"
    home.mkdir()
    log = home / "input.log"
    with receiver(data) as running:
        forward = 'action(type="omfwd" target="127.0.0.1" port="{}" protocol="{}" template="{}" {})'
        (home / "rsyslog.conf").write_text(
            "\n".join((
                f'global(workDirectory="{home}")',
                'module(load="imfile" mode="polling" pollingInterval="1")',
                f'input(type="imfile" file="{log}" tag="probe:")',
                forward.format(running.ports["udp"], "udp", "RSYSLOG_TraditionalForwardFormat", ""),
                forward.format(running.ports["tcp"], "tcp", "RSYSLOG_ForwardFormat", ""),
                forward.format(
                    running.ports["tcp"], "tcp", "RSYSLOG_SyslogProtocol23Format",
                    'TCP_Framing="octet-counted"',
                ),
            )) + "\n"
        )  # fmt: skip
        log.write_text("".join(f"line {number} of rsyslogd\n" for number in range(100)))
        process = subprocess.Popen(
            [rsyslogd, "-n", "-f", str(home / "rsyslog.conf"), "-i", str(home / "pid")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            running.wait_durable(300)
        finally:
            process.terminate()
            process.wait(30)
        assert running.stop() == 0
    found = Counter(message for message in messages(data, inventory) if message.endswith("of rsyslogd"))
    assert found == {f"line {number} of rsyslogd": 3 for number in range(100)}


class Sender:
    """Sends numbered lines over one TCP connection, and as many datagrams, until it breaks or is told to
    stop. The receiver counts frames from 1, so the line with count `n` is acknowledged by number `n`."""

    def __init__(self, running: RunningReceiver, begin: int) -> None:
        self._running = running
        self.next = begin
        self._begin = begin
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def end(self) -> tuple[int, int]:
        """(first number sent, the number after the last acknowledged one)."""
        self._stop.set()
        self._thread.join()
        return self._begin, self._begin + self._running.last_durable()

    def _send(self) -> None:
        try:
            with self._running.connect() as client:
                while not self._stop.is_set():
                    lines = [f"<38>Oct 11 22:14:15 web-01 app[1]: number {n}\n" for n in self._numbers()]
                    client.sendall("".join(lines).encode())
                    time.sleep(0.025)
        except OSError:
            return

    def _numbers(self) -> range:
        begin, self.next = self.next, self.next + 50
        return range(begin, self.next)


def kill_at_random(directory: Path, inventory: Path, kills: int) -> None:
    """Kill receiver and refiner again and again under load; then count what is in the store."""
    data = directory / "data"
    seed = int(os.environ.get("SOC_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
    print(f"SOC_TEST_SEED={seed}", file=sys.stderr)
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    number = 0
    refining = start_refiner(data, inventory)
    try:
        for done in range(kills):
            with receiver(data) as running:
                sender = Sender(running, number)
                running.wait_durable(1)
                time.sleep(chance.uniform(0.0, 1.5))
                if chance.random() < 0.5:
                    refining.kill()
                    refining.wait()
                    time.sleep(chance.uniform(0.0, 0.3))
                running.process.kill()
            # All that it reported has been read by now.
            first, after = sender.end()
            acknowledged.update(f"number {n}" for n in range(first, after))
            number = sender.next
            if refining.poll() is not None:
                refining = start_refiner(data, inventory)
            if done == kills // 2:
                soc("collect", "--data", str(data), "--inventory", str(inventory), check=True)
    finally:
        refining.communicate()
    with receiver(data) as running:
        assert running.stop() == 0
    found = Counter(messages(data, inventory))
    assert len(acknowledged) > 100 * kills // 2
    assert acknowledged <= found.keys()
    assert max(found.values()) == 1
    stored = Counter(frame.payload.rpartition(b": ")[2].decode() for frame in frames(data))
    assert stored == found
    quarantined = list(Spool(data / "spool").quarantine_directory.iterdir())
    assert quarantined == []


def test_every_acknowledged_frame_survives_five_kills(tmp_path: Path, inventory: Path) -> None:
    """kill -9 of receiver and refiner under load: what was acknowledged is an event, once."""
    kill_at_random(tmp_path, inventory, 5)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_every_acknowledged_frame_survives_sixty_kills(tmp_path: Path, inventory: Path) -> None:
    """The same over sixty kills."""
    kill_at_random(tmp_path, inventory, 60)

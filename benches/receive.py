"""Datagrams a second that `soc receive` takes without loss, beside a bare recv loop in the same run.

    python benches/receive.py [SECONDS] [RATE]...

A sender on the other core offers each RATE (datagrams a second, default 20000 50000 100000 150000) for
SECONDS (default 3) to the receiver and then to a peer that only calls recv on a socket with the same
buffer. Prints JSON lines: what each took, what was lost, and the CPU seconds it spent per million; last
the highest rate without loss and where that was. Loopback only; the spool is in a temporary directory.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from soc.intake.receive.counters import read_status
from soc.spool.raw import read_raw
from soc.spool.raw_writer import sealed_segments

ROOT = Path(__file__).parent.parent
RATES = (20_000, 50_000, 100_000, 150_000)
BURST_SECONDS = 0.005
PAYLOAD = b"<38>Oct 11 22:14:15 web-01 sshd[4711]: Failed password for root from 192.0.2.5 port 22 ssh2 n="
SETTLE_SECONDS = 1.5

PEER = """
import signal, socket, sys
sys.path.insert(0, sys.argv[1])
from soc.intake.receive.sockets import enlarge_receive_buffer
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
enlarge_receive_buffer(sock)
sock.bind(("127.0.0.1", 0))
print(sock.getsockname()[1], flush=True)
count = 0
def end(*_):
    print(count, flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
receive = sock.recv
while True:
    receive(8193)
    count += 1
"""


@dataclass(frozen=True)
class Offered:
    """What was sent."""

    count: int
    seconds: float


def offer(port: int, rate: int, seconds: float) -> Offered:
    """Send numbered datagrams in bursts of 5 ms, as near to the rate as this core can."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        begun, sent = time.monotonic(), 0
        send = sock.send
        while (elapsed := time.monotonic() - begun) < seconds:
            due = int(elapsed * rate)
            for number in range(sent, due):
                send(PAYLOAD + b"%d" % number)
            sent = max(sent, due)
            time.sleep(BURST_SECONDS)
        return Offered(sent, time.monotonic() - begun)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def line(name: str, rate: int, offered: Offered, taken: int, cpu: float) -> dict[str, object]:
    return {
        "receiver": name,
        "rate": rate,
        "offered_per_second": round(offered.count / offered.seconds),
        "sent": offered.count,
        "taken": taken,
        "lost": offered.count - taken,
        "cpu_seconds_per_million": round(cpu / max(taken, 1) * 1e6, 2),
        "cpu_ratio": round(cpu / offered.seconds, 3),
    }


def measure_receiver(rate: int, seconds: float) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as directory:
        command = "import sys; from soc.cli import main; sys.exit(main())"
        process = subprocess.Popen(
            [sys.executable, "-c", command, "receive", "--udp", "127.0.0.1:0", "--json", "--data", directory],
            stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert process.stdout
        port = int(json.loads(process.stdout.readline())["listening"][0].rpartition(":")[2])
        before = cpu_seconds(process.pid)
        offered = offer(port, rate, seconds)
        time.sleep(SETTLE_SECONDS)
        cpu = cpu_seconds(process.pid) - before
        process.send_signal(signal.SIGTERM)
        reported = [json.loads(text) for text in process.communicate()[0].splitlines()]
        raw = Path(directory) / "spool/raw"
        stored = sum(len(read_raw(path).frames) for path in sealed_segments(raw))
        status = read_status(raw) or {}
        result = line("soc receive", rate, offered, stored, cpu)
        assert not reported or reported[-1]["durable"] == stored, "reported durable and not stored"
        return {**result, "dropped": status.get("dropped", {})}


def measure_peer(rate: int, seconds: float) -> dict[str, object]:
    process = subprocess.Popen(
        [sys.executable, "-c", PEER, str(ROOT)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout
    port = int(process.stdout.readline())
    before = cpu_seconds(process.pid)
    offered = offer(port, rate, seconds)
    time.sleep(SETTLE_SECONDS)
    cpu = cpu_seconds(process.pid) - before
    process.send_signal(signal.SIGTERM)
    return line("bare recv loop", rate, offered, int(process.communicate()[0]), cpu)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    rates = [int(text) for text in sys.argv[2:]] or list(RATES)
    best = {"soc receive": 0, "bare recv loop": 0}
    for rate in rates:
        for measured in (measure_receiver(rate, seconds), measure_peer(rate, seconds)):
            print(json.dumps(measured), flush=True)
            if not measured["lost"]:
                name = str(measured["receiver"])
                best[name] = max(best[name], int(str(measured["offered_per_second"])))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    machine = {
        "processors": os.cpu_count(), "python": platform.python_version(), "system": platform.platform(),
        "commit": commit.stdout.strip(),
    }  # fmt: skip
    print(json.dumps({"without_loss_per_second": best, "machine": machine}))


if __name__ == "__main__":
    main()

"""A hub is killed and started again: seconds until it ingests, and until it answers.

A real `soc serve` over 5,000 devices, whose store, journal and spool a feeder fills; each round kills it
(-9) while segments wait, and starts it again. Prints JSON: seconds, and CPU seconds of the hub itself, from
the start of the process until a segment that waited is in, and until the API answers.

    python benches/restart.py --rounds 10
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tower import Feeder, cpu_seconds, estate, quantile

from soc.spool.layout import SPOOL
from soc.spool.spool import Spool

COMMAND = [sys.executable, "-c", "import sys; from soc.cli import main; sys.exit(main())", "serve", "--json"]
DEVICES = 5000
SAMPLES, EVENTS = 2000, 1000  # a segment
WAITING = 8  # segments that are sealed before each kill
Moment = tuple[float, float]  # seconds, CPU seconds


def spawn(directory: Path, inventory: Path) -> subprocess.Popen[bytes]:
    options = ["--data", str(directory / "data"), "--inventory", str(inventory)]
    # As installed: with bytecode, which the first start writes.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(directory / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, env=environment)


def measure(hub: subprocess.Popen[bytes], waiting: list[Path]) -> tuple[Moment, Moment]:
    """When it had ingested one of the segments, and when it answered."""
    begun = time.perf_counter()
    assert hub.stdout is not None
    ingesting: Moment | None = None
    answering: Moment | None = None
    while ingesting is None or answering is None:
        now = (time.perf_counter() - begun, cpu_seconds(hub.pid))
        if ingesting is None and not all(path.exists() for path in waiting):
            ingesting = now
        if answering is None and select.select([hub.stdout], [], [], 0.005)[0]:
            answering = now
    return ingesting, answering


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    os.umask(0o077)
    ingesting, answering = [], []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        directory = Path(name)
        (directory / "data").mkdir()
        inventory = estate(directory, DEVICES)
        spool = Spool(directory / "data" / SPOOL)
        feeder = Feeder(spool, DEVICES, SAMPLES, EVENTS)
        hub = spawn(directory, inventory)
        for _ in range(arguments.rounds):
            for _ in range(WAITING):
                feeder.seal(time.time())
            before = spool.waiting()
            while len(spool.waiting()) > max(1, len(before) // 2):
                time.sleep(0.005)
            for _ in range(WAITING):
                feeder.seal(time.time())
            hub.send_signal(signal.SIGKILL)
            hub.communicate()
            waiting = spool.waiting()
            hub = spawn(directory, inventory)
            ingested, answered = measure(hub, waiting)
            ingesting.append(ingested)
            answering.append(answered)
        begun = time.perf_counter()
        hub.terminate()
        hub.wait()
        ending = time.perf_counter() - begun
    print(
        json.dumps(
            {
                "bench": "restart",
                "ingesting": figures(ingesting),
                "answering": figures(answering),
                "ending_seconds": round(ending, 2),
                "store": {"devices": DEVICES, "segments_waiting": WAITING},
                "rounds": arguments.rounds,
                "python": platform.python_version(),
                "processors": os.cpu_count(),
                "load": os.getloadavg()[0],
            },
            indent=2,
        )
    )


def figures(moments: list[Moment]) -> dict[str, float]:
    seconds, cpu = [moment[0] for moment in moments], [moment[1] for moment in moments]
    return {
        "median_seconds": quantile(seconds, 0.5),
        "worst_seconds": max(seconds),
        "median_cpu_seconds": quantile(cpu, 0.5),
        "worst_cpu_seconds": max(cpu),
    }


if __name__ == "__main__":
    main()

"""A hub is killed and started again: seconds until it answers, and until it ingests.

A real `soc serve` on the local host and what a feeder seals; each round kills it (-9) while it works.
Prints JSON: seconds from the start of the process, and those that the same Python takes for the imports.

    python benches/restart.py --rounds 10
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from soc.model import Sample
from soc.spool.layout import SPOOL
from soc.spool.segment import SegmentBuilder
from soc.spool.spool import Spool

COMMAND = [sys.executable, "-c", "import sys; from soc.cli import main; sys.exit(main())", "serve", "--json"]
INVENTORY = """\
version: 1
settings: {intervals: {reachability: 2s, health: 2s}}
devices:
  - {name: me, tower: hosting, kind: local}
"""
ROWS = 2000


def seal(spool: Spool) -> Path:
    """One segment, as a worker would; its path once it is ingested."""
    now = time.time()
    builder = SegmentBuilder()
    for row in range(ROWS):
        builder.add_sample("me", Sample("bench", float(row), {"row": str(row)}, now), 2.0)
    return (
        spool.done_directory
        / f"{spool.seal(builder, writer='bench', created=now, sealed=now).segment}.parquet"
    )


def start(directory: Path) -> tuple[subprocess.Popen[str], float]:
    """A hub that answers; seconds from its start until then."""
    begun = time.perf_counter()
    options = ["--data", str(directory / "data"), "--inventory", str(directory / "inventory.yaml")]
    hub = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True)
    assert hub.stdout is not None
    hub.stdout.readline()
    return hub, time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    os.umask(0o077)
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import soc.hub.serve"], check=True)
    imports = time.perf_counter() - begun
    answering, ingesting, ending = [], [], []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "inventory.yaml").write_text(INVENTORY)
        hub, _ = start(directory)
        spool = Spool(directory / "data" / SPOOL)
        for _ in range(arguments.rounds):
            seal(spool)
            hub.send_signal(signal.SIGKILL)
            hub.wait()
            done = seal(spool)
            begun = time.perf_counter()
            hub, seconds = start(directory)
            answering.append(seconds)
            while not done.exists():
                time.sleep(0.005)
            ingesting.append(time.perf_counter() - begun)
        for _ in range(3):
            begun = time.perf_counter()
            hub.terminate()
            hub.wait()
            ending.append(time.perf_counter() - begun)
            hub, _ = start(directory)
        hub.terminate()
        hub.wait()
    print(
        json.dumps(
            {
                "answering_seconds": {
                    "median": round(median(answering), 2),
                    "worst": round(max(answering), 2),
                },
                "ingesting_seconds": {
                    "median": round(median(ingesting), 2),
                    "worst": round(max(ingesting), 2),
                },
                "ending_seconds": {"median": round(median(ending), 2), "worst": round(max(ending), 2)},
                "imports_seconds": round(imports, 2),
                "rounds": arguments.rounds,
                "python": platform.python_version(),
                "processors": os.cpu_count(),
                "load": os.getloadavg()[0],
            }
        )
    )


if __name__ == "__main__":
    main()

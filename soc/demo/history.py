"""Thirty minutes of past, collected from the simulated state by the real cycle, minute by minute.

`python -m soc.demo.history DIRECTORY SEED START [--rules DIR]... [--collectors DIR]...` is a process that
writes them: on standard output each minute's time, once its segments are sealed. It ends when all is
written, or its standard input ends.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from soc.collect.cycle import run_cycle
from soc.collect.environment import WRITER, Environment
from soc.collect.load import load_collectors
from soc.collect.memory import Memory
from soc.collect.outstanding import Outstanding
from soc.collect.state import CollectState
from soc.demo import place
from soc.demo.estate import Estate
from soc.demo.scenario import HISTORY_SECONDS
from soc.demo.simulated import SimulatedSnmp, SimulatedSsh
from soc.detection.places import load_all_rules
from soc.intake.refine import Refiner
from soc.inventory import load_inventory
from soc.spool.layout import COLLECT_LOCK, COLLECT_STATE, OUTSTANDING, SPOOL
from soc.spool.lock import acquire
from soc.spool.spool import Spool

MINUTE_SECONDS = 60.0
# Nothing waits on a network here; the limit is for a machine that stands still.
_DEADLINE_SECONDS = 120.0
_STANDARD_INPUT = 0


@dataclass(slots=True)
class _Clock:
    time: float

    def now(self) -> float:
        return self.time


def write_history(environment: Environment, estate: Estate, stopped: Callable[[], bool]) -> Iterator[float]:
    """Seal the segments of each past minute, marked simulated, and yield its time (UTC seconds).

    Minutes that pass meanwhile on a slow machine are written too: no gap may look like an outage.
    """
    start = estate.scenario.start
    clock = _Clock(start - HISTORY_SECONDS)
    simulated = replace(
        environment,
        transports={"snmp": SimulatedSnmp(estate, clock.now), "ssh": SimulatedSsh(estate, clock.now)},
        now=clock.now,
    )
    memory = Memory.of(environment.state, environment.collectors)
    while clock.time < max(start, environment.now() - MINUTE_SECONDS) and not stopped():
        run_cycle(simulated, deadline_seconds=_DEADLINE_SECONDS, simulated=True, memory=memory)
        yield clock.time
        clock.time += MINUTE_SECONDS


def _ended() -> bool:
    """Whether standard input has ended."""
    return bool(select.select([_STANDARD_INPUT], [], [], 0.0)[0])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m soc.demo.history", description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("start", type=float)
    parser.add_argument("--rules", type=Path, action="append", default=[])
    parser.add_argument("--collectors", type=Path, action="append", default=[])
    options = parser.parse_args(arguments)
    os.umask(0o077)
    # Signals to the group are for the demo, which decides when we end.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    directory: Path = options.directory
    inventory = load_inventory(directory / place.INVENTORY)
    estate = Estate(inventory.devices, options.seed, options.start)
    with (
        acquire(directory / COLLECT_LOCK, 0.0, "soc demo"),
        closing(CollectState(directory / COLLECT_STATE)) as state,
    ):
        environment = Environment(
            inventory=inventory,
            collectors=load_collectors(options.collectors),
            transports={},
            state=state,
            spool=Spool(directory / SPOOL),
            outstanding=Outstanding(directory / OUTSTANDING, WRITER),
            refine=Refiner.of(inventory, load_all_rules(options.rules)).refine,
            now=time.time,
            monotonic=time.monotonic,
        )
        for minute in write_history(environment, estate, _ended):
            print(repr(minute), flush=True)


if __name__ == "__main__":
    main()

"""Thirty minutes of past, collected from the simulated state by the real cycle, minute by minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from soc.collect.cycle import run_cycle
from soc.collect.environment import Environment
from soc.demo.estate import Estate
from soc.demo.scenario import HISTORY_SECONDS
from soc.demo.simulated import SimulatedSnmp, SimulatedSsh

MINUTE_SECONDS = 60.0
# Nothing waits on a network here; the limit is for a machine that stands still.
_DEADLINE_SECONDS = 120.0


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
    while clock.time < max(start, environment.now() - MINUTE_SECONDS) and not stopped():
        run_cycle(simulated, deadline_seconds=_DEADLINE_SECONDS, simulated=True)
        yield clock.time
        clock.time += MINUTE_SECONDS

"""One collection cycle: plan what is due, run the transports, turn answers into sealed segments.

The caller holds collect.lock. Nothing a device does ends the cycle; what cannot be stored is not asked.
"""

from __future__ import annotations

from collections.abc import Callable

from soc.collect.environment import ALMOST_FULL, Environment, Summary
from soc.collect.memory import Memory
from soc.collect.plan import Applying, contacts, left_over, plan
from soc.collect.recorder import Recorder
from soc.collect.recover import recover_cursors
from soc.collect.run import run_jobs

Progress = Callable[[int, int], None]  # devices done, devices in total


def run_cycle(
    environment: Environment,
    *,
    deadline_seconds: float,
    everything: bool = False,
    simulated: bool = False,
    memory: Memory | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Poll what is due and seal it.

    `memory` is that of this process's cycle before; without it, the state is read. Raises SpoolError
    before anything is sent when the spool is full, or when a segment could not be made durable (its data
    is then collected again).
    """
    started = environment.monotonic()
    given_up = environment.spool.check_room()
    environment.spool.discard_unsealed()
    unrecovered = recover_cursors(environment.state, environment.spool)
    unrecovered += environment.outstanding.take_over()
    memory = memory or Memory.of(environment.state, environment.collectors)
    recorder = Recorder(environment, memory, simulated=simulated)
    recorder.given_up(given_up)
    summary = recorder.summary
    summary.problems += unrecovered
    devices = contacts(environment.inventory, environment.transports)
    applying = Applying(environment.collectors, memory.object_id)
    recorder.forget(left_over(devices, applying, [*memory.tasks, *memory.contacts]))
    intervals = environment.inventory.settings.intervals
    due = plan(devices, applying, memory.tasks, intervals, environment.now(), everything)
    total = len({item.device.name for item in due})
    jobs = recorder.begin(due)
    deadline = started + deadline_seconds
    for transport, answer in run_jobs(
        environment.transports, jobs, deadline, now=environment.now, monotonic=environment.monotonic
    ):
        if recorder.take(transport, answer) and progress is not None:
            progress(summary.devices, total)
    recorder.seal()
    summary.seconds = round(environment.monotonic() - started, 3)
    if environment.spool.usage().almost_full:
        summary.problems.append(ALMOST_FULL)
    return summary

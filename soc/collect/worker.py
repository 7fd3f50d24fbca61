"""Collection without end: what is due is asked at once, and nobody waits for a slow device.

A cycle (soc/collect/cycle.py) ends with its slowest device. A worker starts jobs as they become due,
over several instances of a transport where one is still busy, and seals what has come in each second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from soc.collect.environment import ALMOST_FULL, WRITER, Environment, Summary
from soc.collect.memory import Memory
from soc.collect.plan import Applying, contacts, left_over
from soc.collect.port import Answer, Job, Transport
from soc.collect.recorder import Recorder
from soc.collect.recover import recover_cursors
from soc.collect.run import Runs
from soc.collect.schedule import Schedule
from soc.model import SocError, SpoolError
from soc.model.clock import ClockWatch
from soc.model.ids import digest

TICK_SECONDS = 1.0
DEADLINE_SECONDS = 60.0  # for one device over one transport
# Runs of one transport side by side; a device that does not answer keeps one busy for seconds.
MAXIMUM_RUNS = 8
_ROOM_EVERY_SECONDS = 10.0
_GLANCE_SECONDS = 0.01  # for what has come already

MakeTransports = Callable[[], Mapping[str, Transport]]


@dataclass(frozen=True, slots=True)
class Share:
    """The devices of one of several workers: number `index` (from 1) of `count`."""

    index: int = 1
    count: int = 1

    def holds(self, device: str) -> bool:
        return int(digest(device, size=4), 16) % self.count == self.index - 1

    @property
    def writer(self) -> str:
        return WRITER if self.count == 1 else f"{WRITER}-{self.index}"

    @property
    def other_writers(self) -> Collection[str]:
        return {Share(index, self.count).writer for index in range(1, self.count + 1)} - {self.writer}


class Worker:
    """Collects a share of the inventory. The hub that started it holds collect.lock."""

    def __init__(self, environment: Environment, make_transports: MakeTransports, share: Share) -> None:
        """`environment.transports` tells which there are; `make_transports` makes further instances.

        Raises SpoolError when the spool cannot be read.
        """
        self._share = share
        self._clock = ClockWatch(environment.now(), environment.monotonic())
        self._room_at = float("-inf")
        self._unfit = ""  # why nothing is asked just now
        environment.spool.discard_unsealed()
        # What goes into the next summary beside what its tick finds.
        self._problems = recover_cursors(environment.state, environment.spool, share.other_writers)
        self._problems += environment.outstanding.take_over(share.other_writers)
        self._before: list[Runs] = []  # at work still for environments before
        self._owed: list[Answer] = []
        self._begin_anew(environment, make_transports)

    def take_over(self, environment: Environment, make_transports: MakeTransports) -> None:
        """Go on with this environment. What was under way for the one before is asked again, and only what
        was done to hosts until then is told."""
        self._recorder.leave()
        self._owed += self._recorder.owed
        self._runs.leave_steps()
        self._before.append(self._runs)
        self._begin_anew(environment, make_transports)

    def _begin_anew(self, environment: Environment, make_transports: MakeTransports) -> None:
        environment = replace(environment, writer=self._share.writer)
        self._environment = environment
        self._make_transports = make_transports
        # Whatever is busy answers the runs of before.
        self._idle: dict[str, list[Transport]] = {name: [] for name in environment.transports}
        self._runs = Runs(now=environment.now, monotonic=environment.monotonic)
        self._pending: dict[str, list[Job]] = {}
        memory = Memory.of(environment.state, environment.collectors)
        self._recorder = Recorder(environment, memory)
        inventory, holds = environment.inventory, self._share.holds
        devices = [device for device in inventory.devices.values() if holds(device.name)]
        reached = contacts(inventory, environment.transports, devices)
        self._contacts = {device.name: (device, names) for device, names in reached}
        self._memory = memory
        known = [key for key in (*memory.tasks, *memory.contacts) if holds(key[0])]
        self._applying = Applying(environment.collectors, memory.object_id)
        self._left_over = left_over(reached, self._applying, known)
        self._schedule = Schedule(
            reached,
            environment.collectors,
            memory.tasks,
            inventory.settings.intervals,
            environment.now(),
            memory.object_id,
        )

    def tick(self) -> tuple[Summary, float]:
        """Ask what is due, take in what comes during TICK_SECONDS, seal it.

        Returns what was done and by how many seconds the latest poll that began was late. A spool that
        takes nothing is a problem in the summary; what it did not take is asked again.
        """
        environment = self._environment
        begun = environment.monotonic()
        summary, late = Summary(), 0.0
        try:
            if self._clock.check(environment.now(), begun):
                self.finish()
                self.take_over(environment, self._make_transports)  # due times are times of day
            recorder = self._recorder
            recorder.summary = summary
            recorder.forget(self._left_over)
            self._left_over = {}
            if self._has_room(begun):
                late = self._begin()
                self._account()
            self._take(begun + TICK_SECONDS)
            recorder.seal()
        except SocError as error:  # the spool or the state
            self._unfit, self._room_at = str(error), begun
            self.take_over(environment, self._make_transports)
        summary.problems += [self._unfit] if self._unfit else []
        summary.problems += self._problems
        self._problems = []
        summary.seconds = round(environment.monotonic() - begun, 3)
        return summary, late

    def finish(self) -> None:
        """Seal what has come in; what is still under way is asked again by whoever collects next.

        Raises SpoolError.
        """
        self._take(self._environment.monotonic() + _GLANCE_SECONDS)
        self._recorder.leave()
        self._account()
        self._recorder.seal()

    def _take(self, until: float) -> None:
        """Take in what comes until then (monotonic)."""
        recorder, now = self._recorder, self._environment.now
        for transport, answer in self._runs.answers(until, self._free):
            device = answer.job.device.name
            object_id = self._memory.object_id(device)
            if recorder.take(transport, answer):
                if object_id not in (None, self._memory.object_id(device)):
                    recorder.forget(self._of_its_predecessor(device))
                self._schedule.settle(device, now())

    def _account(self) -> None:
        """Take in what was done to hosts for environments before."""
        for runs in self._before:
            until = self._environment.monotonic() + _GLANCE_SECONDS
            self._owed += (answer for _, answer in runs.answers(until))
        self._before = [runs for runs in self._before if runs.busy]
        self._recorder.account(self._owed)
        self._owed = []

    def _of_its_predecessor(self, device: str) -> dict[str, list[str]]:
        """What applies no more to a device that has become another, as `left_over`."""
        memory = self._memory
        known = [key for key in (*memory.tasks, *memory.contacts) if key[0] == device]
        return left_over([self._contacts[device]], self._applying, known)

    def _begin(self) -> float:
        due, late = self._schedule.due(self._environment.now())
        for name, jobs in self._recorder.begin(due).items():
            self._pending.setdefault(name, []).extend(jobs)
        for device in {item.device.name for item in due}:
            if not self._recorder.under_way(device):
                self._schedule.settle(device, self._environment.now())
        deadline = self._environment.monotonic() + DEADLINE_SECONDS
        for name in [name for name, jobs in self._pending.items() if jobs]:
            transport = self._instance(name)
            if transport is not None:
                self._runs.start(name, transport, self._pending.pop(name), deadline)
        return late

    def _instance(self, name: str) -> Transport | None:
        idle = self._idle[name]
        if not idle and self._runs.count(name) < MAXIMUM_RUNS:
            for other, transport in self._make_transports().items():
                self._idle.setdefault(other, []).append(transport)
        return idle.pop() if idle else None

    def _free(self, name: str, transport: Transport) -> None:
        self._idle[name].append(transport)

    def _has_room(self, at: float) -> bool:
        if at >= self._room_at + _ROOM_EVERY_SECONDS:
            self._room_at = at
            self._unfit = ""
            try:
                self._recorder.given_up(self._environment.spool.check_room())
                if self._environment.spool.usage().almost_full:
                    self._recorder.summary.problems.append(ALMOST_FULL)
            except SpoolError as error:
                self._unfit = str(error)
        return not self._unfit

"""One collection cycle: plan what is due, run the transports, turn answers into sealed segments.

The caller holds collect.lock. Nothing a device does ends the cycle; what cannot be stored is not asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from soc.collect import credentials
from soc.collect.batch import PRECEDENCE, Batch, Memory, Refine
from soc.collect.declare import Collector
from soc.collect.plan import Due, plan, transports
from soc.collect.port import Answer, Failure, Job, Transport
from soc.collect.run import run_jobs
from soc.collect.state import CollectState, Contact
from soc.inventory import Inventory
from soc.model import SpoolError
from soc.spool.segment import read_header
from soc.spool.spool import Spool

WRITER = "collect"
ROWS_PER_SEGMENT = 20_000
# Failures that are ours and not the device's: the cycle then ends with exit code 1.
_OWN_FAILURES = frozenset({"parser", "deadline", "credential"})

Progress = Callable[[int, int], None]  # devices done, devices in total


@dataclass(slots=True)
class Summary:
    """What a cycle did. `problems` are failures of collection itself, for people."""

    devices: int = 0
    ok: int = 0
    failed: int = 0
    samples: int = 0
    facts: int = 0
    events: int = 0
    seconds: float = 0.0
    segments: int = 0
    problems: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, float]:
        document = asdict(self)
        del document["problems"]
        return document


@dataclass(frozen=True, slots=True)
class Environment:
    """What a cycle works with; times and transports come from outside."""

    inventory: Inventory
    collectors: Sequence[Collector]
    transports: Mapping[str, Transport]  # by name; a missing one does not apply on this machine
    state: CollectState
    spool: Spool
    refine: Refine
    now: Callable[[], float]  # UTC seconds
    monotonic: Callable[[], float]


def run_cycle(
    environment: Environment,
    *,
    deadline_seconds: float,
    everything: bool = False,
    simulated: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Poll what is due and seal it.

    Raises SpoolError before anything is sent when the spool is full, or when a segment could not be
    made durable (its data is then collected again).
    """
    started = environment.monotonic()
    environment.spool.check_room()
    environment.spool.discard_unsealed()
    recover_cursors(environment.state, environment.spool)
    cycle = _Cycle(environment, simulated)
    cycle.run(started + deadline_seconds, everything, progress)
    cycle.summary.seconds = round(environment.monotonic() - started, 3)
    if environment.spool.usage().almost_full:
        cycle.summary.problems.append("the spool is over 80 % full: ingestion lags, or the disk is small")
    return cycle.summary


class _Cycle:
    def __init__(self, environment: Environment, simulated: bool) -> None:
        self.summary = Summary()
        self._environment = environment
        self._simulated = simulated
        self._memory = Memory.of(environment.state, environment.collectors)
        self._failed: set[str] = set()
        self._last_sealed = 0.0
        self._batch = self._new_batch()

    def _new_batch(self) -> Batch:
        environment = self._environment
        return Batch(self._memory, environment.inventory.settings.intervals, environment.now())

    def run(self, deadline: float, everything: bool, progress: Progress | None) -> None:
        environment = self._environment
        due = self._plan(everything)
        collectors = {(item.device.name, item.transport): item.collectors for item in due}
        devices = {item.device.name for item in due}
        jobs = self._jobs(due)
        remaining = Counter(job.device.name for found in jobs.values() for job in found)
        held: dict[str, list[tuple[str, Answer]]] = {}
        for transport, answer in run_jobs(
            environment.transports, jobs, deadline, now=environment.now, monotonic=environment.monotonic
        ):
            device = answer.job.device.name
            held.setdefault(device, []).append((transport, answer))
            remaining[device] -= 1
            if remaining[device]:
                continue
            del remaining[device]
            # Better transports first: the others leave out what these say.
            for name, item in sorted(held.pop(device), key=lambda pair: PRECEDENCE.index(pair[0])):
                self._absorb(name, item, collectors[device, name])
            if progress is not None:
                progress(len(devices) - len(remaining), len(devices))
            if self._batch.builder.count >= ROWS_PER_SEGMENT:
                self._seal()
        self._seal()
        self.summary.devices = len(devices)
        self.summary.failed = len(self._failed)
        self.summary.ok = len(devices) - len(self._failed)

    def _plan(self, everything: bool) -> list[Due]:
        environment = self._environment
        inventory = environment.inventory
        pairs = []
        for device in inventory.devices.values():
            kinds = {inventory.credentials[name].kind for name in device.credentials}
            names = transports(device, kinds, "ping" in environment.transports)
            pairs.append((device, [name for name in names if name in environment.transports]))
        intervals = inventory.settings.intervals
        return plan(
            pairs, environment.collectors, self._memory.tasks, intervals, environment.now(), everything
        )

    def _jobs(self, due: Sequence[Due]) -> dict[str, list[Job]]:
        """Jobs by transport. What lacks a usable credential fails here, and nothing is sent."""
        environment = self._environment
        names = {name for item in due for name in item.device.credentials}
        resolved, unresolved = credentials.resolve_all(environment.inventory, names)
        self._memory.resolved = resolved
        self.summary.problems.extend(f"credential {name}: {why}" for name, why in unresolved.items())
        cursors = environment.state.cursors()
        jobs: dict[str, list[Job]] = {}
        for item in due:
            device = item.device
            contact = self._memory.contacts.get((device.name, item.transport)) or Contact()
            found, resting = credentials.usable(
                device, item.transport, resolved, self._memory.refusals, contact.credential, environment.now()
            )
            fetches = tuple(fetch for collector in item.collectors for fetch in collector.fetches.values())
            job = Job(device, found, fetches, cursors.get(device.name, {}), contact.hints or {})
            if found or item.transport not in ("snmp", "ssh"):
                jobs.setdefault(item.transport, []).append(job)
                continue
            failure = (
                Failure("resting", "refused twice: not tried for an hour, or until the credential changes")
                if resting
                else Failure("credential", "no credential resolved")
            )
            answer = Answer(job, environment.now(), answered=False, failure=failure)
            self._absorb(item.transport, answer, item.collectors, contacted=False)
        return jobs

    def _absorb(
        self, transport: str, answer: Answer, collectors: Sequence[Collector], contacted: bool = True
    ) -> None:
        failure = self._batch.absorb(transport, answer, collectors, contacted)
        if failure is not None:
            self._failed.add(answer.job.device.name)
            if failure.reason in _OWN_FAILURES:
                self.summary.problems.append(f"{answer.job.device.name}: {failure.reason}: {failure.detail}")

    def _seal(self) -> None:
        """Make the batch durable, then remember what it settles; in this order nothing is lost."""
        environment = self._environment
        batch = self._batch
        batch.finish(environment.refine)
        segment = ""
        if batch.builder.count:
            self._last_sealed = max(environment.now(), self._last_sealed + 0.001)
            header = environment.spool.seal(
                batch.builder,
                writer=WRITER,
                created=batch.created,
                sealed=self._last_sealed,
                simulated=self._simulated,
            )
            segment = header.segment
            counts = batch.builder.counts()
            self.summary.segments += 1
            self.summary.samples += counts.get("sample", 0)
            self.summary.facts += counts.get("fact", 0)
            self.summary.events += counts.get("event", 0)
        batch.remember(environment.state, segment)
        self._batch = self._new_batch()


def recover_cursors(state: CollectState, spool: Spool) -> None:
    """Take over the cursors of segments sealed by a cycle that was killed before it noted them."""
    last = state.last_segment()
    paths = [*spool.waiting(), *spool.done_directory.glob("*.parquet")]
    for path in sorted((path for path in paths if path.stem > last), key=lambda path: path.name):
        try:
            header = read_header(path)
        except SpoolError:
            continue  # whoever ingests it sets it aside and says so
        if header.writer == WRITER:
            with state.transaction():
                state.save_cursors(header.cursors, header.segment)

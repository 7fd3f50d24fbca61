"""One collection cycle: plan what is due, run the transports, turn answers into sealed segments.

The caller holds collect.lock. Nothing a device does ends the cycle; what cannot be stored is not asked.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from soc.collect import credentials
from soc.collect.declare import Collector
from soc.collect.outcome import Outcome, outcomes
from soc.collect.plan import Due, interval_seconds, next_due, plan, transports
from soc.collect.port import Answer, Failure, Job, Transport
from soc.collect.state import CollectState, Contact, Refusal, Task
from soc.inventory import Inventory
from soc.model import Cursor, Device, Event, LogRecord, Match, Poll, Sample, SpoolError, canonical_labels
from soc.model.ids import digest
from soc.spool.segment import SegmentBuilder, read_header
from soc.spool.spool import Spool

WRITER = "collect"
ROWS_PER_SEGMENT = 20_000
_GRACE_SECONDS = 5.0

PulledLog = tuple[Device, LogRecord, float]  # device, record, received (UTC seconds)
Refine = Callable[[Sequence[PulledLog]], tuple[list[Event], list[Match]]]
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
    devices: Collection[str] = (),
    progress: Progress | None = None,
) -> Summary:
    """Poll what is due (of `devices` only, when given) and seal it.

    Raises SpoolError before anything is sent when the spool is full, or when a segment could not be
    made durable (its data is then collected again).
    """
    return _Cycle(environment, simulated).run(deadline_seconds, everything, devices, progress)


class _Cycle:
    def __init__(self, environment: Environment, simulated: bool) -> None:
        self._environment = environment
        self._simulated = simulated
        self._summary = Summary()
        self._device_ok: dict[str, bool] = {}
        self._tasks = environment.state.tasks()
        self._contacts = environment.state.contacts()
        self._refusals = environment.state.refusals()
        self._last_sealed = 0.0
        self._begin_segment()

    def _begin_segment(self) -> None:
        self._builder = SegmentBuilder()
        self._created = self._environment.now()
        self._logs: list[PulledLog] = []
        self._changed_tasks: dict[tuple[str, str], Task] = {}
        self._changed_contacts: dict[tuple[str, str], Contact] = {}
        self._changed_refusals: dict[tuple[str, str], Refusal | None] = {}

    def run(
        self,
        deadline_seconds: float,
        everything: bool,
        devices: Collection[str],
        progress: Progress | None,
    ) -> Summary:
        environment = self._environment
        started = environment.monotonic()
        environment.spool.check_room()
        environment.spool.discard_unsealed()
        recover_cursors(environment.state, environment.spool)
        due = self._plan(everything, devices)
        self._device_ok = {item.device.name: True for item in due}
        total = len(self._device_ok)
        jobs = self._jobs(due)
        collectors = {(item.device.name, item.transport): item.collectors for item in due}
        remaining = Counter(job.device.name for found in jobs.values() for job in found)
        done = total - len(remaining)
        for transport, answer in self._answers(jobs, started + deadline_seconds):
            device = answer.job.device
            self._absorb(transport, answer, collectors[device.name, transport])
            remaining[device.name] -= 1
            done += remaining[device.name] == 0
            if progress is not None:
                progress(done, total)
            if self._builder.count >= ROWS_PER_SEGMENT:
                self._seal()
        self._seal()
        summary = self._summary
        summary.devices = total
        summary.ok = sum(self._device_ok.values())
        summary.failed = total - summary.ok
        summary.seconds = round(environment.monotonic() - started, 3)
        if environment.spool.usage().almost_full:
            summary.problems.append(
                "the spool is over 80 % full: ingestion does not keep up, or the disk is small"
            )
        return summary

    def _plan(self, everything: bool, devices: Collection[str]) -> list[Due]:
        inventory = self._environment.inventory
        wanted = [device for name, device in inventory.devices.items() if not devices or name in devices]
        pairs = []
        for device in wanted:
            kinds = {inventory.credentials[name].kind for name in device.credentials}
            names = transports(device, kinds, "ping" in self._environment.transports)
            pairs.append((device, [name for name in names if name in self._environment.transports]))
        return plan(
            pairs,
            self._environment.collectors,
            self._tasks,
            inventory.settings.intervals,
            self._environment.now(),
            everything,
        )

    def _jobs(self, due: Sequence[Due]) -> dict[str, list[Job]]:
        """Jobs by transport. What lacks a usable credential fails here, and nothing is sent."""
        inventory = self._environment.inventory
        names = {name for item in due for name in item.device.credentials}
        resolved, unresolved = credentials.resolve_all(inventory, names)
        self._summary.problems.extend(f"credential {name}: {why}" for name, why in unresolved.items())
        cursors = self._environment.state.cursors()
        jobs: dict[str, list[Job]] = {}
        for item in due:
            device = item.device
            contact = self._contacts.get((device.name, item.transport)) or Contact()
            found, resting = credentials.usable(
                device, item.transport, resolved, self._refusals, contact.credential, self._environment.now()
            )
            fetches = tuple(fetch for collector in item.collectors for fetch in collector.fetches.values())
            job = Job(device, found, fetches, cursors.get(device.name, {}), contact.hints or {})
            if item.transport in ("snmp", "ssh") and not found:
                reason = "resting" if resting else "credential"
                detail = (
                    "refused twice: not tried for an hour, or until the credential changes"
                    if resting
                    else "no credential resolved"
                )
                failed = Answer(job, self._environment.now(), answered=False, failure=Failure(reason, detail))
                self._absorb(item.transport, failed, item.collectors, contacted=False)
                continue
            jobs.setdefault(item.transport, []).append(job)
        self._resolved = resolved
        return jobs

    def _answers(self, jobs: Mapping[str, list[Job]], deadline: float) -> Iterator[tuple[str, Answer]]:
        """Yield (transport, answer) as they come; a transport that breaks or hangs is answered for."""
        answers: queue.SimpleQueue[tuple[str, Answer | None]] = queue.SimpleQueue()
        waiting = {(transport, job.device.name): job for transport, found in jobs.items() for job in found}

        def work(transport: str) -> None:
            try:
                self._environment.transports[transport].run(
                    jobs[transport], lambda answer: answers.put((transport, answer)), deadline
                )
            except Exception as error:
                self._summary.problems.append(f"transport {transport}: {type(error).__name__}: {error}")
            finally:
                answers.put((transport, None))

        for transport in jobs:
            threading.Thread(target=work, args=(transport,), name=transport, daemon=True).start()
        running = set(jobs)
        while running:
            try:
                left = deadline + _GRACE_SECONDS - self._environment.monotonic()
                transport, answer = answers.get(timeout=max(0.0, left))
            except queue.Empty:
                break
            if answer is None:
                running.discard(transport)
            elif waiting.pop((transport, answer.job.device.name), None):
                yield transport, answer
        for (transport, _), job in waiting.items():
            yield transport, Answer(
                job, self._environment.now(), answered=False,
                failure=Failure("deadline", f"the {transport} transport did not answer for it in time"),
            )  # fmt: skip

    def _absorb(
        self, transport: str, answer: Answer, collectors: Sequence[Collector], contacted: bool = True
    ) -> None:
        """Turn one answer into rows of the current segment and into what to remember."""
        device = answer.job.device
        found = outcomes(answer, collectors)
        if contacted:
            self._note_contact(transport, answer, collectors)
        for outcome in found:
            self._note_outcome(device, answer, outcome)
        failed = answer.failure or next((item.failure for item in found if item.failure), None)
        if failed is not None:
            self._device_ok[device.name] = False
            if failed.reason in ("parser", "deadline"):
                self._summary.problems.append(f"{device.name}: {failed.reason}: {failed.detail}")

    def _note_contact(self, transport: str, answer: Answer, collectors: Sequence[Collector]) -> None:
        """The transport's own row: did the device answer at all, and with which credential."""
        device = answer.job.device
        key = (device.name, transport)
        reason = answer.failure.reason if answer.failure else ""
        interval = min(self._interval(collector, device) for collector in collectors)
        self._poll(answer, transport, interval, answer.failure, answer.answered)
        for oddity, count in sorted(answer.counts.items()):
            self._sample(
                device,
                Sample(
                    "poll_rejected_values", count, {"collector": transport, "reason": oddity}, answer.time
                ),
                interval,
            )
        previous = self._contacts.get(key) or Contact()
        if reason != previous.reason:
            self._outcome_event(answer, transport, answer.failure, previous.reason)
        contact = Contact(
            answer.credential or previous.credential, reason, {**answer.job.hints, **answer.hints}
        )
        self._contacts[key] = self._changed_contacts[key] = contact
        self._note_refusals(answer)

    def _note_refusals(self, answer: Answer) -> None:
        device = answer.job.device.name
        for name in answer.refused_credentials:
            refusal = credentials.refused(
                self._refusals.get((device, name)), self._resolved[name], answer.time
            )
            self._refusals[device, name] = self._changed_refusals[device, name] = refusal
        if answer.credential and (device, answer.credential) in self._refusals:
            del self._refusals[device, answer.credential]
            self._changed_refusals[device, answer.credential] = None

    def _note_outcome(self, device: Device, answer: Answer, outcome: Outcome) -> None:
        collector = outcome.collector
        key = (device.name, collector.name)
        task = self._tasks.get(key)
        interval = self._interval(collector, device)
        due = next_due(device.name, collector, task, interval, answer.time)
        reason = outcome.failure.reason if outcome.failure else ""
        series: tuple[tuple[str, str], ...] = ()
        absent_until = 0.0
        if outcome.absent:
            absent_until = answer.time + self._environment.inventory.settings.intervals["configuration"]
        else:
            self._poll(answer, collector.name, interval, outcome.failure, answer.answered, collector.facts)
            for sample in outcome.samples:
                self._sample(device, sample, interval)
            for fact in outcome.facts:
                self._builder.add_fact(device.name, fact, answer.time)
                self._summary.facts += 1
            for log in outcome.logs:
                self._logs.append((device, log, answer.time))
            for stream, cursor in {log.stream: log.cursor for log in outcome.logs}.items():
                self._builder.cursors.append(Cursor(device.name, stream, cursor))
            series = tuple((sample.metric, canonical_labels(sample.labels)) for sample in outcome.samples)
        if task is not None:
            for metric, labels in sorted(set(task.series) - set(series)):
                self._builder.add_stale(device.name, metric, labels, answer.time, interval)
                self._summary.samples += 1
        if answer.failure is None and reason != (task.reason if task else ""):
            self._outcome_event(answer, collector.name, outcome.failure, task.reason if task else "")
        self._tasks[key] = self._changed_tasks[key] = Task(due, reason, absent_until, series)

    def _interval(self, collector: Collector, device: Device) -> float:
        return interval_seconds(collector, device, self._environment.inventory.settings.intervals)

    def _poll(
        self,
        answer: Answer,
        collector: str,
        interval: float,
        failure: Failure | None,
        answered: bool,
        facts: Collection[str] = (),
    ) -> None:
        device = answer.job.device
        self._builder.add_poll(Poll(
            device.name, collector, answer.time, failure is None, answered,
            failure.reason if failure else "", failure.detail if failure else "",
            answer.duration_seconds, interval, () if failure else tuple(sorted(facts)),
        ))  # fmt: skip
        labels = {"collector": collector}
        self._sample(device, Sample("up", float(failure is None), labels, answer.time), interval)
        self._sample(
            device, Sample("poll_duration_seconds", answer.duration_seconds, labels, answer.time), interval
        )

    def _sample(self, device: Device, sample: Sample, interval: float) -> None:
        self._builder.add_sample(device.name, sample, interval)
        self._summary.samples += 1

    def _outcome_event(self, answer: Answer, collector: str, failure: Failure | None, previous: str) -> None:
        """An event when a collector's outcome on a device changes."""
        device = answer.job.device
        reason = failure.reason if failure else "ok"
        detail = failure.detail if failure else ""
        changed_key = reason in ("host-key-changed", "host-key-unknown")
        message = (
            f"collection by {collector} failed: {reason}: {detail}"
            if failure
            else f"collection by {collector} works again"
        )
        self._builder.add_event(Event(
            id=digest("collection", device.name, collector, reason, f"{answer.time:.6f}"),
            time=answer.time, received=answer.time, device=device.name, product="soc",
            category="collection", service=collector, severity_id=5 if changed_key else 3 if failure else 1,
            message=message,
            fields={"reason": reason, "detail": detail, "previous": previous or "ok"},
        ))  # fmt: skip
        self._summary.events += 1

    def _seal(self) -> None:
        """Refine the pulled log lines, make the segment durable, then remember what it settles."""
        environment = self._environment
        if self._logs:
            events, matches = environment.refine(self._logs)
            for event in events:
                self._builder.add_event(event)
            for match in matches:
                self._builder.add_match(match)
            self._summary.events += len(events)
        segment = ""
        if self._builder.count:
            self._last_sealed = max(environment.now(), self._last_sealed + 0.001)
            header = environment.spool.seal(
                self._builder, writer=WRITER, created=self._created, sealed=self._last_sealed,
                simulated=self._simulated,
            )  # fmt: skip
            segment = header.segment
            self._summary.segments += 1
        with environment.state.transaction():
            environment.state.save_tasks(self._changed_tasks)
            environment.state.save_contacts(self._changed_contacts)
            for (device, credential), refusal in self._changed_refusals.items():
                environment.state.save_refusal(device, credential, refusal)
            if segment:
                environment.state.save_cursors(self._builder.cursors, segment)
        self._begin_segment()


def recover_cursors(state: CollectState, spool: Spool) -> None:
    """Take over the cursors of segments sealed by a cycle that was killed before it noted them."""
    last = state.last_segment()
    for path in sorted(
        [*spool.waiting(), *spool.done_directory.glob("*.parquet")], key=lambda path: path.name
    ):
        if path.stem <= last:
            continue
        try:
            header = read_header(path)
        except SpoolError:
            continue  # whoever ingests it sets it aside and says so
        if header.writer == WRITER:
            with state.transaction():
                state.save_cursors(header.cursors, header.segment)

"""Answers become the rows of one segment, and what has to be remembered once it is sealed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from soc.collect.executions import event_of
from soc.collect.logs import GAP
from soc.collect.memory import Claims, Memory, Rank, Series, give_way, rank
from soc.collect.outcome import Outcome, outcomes
from soc.collect.plan import RETRY_SECONDS, Due, absence_seconds, interval_seconds, next_due
from soc.collect.port import Answer, Execution, Failure
from soc.collect.state import CollectState, Contact, Refusal, Task, Told
from soc.model import Cursor, Device, Event, LogRecord, Match, Poll, Sample, canonical_labels
from soc.model.ids import digest
from soc.spool.segment import SegmentBuilder

PulledLog = tuple[Device, LogRecord, float]  # device, record, received (UTC seconds)
Refine = Callable[[Sequence[PulledLog]], tuple[list[Event], list[Match]]]

_STARTING_SECONDS = 900.0
_NOTHING = Told()
_OWN_METRICS = ("up", "poll_duration_seconds")  # of every transport and collector


class Batch:
    """Rows of the segment being built. Ask for nothing after `finish`."""

    def __init__(self, memory: Memory, intervals: Mapping[str, float], created: float) -> None:
        self.builder = SegmentBuilder()
        self.created = created
        self.accounted: list[Answer] = []  # without what was measured
        self._memory = memory
        self._intervals = intervals
        self._logs: list[PulledLog] = []
        self._tasks: dict[tuple[str, str], Task] = {}
        self._told: dict[tuple[str, str], Told] = {}
        self._forgotten: list[tuple[str, str]] = []
        self._contacts: dict[tuple[str, str], Contact] = {}
        self._refusals: dict[tuple[str, str], Refusal | None] = {}

    def absorb(self, due: Due, answer: Answer, contacted: bool = True) -> Failure | None:
        """Take in one answer; returns what failed on the device, if anything did.

        `contacted` is false where nothing was sent: such an answer says nothing about the device.
        """
        found = outcomes(answer, due.collectors)
        self.account(answer)
        if contacted:
            self._contact(due, answer)
        claimed = self._memory.claimed(due.device.name, due.transport)
        for outcome in found:
            give_way(outcome, claimed)
        said = self._memory.say_once(due.device.name, found)
        for outcome in found:
            self._outcome(due, answer, outcome, claimed, said)
        if answer.anew:
            self._ask_all(due, answer.time)
        return answer.failure or next((item.failure for item in found if item.failure), None)

    def account(self, answer: Answer) -> None:
        """Take in what was done to hosts: what was run there, and which credentials they refused."""
        executions = [*answer.executions, *_untold(answer)]
        for execution in executions:
            self.builder.add_event(event_of(answer.job.device.name, execution, answer.time))
        self._count_refusals(answer)
        if executions or answer.refused_credentials or answer.refused_on_jumps:
            done = replace(answer, executions=executions, values={}, failures={}, hints={})
            self.accounted.append(done)

    def forget(self, device: str, names: Iterable[str]) -> None:
        """End the series of collectors and transports that apply no more to the device."""
        memory, time = self._memory, self.created
        interval = self._intervals["reachability"]
        told = memory.told(device)
        for name in names:
            ended = set(told.pop(name, _NOTHING).series)
            for metric, labels in sorted(ended.difference(*(other.series for other in told.values()))):
                self.builder.add_stale(device, metric, labels, time, interval)
            if memory.tasks.pop((device, name), None):
                self._withdraw(device, name, time, interval)
            if memory.contacts.pop((device, name), None):
                self._end_own_series(device, name, time, interval)
            self._forgotten.append((device, name))

    def finish(self, refine: Refine) -> None:
        """Decode, normalise and match the pulled log lines into the segment."""
        if not self._logs:
            return
        events, matches = refine(self._logs)
        for event in events:
            self.builder.add_event(event)
        for match in matches:
            self.builder.add_match(match)

    def remember(self, state: CollectState, writer: str, segment: str) -> None:
        """Make durable what the sealed segment settles (`segment` is '' when there was nothing to seal)."""
        with state.transaction():
            state.save_tasks(self._tasks)
            state.save_told(self._told)
            state.save_contacts(self._contacts)
            state.forget(self._forgotten)
            for (device, credential), refusal in self._refusals.items():
                state.save_refusal(device, credential, refusal)
            if segment:
                state.save_cursors(self.builder.cursors, writer, segment)
        self._memory.settle()

    def _ask_all(self, due: Due, time: float) -> None:
        """What was not asked just now is due: the seldom read, and what did not apply to it before."""
        device = due.device.name
        asked = {collector.name for collector in due.collectors}
        for name in self._memory.over.get(due.transport, ()):
            key = device, name
            task = self._memory.tasks.get(key)
            if task is not None and name not in asked:
                again = Task(min(task.due, time), task.reason, min(task.absent_until, time))
                self._memory.tasks[key] = self._tasks[key] = again

    def _absence_seconds(self, answer: Answer) -> float:
        """How long what does not apply is left alone; not long where the device may still be starting."""
        booted = answer.hints.get("booted", answer.job.hints.get("booted"))
        if booted is not None and answer.time - booted < _STARTING_SECONDS:
            return RETRY_SECONDS
        return absence_seconds(self._intervals)

    def _contact(self, due: Due, answer: Answer) -> None:
        """The transport's own rows: did the device answer at all, and with which credential."""
        device, transport, interval = due.device, due.transport, due.interval_seconds
        self._poll(answer, transport, interval, answer.failure, up=answer.answered)
        for reason, count in sorted(answer.counts.items()):
            labels = {"collector": transport, "reason": reason}
            sample = Sample("poll_rejected_values", count, labels, answer.time)
            self.builder.add_sample(device.name, sample, interval)
        previous = self._memory.contacts.get((device.name, transport)) or Contact()
        reason = answer.failure.reason if answer.failure else ""
        if reason != previous.reason:
            self._event(answer, transport, answer.failure, previous.reason)
        credential = answer.credential or previous.credential
        if answer.hints or (credential, reason) != (previous.credential, previous.reason):
            contact = Contact(credential, reason, {**answer.job.hints, **answer.hints})
            self._memory.contacts[device.name, transport] = contact
            self._contacts[device.name, transport] = contact

    def _count_refusals(self, answer: Answer) -> None:
        job, rests = answer.job, self._memory.rests
        device = job.device.name
        # As they were tried: meanwhile they may have changed, or resolve no more.
        tried = {(device, item.name): item for item in job.credentials}
        tried |= {(hop.device.name, item.name): item for hop in job.jumps for item in hop.credentials}
        refused = [(device, name) for name in answer.refused_credentials]
        for host, name in (*refused, *answer.refused_on_jumps):
            if credential := tried.get((host, name)):
                self._refusals[host, name] = rests.refused(host, credential, answer.time)
        for host, name in ((device, answer.credential), *answer.accepted_on_jumps):
            if rests.accepted(host, name):
                self._refusals[host, name] = None

    def _outcome(
        self, due: Due, answer: Answer, outcome: Outcome, claimed: Claims, said: Mapping[Rank, Series]
    ) -> None:
        device = due.device
        collector = outcome.collector
        task = self._memory.tasks.get((device.name, collector.name))
        interval = interval_seconds(collector, device, self._intervals)
        told = self._memory.told(device.name)
        before = told.get(collector.name, _NOTHING)
        series = tuple(outcome.series)
        unchanged = series == before.series
        known = {item: None for item in before.facts if outcome.partial.get(item[0])}
        if known:
            outcome.facts = [fact for fact in outcome.facts if (fact.key, fact.instance) not in known]
        if not outcome.absent:
            whole = collector.facts - {key for key, _ in claimed.facts} - outcome.partial.keys()
            self._poll(answer, collector.name, interval, outcome.failure, whole)
            # Devices that say the same share what they said before: the segment takes it once.
            self._records(answer, outcome, before.series if unchanged else outcome.series, interval)
        elif task and not task.absent_until:
            self._withdraw(device.name, collector.name, answer.time, interval)
        if not unchanged:
            series = tuple(dict.fromkeys(series))
            ended = set(before.series) - set(series) - claimed.series
            if ended:  # unless another says it now, or said so when it was asked last
                own = rank(collector)
                ended.difference_update(*(others for other, others in said.items() if other != own))
            for metric, labels in sorted(ended):
                self.builder.add_stale(device.name, metric, labels, answer.time, interval)
        previous = reason = task.reason if task else ""
        # A device that fails as a whole is its transport's news, told once.
        if outcome.failure is None or outcome.failure is not answer.failure:
            reason = outcome.failure.reason if outcome.failure else ""
        if reason != previous:
            self._event(answer, collector.name, outcome.failure, previous)
        failed = outcome.failure is not None
        again = next_due(device.name, collector, task, interval, due.planned, failed)
        absent_until = answer.time + self._absence_seconds(answer) if outcome.absent else 0.0
        # A host that does not answer is still what it said it is.
        members = ((fact.key, fact.instance) for fact in outcome.facts)
        facts = (*known, *members) if not failed else before.facts
        key = (device.name, collector.name)
        self._memory.tasks[key] = self._tasks[key] = Task(again, reason, absent_until)
        if not unchanged or facts != before.facts:
            told[collector.name] = self._told[key] = Told(series, facts)

    def _records(self, answer: Answer, outcome: Outcome, series: Series, interval: float) -> None:
        device = answer.job.device
        if series:
            self.builder.add_samples(
                device.name, series, outcome.values, outcome.times, outcome.attributes, interval
            )
        for fact in outcome.facts:
            self.builder.add_fact(device.name, fact, answer.time)
        if outcome.logs:
            self._pulled(answer, outcome.logs)

    def _pulled(self, answer: Answer, logs: Sequence[LogRecord]) -> None:
        device = answer.job.device
        self._logs.extend((device, log, answer.time) for log in logs)
        last = {log.stream: log.cursor for log in logs if log.format != GAP}
        self._memory.cursors.setdefault(device.name, {}).update(last)
        self.builder.cursors.extend(Cursor(device.name, stream, cursor) for stream, cursor in last.items())

    def _withdraw(self, device: str, collector: str, time: float, interval: float) -> None:
        """It applied and does not any more: what it came to last is no longer true."""
        self.builder.add_poll(
            Poll(device, collector, time, ok=True, answered=True, interval_seconds=interval)
        )
        self._end_own_series(device, collector, time, interval)

    def _end_own_series(self, device: str, collector: str, time: float, interval: float) -> None:
        for metric, labels in _own_series(collector):
            self.builder.add_stale(device, metric, labels, time, interval)

    def _poll(
        self,
        answer: Answer,
        collector: str,
        interval: float,
        failure: Failure | None,
        facts: Collection[str] = (),
        up: bool = False,
    ) -> None:
        """A transport is `up` where the device answered at all, a collector where it read its data."""
        device = answer.job.device.name
        self.builder.add_poll(
            Poll(
                device,
                collector,
                answer.time,
                ok=failure is None,
                answered=answer.answered,
                reason=failure.reason if failure else "",
                detail=failure.detail if failure else "",
                duration_seconds=answer.duration_seconds,
                interval_seconds=interval,
                fact_keys=() if failure else tuple(sorted(facts)),
            )
        )
        self.builder.add_samples(
            device,
            _own_series(collector),
            (float(up or failure is None), answer.duration_seconds),
            (answer.time, answer.time),
            (None, None),
            interval,
        )

    def _event(self, answer: Answer, collector: str, failure: Failure | None, previous: str) -> None:
        """What a collector comes to on a device has changed: an event of our own."""
        device = answer.job.device.name
        reason = failure.reason if failure else "ok"
        detail = failure.detail if failure else ""
        message = f"collection by {collector} failed: {reason}: {detail}"
        self.builder.add_event(
            Event(
                id=digest("collection", device, collector, reason, f"{answer.time:.6f}"),
                time=answer.time,
                received=answer.time,
                device=device,
                product="soc",
                category="collection",
                service=collector,
                severity_id=_severity_id(reason),
                message=message if failure else f"collection by {collector} works again",
                fields={"reason": reason, "detail": detail, "previous": previous or "ok"},
            )
        )


def _untold(answer: Answer) -> list[Execution]:
    """What was sent and the answer does not tell of, because something broke, or came too late."""
    if answer.job.sending is None:
        return []
    reason = answer.failure.reason if answer.failure else "internal"
    return [replace(item, reason=reason) for item in answer.job.sending.untold(answer.executions)]


@cache
def _own_series(collector: str) -> tuple[tuple[str, str], ...]:
    labels = canonical_labels({"collector": collector})
    return tuple((metric, labels) for metric in _OWN_METRICS)


def _severity_id(reason: str) -> int:
    """A changed host key may be an attack; the rest is trouble, or its end."""
    return {"ok": 1, "host-key-changed": 5}.get(reason, 3)

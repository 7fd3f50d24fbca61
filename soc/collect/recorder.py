"""From what is due to jobs, and from their answers to sealed segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from soc.collect import credentials
from soc.collect.batch import Batch
from soc.collect.environment import Environment, Summary
from soc.collect.executions import event_of
from soc.collect.memory import PRECEDENCE, Memory
from soc.collect.plan import Due
from soc.collect.port import Answer, Failure, Hop, Job, ResolvedCredential
from soc.collect.state import Contact
from soc.spool.given_up import given_up_event

ROWS_PER_SEGMENT = 20_000
# The credential itself was told of, with the reason.
_UNRESOLVED = Failure("credential", "no credential resolved")
# Secrets are read again after this time: a changed one is found without a restart.
RESOLVE_AGAIN_SECONDS = 60.0
# Failures that are ours and not the device's: a cycle then ends with exit code 1.
_OWN_FAILURES = frozenset({"parser", "deadline", "credential"})


@dataclass(slots=True)
class _Round:
    """What is asked of one device at a time; told when all its transports are done."""

    due: dict[str, Due] = field(default_factory=dict)  # by transport
    waiting: set[str] = field(default_factory=set)  # transports
    answers: list[tuple[str, Answer, bool]] = field(default_factory=list)  # and whether it was contacted


class Recorder:
    """Keeps what is under way and the batch it goes to. `summary` may be replaced to count anew.

    After a SpoolError it is of no use: what was not sealed is forgotten here but not in the state.
    """

    def __init__(self, environment: Environment, memory: Memory, *, simulated: bool = False) -> None:
        self.summary = Summary()
        self._environment = environment
        self._memory = memory
        self._simulated = simulated
        self._rounds: dict[str, _Round] = {}
        memory.expected = self._rounds.keys()
        self._resolved: dict[str, tuple[float, ResolvedCredential | str]] = {}
        self._last_segment = environment.state.last_segments().get(environment.writer, "")
        self._batch = self._new_batch()
        for device, execution in environment.outstanding.left:
            self._batch.builder.add_event(event_of(device, execution, environment.now()))

    def _new_batch(self) -> Batch:
        environment = self._environment
        return Batch(self._memory, environment.inventory.settings.intervals, environment.now())

    @property
    def unsealed(self) -> int:
        """Rows that wait to be sealed."""
        return self._batch.builder.count

    def begin(self, due: Sequence[Due]) -> dict[str, list[Job]]:
        """The jobs by transport; no device of `due` may be under way.

        What lacks a usable credential fails here, and nothing is sent. Raises SpoolError as `take`.
        """
        environment, memory = self._environment, self._memory
        resolved = self._resolve(credentials.needed(environment.inventory, (item.device for item in due)))
        jobs: dict[str, list[Job]] = {}
        for item in due:
            device = item.device
            asked = self._rounds.setdefault(device.name, _Round())
            asked.due[item.transport] = item
            contact = memory.contacts.get((device.name, item.transport)) or Contact()
            found, resting = credentials.usable(
                device, item.transport, resolved, memory.rests, contact.credential, environment.now()
            )
            fetches = tuple(fetch for collector in item.collectors for fetch in collector.fetches.values())
            cursors = memory.cursors.get(device.name, {})
            job = Job(
                device, found, fetches, cursors, hints=contact.hints or {}, jumps=self._way(item, resolved),
                sending=environment.outstanding.job(device.name) if item.transport == "ssh" else None,
            )  # fmt: skip
            if found or item.transport not in ("snmp", "ssh"):
                jobs.setdefault(item.transport, []).append(job)
                asked.waiting.add(item.transport)
                continue
            failure = (
                Failure("resting", "refused twice: not tried for an hour, or until the credential changes")
                if resting
                else _UNRESOLVED
            )
            answer = Answer(job, environment.now(), answered=False, failure=failure)
            asked.answers.append((item.transport, answer, False))
        for name in dict.fromkeys(item.device.name for item in due):
            if not self._rounds[name].waiting:
                self._complete(name)
        return jobs

    def _way(self, item: Due, resolved: Mapping[str, ResolvedCredential]) -> tuple[Hop, ...]:
        if item.transport != "ssh":
            return ()
        environment = self._environment
        return credentials.hops(
            item.device, environment.inventory, resolved, self._memory.rests, environment.now()
        )

    def forget(self, left_over: Mapping[str, Iterable[str]]) -> None:
        """End the series of what applies no more: collectors and transports by device. Raises SpoolError."""
        for device, names in left_over.items():
            self._batch.forget(device, names)
            self._seal_if_full()

    def given_up(self, segments: Sequence[str]) -> None:
        """Tell of done segments that went, oldest first, to make room: from them no store is rebuilt."""
        if not segments:
            return
        self._batch.builder.add_event(given_up_event(segments, self._environment.now()))

    def under_way(self, device: str) -> bool:
        return device in self._rounds

    def take(self, transport: str, answer: Answer) -> bool:
        """Take in the answer to a job of `begin`; True when it was the device's last.

        Raises SpoolError when it fills a segment that cannot be made durable.
        """
        name = answer.job.device.name
        asked = self._rounds[name]
        contacted = answer.failure is None or answer.failure.reason != "internal"
        asked.answers.append((transport, answer, contacted))
        asked.waiting.discard(transport)
        if asked.waiting:
            return False
        self._complete(name)
        return True

    def account(self, answers: Iterable[Answer]) -> None:
        """Take in what was done to hosts for somebody else who is not there any more, `owed` by them."""
        for answer in answers:
            self._batch.account(answer)

    def leave(self) -> None:
        """Devices of which some transports have answered will be asked again: only what was done counts."""
        for asked in self._rounds.values():
            self.account(answer for _, answer, _ in asked.answers)
            asked.answers.clear()

    @property
    def owed(self) -> list[Answer]:
        """Answers that tell what was done to hosts, without the rest, and are not sealed."""
        return self._batch.accounted

    def seal(self) -> None:
        """Make the batch durable, then remember what it settles; in this order nothing is lost.

        Raises SpoolError.
        """
        environment, summary, batch = self._environment, self.summary, self._batch
        batch.finish(environment.refine)
        segment = ""
        if batch.builder.count:
            header = environment.spool.seal(
                batch.builder,
                writer=environment.writer,
                created=batch.created,
                sealed=environment.now(),
                simulated=self._simulated,
                after=self._last_segment,
            )
            segment = self._last_segment = header.segment
            counts = batch.builder.counts()
            summary.segments += 1
            summary.samples += counts.get("sample", 0)
            summary.facts += counts.get("fact", 0)
            summary.events += counts.get("event", 0)
        batch.remember(environment.state, environment.writer, segment)
        told = [(answer.job.device.name, item) for answer in batch.accounted for item in answer.executions]
        environment.outstanding.settle([*environment.outstanding.left, *told])
        self._batch = self._new_batch()

    def _complete(self, name: str) -> None:
        asked = self._rounds.pop(name)
        # Better transports first: the others leave out what these say.
        asked.answers.sort(key=lambda item: PRECEDENCE.index(item[0]))
        failed = False
        for transport, answer, contacted in asked.answers:
            failure = self._batch.absorb(asked.due[transport], answer, contacted)
            if failure is not None:
                failed = True
                self._tell(name, failure)
        self.summary.devices += 1
        self.summary.failed += failed
        self.summary.ok += not failed
        self._seal_if_full()

    def _seal_if_full(self) -> None:
        if self._batch.builder.count >= ROWS_PER_SEGMENT:
            self.seal()

    def _tell(self, device: str, failure: Failure) -> None:
        problems = self.summary.problems
        if failure.reason == "internal":
            if failure.detail not in problems:  # the same for many devices
                problems.append(failure.detail)
        elif failure.reason in _OWN_FAILURES and failure != _UNRESOLVED:
            problems.append(f"{device}: {failure.reason}: {failure.detail}")

    def _resolve(self, names: set[str]) -> Mapping[str, ResolvedCredential]:
        environment = self._environment
        at = environment.monotonic()
        known = {name for name, (since, _) in self._resolved.items() if at < since + RESOLVE_AGAIN_SECONDS}
        resolved, unresolved = credentials.resolve_all(environment.inventory, names - known)
        self.summary.problems.extend(unresolved.values())
        self._resolved |= {name: (at, found) for name, found in (resolved | unresolved).items()}
        self._memory.resolved = {
            name: found for name, (_, found) in self._resolved.items() if not isinstance(found, str)
        }
        return self._memory.resolved

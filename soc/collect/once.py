"""Poll devices once: no state, no lock, nothing stored. What `soc poll` prints."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from soc.collect import credentials
from soc.collect.declare import Collector
from soc.collect.memory import rank
from soc.collect.outcome import Outcome, outcomes
from soc.collect.plan import Applying, contacts, plan
from soc.collect.port import Answer, Failure, Job, Transport
from soc.collect.run import run_jobs
from soc.inventory import Inventory
from soc.model import Device, canonical_labels

IDENTITY = ("object_id", "description", "name", "vendor", "os", "model", "version", "serial", "kind")


def poll_once(
    inventory: Inventory,
    collectors: Sequence[Collector],
    available: Mapping[str, Transport],
    *,
    devices: Collection[str],
    now: Callable[[], float],
    monotonic: Callable[[], float],
    deadline: float,
    on_device: Callable[[dict[str, Any]], None],
) -> None:
    """Ask the named devices everything that applies; `on_device` gets a document a device as it is done.

    Staged and retired devices are asked as well: this is how one looks at them.
    `deadline` is on the `monotonic` clock. The document is that of `soc poll --json` (docs/reference.md).
    """
    named = (replace(inventory.devices[name], state="active") for name in devices)
    pairs = contacts(inventory, available, named)
    resolved, unresolved = credentials.resolve_all(
        inventory, credentials.needed(inventory, (device for device, _ in pairs))
    )
    gathering = {device.name: _Gathering(device) for device, _ in pairs}
    jobs: dict[str, list[Job]] = {}

    def settle(transport: str, answer: Answer) -> None:
        gathered = gathering[answer.job.device.name]
        gathered.add(transport, answer)
        if not gathered.waiting:
            on_device(gathered.document())

    due = plan(pairs, Applying(collectors), {}, inventory.settings.intervals, now(), everything=True)
    for item in due:
        gathering[item.device.name].waiting[item.transport] = item.collectors
    for gathered in gathering.values():
        if not gathered.waiting:
            on_device(gathered.document())
    for item in due:
        found, _ = credentials.usable(item.device, item.transport, resolved, credentials.NO_RESTS, "", now())
        fetches = tuple(fetch for collector in item.collectors for fetch in collector.fetches.values())
        way = credentials.hops(item.device, inventory, resolved, credentials.NO_RESTS, now())
        job = Job(item.device, found, fetches, jumps=way)
        if item.transport in ("snmp", "ssh") and not found:
            why = "; ".join(unresolved[name] for name in item.device.credentials if name in unresolved)
            settle(item.transport, Answer(job, now(), answered=False, failure=Failure("credential", why)))
        else:
            jobs.setdefault(item.transport, []).append(job)
    for transport, answer in run_jobs(available, jobs, deadline, now=now, monotonic=monotonic):
        settle(transport, answer)


class _Gathering:
    """What is known of one device while its transports run."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.waiting: dict[str, tuple[Collector, ...]] = {}  # by transport
        self.answered = False
        self.problems: list[str] = []
        self._outcomes: list[Outcome] = []

    def add(self, transport: str, answer: Answer) -> None:
        collectors = self.waiting.pop(transport)
        self.answered |= answer.answered
        if answer.failure:
            self.problems.append(f"{transport}: {answer.failure.reason}: {answer.failure.detail}")
        for outcome in outcomes(answer, collectors):
            if outcome.failure is None:
                self._outcomes.append(outcome)
            elif outcome.failure is not answer.failure:
                failure = outcome.failure
                self.problems.append(f"{outcome.collector.name}: {failure.reason}: {failure.detail}")

    def document(self) -> dict[str, Any]:
        if not self._outcomes and not self.problems:
            self.problems.append(
                "nothing applies to this device (no credential, or no collector that it answers)"
            )
        # Better transports first, then standard MIBs: of two that say the same, the first counts.
        self._outcomes.sort(key=lambda outcome: rank(outcome.collector)[:2])
        facts: dict[tuple[str, str], str] = {}
        for outcome in self._outcomes:
            for fact in outcome.facts:
                facts.setdefault((fact.key, fact.instance), fact.value)
        identity = dict.fromkeys(IDENTITY, "")
        identity.update({instance: value for (key, instance), value in facts.items() if key == "identity"})
        return {
            "device": self.device.name,
            "ok": self.answered and not self.problems,
            "identity": {name: identity[name] or None for name in IDENTITY},
            "samples": list(self._samples()),
            "facts": [
                {"key": key, "instance": instance, "value": value} for (key, instance), value in facts.items()
            ],
            "errors": self.problems,
        }

    def _samples(self) -> Iterator[dict[str, Any]]:
        seen: set[tuple[str, str]] = set()
        for outcome in self._outcomes:
            for sample in outcome.samples:
                identity = (sample.metric, canonical_labels(sample.labels))
                if identity in seen:
                    continue
                seen.add(identity)
                labels = {**sample.attributes, **sample.labels}
                yield {"metric": sample.metric, "labels": labels, "value": sample.value}

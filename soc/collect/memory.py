"""What collection knows of the devices while it runs, and which of two sources of the same is believed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from soc.collect import credentials
from soc.collect.declare import Collector
from soc.collect.outcome import Outcome
from soc.collect.port import ResolvedCredential
from soc.collect.state import CollectState, Contact, Task, Told

Series = Sequence[tuple[str, str]]  # metric, labels
Rank = tuple[int, bool, str]  # as of `rank`

READ_AHEAD = 32  # devices
# Where two transports say the same of a device, the first of these is believed.
PRECEDENCE = ("local", "ssh", "snmp", "ping")


@lru_cache(maxsize=4096)
def rank(collector: Collector) -> Rank:
    """Of two collectors that say the same of a device, the lower one is believed.

    Over one transport that is a standard MIB's, before those that only some agents are asked.
    """
    return PRECEDENCE.index(collector.transport), bool(collector.object_ids), collector.name


@dataclass(frozen=True, slots=True)
class Claims:
    """What collectors over a better transport say of a device."""

    series: frozenset[tuple[str, str]] = frozenset()  # metric, labels
    facts: frozenset[tuple[str, str]] = frozenset()  # key, instance


_NO_CLAIMS = Claims()


@dataclass(slots=True)
class Memory:
    """What earlier cycles left, kept current while this one runs."""

    tasks: dict[tuple[str, str], Task]
    contacts: dict[tuple[str, str], Contact]
    rests: credentials.Rests
    cursors: dict[str, dict[str, str]]  # device -> stream -> last value
    read_told: Callable[[Sequence[str]], dict[str, dict[str, Told]]]
    # names of the collectors over better transports, by transport
    better: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ranks: Mapping[str, Rank] = field(default_factory=dict)  # by collector
    over: Mapping[str, Sequence[str]] = field(default_factory=dict)  # collectors' names by transport
    resolved: Mapping[str, ResolvedCredential] = field(default_factory=dict)

    # devices under way, of which the state will be asked next
    expected: Collection[str] = ()

    # read from the state when first asked for, for some devices at once, until their segment is sealed
    _told: dict[str, dict[str, Told]] = field(default_factory=dict)

    def told(self, device: str) -> dict[str, Told]:
        """What each collector said of the device last, by name; changes go into the dict."""
        found = self._told.get(device)
        if found is None:
            others = (name for name in self.expected if name not in self._told and name != device)
            names = [device, *islice(others, READ_AHEAD - 1)]
            read = self.read_told(names)
            self._told.update((name, read.get(name, {})) for name in names)
            found = self._told[device]
        return found

    def settle(self) -> None:
        """What was said up to here is in the state."""
        self._told = {name: told for name, told in self._told.items() if name in self.expected}

    def object_id(self, device: str) -> str | None:
        """The device's sysObjectID ("" where it has none), None before anybody read it."""
        contact = self.contacts.get((device, "snmp"))
        found = contact.hints.get("object_id") if contact and contact.hints else None
        return found if isinstance(found, str) else None

    def claimed(self, device: str, transport: str) -> Claims:
        told = self.told(device)
        said = [told[name] for name in self.better.get(transport, ()) if name in told]
        if not said:
            return _NO_CLAIMS
        return Claims(
            frozenset(item for one in said for item in one.series),
            frozenset(item for one in said for item in one.facts),
        )

    def say_once(self, device: str, found: Sequence[Outcome]) -> dict[Rank, Series]:
        """Drop from vendors' collectors what a better one over their transport says now, or said last.

        Returns what each collector says now, or said last where it was not asked.
        """
        ranks = self.ranks
        said: dict[Rank, Series] = {
            ranks[name]: one.series for name, one in self.told(device).items() if name in ranks
        }
        said |= {rank(outcome.collector): outcome.series for outcome in found}
        for outcome in sorted(found, key=lambda outcome: rank(outcome.collector)):
            own = rank(outcome.collector)
            if own[1] and outcome.series:
                better = [series for other, series in said.items() if own[:1] <= other < own]
                outcome.keep(set(outcome.series).difference(*better).__contains__)
                said[own] = outcome.series
        return said

    @classmethod
    def of(cls, state: CollectState, collectors: Sequence[Collector]) -> Memory:
        better = {
            transport: [item.name for item in collectors if item.transport in PRECEDENCE[:rank]]
            for rank, transport in enumerate(PRECEDENCE)
        }
        rests = credentials.Rests(state.refusals(), state.salt)
        ranks = {item.name: rank(item) for item in collectors}
        over = {name: [item.name for item in collectors if item.transport == name] for name in PRECEDENCE}
        return cls(
            state.tasks(), state.contacts(), rests, state.cursors(), state.told, better, ranks, over=over
        )


def give_way(outcome: Outcome, claimed: Claims) -> None:
    """Drop what a better transport says too: two sources of one series or fact would contradict."""
    if claimed.series:
        # What a device is stands in labels, so two sources of it never have the same ones.
        described = {metric for metric, _ in claimed.series if metric.endswith("_info")}
        outcome.keep(lambda series: series[0] not in described and series not in claimed.series)
    if claimed.facts:
        outcome.facts = [fact for fact in outcome.facts if (fact.key, fact.instance) not in claimed.facts]

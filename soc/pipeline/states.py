"""Device states from changed answers, purely (docs/reference.md, device state)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence

from soc.model import Device, Event
from soc.model.ids import digest
from soc.store.polls import Reachability
from soc.store.states import OFF_OR_AWAY, StateChange

_DARK = frozenset({"down", "unreachable"})
_SEVERITY_IDS = {"up": 1, "unknown": 2, "unreachable": 3, "down": 4}
BEST_EFFORT = "best-effort"  # Device.availability: nobody expects an answer


class Topology:
    """Who depends on whom, and of whom no answer is expected."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self.parents: dict[str, tuple[str, ...]] = {}
        self.best_effort: set[str] = set()
        for device in devices:
            self.parents[device.name] = device.depends_on
            if device.availability == BEST_EFFORT:
                self.best_effort.add(device.name)
        self.children: dict[str, list[str]] = {}
        for name, parents in self.parents.items():
            for parent in parents:
                self.children.setdefault(parent, []).append(name)

    def all_parents_dark(self, device: str, states: Mapping[str, str]) -> bool:
        """Whether everything the device depends on is down or unreachable."""
        parents = self.parents.get(device, ())
        return bool(parents) and all(states.get(parent) in _DARK for parent in parents)


def advance(
    changes: Sequence[Reachability],
    answers: MutableMapping[str, dict[str, bool]],
    states: Mapping[str, tuple[str, float]],
    topology: Topology,
) -> list[StateChange]:
    """Transitions that these changes make, in order.

    `answers` holds, for every changed device, what its collectors' last polls said before the
    changes, and is brought up to them; `states` is (state, since) by device. Changes are judged in
    rounds, in which each collector of a device speaks once: in a cycle a device may be polled before
    the one it depends on, and is not down for the moment in between.
    """
    present = {device: state for device, (state, _) in states.items()}
    since = {device: at for device, (_, at) in states.items()}
    transitions: list[StateChange] = []
    for round_ in _rounds(changes):
        transitions += _transitions(_apply(round_, answers), answers, present, since, topology)
    return transitions


def _transitions(
    at: dict[str, float],
    answers: Mapping[str, dict[str, bool]],
    present: dict[str, str],
    since: dict[str, float],
    topology: Topology,
) -> list[StateChange]:
    """Transitions of the devices of `at`, each at its time, and of those behind them, in order.

    `present` and `since` are brought up to them.
    """
    before: dict[str, str] = {}
    causes: dict[str, str] = {}
    waiting = list(at)
    while waiting:
        device = waiting.pop(0)
        state, cause = _judge(device, answers.get(device), present, topology)
        if state == present.get(device):
            continue
        before.setdefault(device, present.get(device, ""))
        present[device] = state
        causes[device] = cause
        for child in topology.children.get(device, ()):
            if child in at or present.get(child) in _DARK:
                at.setdefault(child, at[device])
                waiting.append(child)
    transitions = []
    for device in sorted(before, key=lambda name: (at[name], name)):
        if present[device] != before[device]:
            since[device] = max(at[device], since.get(device, 0.0))
            transitions.append(
                StateChange(device, since[device], present[device], causes[device], before[device])
            )
    return transitions


def misjudged(states: Mapping[str, tuple[str, float]], topology: Topology) -> list[str]:
    """Devices that may be in another state since the inventory expects them to answer, or does so no more."""
    return [
        device
        for device, (state, _) in states.items()
        if device in topology.parents and state == ("down" if device in topology.best_effort else "unknown")
    ]


def judged_again(
    devices: Iterable[str],
    answers: Mapping[str, dict[str, bool]],
    states: Mapping[str, tuple[str, float]],
    topology: Topology,
    now: float,
) -> list[StateChange]:
    """Transitions of these devices, and of those behind them, as of `now`, by what their last polls said."""
    present = {device: state for device, (state, _) in states.items()}
    since = {device: at for device, (_, at) in states.items()}
    heard = {device: answers.get(device, {}) for device in devices}
    return _transitions(dict.fromkeys(heard, now), heard, present, since, topology)


def _rounds(changes: Sequence[Reachability]) -> Iterator[list[Reachability]]:
    round_: list[Reachability] = []
    spoken: set[tuple[str, str]] = set()
    segment = ""
    for change in changes:
        key = (change.device, change.collector)
        if round_ and (change.segment != segment or key in spoken):
            yield round_
            round_, spoken = [], set()
        segment = change.segment
        spoken.add(key)
        round_.append(change)
    if round_:
        yield round_


def _apply(round_: Iterable[Reachability], answers: MutableMapping[str, dict[str, bool]]) -> dict[str, float]:
    """Bring `answers` up to the round; returns the last time of each device in it."""
    at: dict[str, float] = {}
    for change in round_:
        found = answers.setdefault(change.device, {})
        if change.answered is None:
            found.pop(change.collector, None)
        else:
            found[change.collector] = change.answered
        at[change.device] = max(change.time, at.get(change.device, 0.0))
    return at


def _judge(
    device: str,
    answers: Mapping[str, bool] | None,
    states: Mapping[str, str],
    topology: Topology,
) -> tuple[str, str]:
    """(state, cause). Without `answers` nothing has changed but what the device depends on."""
    if answers is not None:
        if not answers:
            return "unknown", "not polled in time"
        heard = sorted(collector for collector, answered in answers.items() if answered)
        if heard:
            return "up", f"answers {', '.join(heard)}"
    if topology.all_parents_dark(device, states):
        return "unreachable", f"behind {', '.join(topology.parents[device])}"
    if device in topology.best_effort:
        return "unknown", OFF_OR_AWAY
    asked = f" to {', '.join(sorted(answers))}" if answers else ""
    return "down", f"no answer{asked}"


def state_event(change: StateChange, received: float) -> Event:
    """The transition as our own event."""
    return Event(
        id=digest("state", change.device, f"{change.time:.6f}", change.previous, change.state),
        time=change.time,
        received=received,
        device=change.device,
        product="soc",
        category="availability",
        service=change.state,
        severity_id=1 if change.cause == OFF_OR_AWAY else _SEVERITY_IDS[change.state],
        message=f"{change.device} is {change.state}: {change.cause}",
        fields={"old": change.previous, "new": change.state, "cause": change.cause},
    )

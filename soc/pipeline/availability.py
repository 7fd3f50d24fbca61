"""Availability rules: which rule times are due, and what fires at one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from soc.alerting import Firing, Ledger, RuleIdentity, fingerprint_of
from soc.model import SocError
from soc.model.alerts import Alert
from soc.model.ids import digest
from soc.pipeline.states import Topology
from soc.promql import Active, Rule, RuleGroup, RuleGroups, evaluate_rule
from soc.store import Store

CATCH_UP_SECONDS = 2 * 3600
_CURSOR = "evaluated:"
_LOOK_AHEAD_TIMES = 60
Vector = list[tuple[dict[str, str], float]]


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one rule said at one rule time."""

    rule: Rule
    states: Mapping[str, Active]
    newly: frozenset[str]  # keys that did not fire the time before
    firing: tuple[Active, ...]
    resolved: tuple[str, ...]  # keys


class Availability:
    """The groups' watermarks and the rules' states between two rule times."""

    def __init__(self, store: Store, groups: RuleGroups, topology: Topology) -> None:
        self._store = store
        self._groups = {group.id: group for group in groups.groups}
        self._topology = topology
        self._states = {
            rule: {key: Active.load(text) for key, text in found.items()}
            for rule, found in store.rules.states().items()
        }
        positions = store.cursors.starting_with(_CURSOR)
        self._evaluated = {
            group: position / 1e6 for group, position in positions.items() if group in self._groups
        }
        self._latest = max(positions.values(), default=0) / 1e6
        self._vectors: dict[str, dict[int, Vector]] = {}
        self._unsaved: set[str] = set()  # ids of rules whose states changed
        self._due: list[RuleGroup] = []
        self._verdicts: list[_Verdict] = []
        self._failed: list[tuple[Rule, str]] = []

    def next_time(self) -> float | None:
        """The earliest rule time not yet evaluated; None while the store holds no sample."""
        begin = self._begin()
        times = [
            _following(self._evaluated.get(name, begin), group.interval_seconds)
            for name, group in self._groups.items()
            if name in self._evaluated or begin is not None
        ]
        return min(times, default=None)

    def _begin(self) -> float | None:
        """Where a group starts that has never been evaluated: with the others, or with the first sample."""
        if len(self._evaluated) == len(self._groups):
            return None
        return self._latest or self._store.series.oldest()

    def skip(self, until: float, now: float) -> list[str]:
        """Give up rule times up to `until`: they are a gap. Returns the ids of the groups that have one.

        Pending states go, since nobody knows whether the expression held; firing ones stay to be judged.
        """
        skipped = []
        begin = self._begin()
        for name, group in self._groups.items():
            evaluated = self._evaluated.get(name, begin)
            if evaluated is None or _following(evaluated, group.interval_seconds) > until:
                continue
            last = _following(until, group.interval_seconds) - group.interval_seconds
            self._store.rules.add_gap(name, evaluated, last, now, "not evaluated within 2 h")
            self._evaluated[name] = last
            for rule in group.rules:
                known = self._states.get(rule.id, {})
                self._keep(rule.id, {key: active for key, active in known.items() if active.fired_at})
            skipped.append(name)
        self._save()
        return skipped

    def look_ahead(self, now: float) -> None:
        """Where several rule times are due, evaluate each expression once over all of them.

        Holds until the next samples come in; `forget` says so.
        """
        begin = self._begin()
        for name, group in self._groups.items():
            first = _following(self._evaluated.get(name, begin), group.interval_seconds)
            count = min(int((now - first) // group.interval_seconds) + 1, _LOOK_AHEAD_TIMES)
            for rule in group.rules:
                if count > 1 and _microseconds(first) not in self._vectors.get(rule.id, {}):
                    self._vectors[rule.id] = self._ahead(rule, first, count, group.interval_seconds)

    def forget(self) -> None:
        """Samples have come in: what was looked at ahead may no longer hold."""
        self._vectors = {}

    def evaluate(self, time: float) -> None:
        """Evaluate every group that is due at `time`; `commit` keeps what came of it.

        It only reads, outside the transaction that commits: a query that fails would end that.
        """
        self._verdicts = []
        self._failed = []
        begin = self._begin()
        self._due = [
            group
            for name, group in self._groups.items()
            if _following(self._evaluated.get(name, begin), group.interval_seconds) == time
        ]
        for group in self._due:
            for rule in group.rules:
                self._evaluate_rule(rule, time)

    def fingerprints(self) -> Iterable[str]:
        """Of every alert that `commit` may touch."""
        for verdict in self._verdicts:
            for active in verdict.firing:
                yield fingerprint_of(verdict.rule.id, active.group_labels)
            for key in verdict.resolved:
                yield _fingerprint(verdict.rule, key)

    def newly_firing(self) -> list[str]:
        """Ids of the rules that fire for labels they did not fire for before."""
        return [verdict.rule.id for verdict in self._verdicts if verdict.newly]

    def commit(self, ledger: Ledger, time: float, now: float) -> None:
        """Keep the watermarks and states; tell the ledger what fires, has resolved, or is not known."""
        failed = {rule.id: reason for rule, reason in self._failed}
        for group in self._due:
            for rule in group.rules:
                if rule.id in failed:
                    begin = time - group.interval_seconds
                    self._store.rules.add_gap(rule.id, begin, time, now, failed[rule.id])
            self._evaluated[group.id] = time
        devices = sorted(
            {
                device
                for verdict in self._verdicts
                for active in verdict.firing
                if (device := active.labels.get("device"))
            }
        )
        dark = self._dependency_down(devices, time)
        for verdict in self._verdicts:
            self._keep(verdict.rule.id, verdict.states)
            for active in sorted(verdict.firing, key=lambda active: active.key):
                ledger.firing(_signal(verdict, active, active.labels.get("device", "") in dark), time)
            for key in sorted(verdict.resolved):
                ledger.resolved(verdict.rule.id, _fingerprint(verdict.rule, key), time)
        self._save()
        for alert in ledger.alerts():
            if alert.rule_id in failed:
                ledger.no_data(alert, time, failed[alert.rule_id])

    def withdrawn(self, alerts: Iterable[Alert]) -> list[Alert]:
        """Those of the alerts that still fire although their rule is no longer loaded."""
        loaded = {rule.id for group in self._groups.values() for rule in group.rules}
        gone = [rule for rule in self._states if rule not in loaded]
        self._store.rules.save_states({rule: {} for rule in gone})
        for rule in gone:
            del self._states[rule]
        return [alert for alert in alerts if alert.rule_id not in loaded]

    def _ahead(self, rule: Rule, first: float, count: int, step: float) -> dict[int, Vector]:
        """The rule's vectors at these rule times; none where the range fails: each time then tells why."""
        try:
            series = rule.expression.range(
                self._store.query, first, first + (count - 1) * step, step, subquery_step=step
            )
        except SocError:
            return {}
        vectors: dict[int, Vector] = {_microseconds(first + number * step): [] for number in range(count)}
        for labels, points in series:
            for time, value in points:
                vectors[_microseconds(time)].append((labels, value))
        return vectors

    def _evaluate_rule(self, rule: Rule, time: float) -> None:
        before = self._states.get(rule.id, {})
        try:
            vector = self._vectors.get(rule.id, {}).pop(_microseconds(time), None)
            after, firing = evaluate_rule(rule, time, self._store.query, before, results=vector)
        except SocError as error:
            self._failed.append((rule, str(error).partition("\n")[0]))
            return
        fired = {key for key, active in before.items() if active.fired_at is not None}
        now_firing = {active.key for active in firing}
        self._verdicts.append(
            _Verdict(
                rule, after, frozenset(now_firing - fired), tuple(firing), tuple(sorted(fired - now_firing))
            )
        )

    def _keep(self, rule_id: str, states: Mapping[str, Active]) -> None:
        if states != self._states.get(rule_id, {}):
            self._states[rule_id] = dict(states)
            self._unsaved.add(rule_id)

    def _save(self) -> None:
        """Write watermarks and changed states, in the transaction that they come from."""
        self._store.cursors.set_all(
            {_CURSOR + group: _microseconds(time) for group, time in self._evaluated.items()}
        )
        self._store.rules.save_states(
            {
                rule: {key: active.dump() for key, active in self._states[rule].items()}
                for rule in self._unsaved
            }
        )
        self._unsaved = set()

    def _dependency_down(self, devices: list[str], time: float) -> set[str]:
        """Those of the devices that nobody can judge at `time`: all they depend on is down."""
        if not devices:
            return set()
        named = {*devices, *(parent for name in devices for parent in self._topology.parents.get(name, ()))}
        states = self._store.states.at(sorted(named), time)
        return {
            device
            for device in devices
            if states.get(device) == "unreachable"
            or (states.get(device) != "up" and self._topology.all_parents_dark(device, states))
        }


def _following(evaluated: float | None, interval_seconds: float) -> float:
    """The first multiple of the interval after `evaluated`."""
    step = _microseconds(interval_seconds)
    return (_microseconds(evaluated or 0.0) // step + 1) * step / 1e6


def _microseconds(seconds: float) -> int:
    return round(seconds * 1e6)


def _fingerprint(rule: Rule, key: str) -> str:
    return digest(rule.id, key)


def _signal(verdict: _Verdict, active: Active, dependency_down: bool) -> Firing:
    rule = verdict.rule
    return Firing(
        RuleIdentity(
            rule.id, rule.version, rule.alert, "availability", rule.severity,
            active.annotations.get("runbook_url", ""),
        ),
        active.group_labels, active.labels, active.labels.get("device", ""), active.active_since,
        active.key in verdict.newly, dependency_down, active.annotations.get("summary", ""),
        active.annotations.get("description", ""),
    )  # fmt: skip

"""Segments to rows, rows to alerts: one transaction at a time, each complete in itself.

Whoever holds store.lock runs it: `soc collect` once, a hub again and again. A process killed anywhere
leaves a store as before its last transaction or after it; what is repeated changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from soc.alerting import Evidence, Ledger, fingerprint_of, transition_event
from soc.alerting.ledger import FLOODING_PREFIX, FLOODING_SECONDS
from soc.detection import RuleSet, match_events
from soc.inventory import Inventory
from soc.model import Match
from soc.model.alerts import Alert
from soc.pipeline.availability import CATCH_UP_SECONDS, Availability
from soc.pipeline.detections import correlation_signals, feeds_on_alerts, plain_signals, with_total
from soc.pipeline.states import Topology, advance, state_event
from soc.pipeline.waiting import SegmentFile, Waiting, set_aside_event
from soc.promql import RuleGroups
from soc.spool.spool import Spool
from soc.store import Store
from soc.store.polls import Reachability

# A rule time waits no longer than this for segments that were sealed before it.
GRACE_SECONDS = 60.0
TRANSACTION = "transaction"
_MATCHED = "own-events-matched"


@dataclass(slots=True)
class PipelineSummary:
    """What one run did."""

    segments: int = 0
    quarantined: int = 0
    rows: int = 0
    samples: int = 0
    events: int = 0
    matches: int = 0
    fact_changes: int = 0
    state_changes: int = 0
    rule_times: int = 0
    gaps: int = 0
    alerts_opened: int = 0
    transitions: int = 0


class Pipeline:
    """Everything between the spool and the alerts, over one open store."""

    def __init__(
        self, store: Store, spool: Spool, inventory: Inventory, rules: RuleSet, groups: RuleGroups
    ) -> None:
        self._store = store
        self._waiting = Waiting(store, spool)
        self._inventory = inventory
        self._rules = rules
        self._groups = groups
        self._topology = Topology(inventory.devices.values())
        self._summary = PipelineSummary()

    def run(
        self, now: Callable[[], float], should_stop: Callable[[], bool] = lambda: False
    ) -> PipelineSummary:
        """Work until nothing waits and no rule time is due; `should_stop` is asked between transactions.

        Raises StoreError when the store cannot take more; what waits then stays in the spool.
        """
        self._summary = PipelineSummary()
        started = now()
        self._prepare(started)
        while not should_stop():
            self._skip_old_rule_times(now())
            time = self._availability.next_time()
            due = time if time is not None and time <= now() else None
            patient = due is not None and now() < max(due, started) + GRACE_SECONDS
            files = self._waiting.next_files()
            if due is not None and not (files and patient):
                self._availability.look_ahead(now())
                self._transact(now(), (), due)
            elif files or self._waiting.unreadable or self._unmatched():
                self._transact(now(), files, None)
            else:
                break
        return self._summary

    def _prepare(self, now: float) -> None:
        """Bring the store up to the inventory and the rules that are loaded now."""
        store = self._store
        with store.transaction():
            store.devices.sync(self._inventory.devices.values(), now)
            store.rules.archive(
                [
                    *((rule.version, rule.id, rule.text) for rule in self._groups.rules),
                    *((rule.origin.version, rule.id, rule.origin.text) for rule in self._rules.rules),
                    *((rule.origin.version, rule.id, rule.origin.text) for rule in self._rules.correlations),
                ],
                now,
            )
            self._availability = Availability(store, self._groups, self._topology)
            alerts = store.alerts.unfinished_availability()
            ledger = Ledger(alerts)
            for alert in self._availability.withdrawn(alerts):
                if not alert.rule_id.startswith(FLOODING_PREFIX):
                    ledger.resolved(alert.rule_id, alert.fingerprint, now, "the rule is no longer loaded")
            self._save(ledger, store.cursors.next(TRANSACTION), now)

    def _skip_old_rule_times(self, now: float) -> None:
        time = self._availability.next_time()
        if time is None or time >= now - CATCH_UP_SECONDS:
            return
        until = now - CATCH_UP_SECONDS
        with self._store.transaction():
            skipped = self._availability.skip(until, now)
            ledger = Ledger(self._store.alerts.unfinished_availability())
            rules = {rule.id for group in self._groups.groups if group.id in skipped for rule in group.rules}
            for alert in ledger.alerts():
                if alert.rule_id in rules:
                    ledger.no_data(alert, until, "rule times were not evaluated within 2 h")
            self._save(ledger, self._store.cursors.next(TRANSACTION), now)
        self._summary.gaps += len(skipped)

    def _transact(self, now: float, waiting: Sequence[SegmentFile], time: float | None) -> None:
        """One transaction: match our own events of before, store the waiting files' rows, judge what is
        new, evaluate rule time `time`."""
        store, summary = self._store, self._summary
        files = self._waiting.stage(waiting) if waiting else []
        with store.transaction():
            batch = store.cursors.next(TRANSACTION)
            matches = match_events(self._rules, store.events.own_since(store.cursors.get(_MATCHED) or 0))
            store.cursors.set(_MATCHED, batch - 1)
            store.events.add_own(
                [set_aside_event(path, reason) for path, reason in self._waiting.unreadable.items()], batch
            )
            if files:
                self._store_rows(files, now, batch)
            signals = self._detect(matches, files)
            if time is not None:
                self._change_states(store.polls.expire(time), now, batch)
                self._availability.evaluate(time)
                summary.rule_times += 1
            if signals or time is not None:
                ledger = self._ledger(signals, time)
                for signal in signals:
                    ledger.evidence(with_total(store, self._rules, ledger, signal))
                if time is not None:
                    self._availability.apply(ledger, time)
                    ledger.tick(time)
                self._save(ledger, batch, now)
        summary.quarantined += len(self._waiting.unreadable)
        self._waiting.finish(files)

    def _store_rows(self, files: Sequence[SegmentFile], now: float, batch: int) -> None:
        store, summary = self._store, self._summary
        self._availability.forget()
        store.segments.record((header for header, _ in files), now)
        summary.samples += store.series.add_staged()
        summary.events += store.events.add_staged(batch)
        summary.fact_changes += store.facts.add_staged(now, batch)
        store.polls.add_staged()
        self._change_states(store.polls.reachability_staged(), now, batch)
        store.polls.keep_reachability()
        summary.segments += len(files)
        summary.rows += sum(header.rows for header, _ in files)

    def _detect(self, own: Sequence[Match], files: Sequence[SegmentFile]) -> list[Evidence]:
        """Store matches on our own events and of the staged files; returns what they mean for alerts."""
        store = self._store
        if not files:
            if not own:
                return []
            store.segments.stage(())
        added = store.matches.add_staged(own)
        self._summary.matches += added
        if not added:
            return []
        return plain_signals(store, self._rules) + correlation_signals(store, self._rules)

    def _change_states(self, changes: Sequence[Reachability], now: float, batch: int) -> None:
        if not changes:
            return
        devices = sorted({change.device for change in changes})
        answers = self._store.polls.answers(devices)
        transitions = advance(changes, answers, self._store.states.current(), self._topology)
        self._store.states.add(transitions)
        # The first time a device is seen up is no news.
        news = [change for change in transitions if change.previous or change.state != "up"]
        self._store.events.add_own([state_event(change, now) for change in news], batch)
        self._summary.state_changes += len(transitions)

    def _ledger(self, signals: Sequence[Evidence], time: float | None) -> Ledger:
        """A ledger of every alert that the signals and the rule time may touch."""
        alerts = self._store.alerts
        fingerprints = {fingerprint_of(signal.rule.id, signal.labels) for signal in signals}
        rules = {signal.rule.id for signal in signals}
        times = [signal.first for signal in signals]
        found: dict[str, Alert] = {}
        if time is not None:
            fingerprints |= set(self._availability.fingerprints())
            rules |= {rule.id for rule in self._groups.rules}
            times.append(time)
            found = {alert.id: alert for alert in alerts.unfinished_availability()}
        floods = {fingerprint_of(FLOODING_PREFIX + rule, {"rule": rule}) for rule in rules}
        found |= {alert.id: alert for alert in alerts.by_fingerprints(fingerprints | floods)}
        return Ledger(
            found.values(),
            alerts.opened_times(min(times) - FLOODING_SECONDS),
            alerts.evidence_counts(found.values()),
        )

    def _save(self, ledger: Ledger, batch: int, now: float) -> None:
        changes = ledger.changes
        self._store.alerts.save(
            list(changes.opened.values()),
            list(changes.changed.values()),
            changes.transitions,
            changes.evidence,
            now,
        )
        alerts = {alert.id: alert for alert in ledger.alerts()}
        for silent in (False, True):
            self._store.events.add_own(
                [
                    transition_event(alerts[step.alert_id], step)
                    for step in changes.transitions
                    if feeds_on_alerts(self._rules, alerts[step.alert_id].rule_id) is silent
                ],
                None if silent else batch,
            )
        self._summary.alerts_opened += len(changes.opened)
        self._summary.transitions += len(changes.transitions)

    def _unmatched(self) -> bool:
        matched = self._store.cursors.get(_MATCHED) or 0
        return self._store.events.has_own_since(matched)

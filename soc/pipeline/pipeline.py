"""Segments to rows, rows to alerts: one transaction at a time, each complete in itself.

Whoever holds store.lock runs it: `soc collect` once, a hub again and again. A process killed anywhere
leaves a store as before its last transaction or after it; what is repeated changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from soc.alerting import Evidence, Ledger, fingerprint_of, transition_event
from soc.alerting.ledger import FLOODING_PREFIX, FLOODING_SECONDS
from soc.detection import RuleSet, match_events
from soc.inventory import Inventory
from soc.model import Event, Match, Sample, StoreError
from soc.pipeline.availability import CATCH_UP_SECONDS, Availability
from soc.pipeline.detections import correlation_signals, feeds_on_alerts, plain_signals, with_total
from soc.pipeline.notices import write_notices
from soc.pipeline.recovery import recovery_event, unknown_transactions
from soc.pipeline.states import BEST_EFFORT, Topology, advance, judged_again, misjudged, state_event
from soc.pipeline.upkeep import Upkeep
from soc.pipeline.waiting import SegmentFile, Waiting, set_aside_event
from soc.promql import RuleGroups
from soc.spool.spool import Spool
from soc.store import Entry, RowsRefusedError, Store
from soc.store.polls import Reachability
from soc.store.record import Pending
from soc.store.states import StateChange

# A rule time waits no longer than this for segments that were sealed before it.
GRACE_SECONDS = 60.0
# By how much the clocks of who polls may differ from ours.
CLOCK_AHEAD_SECONDS = 60.0
# However much there is to ingest, every so many steps go to the upkeep of the store, if any is due.
_STEPS_PER_UPKEEP = 20
LAST_SEEN, LAST_SEEN_SECONDS = "device_last_seen_timestamp_seconds", 3600.0
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
    stopped: bool = False  # asked to, so that something may wait still
    redone: int = 0  # transactions that the store had lost


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
        self._redoing: Pending | None = None
        self._steps = 0
        self._started = self._now = 0.0  # UTC seconds, of `prepare` and of the last step
        self._upkeep = (
            Upkeep(store, spool, inventory.settings.retention, matched=self._matched, tell=self._tell)
            if store.seals
            else None
        )
        self.summary = PipelineSummary()  # since `prepare`
        # Whose alerts and states the transactions changed: ids, device names. Whoever tells it empties it.
        self.changed_alerts: set[str] = set()
        self.changed_devices: set[str] = set()

    def run(
        self, now: Callable[[], float], should_stop: Callable[[], bool] = lambda: False
    ) -> PipelineSummary:
        """Work until nothing is to be done; `should_stop` is asked between transactions.

        Raises StoreError when the store cannot take more; what waits then stays in the spool.
        """
        self.prepare(now())
        while not (stopped := should_stop()) and self.step(now()):
            pass
        self.summary.stopped = stopped
        return self.summary

    def step(self, now: float) -> bool:
        """One transaction of what is to be done; False when nothing waits, and no rule time or upkeep is due.

        `prepare` comes first. Raises StoreError as `run`; the pipeline is of no use after that.
        """
        if now < self._now - CLOCK_AHEAD_SECONDS:  # the clock was set back
            self._prepare(now)
        self._now = now
        self._steps += 1
        if self._steps % _STEPS_PER_UPKEEP == 0 and self._keep_up(now):
            return True
        self._skip_old_rule_times(now)
        time = self._availability.next_time()
        due = time if time is not None and time <= now else None
        patient = due is not None and now < max(due, self._started) + GRACE_SECONDS
        files = self._waiting.next_files()
        if due is not None and not (files and patient):
            self._availability.look_ahead(now)
            self._transact(now, (), due)
        elif files or self._waiting.unreadable or self._own_waits:
            self._ingest(now, files)
        else:
            return self._keep_up(now)
        return True

    def _keep_up(self, now: float) -> bool:
        return self._upkeep is not None and self._upkeep.step(now)

    def _matched(self) -> int:
        """The transaction up to which own events have been matched."""
        return self._store.cursors.get(_MATCHED) or 0

    def _tell(self, event: Event) -> None:
        """Store an own event in a transaction of its own."""
        with self._transaction(Entry("events", event.received, events=(event,))) as number:
            self._add_own([event], number)

    def own_events_added(self) -> None:
        """Somebody beside the pipeline has stored own events: the next step matches them."""
        self._own_waits = True

    def prepare(self, now: float) -> None:
        """Bring the store up to the journal, and to the inventory and the rules that are loaded now.

        Raises StoreError when the store has lost more than the journal can do again.
        """
        self.recover(now)
        self._started = self._now = now
        self._prepare(now)

    def recover(self, now: float, *, accept_gap: bool = False) -> None:
        """Do again what the journal holds and the store lacks, as it was done then.

        Raises StoreError when transactions between the two are known to neither, unless that is accepted.
        """
        self.summary = PipelineSummary()
        store = self._store
        self._own_waits = store.events.has_own_since(self._matched())
        before, pending, gone = store.number, store.pending(), 0
        if pending:
            if pending[0].number > before + 1 and not accept_gap:
                raise StoreError(unknown_transactions(before, pending[0].number))
            self._availability = Availability(store, self._groups, self._topology)
            gone = sum(self._redo(one) for one in pending)
            if any(one.entry is None for one in pending):
                with store.transaction():
                    store.outbox.presume_delivered(now)
            self.summary = PipelineSummary(redone=len(pending))
        if len(pending) > 1 or gone or store.notices:
            event = recovery_event(
                before, pending[-1].number if pending else before, gone, store.notices, now
            )
            with store.transaction(Entry("events", now, events=(event,))) as number:
                self._add_own([event], number)
            store.notices.clear()

    def requeue_unknown(self) -> int:
        """Done segments that the store lacks wait again; returns how many wait now."""
        return self._waiting.requeue_unknown()

    def _redo(self, pending: Pending) -> int:
        """One transaction; returns how many of its segments are gone. What the journal says became of
        alerts holds, whatever the rules that are loaded now make of it."""
        entry = pending.entry or Entry("action", pending.steps[0].transition.time)
        self._redoing = pending
        files, gone = self._waiting.find(entry.segments)
        try:
            if entry.kind == "prepare":
                self._prepare(entry.now)
            elif entry.kind == "skip":
                self._skip_old_rule_times(entry.now)
            elif entry.kind == "work":
                self._transact(entry.now, files, entry.time, entry.events)
            self._redo_steps(entry)
        except RowsRefusedError:
            self._own_waits = True
            self._redo_steps(replace(entry, events=()))
            self._waiting.put_back(files)
        finally:
            self._redoing = None
        return gone

    def _redo_steps(self, entry: Entry) -> None:
        """Where the work itself made no transaction."""
        if self._redoing is not None and self._store.number < self._redoing.number:
            with self._transaction(entry) as number:
                self._add_own(entry.events, number)
                self._store.outbox.settle(entry.delivered, "delivered", entry.now)
                self._store.outbox.settle(entry.given_up, "dead", entry.now)

    @contextmanager
    def _transaction(self, entry: Entry) -> Iterator[int]:
        pending = self._redoing
        with self._store.transaction(entry, pending.number if pending else None) as number:
            yield number
            for step in pending.steps if pending else ():
                alert, transition = step.alert, step.transition
                if self._store.alerts.reinstate(alert, transition, step.evidence, entry.now):
                    told = transition_event(alert, transition)
                    if feeds_on_alerts(self._rules, alert.rule_id):
                        self._store.events.add_own([told], None)
                    else:
                        self._add_own([told], number)
            write_notices(self._store, self._inventory.settings.notify, entry.now)

    def _prepare(self, now: float) -> None:
        store = self._store
        with self._transaction(Entry("prepare", now)) as number:
            store.devices.sync(self._inventory.devices.values(), now)
            store.polls.forget_after(now + CLOCK_AHEAD_SECONDS)
            self._judge_again(now, number)
            store.rules.archive(
                [
                    *((rule.version, rule.id, rule.text) for rule in self._groups.rules),
                    *((rule.origin.version, rule.id, rule.origin.text) for rule in self._rules.rules),
                    *((rule.origin.version, rule.id, rule.origin.text) for rule in self._rules.correlations),
                ],
                now,
            )
            self._availability = Availability(store, self._groups, self._topology)
            alerts = store.alerts.touched((), unfinished_availability=True)
            ledger = Ledger(alerts)
            for alert in self._availability.withdrawn(alerts):
                if not alert.rule_id.startswith(FLOODING_PREFIX):
                    ledger.resolved(alert.rule_id, alert.fingerprint, now, "the rule is no longer loaded")
            self._save(ledger, number, now)

    def _skip_old_rule_times(self, now: float) -> None:
        time = self._availability.next_time()
        if time is None or time >= now - CATCH_UP_SECONDS:
            return
        until = now - CATCH_UP_SECONDS
        with self._transaction(Entry("skip", now)) as number:
            skipped = self._availability.skip(until, now)
            ledger = Ledger(self._store.alerts.touched((), unfinished_availability=True))
            rules = {rule.id for group in self._groups.groups if group.id in skipped for rule in group.rules}
            for alert in ledger.alerts():
                if alert.rule_id in rules:
                    ledger.no_data(alert, until, "rule times were not evaluated within 2 h")
            self._save(ledger, number, now)
        self.summary.gaps += len(skipped)

    def _ingest(self, now: float, files: Sequence[SegmentFile]) -> None:
        """Store the files' rows; a file whose rows the store refuses is set aside and stops no other."""
        before = replace(self.summary)
        try:
            self._transact(now, files, None)
        except RowsRefusedError as error:
            self.summary = before
            self._own_waits = True
            if len(files) > 1:
                for file in files:
                    self._ingest(now, [file])
            elif files:
                self._waiting.unreadable[files[0][1]] = str(error)
            else:
                raise

    def _transact(
        self, now: float, waiting: Sequence[SegmentFile], time: float | None, events: Sequence[Event] = ()
    ) -> None:
        """One transaction: match our own events of before, store the waiting files' rows, judge what is
        new, evaluate rule time `time`."""
        store = self._store
        files = self._waiting.stage(waiting) if waiting else []
        if time is not None:
            self._availability.evaluate(time)
        unreadable = self._waiting.next_unreadable()
        aside = (set_aside_event(path, reason) for path, reason in unreadable.items())
        entry = Entry("work", now, tuple(header.segment for header, _ in files), time, (*events, *aside))
        with self._transaction(entry) as batch:
            matches = self._match_own(batch)
            self._add_own(entry.events, batch)
            if files:
                self._store_rows(files, now, batch)
            signals = self._detect(matches, files)
            if time is not None:
                self._change_states(store.polls.expire(time), now, batch)
                self._tell_last_seen(time)
            if signals or time is not None:
                ledger = self._ledger(signals, time)
                for signal in signals:
                    ledger.evidence(with_total(store, self._rules, ledger, signal))
                if time is not None:
                    self._availability.commit(ledger, time, now)
                    ledger.tick(time)
                self._save(ledger, batch, now)
        self.summary.rule_times += time is not None
        self.summary.quarantined += len(unreadable)
        self._waiting.finish(files, unreadable)

    def _match_own(self, batch: int) -> list[Match]:
        """Match the own events of transactions before `batch`, as one columnar batch."""
        if not self._own_waits:
            return []
        store = self._store
        matches = match_events(self._rules, store.events.own_since(self._matched()))
        store.cursors.set(_MATCHED, batch - 1)
        self._own_waits = False
        return matches

    def _add_own(self, events: Sequence[Event], batch: int) -> None:
        """Store own events, to be matched by the next transaction."""
        self._store.events.add_own(events, batch)
        self._own_waits = self._own_waits or bool(events)

    def _store_rows(self, files: Sequence[SegmentFile], now: float, batch: int) -> None:
        store, summary = self._store, self.summary
        self._availability.forget()
        store.segments.record((header for header, _ in files), now)
        # Most segments hold some kinds of records only: statements cost milliseconds even over no rows.
        holds = store.segments.holds
        if "sample" in holds:
            summary.samples += store.series.add_staged()
        events = store.events.add_staged(batch) if "event" in holds else 0
        changes = store.facts.add_staged(now, batch) if holds & {"fact", "reading"} else 0
        self._own_waits = self._own_waits or events + changes > 0
        summary.events += events
        summary.fact_changes += changes
        if "poll" in holds:
            store.polls.add_staged()
            self._change_states(store.polls.reachability_staged(), now, batch)
            store.polls.keep_reachability()
        summary.segments += len(files)
        summary.rows += sum(header.rows for header, _ in files)

    def _detect(self, own: Sequence[Match], files: Sequence[SegmentFile]) -> list[Evidence]:
        """Store matches on our own events and of the staged files; returns what they mean for alerts."""
        store = self._store
        staged = bool(files) and "match" in store.segments.holds
        if not own and not staged:
            return []
        added = store.matches.add(own, staged=staged)
        self.summary.matches += added
        if not added:
            return []
        return plain_signals(store, self._rules) + correlation_signals(store, self._rules)

    def _judge_again(self, now: float, batch: int) -> None:
        states = self._store.states.current()
        if devices := misjudged(states, self._topology):
            answers = self._store.polls.answers(devices)
            self._take_on(judged_again(devices, answers, states, self._topology, now), now, batch)

    def _tell_last_seen(self, time: float) -> None:
        """When devices that nobody expects to answer did so last, as samples: rules ask how long ago."""
        if time % LAST_SEEN_SECONDS == 0:
            self._store.series.add(
                (device, Sample(LAST_SEEN, seen, time=time), LAST_SEEN_SECONDS)
                for device, seen in self._store.polls.seen(BEST_EFFORT)
            )

    def _change_states(self, changes: Sequence[Reachability], now: float, batch: int) -> None:
        # A device that has left the inventory has no state any more.
        changes = [change for change in changes if change.device in self._inventory.devices]
        if not changes:
            return
        devices = sorted({change.device for change in changes})
        answers = self._store.polls.answers(devices)
        self._take_on(advance(changes, answers, self._store.states.current(), self._topology), now, batch)

    def _take_on(self, transitions: Sequence[StateChange], now: float, batch: int) -> None:
        self._store.states.add(transitions)
        self.changed_devices.update(change.device for change in transitions)
        # The first time a device is seen up is no news.
        news = [change for change in transitions if change.previous or change.state != "up"]
        self._add_own([state_event(change, now) for change in news], batch)
        self.summary.state_changes += len(transitions)

    def _ledger(self, signals: Sequence[Evidence], time: float | None) -> Ledger:
        """A ledger of every alert that the signals and the rule time may touch."""
        alerts = self._store.alerts
        fingerprints = {fingerprint_of(signal.rule.id, signal.labels) for signal in signals}
        rules = {signal.rule.id for signal in signals}
        times = [signal.begun for signal in signals]
        if time is not None:
            fingerprints |= set(self._availability.fingerprints())
            rules |= set(self._availability.newly_firing())
            times.append(time)
        fingerprints |= {fingerprint_of(FLOODING_PREFIX + rule, {"rule": rule}) for rule in rules}
        found = alerts.touched(fingerprints, unfinished_availability=time is not None)
        return Ledger(
            found,
            alerts.opened_times(min(times) - FLOODING_SECONDS) if rules else {},
            alerts.evidence_counts(found) if signals else {},
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
        self.changed_alerts.update(
            alert.id for alert in (*changes.opened.values(), *changes.changed.values())
        )
        alerts = {alert.id: alert for alert in ledger.alerts()}
        told: dict[bool, list[Event]] = {True: [], False: []}
        for step in changes.transitions:
            alert = alerts[step.alert_id]
            told[feeds_on_alerts(self._rules, alert.rule_id)].append(transition_event(alert, step))
        self._add_own(told[False], batch)
        self._store.events.add_own(told[True], None)
        self.summary.alerts_opened += len(changes.opened)
        self.summary.transitions += len(changes.transitions)

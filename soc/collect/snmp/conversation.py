"""Everything due on one device: reach it, read its scalars, walk its tables, fill in the answer."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Mapping
from typing import Any

from soc.collect.declare import SnmpScalars, SnmpTable
from soc.collect.port import Answer, Failure, Job
from soc.collect.snmp.access import Access
from soc.collect.snmp.anew import note_beginning
from soc.collect.snmp.gufo import Bulk, Get, Next, Session, Signal
from soc.collect.snmp.link import Asked, Link, LinkError, OpenSession
from soc.collect.snmp.loop import Program
from soc.collect.snmp.plan import SYSTEM_OBJECT_ID, SYSTEM_UPTIME, Plans, scalar_row, table_value
from soc.collect.snmp.values import object_id
from soc.collect.snmp.walk import ColumnCells, WalkError

GET_SIZE = 24
REPETITIONS = 32
MAXIMUM_REPETITIONS = 64  # where the table is known to be long; more seldom fit into an answer we can read
ABSENT_REPETITIONS = 8
LANES = 4
# Below this round-trip time further sockets cost more than waiting for one column after the other.
NEAR_SECONDS = 0.02
SILENT_POLLS = 3  # in a row, after which a device is only probed: one try for each target
MAXIMUM_SILENCES = 3  # unanswered requests for this or that before the whole device counts as silent

_SHRINK = (Signal.TIMEOUT, Signal.GARBAGE, Signal.TOO_BIG)
_LOST = (Signal.REFUSED, Signal.UNREACHABLE, Signal.REPORT, Signal.DEADLINE)
# Of several targets' failures, the one that says most.
_TELLING = ("authentication", "protocol", "deadline", "timeout", "refused", "connect")


class Conversation:
    """One device, from the first packet to the answer."""

    def __init__(
        self,
        job: Job,
        targets: list[tuple[str, Access]],
        answer: Answer,
        until: float,
        plans: Plans,
        open_session: OpenSession = Session,
        tried: bool = False,
    ) -> None:
        """`targets` are (endpoint, credential) in the order to try; `until` is time.monotonic() seconds.

        `tried`: the first target had its first try already, in vain.
        """
        self._job = job
        self._targets = targets
        self._answer = answer
        self._until = until
        self._plans = plans
        self._open_session = open_session
        self._plan = plans.of(job.fetches, presumed=job.hints.get("object_id"))
        self._object_id: str | None = None  # read only when some fetch depends on it
        self._hints: Mapping[str, Any] = job.hints
        self._scalars: dict[str, Any] = {}
        self._settled: set[str] = set()  # scalars that are known, or known to be absent
        self._columns: dict[str, ColumnCells] = {}
        self._troubles: dict[str, Failure] = {}  # by OID of a scalar or column
        self._get_size = int(job.hints.get("get_size", GET_SIZE))
        self._repetitions = int(job.hints.get("repetitions", REPETITIONS))
        self._rows: Mapping[str, int] = job.hints.get("rows", {})  # by table, last time
        self._seen: dict[str, int] = {}  # by table, now
        self._leaders: dict[str, ColumnCells] = {}  # by table, the first of its columns read
        self._absent: dict[str, bool] = {}  # by table, whether the agent has no cell of it
        self.link: Link | None = None  # once an agent was reached
        self._tried = tried
        self._silent = min(int(job.hints.get("silent", 0)), SILENT_POLLS)  # polls up to now
        self._silences = 0
        self._failure: Failure | None = None

    def program(self) -> Program:
        """Runs on the loop; the answer is complete when it ends."""
        try:
            self.link = link = yield from self._reach()
            self._see_kind()
            yield from self._read_scalars(link)
            yield from self._read_tables(link)
            if self._plan.conditional:
                yield from self._read_conditional(link)
            self._remember(link)
        except LinkError as error:
            self._failure = error.failure
            if not self._answer.answered:
                # Next time as a stranger: perhaps it was the many objects asked for at once.
                self._answer.hints = {"endpoint": "", "silent": min(self._silent + 1, SILENT_POLLS)}
        except Exception as error:  # one device must not end the others' cycle
            self._failure = _unforeseen(error)
        self._finish()

    def _reach(self) -> Generator[Any, Any, Link]:
        """The first target that answers. Raises LinkError with the failure that says most."""
        failures: list[Failure] = []
        for endpoint, access in self._targets:
            link = Link(endpoint, access, self._answer, self._until, self._open_session)
            if self._silent == SILENT_POLLS:
                link.waits = [access.timeout_seconds]
            try:
                hinted = endpoint == self._hints.get("endpoint")
                yield from link.connect(bytes.fromhex(self._hints.get("engine_id", "")) if hinted else b"")
                yield from self._greet(link, hinted)
            except LinkError as error:
                failures.append(error.failure)
                if error.failure.reason == "authentication":
                    self._answer.refused_credentials += (access.name,)
                continue
            self._answer.credential = access.name
            return link
        raise LinkError(min(failures, key=lambda failure: _TELLING.index(failure.reason)))

    def _greet(self, link: Link, known: bool) -> Asked:
        """The first request. A known agent's carries the first scalars, a stranger's sysUpTime alone."""
        oids = self._plan.request[1 : self._get_size + 1] if known and not self._tried else []
        waits = link.waits[1:] if self._tried else link.waits
        self._tried = False
        outcome: Any = Signal.TIMEOUT
        if oids:
            outcome = yield from link.ask(Get([SYSTEM_UPTIME, *oids]), waits=waits[:1])
            waits = waits[1:]
            if outcome in _SHRINK and outcome is not Signal.TIMEOUT:
                waits = waits or link.waits  # it is there
        if outcome in _SHRINK and waits:
            oids = []
            outcome = yield from link.ask(Get([SYSTEM_UPTIME]), waits=waits)
        if isinstance(outcome, Signal):
            raise LinkError(link.failure(outcome))
        self._take([SYSTEM_UPTIME, *oids], outcome)

    def _see_kind(self) -> None:
        """Whether it is of the kind presumed; else what depends on that is asked once it is known."""
        presumed = self._plan.presumed
        if presumed is None:
            return
        if SYSTEM_OBJECT_ID in self._settled and object_id(self._scalars.get(SYSTEM_OBJECT_ID)) == presumed:
            self._object_id = presumed
        else:
            self._plan = self._plans.of(self._job.fetches)

    def _take(self, oids: list[str], values: Mapping[str, Any]) -> None:
        """Keep a GET's values. An empty answer settles nothing: it may be an error-status."""
        self._scalars.update((oid, values[oid]) for oid in oids if oid in values)
        if SYSTEM_OBJECT_ID in oids and (found := object_id(values.get(SYSTEM_OBJECT_ID))):
            self._scalars[SYSTEM_OBJECT_ID] = found
        if values or len(oids) == 1:
            self._settled.update(oids)

    def _read_scalars(self, link: Link) -> Asked:
        """GET what is not settled, in as few requests as the agent takes.

        An error-status (tooBig, in v1 also one missing OID) looks like an agent that has none of
        them; sysUpTime, or another object it is known to have, rides along to tell them apart.
        """
        wanted = [oid for oid in self._plan.scalars if oid not in self._settled]
        canary = [oid for oid in (SYSTEM_UPTIME, *self._scalars) if oid in self._scalars][:1]
        pending = deque(wanted[at : at + self._get_size] for at in range(0, len(wanted), self._get_size))
        while pending:
            oids = pending.popleft()
            several = len(oids) > 1
            outcome = yield from link.ask(
                Get(canary + oids if several else oids), waits=link.waits[:1] if several else ()
            )
            if outcome in _LOST:
                raise LinkError(link.failure(outcome))
            if outcome in _SHRINK and several:
                self._get_size = max(1, min(self._get_size, len(oids) // 2))
            if isinstance(outcome, dict) and (outcome or not several):
                self._take(oids, outcome)
            elif several:
                pending.extendleft([oids[len(oids) // 2 :], oids[: len(oids) // 2]])
            elif outcome is Signal.TIMEOUT:
                yield from self._still_there(link)
                self._silence(link, oids[0])
            else:  # one value that cannot be decoded: not the size was wrong
                self._settled.update(oids)
                self._get_size = GET_SIZE

    def _read_conditional(self, link: Link) -> Asked:
        """What only agents of some kind are asked, by their sysObjectID."""
        if SYSTEM_OBJECT_ID not in self._scalars:
            outcome = yield from link.ask(Get([SYSTEM_OBJECT_ID]))
            if isinstance(outcome, Signal):
                raise LinkError(link.failure(outcome))
            self._take([SYSTEM_OBJECT_ID], outcome)
        self._object_id = object_id(self._scalars.get(SYSTEM_OBJECT_ID))
        self._plan = self._plans.of(self._job.fetches, self._object_id)
        yield from self._read_scalars(link)
        yield from self._read_tables(link)

    def _read_tables(self, link: Link) -> Asked:
        """Walk every column; a table's first one, or the last poll, tells how many rows to ask for."""
        tables = self._plan.columns.items()
        leaders = deque((base, columns[0]) for base, columns in tables if not self._rows.get(base))
        yield from self._walk_all(link, leaders)
        others: deque[tuple[str, str]] = deque()
        for base, columns in tables:
            if self._absent.get(base):
                self._seen[base] = 0
                self._columns |= {oid: ColumnCells(oid) for oid in columns}
            else:
                left = (oid for oid in columns if oid not in self._columns and oid not in self._troubles)
                others.extend((base, oid) for oid in left)
        yield from self._walk_all(link, others)

    def _walk_all(self, link: Link, queue: deque[tuple[str, str]]) -> Asked:
        if not queue:
            return
        if link.round_trip_seconds < NEAR_SECONDS or len(queue) == 1:
            yield from self._lane(link, queue, link.session)
        else:
            yield [
                self._lane(link, queue, None if number else link.session)
                for number in range(min(LANES, len(queue)))
            ]
        if self._failure:
            raise LinkError(self._failure)

    def _lane(self, link: Link, queue: deque[tuple[str, str]], session: Session | None) -> Program:
        try:
            if session is None:
                session = yield from link.open_lane()
            while queue and not self._failure:
                base, oid = queue.popleft()
                if (yield from self._is_absent(link, session, base)):
                    continue
                yield from self._walk(link, session, oid, self._ask_for(base), self._leaders.get(base))
                if oid in self._columns:
                    cells = self._columns[oid]
                    self._seen[base] = max(len(cells.index), self._seen.get(base, 0))
                    self._leaders.setdefault(base, cells)
        except LinkError as error:
            self._failure = error.failure
        except Exception as error:  # as in `program`: a lane's error ends its own device only
            self._failure = _unforeseen(error)

    def _is_absent(self, link: Link, session: Session, base: str) -> Asked:
        """Whether the agent has nothing of a table in which no row was seen yet: one request tells."""
        if base not in self._absent:
            outcome = None
            if len(self._plan.columns[base]) > 1 and not self._rows.get(base) and not self._seen.get(base):
                outcome = yield from link.ask(Next(base), session, link.waits[:1])
            self._absent[base] = outcome is Signal.END
        return self._absent[base]

    def _ask_for(self, base: str) -> int:
        """Repetitions that bring a column of the table and the row after it in one answer, if it is short."""
        rows = self._seen.get(base, self._rows.get(base))
        if rows is None:
            return self._repetitions
        most = MAXIMUM_REPETITIONS if self._repetitions >= REPETITIONS else self._repetitions
        return min(rows + 1 if rows else ABSENT_REPETITIONS, most)

    def _walk(
        self, link: Link, session: Session, oid: str, repetitions: int, like: ColumnCells | None
    ) -> Asked:
        """One column. A new try after trouble begins anew: gufo cannot start in mid-column."""
        while True:
            cells = ColumnCells(oid, like)
            bulk = Bulk(oid, repetitions) if repetitions > 1 and link.access.version != "1" else None
            try:
                outcome = yield from self._walk_through(link, session, bulk or Next(oid), cells)
            except WalkError as error:
                link.count("limit")
                self._troubles[oid] = Failure("limit", f"{oid}: {error}")
                return
            if outcome is Signal.END and bulk:  # the end of the MIB, or an error-status: GETNEXT knows
                outcome = yield from link.ask(Next(oid, bulk), session)
                if isinstance(outcome, list):
                    outcome = Signal.TOO_BIG
            if outcome in _LOST:
                raise LinkError(link.failure(outcome))
            if outcome is Signal.TIMEOUT:
                yield from self._still_there(link, session)
            if outcome in _SHRINK and bulk:
                repetitions //= 4
                self._repetitions = max(1, min(self._repetitions, repetitions))
                continue
            if outcome is Signal.TIMEOUT:
                self._silence(link, oid)
            else:
                self._columns[oid] = cells  # up to a cell that cannot be decoded, if there was one
            return

    def _walk_through(self, link: Link, session: Session, step: Bulk | Next, cells: ColumnCells) -> Asked:
        """Ask on until the column's end (None) or a Signal."""
        waits = () if step.single else link.waits[:2]
        while True:
            outcome = yield from link.ask(step, session, waits)
            if isinstance(outcome, Signal):
                return outcome
            if cells.add(outcome):
                return None

    def _still_there(self, link: Link, session: Session | None = None) -> Asked:
        """After a silence: raises LinkError unless the agent still answers."""
        outcome = yield from link.ask(Get([SYSTEM_UPTIME]), session)
        if isinstance(outcome, Signal):
            raise LinkError(link.failure(outcome))

    def _silence(self, link: Link, oid: str) -> None:
        """One thing the agent does not answer. Raises LinkError at the MAXIMUM_SILENCES-th."""
        self._troubles[oid] = Failure("timeout", f"no answer from {link.endpoint} to {oid}")
        self._silences += 1
        if self._silences >= MAXIMUM_SILENCES:
            raise LinkError(Failure("timeout", f"{link.endpoint} left {self._silences} requests unanswered"))

    def _remember(self, link: Link) -> None:
        hints: dict[str, Any] = {"credential": link.access.name, "endpoint": link.endpoint}
        if self._hints.get("silent"):
            hints["silent"] = 0
        if link.engine_id:
            hints["engine_id"] = link.engine_id.hex()
        if self._get_size != GET_SIZE:
            hints["get_size"] = self._get_size
        if self._repetitions != REPETITIONS:
            hints["repetitions"] = self._repetitions
        if rows := {**self._rows, **self._seen}:
            hints["rows"] = rows
        self._answer.hints = hints

    def _finish(self) -> None:
        """Turn what was read into the fetches' values; what was not read fails as the device did."""
        answer = self._answer
        answer.failure = self._failure
        if SYSTEM_OBJECT_ID in self._settled:  # whatever else failed: it decides what is asked next time
            found = object_id(self._scalars.get(SYSTEM_OBJECT_ID))
            if found or not self._hints.get("object_id"):  # one bad answer does not take it away
                answer.hints["object_id"] = found
        unread = self._failure or Failure("protocol", "not read")
        for fetch in self._job.fetches:
            if not isinstance(fetch, SnmpScalars | SnmpTable):
                continue
            asked = self._object_id is None or fetch.asks(self._object_id)
            needed = _needed(fetch) if asked else ()
            known = self._settled if isinstance(fetch, SnmpScalars) else self._columns
            trouble = next((self._troubles[oid] for oid in needed if oid in self._troubles), None)
            if trouble or any(oid not in known for oid in needed):
                answer.failures[fetch] = trouble or unread
            elif isinstance(fetch, SnmpScalars):
                answer.values[fetch] = scalar_row(fetch, self._scalars if asked else {}, answer.counts)
            else:
                answer.values[fetch] = table_value(fetch, self._columns if asked else {}, answer.counts)
        answer.time = time.time()
        note_beginning(answer, self._scalars.get(SYSTEM_UPTIME))


def _needed(fetch: SnmpScalars | SnmpTable) -> list[str]:
    if isinstance(fetch, SnmpScalars):
        return [column.id for column in fetch.columns.values()]
    return [fetch.column_oid(name) for name in fetch.columns]


def _unforeseen(error: Exception) -> Failure:
    return Failure("protocol", f"unforeseen {type(error).__name__}: {str(error)[:200]}")

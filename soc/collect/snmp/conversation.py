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
from soc.collect.snmp.gufo import Get, Session, Signal
from soc.collect.snmp.link import LOST, SHRINK, Asked, Link, LinkError, OpenSession, unforeseen
from soc.collect.snmp.loop import Program
from soc.collect.snmp.plan import SYSTEM_OBJECT_ID, SYSTEM_UPTIME, Plans, scalar_row, table_value
from soc.collect.snmp.tables import REPETITIONS, Tables
from soc.collect.snmp.values import object_id

GET_SIZE = 24
SILENT_POLLS = 3  # in a row, after which a device is only probed: one try for each target
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
        self._troubles: dict[str, Failure] = {}  # by OID of a scalar
        self._get_size = int(job.hints.get("get_size", GET_SIZE))
        self._tables = Tables(job.hints.get("rows", {}), int(job.hints.get("repetitions", REPETITIONS)))
        self.link: Link | None = None  # once an agent was reached
        self._tried = tried
        self._silent = min(int(job.hints.get("silent", 0)), SILENT_POLLS)  # polls up to now
        self._failure: Failure | None = None

    def program(self) -> Program:
        """Runs on the loop; the answer is complete when it ends."""
        try:
            self.link = link = yield from self._reach()
            self._see_kind()
            yield from self._read_scalars(link)
            yield from self._tables.read(link, self._plan)
            if self._plan.conditional:
                yield from self._read_conditional(link)
            self._remember(link)
        except LinkError as error:
            self._failure = error.failure
            if not self._answer.answered:
                # Next time as a stranger: perhaps it was the many objects asked for at once.
                self._answer.hints = {"endpoint": "", "silent": min(self._silent + 1, SILENT_POLLS)}
        except Exception as error:  # one device must not end the others' cycle
            self._failure = unforeseen(error)
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
            if outcome in SHRINK and outcome is not Signal.TIMEOUT:
                waits = waits or link.waits  # it is there
        if outcome in SHRINK and waits:
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
            if outcome in LOST:
                raise LinkError(link.failure(outcome))
            if outcome in SHRINK and several:
                self._get_size = max(1, min(self._get_size, len(oids) // 2))
            if isinstance(outcome, dict) and (outcome or not several):
                self._take(oids, outcome)
            elif several:
                pending.extendleft([oids[len(oids) // 2 :], oids[: len(oids) // 2]])
            elif outcome is Signal.TIMEOUT:
                yield from link.confirm()
                self._troubles[oids[0]] = link.silence(oids[0])
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
        yield from self._tables.read(link, self._plan)

    def _remember(self, link: Link) -> None:
        hints: dict[str, Any] = {"credential": link.access.name, "endpoint": link.endpoint}
        if self._hints.get("silent"):
            hints["silent"] = 0
        if link.engine_id:
            hints["engine_id"] = link.engine_id.hex()
        if self._get_size != GET_SIZE:
            hints["get_size"] = self._get_size
        if self._tables.repetitions != REPETITIONS:
            hints["repetitions"] = self._tables.repetitions
        if rows := self._tables.rows:
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
        columns, troubles = self._tables.columns, self._troubles | self._tables.troubles
        unread = self._failure or Failure("protocol", "not read")
        for fetch in self._job.fetches:
            if not isinstance(fetch, SnmpScalars | SnmpTable):
                continue
            asked = self._object_id is None or fetch.asks(self._object_id)
            needed = _needed(fetch) if asked else ()
            known = self._settled if isinstance(fetch, SnmpScalars) else columns
            trouble = next((troubles[oid] for oid in needed if oid in troubles), None)
            if trouble or any(oid not in known for oid in needed):
                answer.failures[fetch] = trouble or unread
            elif isinstance(fetch, SnmpScalars):
                answer.values[fetch] = scalar_row(fetch, self._scalars if asked else {}, answer.counts)
            else:
                answer.values[fetch] = table_value(fetch, columns if asked else {}, answer.counts)
        answer.time = time.time()
        note_beginning(answer, self._scalars.get(SYSTEM_UPTIME))


def _needed(fetch: SnmpScalars | SnmpTable) -> list[str]:
    if isinstance(fetch, SnmpScalars):
        return [column.id for column in fetch.columns.values()]
    return [fetch.column_oid(name) for name in fetch.columns]

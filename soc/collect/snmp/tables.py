"""A device's tables, column by column: how many rows to ask for, several columns at once where it is far."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from soc.collect.port import Failure
from soc.collect.snmp.gufo import Bulk, Next, Session, Signal
from soc.collect.snmp.link import LOST, SHRINK, Asked, Link, LinkError, unforeseen
from soc.collect.snmp.loop import Program
from soc.collect.snmp.plan import Plan
from soc.collect.snmp.walk import ColumnCells, WalkError

REPETITIONS = 32
MAXIMUM_REPETITIONS = 64  # where the table is known to be long; more seldom fit into an answer we can read
ABSENT_REPETITIONS = 8
LANES = 4
# Below this round-trip time further sockets cost more than waiting for one column after the other.
NEAR_SECONDS = 0.02


class Tables:
    """What was read of an agent's tables, and what of it the next poll should know."""

    def __init__(self, rows: Mapping[str, int], repetitions: int) -> None:
        """`rows` are the tables' lengths at the last poll, by base, `repetitions` what the agent took."""
        self.columns: dict[str, ColumnCells] = {}
        self.troubles: dict[str, Failure] = {}  # by OID of a column
        self.repetitions = repetitions
        self._rows = rows
        self._seen: dict[str, int] = {}  # by table, now
        self._leaders: dict[str, ColumnCells] = {}  # by table, the first of its columns read
        self._absent: dict[str, bool] = {}  # by table, whether the agent has no cell of it
        self._failure: Failure | None = None

    @property
    def rows(self) -> dict[str, int]:
        """Lengths by table, as far as they are known."""
        return {**self._rows, **self._seen}

    def read(self, link: Link, plan: Plan) -> Asked:
        """Walk every column of the plan; a table's first, or the last poll, tells how many rows there are."""
        tables = plan.columns.items()
        leaders = deque((base, columns[0]) for base, columns in tables if not self._rows.get(base))
        yield from self._walk_all(link, plan, leaders)
        others: deque[tuple[str, str]] = deque()
        for base, columns in tables:
            if self._absent.get(base):
                self._seen[base] = 0
                self.columns |= {oid: ColumnCells(oid) for oid in columns}
            else:
                left = (oid for oid in columns if oid not in self.columns and oid not in self.troubles)
                others.extend((base, oid) for oid in left)
        yield from self._walk_all(link, plan, others)

    def _walk_all(self, link: Link, plan: Plan, queue: deque[tuple[str, str]]) -> Asked:
        if not queue:
            return
        if link.round_trip_seconds < NEAR_SECONDS or len(queue) == 1:
            yield from self._lane(link, plan, queue, link.session)
        else:
            yield [
                self._lane(link, plan, queue, None if number else link.session)
                for number in range(min(LANES, len(queue)))
            ]
        if self._failure:
            raise LinkError(self._failure)

    def _lane(
        self, link: Link, plan: Plan, queue: deque[tuple[str, str]], session: Session | None
    ) -> Program:
        try:
            if session is None:
                session = yield from link.open_lane()
            while queue and not self._failure:
                base, oid = queue.popleft()
                if (yield from self._is_absent(link, session, base, plan.columns[base])):
                    continue
                yield from self._walk(link, session, oid, self._ask_for(base), self._leaders.get(base))
                if oid in self.columns:
                    cells = self.columns[oid]
                    self._seen[base] = max(len(cells.index), self._seen.get(base, 0))
                    self._leaders.setdefault(base, cells)
        except LinkError as error:
            self._failure = error.failure
        except Exception as error:  # as in Conversation.program: a lane's error ends its own device only
            self._failure = unforeseen(error)

    def _is_absent(self, link: Link, session: Session, base: str, columns: Sequence[str]) -> Asked:
        """Whether the agent has nothing of a table in which no row was seen yet: one request tells."""
        if base not in self._absent:
            outcome = None
            if len(columns) > 1 and not self._rows.get(base) and not self._seen.get(base):
                outcome = yield from link.ask(Next(base), session, link.waits[:1])
            self._absent[base] = outcome is Signal.END
        return self._absent[base]

    def _ask_for(self, base: str) -> int:
        """Repetitions that bring a column of the table and the row after it in one answer, if it is short."""
        rows = self._seen.get(base, self._rows.get(base))
        if rows is None:
            return self.repetitions
        most = MAXIMUM_REPETITIONS if self.repetitions >= REPETITIONS else self.repetitions
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
                self.troubles[oid] = Failure("limit", f"{oid}: {error}")
                return
            if outcome is Signal.END and bulk:  # the end of the MIB, or an error-status: GETNEXT knows
                outcome = yield from link.ask(Next(oid, bulk), session)
                if isinstance(outcome, list):
                    outcome = Signal.TOO_BIG
            if outcome in LOST:
                raise LinkError(link.failure(outcome))
            if outcome is Signal.TIMEOUT:
                yield from link.confirm(session)
            if outcome in SHRINK and bulk:
                repetitions //= 4
                self.repetitions = max(1, min(self.repetitions, repetitions))
                continue
            if outcome is Signal.TIMEOUT:
                self.troubles[oid] = link.silence(oid)
            else:
                self.columns[oid] = cells  # up to a cell that cannot be decoded, if there was one
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

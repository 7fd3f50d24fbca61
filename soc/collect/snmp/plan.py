"""What a job's fetches need from the agent, each OID once, and the fetches' values from what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any

from soc.collect.columns import Columns
from soc.collect.declare import Fetch, Row, SnmpScalars, SnmpTable
from soc.collect.snmp.values import CONVERTERS, WRONG_TYPE, convert_all
from soc.collect.snmp.walk import ColumnCells, index_key

SYSTEM_UPTIME = "1.3.6.1.2.1.1.3.0"
SYSTEM_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
_NO_CELLS = ColumnCells("")


class Plan:
    """The OIDs to read: scalars in order of OID, columns by table."""

    def __init__(
        self, fetches: Iterable[Fetch], object_id: str | None = None, presumed: str | None = None
    ) -> None:
        """Without `object_id`, what is asked of every agent; with it, what only such agents are asked.

        With `presumed`, a sysObjectID that has to be confirmed by the first answer, both.
        """
        scalars: set[str] = set()
        self.columns: dict[str, list[str]] = {}
        self.presumed: str | None = None
        depends = False  # whether some fetch depends on what kind of agent it is
        for fetch in fetches:
            if not isinstance(fetch, SnmpTable | SnmpScalars):
                continue
            depends = depends or bool(fetch.object_ids)
            if presumed is None and bool(fetch.object_ids) == (object_id is None):
                continue
            if not fetch.asks(presumed or object_id or ""):
                continue
            if isinstance(fetch, SnmpScalars):
                scalars.update(column.id for column in fetch.columns.values())
                continue
            columns = self.columns.setdefault(fetch.base, [])
            columns += [oid for name in fetch.columns if (oid := fetch.column_oid(name)) not in columns]
        self.scalars = sorted(scalars, key=index_key)
        first = [SYSTEM_UPTIME]
        if depends and presumed is not None:
            self.presumed = presumed
            first.append(SYSTEM_OBJECT_ID)
        self.conditional = depends and self.presumed is None  # whether there is more to ask of some agents
        self.request = [*first, *(oid for oid in self.scalars if oid not in first)]


class Plans:
    """Plans by fetches: most devices of a cycle are asked for the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[Fetch, ...], str | None, str | None], Plan] = {}

    def of(
        self, fetches: tuple[Fetch, ...], object_id: str | None = None, presumed: str | None = None
    ) -> Plan:
        key = (fetches, object_id, presumed)
        plan = self._known.get(key)
        if plan is None:
            plan = self._known[key] = Plan(fetches, object_id, presumed)
        return plan


def scalar_row(group: SnmpScalars, cells: Mapping[str, Any], counts: dict[str, int]) -> Row:
    """The group's Row; None where a scalar is absent or of another type than declared."""
    values: dict[str, Any] = {}
    for name, column in group.columns.items():
        value = cells.get(column.id)
        if value is not None:
            value = CONVERTERS[column.kind](value)
            if value is WRONG_TYPE:
                counts["type"] = counts.get("type", 0) + 1
                value = None
        values[name] = value
    return Row("", values)


def table_value(
    table: SnmpTable, columns: Mapping[str, ColumnCells], counts: dict[str, int]
) -> list[Row] | Columns:
    """The table as its fetch wants it; None where a cell is absent or of another type than declared.

    `columns` holds all of the table's, or none of them where the agent is not asked for it.
    """
    found = _columns(table, columns, counts)
    if table.in_columns:
        return found
    values = found.values()
    return list(map(Row.of, repeat((*values, "index")), zip(*values.values(), found.index, strict=True)))


def _columns(table: SnmpTable, columns: Mapping[str, ColumnCells], counts: dict[str, int]) -> Columns:
    """Ordered by index."""
    index: list[str] = []
    aligned = True
    read: dict[str, list[str]] = {}
    values: dict[str, list[Any]] = {}
    for name, column in table.columns.items():
        found = columns.get(table.column_oid(name), _NO_CELLS)
        cells = convert_all(column.kind, found.values)
        if WRONG_TYPE in cells:
            counts["type"] = counts.get("type", 0) + cells.count(WRONG_TYPE)
            cells = [None if cell is WRONG_TYPE else cell for cell in cells]
        read[name], values[name] = found.index, cells
        if found.index:
            aligned = aligned and (not index or found.index == index)
            index = index or found.index
    if not aligned:
        index = sorted(set().union(*read.values()), key=index_key)
        for name, cells in values.items():
            values[name] = list(map(dict(zip(read[name], cells, strict=True)).get, index))
    nothing: list[Any] = [None] * len(index)
    return Columns(index, {name: cells or nothing for name, cells in values.items()})

"""What a job's fetches need from the agent, each OID once, and the fetches' values from what came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any

from soc.collect.declare import Fetch, Row, SnmpScalars, SnmpTable
from soc.collect.snmp.values import CONVERTERS, WRONG_TYPE, convert_all
from soc.collect.snmp.walk import ColumnCells, index_key

SYSTEM_UPTIME = "1.3.6.1.2.1.1.3.0"
SYSTEM_OBJECT_ID = "1.3.6.1.2.1.1.2.0"


class Plan:
    """The OIDs to read: scalars in order of OID, columns by table."""

    def __init__(self, fetches: Iterable[Fetch], object_id: str | None = None) -> None:
        """Without `object_id`, what is asked of every agent; with it, what only such agents are asked."""
        scalars: set[str] = set()
        self.columns: dict[str, list[str]] = {}
        self.conditional = False  # whether some fetch depends on what kind of agent it is
        for fetch in fetches:
            if not isinstance(fetch, SnmpTable | SnmpScalars):
                continue
            self.conditional = self.conditional or bool(fetch.object_ids)
            if bool(fetch.object_ids) == (object_id is None) or not fetch.asks(object_id or ""):
                continue
            if isinstance(fetch, SnmpScalars):
                scalars.update(column.id for column in fetch.columns.values())
                continue
            columns = self.columns.setdefault(fetch.base, [])
            columns += [oid for name in fetch.columns if (oid := fetch.column_oid(name)) not in columns]
        self.scalars = sorted(scalars, key=index_key)
        self.request = [SYSTEM_UPTIME, *(oid for oid in self.scalars if oid != SYSTEM_UPTIME)]


class Plans:
    """Plans by fetches: most devices of a cycle are asked for the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[Fetch, ...], str | None], Plan] = {}

    def of(self, fetches: tuple[Fetch, ...], object_id: str | None = None) -> Plan:
        key = (fetches, object_id)
        plan = self._known.get(key)
        if plan is None:
            plan = self._known[key] = Plan(fetches, object_id)
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


def table_rows(table: SnmpTable, columns: Mapping[str, ColumnCells], counts: dict[str, int]) -> list[Row]:
    """The table's rows by index; None where a cell is absent or of another type than declared."""
    wrong = 0
    indexes: list[str] | None = None
    aligned = True
    values: dict[str, dict[str, Any]] = {}
    for name, column in table.columns.items():
        found = columns[table.column_oid(name)].cells
        cells = convert_all(column.kind, list(found.values()))
        if WRONG_TYPE in cells:
            wrong += cells.count(WRONG_TYPE)
            cells = [None if cell is WRONG_TYPE else cell for cell in cells]
        values[name] = dict(zip(found, cells, strict=True))
        if found:
            own = list(found)
            aligned = aligned and (indexes is None or own == indexes)
            indexes = own if indexes is None else indexes
    if wrong:
        counts["type"] = counts.get("type", 0) + wrong
    if indexes is None:
        return []
    if not aligned:
        ordered = sorted(set().union(*values.values()), key=index_key)
        return [Row(index, {name: cells.get(index) for name, cells in values.items()}) for index in ordered]
    names = list(values)
    by_column = [list(cells.values()) or repeat(None) for cells in values.values()]
    rows = zip(indexes, zip(*by_column, strict=False), strict=True)
    return [Row(index, dict(zip(names, cells, strict=True))) for index, cells in rows]

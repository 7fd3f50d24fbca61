"""Many values of one agent, declared as data: the object, its unit, and the metric it is.

A vendor's MIB is mostly columns and scalars that hold a quantity in some unit. `readings` makes a collector
of a list of them; what the agent lacks is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from soc.collect.declare import Collector, Column, Fetch, Row, SnmpScalars, SnmpTable, collector
from soc.model import Sample

_ENTERPRISES = "1.3.6.1.4.1."
_NUMBER = re.compile(r"\s*([-+]?\d{1,15}(?:[.,]\d{1,15})?)")
# What agents write where nothing is measured: the ends of Integer32, and of Unsigned32.
_NEVER = frozenset({2**31 - 1, -(2**31), 2**32 - 1})
# Of a quantity also what stands beside them, and the end of 16 bits, in units or in tenths.
NOT_MEASURED = _NEVER | {2**31 - 2, -(2**31) + 1, 2**32 - 2, 2**16 - 1, 10 * (2**16 - 1)}
_LABELS = {"cpu_utilization_ratio": "cpu"}  # every other metric's is "sensor"
PERCENT = 100.0
_SCALAR = "0"  # the instance of one


@dataclass(frozen=True, slots=True)
class Reading:
    """One quantity: a column's sub-identifier, or a scalar's whole OID with its instance.

    The metric's value is the object's divided by `per`, plus `offset`.
    """

    metric: str
    id: str
    name: str = ""  # of a scalar; of a column, what is put behind the row's name
    per: float = 1.0
    offset: float = 0.0
    unknown: frozenset[int] = frozenset()  # raw values that mean "not measured"
    states: Mapping[int, int] | None = None  # raw value -> sensor_state
    range: tuple[float, float] | None = None  # outside of it nothing was measured
    pattern: str = ""  # of a text: what the number is the first group of
    zero_with: str = ""  # of a column: 0 is measured only where this one of the row holds more than 0

    def value(self, raw: Any) -> float | None:
        """The metric's value; None where the agent has none."""
        if self.pattern and isinstance(raw, str):
            match = re.search(self.pattern, raw)
            raw = match[1] if match else ""
        number = as_number(raw)
        if number is None or number in NOT_MEASURED or number in self.unknown:
            return None
        if self.states is not None:
            return self.states.get(int(number))
        value = number / self.per + self.offset
        if self.range is not None and not self.range[0] <= value <= self.range[1]:
            return None
        return value


@dataclass(frozen=True, slots=True)
class Pool:
    """Memory, or a file system: size and one of used, free or percent, in `unit` bytes."""

    name: str = ""
    size: str = ""
    used: str = ""
    free: str = ""
    percent: str = ""
    unit: float = 1.0
    of: str = "memory"  # or "filesystem"

    def samples(self, value: Mapping[str, float | None], name: str) -> Iterator[Sample]:
        """Size and use; of a pool that says its percentage only, that. Of one without any size, nothing."""
        labels = {"pool" if self.of == "memory" else "filesystem": name}
        size, used = value.get(self.size), value.get(self.used)
        free, percent = value.get(self.free), value.get(self.percent)
        if size == 0 and not percent:
            return
        if size is None and used is not None and free is not None:
            size = used + free
        if used is None and size is not None:
            if free is not None:
                used = size - free
            elif percent is not None:
                used = size * percent / PERCENT
        if size and used is not None and 0 <= used <= size:
            yield Sample(f"{self.of}_size_bytes", size * self.unit, labels)
            yield Sample(f"{self.of}_used_bytes", used * self.unit, labels)
        elif percent is not None and 0 <= percent <= PERCENT:
            yield Sample(f"{self.of}_utilization_ratio", percent / PERCENT, labels)


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of every row of a table.

    A row is called by the first of the `name` columns that is filled in, or by the column at `names` (an
    OID) of the table that shares the index or its beginning, behind `prefix`; by its index where there is no
    such name. `only` = (column, values): rows where the column holds one of them.
    """

    base: str
    values: tuple[Reading | Pool, ...]
    name: tuple[int | str, ...] = ()
    names: str = ""
    prefix: str = ""
    only: tuple[int | str, frozenset[int]] | None = None
    under: tuple[int | str, ...] = ()  # where only some of the collector's agents have it


@dataclass(frozen=True, slots=True)
class TypedReadings:
    """A table whose rows say themselves what they measure.

    `kinds` gives the reading for each value of the column `kind`, a number or a text in lower case; negative,
    `kind` is a part of the index counted from its end (-1 the last). `decimals` is a column with the number
    of decimal places. Either is a whole OID where it stands in another table of the same index; `kind` is a
    scalar's, without its instance, where one holds for all rows.
    """

    base: str
    value: int | str
    kind: int | str
    kinds: Mapping[int, Reading] | Mapping[str, Reading]
    name: tuple[int | str, ...] = ()
    names: str = ""
    prefix: str = ""
    decimals: int | str = 0
    only: tuple[int | str, frozenset[int]] | None = None
    under: tuple[int | str, ...] = ()  # where only some of the collector's agents have it


@dataclass(frozen=True, slots=True)
class NamedReadings:
    """A table in which only a row's name tells what it measures: the first of `patterns` found in it.

    Without a `name` column the name is the index, a text after its length (RFC 2578 section 7.7).
    """

    base: str
    value: int | str
    patterns: tuple[tuple[str, Reading], ...]  # regular expressions, whatever the case
    name: tuple[int | str, ...] = ()
    names: str = ""
    prefix: str = ""
    only: tuple[int | str, frozenset[int]] | None = None
    under: tuple[int | str, ...] = ()  # where only some of the collector's agents have it


Table = Readings | TypedReadings | NamedReadings


@dataclass(slots=True)
class _Found:
    """Values of one collector before their names are made unique."""

    quantities: list[tuple[str, str, str, float]] = field(default_factory=list)  # metric, name, index, value
    pools: list[tuple[Pool, str, str, dict[str, float | None]]] = field(default_factory=list)


def readings(
    name: str,
    documentation: str,
    *,
    under: Iterable[int | str],
    scalars: Sequence[Reading | Pool] = (),
    tables: Sequence[Table] = (),
    every: str = "health",
) -> Collector:
    """A collector of these values, asked of agents whose sysObjectID lies under `under`.

    `under` holds enterprise numbers or whole OIDs; empty, every agent is asked.
    """
    fetches: dict[str, Fetch] = {}
    if scalars:
        fetches["scalars"] = _scalars(scalars).where(*_object_ids(under))
    for number, table in enumerate(tables):
        object_ids = _object_ids(table.under or under)
        fetches[f"table_{number}"] = SnmpTable(table.base, **_columns(table)).where(*object_ids)
        for key, oid in _beside(table).items():
            base, _, column = oid.rpartition(".")
            fetches[f"{key}_{number}"] = SnmpTable(base, value=Column(column)).where(*object_ids)

    def parse(**answers: Any) -> Iterator[Sample]:
        found = _Found()
        if scalars and answers["scalars"] is not None:
            _add_scalars(found, scalars, answers["scalars"])
        for number, table in enumerate(tables):
            beside = {
                key: {row.index: row.value for row in answers[f"{key}_{number}"] or ()}
                for key in _beside(table)
            }
            for row in answers[f"table_{number}"] or ():
                _add_row(found, table, row, beside)
        yield from _samples(found)

    parse.__doc__ = documentation
    aside = [key for key in fetches if not key.startswith(("scalars", "table_"))]
    return collector(fetch=fetches, every=every, name=name, aside=aside)(parse)


def as_number(raw: Any) -> float | None:
    """An integer, or what a text starts with: agents write "23.5 C" as well as 235."""
    if isinstance(raw, str):
        match = _NUMBER.match(raw)
        return float(match[1].replace(",", ".")) if match else None
    return None if raw is None else float(raw)


def _object_ids(under: Iterable[int | str]) -> list[str]:
    return [_ENTERPRISES + str(item) if isinstance(item, int) else item for item in under]


@cache
def _key(identifier: int | str) -> str:
    return "at_" + str(identifier).replace(".", "_")


def _identifiers(value: Reading | Pool) -> list[str]:
    if isinstance(value, Reading):
        return [value.id, *filter(None, [value.zero_with])]
    return [item for item in (value.size, value.used, value.free, value.percent) if item]


def _scalars(values: Sequence[Reading | Pool]) -> SnmpScalars:
    return SnmpScalars(**{_key(item): Column(item) for value in values for item in _identifiers(value)})


def _beside(table: Table) -> dict[str, str]:
    """OIDs of columns in other tables that tell of this one's rows."""
    found = {"names": table.names} if table.names else {}
    if isinstance(table, TypedReadings):
        for key, oid in (("decimals", str(table.decimals)), ("kinds", str(table.kind))):
            if oid.startswith(_ENTERPRISES):
                found[key] = oid
    return found


def _columns(table: Table) -> dict[str, int | Column]:
    wanted: list[int | str] = [*table.name]
    if table.only:
        wanted.append(table.only[0])
    if isinstance(table, Readings):
        wanted += [item for value in table.values for item in _identifiers(value)]
    else:
        wanted.append(table.value)
    if isinstance(table, TypedReadings):
        if "kinds" not in _beside(table) and (not isinstance(table.kind, int) or table.kind > 0):
            wanted.append(table.kind)
        if table.decimals and "decimals" not in _beside(table):
            wanted.append(table.decimals)
    return {_key(item): Column(str(item)) for item in wanted}


def _add_scalars(found: _Found, values: Sequence[Reading | Pool], row: Row) -> None:
    for value in values:
        if isinstance(value, Pool):
            found.pools.append((value, value.name, "", _pool_values(value, row)))
        elif (number := value.value(getattr(row, _key(value.id)))) is not None:
            found.quantities.append((value.metric, value.name, "", number))


def _pool_values(pool: Pool, row: Row) -> dict[str, float | None]:
    values = {item: as_number(getattr(row, _key(item))) for item in _identifiers(pool)}
    return {item: None if number in _NEVER else number for item, number in values.items()}


def _add_row(found: _Found, table: Table, row: Row, beside: Mapping[str, Mapping[str, Any]]) -> None:
    if table.only and getattr(row, _key(table.only[0])) not in table.only[1]:
        return
    name = _row_name(table, row, beside.get("names", {}))
    if isinstance(table, Readings):
        for value in table.values:
            if isinstance(value, Pool):
                called = f"{name} {value.name}".strip()
                found.pools.append((value, called, row.index, _pool_values(value, row)))
            elif (number := _measured(value, row)) is not None:
                found.quantities.append((value.metric, f"{name} {value.name}".strip(), row.index, number))
        return
    if isinstance(table, TypedReadings):
        reading = _typed(table, row, beside)
    else:
        reading = next((item for pattern, item in table.patterns if re.search(pattern, name, re.I)), None)
    if reading is not None and (number := reading.value(getattr(row, _key(table.value)))) is not None:
        found.quantities.append((reading.metric, f"{name} {reading.name}".strip(), row.index, number))


def _measured(reading: Reading, row: Row) -> float | None:
    raw = getattr(row, _key(reading.id))
    if reading.zero_with and as_number(raw) == 0 and not as_number(getattr(row, _key(reading.zero_with))):
        return None
    return reading.value(raw)


def _typed(table: TypedReadings, row: Row, beside: Mapping[str, Mapping[str, Any]]) -> Reading | None:
    reading = dict[Any, Reading](table.kinds).get(_kind(table, row, beside))
    if reading is None:
        return None
    if "decimals" in beside:
        decimals = as_number(beside["decimals"].get(row.index))
    else:
        decimals = as_number(getattr(row, _key(table.decimals))) if table.decimals else None
    if decimals is None:
        return reading
    return replace(reading, per=reading.per * 10 ** max(-9, min(decimals, 9)))


def _kind(table: TypedReadings, row: Row, beside: Mapping[str, Mapping[str, Any]]) -> int | str | None:
    if isinstance(table.kind, int) and table.kind < 0:
        parts = row.index.split(".")
        return int(parts[table.kind]) if len(parts) >= -table.kind else None
    if "kinds" in beside:
        value = beside["kinds"].get(row.index, beside["kinds"].get(_SCALAR))
    else:
        value = getattr(row, _key(table.kind))
    return value.strip().lower() if isinstance(value, str) else value


def _row_name(table: Table, row: Row, names: Mapping[str, Any]) -> str:
    own = next((text for item in table.name if (text := _text(getattr(row, _key(item))))), "")
    index = row.index
    while not own and names and index:
        own = _text(names.get(index))
        index = index.rpartition(".")[0]
    if not own and isinstance(table, NamedReadings):
        own = index_text(row.index)
    return f"{table.prefix} {own or row.index}".strip()


def index_text(index: str) -> str:
    """The text that an index is, its length first or implied; "" where it is none."""
    parts = [int(part) for part in index.split(".") if part]
    if parts and parts[0] == len(parts) - 1:
        parts = parts[1:]
    return "".join(map(chr, parts)) if all(32 <= part < 127 for part in parts) else ""


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if value is not None else ""


def _samples(found: _Found) -> Iterator[Sample]:
    times = Counter((metric, name) for metric, name, _, _ in found.quantities)
    for metric, name, index, value in found.quantities:
        unique = name if times[metric, name] == 1 or not index else f"{name} #{index}"
        yield Sample(metric, value, {_LABELS.get(metric, "sensor"): unique})
    pools = Counter((pool.of, name) for pool, name, _, _ in found.pools)
    for declared, name, index, values in found.pools:
        unique = name if pools[declared.of, name] == 1 or not index else f"{name} #{index}"
        yield from declared.samples(values, unique)

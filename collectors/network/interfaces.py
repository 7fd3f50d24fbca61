"""Interfaces of anything that has them (IF-MIB, RFC 2863): state, speed, traffic, errors."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from soc.collect import Row, Sample, SnmpTable, collector, counter32, counter64, gauge, integer, text, ticks

INTERFACES = SnmpTable(  # ifTable
    "1.3.6.1.2.1.2.2.1",
    description=text(2), speed=gauge(5), admin_status=integer(7), oper_status=integer(8),
    received=counter32(10), receive_discards=counter32(13), receive_errors=counter32(14),
    transmitted=counter32(16), transmit_discards=counter32(19), transmit_errors=counter32(20),
)  # fmt: skip
EXTENSIONS = SnmpTable(  # ifXTable
    "1.3.6.1.2.1.31.1.1.1",
    name=text(1), received=counter64(6), transmitted=counter64(10), megabits=gauge(15),
    discontinuity=ticks(19),
)  # fmt: skip
UP = 1
OPER_STATES = {1, 2, 3, 5, 6, 7}  # all but unknown (4)
ADMIN_STATES = {1, 2, 3}
UNMEASURED_SPEED = 2**32 - 1  # what ifSpeed says of anything faster
NOTHING: dict[str, Any] = dict.fromkeys((*INTERFACES.columns, *EXTENSIONS.columns))
COUNTERS = (
    ("interface_receive_errors_total", "receive_errors"),
    ("interface_transmit_errors_total", "transmit_errors"),
    ("interface_receive_discards_total", "receive_discards"),
    ("interface_transmit_discards_total", "transmit_discards"),
)


@collector(every="interfaces", fetch={"basic": INTERFACES, "extended": EXTENSIONS})
def interfaces(basic: list[Row], extended: list[Row]) -> Iterator[Sample]:
    """64-bit counters where the agent has them. ifIndex is part of a series only if the name cannot be."""
    extensions = {row.index: row for row in extended}
    known = {row.index for row in basic}
    rows = [(row, extensions.get(row.index, Row(row.index, NOTHING))) for row in basic]
    rows += [(Row(row.index, NOTHING), row) for row in extended if row.index not in known]
    names = [(extension.name or row.description or "").strip() for row, extension in rows]
    times = Counter(names)
    for (row, extension), name in zip(rows, names, strict=True):
        attributes = {"index": row.index}
        labels = {"interface": name} if name else {}
        if not name or times[name] > 1:
            labels |= attributes
        for metric, value in _values(row, extension):
            if value is not None:
                yield Sample(metric, value, labels, attributes=attributes)


def _values(row: Row, extension: Row) -> Iterator[tuple[str, float | None]]:
    if row.oper_status in OPER_STATES:
        yield "interface_up", float(row.oper_status == UP)
    if row.admin_status in ADMIN_STATES:
        yield "interface_enabled", float(row.admin_status == UP)
    yield "interface_speed_bits_per_second", _speed(row, extension)
    yield "interface_receive_bytes_total", _wider(extension.received, row.received)
    yield "interface_transmit_bytes_total", _wider(extension.transmitted, row.transmitted)
    for metric, column in COUNTERS:
        yield metric, getattr(row, column)
    if extension.discontinuity is not None:
        yield "interface_discontinuity_uptime_seconds", extension.discontinuity / 100


def _wider(wide: int | None, narrow: int | None) -> int | None:
    return narrow if wide is None else wide


def _speed(row: Row, extension: Row) -> float | None:
    if row.speed and row.speed != UNMEASURED_SPEED:
        return float(row.speed)
    return extension.megabits * 1e6 if extension.megabits else None

"""Interfaces of anything that has them (IF-MIB, RFC 2863): state, speed, traffic, errors."""

from collections import Counter
from collections.abc import Iterator

from soc.collect import (
    Columns,
    Samples,
    SnmpTable,
    collector,
    counter32,
    counter64,
    gauge,
    integer,
    text,
    ticks,
)

INTERFACES = SnmpTable(  # ifTable
    "1.3.6.1.2.1.2.2.1",
    description=text(2), speed=gauge(5), admin_status=integer(7), oper_status=integer(8),
    received=counter32(10), receive_discards=counter32(13), receive_errors=counter32(14),
    transmitted=counter32(16), transmit_discards=counter32(19), transmit_errors=counter32(20),
).by_column()  # fmt: skip
EXTENSIONS = SnmpTable(  # ifXTable
    "1.3.6.1.2.1.31.1.1.1",
    name=text(1), received=counter64(6), transmitted=counter64(10), megabits=gauge(15),
    discontinuity=ticks(19),
).by_column()  # fmt: skip
UP = 1
OPER_STATES = {1, 2, 3, 5, 6, 7}  # all but unknown (4)
ADMIN_STATES = {1, 2, 3}
UNMEASURED_SPEED = 2**32 - 1  # what ifSpeed says of anything faster


@collector(every="interfaces", fetch={"basic": INTERFACES, "extended": EXTENSIONS})
def interfaces(basic: Columns, extended: Columns) -> Iterator[Samples]:
    """64-bit counters where the agent has them. ifIndex is part of a series only if the name cannot be."""
    index = list(dict.fromkeys([*basic.index, *extended.index]))
    basic, extended = basic.at(index), extended.at(index)
    attributes = [{"index": item} for item in index]
    labels = _labels(basic, extended, attributes)
    speeds = map(_speed, basic.speed, extended.megabits)
    columns = {
        "interface_up": [_is_up(status, OPER_STATES) for status in basic.oper_status],
        "interface_enabled": [_is_up(status, ADMIN_STATES) for status in basic.admin_status],
        "interface_speed_bits_per_second": list(speeds),
        "interface_receive_bytes_total": _wider(extended.received, basic.received),
        "interface_transmit_bytes_total": _wider(extended.transmitted, basic.transmitted),
        "interface_receive_errors_total": basic.receive_errors,
        "interface_transmit_errors_total": basic.transmit_errors,
        "interface_receive_discards_total": basic.receive_discards,
        "interface_transmit_discards_total": basic.transmit_discards,
        "interface_discontinuity_uptime_seconds": [
            None if time is None else time / 100 for time in extended.discontinuity
        ],
    }
    for metric, values in columns.items():
        yield Samples(metric, values, labels, attributes)


def _labels(basic: Columns, extended: Columns, attributes: list[dict[str, str]]) -> list[dict[str, str]]:
    pairs = zip(extended.name, basic.description, strict=True)
    names = [(name or description or "").strip() for name, description in pairs]
    times = Counter(names)
    return [
        {"interface": name} if name and times[name] == 1 else {"interface": name} | index if name else index
        for name, index in zip(names, attributes, strict=True)
    ]


def _is_up(status: int | None, states: set[int]) -> float | None:
    return float(status == UP) if status in states else None


def _wider(wide: list[int | None], narrow: list[int | None]) -> list[int | None]:
    return [small if big is None else big for big, small in zip(wide, narrow, strict=True)]


def _speed(speed: int | None, megabits: int | None) -> float | None:
    if speed and speed != UNMEASURED_SPEED:
        return float(speed)
    return megabits * 1e6 if megabits else None

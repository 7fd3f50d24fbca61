"""Marker supplies and paper trays (Printer-MIB, RFC 3805)."""

from collections import Counter
from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpTable, collector, integer, text

SUPPLIES = SnmpTable(  # prtMarkerSuppliesTable
    "1.3.6.1.2.1.43.11.1.1",
    type=integer(5), description=text(6), unit=integer(7), capacity=integer(8), level=integer(9),
)  # fmt: skip
TRAYS = SnmpTable(  # prtInputTable
    "1.3.6.1.2.1.43.8.2.1",
    type=integer(2), unit=integer(8), capacity=integer(9), level=integer(10), name=text(13),
    description=text(18),
)  # fmt: skip
PERCENT = 19  # the level is a percentage, whatever the capacity says


@collector(every="supplies", fetch=SUPPLIES)
def printer_supplies(rows: list[Row]) -> Iterator[Sample]:
    """What is left of each supply.

    A receptacle (prtMarkerSuppliesClass 4, waste toner) counts the room that remains: 0 is as bad there.
    """
    names = _unique([(row.description or "").strip() or f"type {row.type}" for row in rows], rows)
    for row, name in zip(rows, names, strict=True):
        if (ratio := _ratio(row)) is not None:
            yield Sample("printer_supply_ratio", ratio, {"supply": name})


@collector(every="supplies", fetch=TRAYS)
def printer_trays(rows: list[Row]) -> Iterator[Sample]:
    """How full each input tray is."""
    names = [(row.name or row.description or "").strip() or row.index for row in rows]
    for row, name in zip(rows, _unique(names, rows), strict=True):
        if (ratio := _ratio(row)) is not None:
            yield Sample("printer_tray_ratio", ratio, {"tray": name})


def _ratio(row: Row) -> float | None:
    """Level by capacity. Negative ones are words: no restriction (-1), unknown (-2), some remains (-3)."""
    if row.level is None or row.level < 0:
        return None
    capacity = 100 if row.unit == PERCENT else row.capacity
    if capacity is None or capacity <= 0:
        return None
    return float(min(row.level / capacity, 1.0))


def _unique(names: list[str], rows: list[Row]) -> list[str]:
    times = Counter(names)
    return [
        name if times[name] == 1 else f"{name} #{row.index}" for name, row in zip(names, rows, strict=True)
    ]

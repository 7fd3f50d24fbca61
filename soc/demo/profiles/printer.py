"""Supplies, trays, counters and errors of a printer (Printer-MIB, RFC 3805; HOST-RESOURCES-MIB)."""

from __future__ import annotations

from collections.abc import Callable

from soc.demo import ber
from soc.demo.formulas import counter
from soc.demo.profiles.subject import Subject, row, scalar, text
from soc.demo.tree import Formula, Value, Variable

_GENERAL_ENTRY = (1, 3, 6, 1, 2, 1, 43, 5, 1, 1)
_INPUT_ENTRY = (1, 3, 6, 1, 2, 1, 43, 8, 2, 1)
_MARKER_ENTRY = (1, 3, 6, 1, 2, 1, 43, 10, 2, 1)
_SUPPLY_ENTRY = (1, 3, 6, 1, 2, 1, 43, 11, 1, 1)
_COLORANT_ENTRY = (1, 3, 6, 1, 2, 1, 43, 12, 1, 1)
_CONSUMED, _RECEPTACLE = 3, 4  # PrtMarkerSuppliesClassTC
_TONER, _WASTE_TONER, _OPC = 3, 4, 9  # PrtMarkerSuppliesTypeTC
_IMPRESSIONS, _PERCENT, _SHEETS = 7, 19, 8
_SOME_REMAINS = -3
_NO_TONER, _NOTHING = b"\x10", b"\x00"  # hrPrinterDetectedErrorState, noToner(3) from the left
_PRINTER_TYPE = (1, 3, 6, 1, 2, 1, 25, 3, 1, 5)
_COLOURS = ("black", "cyan", "magenta", "yellow")


def printer(subject: Subject) -> list[Variable]:
    generator = subject.dice("printer")
    toner = subject.scenario.toner
    suffers = subject.device.name == toner.device
    colours = _COLOURS if "C7" in subject.model.name else _COLOURS[:1]
    capacity = 10_000
    found: list[Variable] = []
    for index, colour in enumerate(colours, start=1):
        level: Value | Formula = int(capacity * generator.uniform(0.35, 0.95))
        if suffers and colour == "black":
            level = _scaled(toner.level, capacity)
        name = f"{colour.title()} Toner Cartridge"
        found += _supply(index, index, _CONSUMED, _TONER, name, _IMPRESSIONS, capacity, level)
        found += row(_COLORANT_ENTRY, (1, index), {
            2: (ber.INTEGER, 1), 3: (ber.INTEGER, 3), 4: text(colour), 5: (ber.INTEGER, 1),
        })  # fmt: skip
    next_index = len(colours) + 1
    drum = generator.randint(40, 98)
    found += _supply(next_index, 0, _CONSUMED, _OPC, "Imaging Unit", _PERCENT, 100, drum)
    found += _supply(
        next_index + 1, 0, _RECEPTACLE, _WASTE_TONER, "Waste Toner Box", _PERCENT, 100, _SOME_REMAINS
    )
    for tray, sheets in ((1, 550), (2, 100)):
        found += row(_INPUT_ENTRY, (1, tray), {
            2: (ber.INTEGER, 3), 8: (ber.INTEGER, _SHEETS), 9: (ber.INTEGER, sheets),
            10: (ber.INTEGER, generator.randint(sheets // 4, sheets)), 11: (ber.INTEGER, 0),
            13: text(f"Tray {tray}"), 18: text(f"Tray {tray}"),
        })  # fmt: skip
    pages = counter(generator.uniform(0.002, 0.05), subject.booted, generator.randint(2_000, 400_000), 0.0)
    found += row(_MARKER_ENTRY, (1, 1), {
        2: (ber.INTEGER, 4), 3: (ber.INTEGER, _IMPRESSIONS), 4: (ber.COUNTER32, pages),
        5: (ber.COUNTER32, generator.randint(10, 900)),
    })  # fmt: skip
    found += row(_GENERAL_ENTRY, (1,), {16: text(subject.device.name), 17: text(subject.serial)})
    empty = toner.empty
    errors: Value | Formula = (lambda time: _NO_TONER if time >= empty else _NOTHING) if suffers else _NOTHING
    return [
        *found,
        scalar("1.3.6.1.2.1.25.3.2.1.1.1", ber.INTEGER, 1),
        scalar("1.3.6.1.2.1.25.3.2.1.2.1", ber.OBJECT_IDENTIFIER, _PRINTER_TYPE),
        scalar("1.3.6.1.2.1.25.3.2.1.3.1", *text(f"{subject.model.vendor} {subject.model.name}")),
        scalar("1.3.6.1.2.1.25.3.2.1.5.1", ber.INTEGER, 2),
        scalar("1.3.6.1.2.1.25.3.5.1.1.1", ber.INTEGER, 3),
        scalar("1.3.6.1.2.1.25.3.5.1.2.1", ber.OCTET_STRING, errors),
    ]


def _scaled(level: Callable[[float], float], capacity: int) -> Formula:
    return lambda time: int(level(time) * capacity)


def _supply(
    index: int, colorant: int, supply_class: int, kind: int, name: str, unit: int, capacity: int,
    level: Value | Formula,
) -> list[Variable]:  # fmt: skip
    return row(_SUPPLY_ENTRY, (1, index), {
        2: (ber.INTEGER, 1), 3: (ber.INTEGER, colorant), 4: (ber.INTEGER, supply_class),
        5: (ber.INTEGER, kind), 6: text(name), 7: (ber.INTEGER, unit), 8: (ber.INTEGER, capacity),
        9: (ber.INTEGER, level),
    })  # fmt: skip

"""What a device is: SNMPv2-MIB (RFC 3418), ENTITY-MIB (RFC 6933), Printer-MIB, UPS-MIB, vendors' objects."""

from collections.abc import Iterator, Mapping
from typing import Any

from soc.collect import Fact, Row, Sample, SnmpScalars, SnmpTable, collector, integer, oid, text
from soc.collect.identity import PARTS, identify, vendors

SYSTEM = SnmpScalars(
    description=text("1.3.6.1.2.1.1.1.0"), object_id=oid("1.3.6.1.2.1.1.2.0"), name=text("1.3.6.1.2.1.1.5.0"),
)  # fmt: skip
ENTITIES = SnmpTable(  # entPhysicalTable
    "1.3.6.1.2.1.47.1.1.1.1",
    entity_class=integer(5), description=text(2), name=text(7), firmware=text(9), software=text(10),
    serial=text(11), maker=text(12), model=text(13),
)  # fmt: skip
PRINTER = SnmpScalars(  # hrDeviceDescr, prtGeneralSerialNumber of the first device
    description=text("1.3.6.1.2.1.25.3.2.1.3.1"), serial=text("1.3.6.1.2.1.43.5.1.1.17.1"),
)  # fmt: skip
UPS = SnmpScalars(  # upsIdent
    vendor=text("1.3.6.1.2.1.33.1.1.1.0"), model=text("1.3.6.1.2.1.33.1.1.2.0"),
    version=text("1.3.6.1.2.1.33.1.1.3.0"),
)  # fmt: skip
CHASSIS, STACK = 3, 11
VENDORS: dict[str, SnmpScalars | SnmpTable] = {}
for key, vendor in vendors().items():
    if (scalars := vendor.scalars()) is not None:
        VENDORS[key] = scalars
    VENDORS |= {f"{key}__{name}": table for name, table in vendor.columns.items()}


@collector(
    every="configuration", facts={"identity"},
    fetch={"system": SYSTEM, "entities": ENTITIES, "printer": PRINTER, "ups": UPS, **VENDORS},
)  # fmt: skip
def system_identity(
    system: Row, entities: list[Row], printer: Row, ups: Row, **own: Any
) -> Iterator[Fact | Sample]:
    """One set of facts, and the same as labels of `device_info`."""
    sources: list[tuple[str, Mapping[str, str | None]]] = []
    for key, vendor in vendors().items():
        columns = {name: own[f"{key}__{name}"] or [] for name in vendor.columns}
        sources.append((key, vendor.values(own.get(key), columns)))
    sources += [("", source) for source in (_chassis(entities), _ups(ups), _printer(printer))]
    found = identify(system.object_id or "", system.description or "", sources)
    for instance in ("object_id", "description", "name"):
        if value := (getattr(system, instance) or "").strip():
            yield Fact("identity", value, instance)
    for part, value in found.items():
        yield Fact("identity", value, part)
    if found:
        yield Sample("device_info", 1, {part: found[part] for part in PARTS if part in found})


def _chassis(entities: list[Row]) -> dict[str, str | None]:
    """The first chassis that names a model or serial; a stack seldom does, and some agents class none."""
    rows = [row for row in entities if row.model or row.serial]
    row = next(
        (row for kind in (CHASSIS, STACK) for row in rows if row.entity_class == kind),
        rows[0] if rows else None,
    )
    if row is None:
        return {}
    software = row.software or next((entity.software for entity in entities if entity.software), None)
    return {
        "vendor": row.maker,
        "model": row.model or row.description,
        "serial": row.serial,
        "version": software or row.firmware,
    }


def _ups(ups: Row) -> dict[str, str | None]:
    if not (ups.model or ups.vendor):
        return {}
    return {"vendor": ups.vendor, "model": ups.model, "version": ups.version, "kind": "ups"}


def _printer(printer: Row) -> dict[str, str | None]:
    if printer.serial is None:
        return {}
    return {"model": printer.description, "serial": printer.serial, "kind": "printer"}

"""Processors, load and file systems of hosts (HOST-RESOURCES-MIB, RFC 2790; UCD-SNMP-MIB of net-snmp)."""

import re
from collections import Counter
from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpScalars, SnmpTable, collector, integer, oid, text

PROCESSORS = SnmpTable("1.3.6.1.2.1.25.3.3.1", percent=integer(2))  # hrProcessorTable
UCD_PROCESSORS = SnmpScalars(idle=integer("1.3.6.1.4.1.2021.11.11.0"))  # ssCpuIdle, in percent
UCD_LOAD = SnmpScalars(minute=integer("1.3.6.1.4.1.2021.10.1.5.1"))  # laLoadInt, in hundredths
STORAGE = SnmpTable(  # hrStorageTable
    "1.3.6.1.2.1.25.2.3.1",
    type=oid(2), description=text(3), unit_bytes=integer(4), units=integer(5), used_units=integer(6),
)  # fmt: skip
STORAGE_TYPES = "1.3.6.1.2.1.25.2.1."
FILE_SYSTEMS = {4, 5, 8, 9, 10}  # fixed, removable, RAM and network disk, flash
# Windows puts a label and a serial number behind the drive letter; they are not its name.
WINDOWS_LABEL = re.compile(r"\s+Label:.*", re.DOTALL)


@collector(every="health", fetch={"processors": PROCESSORS, "ucd": UCD_PROCESSORS})
def host_processors(processors: list[Row], ucd: Row) -> Iterator[Sample]:
    """hrProcessorLoad: the share of the last minute spent not idle. Without it, ssCpuIdle says it of all."""
    listed = [(number, row) for number, row in enumerate(processors) if row.percent is not None]
    for number, row in listed:
        if 0 <= row.percent <= 100:
            yield Sample("cpu_utilization_ratio", row.percent / 100, {"cpu": str(number)})
    if not listed and ucd.idle is not None and 0 <= ucd.idle <= 100:
        yield Sample("cpu_utilization_ratio", 1 - ucd.idle / 100, {"cpu": "all"})


@collector(every="health", fetch=UCD_LOAD)
def host_load(row: Row) -> Iterator[Sample]:
    """Processes that run or wait, on average over a minute."""
    if row.minute is not None and row.minute >= 0:
        yield Sample("load_average_1m", row.minute / 100)


@collector(every="health", fetch=STORAGE)
def host_storage(rows: list[Row]) -> Iterator[Sample]:
    """hrStorageTable holds file systems beside memory (host_memory's); hrStorageType tells them apart."""
    found = [(name, row) for row in rows if _is_file_system(row) and (name := _name(row))]
    times = Counter(name for name, _ in found)
    for name, row in found:
        size = _bytes(row.units, row)
        if not size:
            continue  # an empty drive
        used = _bytes(row.used_units, row)
        labels = {"filesystem": name if times[name] == 1 else f"{name} #{row.index}"}
        yield Sample("filesystem_size_bytes", size, labels)
        if used is not None:
            yield Sample("filesystem_used_bytes", used, labels)


def _is_file_system(row: Row) -> bool:
    if row.type is None or not row.type.startswith(STORAGE_TYPES):
        return False
    return int(row.type.removeprefix(STORAGE_TYPES).partition(".")[0]) in FILE_SYSTEMS


def _name(row: Row) -> str:
    return WINDOWS_LABEL.sub("", (row.description or "").strip())


def _bytes(units: int | None, row: Row) -> int | None:
    """Blocks are Integer32: agents of large disks wrap them into the negative."""
    if units is None or not row.unit_bytes or row.unit_bytes < 0:
        return None
    return (units if units >= 0 else units + 2**32) * int(row.unit_bytes)

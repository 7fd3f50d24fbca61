"""Processors and file systems of hosts (HOST-RESOURCES-MIB, RFC 2790)."""

import re
from collections import Counter
from collections.abc import Iterator

from soc.collect import Row, Sample, SnmpTable, collector, integer, oid, text

PROCESSORS = SnmpTable("1.3.6.1.2.1.25.3.3.1", percent=integer(2))  # hrProcessorTable
STORAGE = SnmpTable(  # hrStorageTable
    "1.3.6.1.2.1.25.2.3.1",
    type=oid(2), description=text(3), unit_bytes=integer(4), units=integer(5), used_units=integer(6),
)  # fmt: skip
STORAGE_TYPES = "1.3.6.1.2.1.25.2.1."
FILE_SYSTEMS = {4, 5, 8, 9, 10}  # fixed, removable, RAM and network disk, flash
# Windows puts a label and a serial number behind the drive letter; they are not its name.
WINDOWS_LABEL = re.compile(r"\s+Label:.*", re.DOTALL)


@collector(every="health", fetch=PROCESSORS)
def host_processors(rows: list[Row]) -> Iterator[Sample]:
    """hrProcessorLoad: the share of the last minute in which the processor was not idle."""
    for number, row in enumerate(rows):
        if row.percent is not None and 0 <= row.percent <= 100:
            yield Sample("cpu_utilization_ratio", row.percent / 100, {"cpu": str(number)})


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

"""The health of Windows hosts by CIM classes and raw performance counters (learn.microsoft.com, CIMWin32
provider; Win32_PerfRawData classes).
"""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Item, Sample, collector, powershell, rows

# A processor's counter is its idle time (PERF_100NSEC_TIMER_INV): two readings a second apart.
_PROCESSORS = (
    "Get-CimInstance Win32_PerfRawData_PerfOS_Processor | "
    "Select-Object Name, PercentProcessorTime, Timestamp_Sys100NS"
)
HEALTH = powershell(
    "windows-health",
    before=_PROCESSORS,
    system="Get-CimInstance Win32_OperatingSystem | "
    "Select-Object TotalVisibleMemorySize, FreePhysicalMemory, NumberOfProcesses",
    swap="Get-CimInstance Win32_PageFileUsage | Select-Object AllocatedBaseSize, CurrentUsage",
    filesystems="Get-CimInstance Win32_LogicalDisk -Filter 'DriveType=3' | "
    "Select-Object DeviceID, Size, FreeSpace",
    disks="Get-CimInstance Win32_PerfRawData_PerfDisk_PhysicalDisk | "
    "Select-Object Name, DiskReadBytesPersec, DiskWriteBytesPersec",
    after=f"Start-Sleep 1; {_PROCESSORS}",
    maximum_bytes=512_000,
)
_TOTAL = "_Total"


@collector(every="health", fetch=HEALTH)
def windows_cpu(output: CommandOutput) -> Iterator[Sample]:
    """Share of time not idle over a second, for each logical processor (`cpu` = its number)."""
    before = {item.text("Name"): item for item in rows(output, "before")}
    for item in rows(output, "after"):
        name = item.text("Name")
        spent = _difference(item, before.get(name), "Timestamp_Sys100NS")
        idle = _difference(item, before.get(name), "PercentProcessorTime")
        if name and name != _TOTAL and spent and idle is not None:
            yield Sample("cpu_utilization_ratio", min(1.0, max(0.0, 1 - idle / spent)), {"cpu": name})


def _difference(after: Item, before: Item | None, name: str) -> int | None:
    now, then = after.whole(name), before.whole(name) if before else None
    return None if now is None or then is None or now < then else now - then


@collector(every="health", fetch=HEALTH)
def windows_memory(output: CommandOutput) -> Iterator[Sample]:
    """Pools `physical` (free = what programs can have) and `swap`, all page files together."""
    for item in rows(output, "system"):
        size, free = item.whole("TotalVisibleMemorySize"), item.whole("FreePhysicalMemory")
        if size and free is not None:
            yield from _pool("physical", size * 1024, (size - free) * 1024)
    files = [(item.whole("AllocatedBaseSize"), item.whole("CurrentUsage")) for item in rows(output, "swap")]
    known = [(size, used) for size, used in files if size is not None and used is not None]
    if known:
        yield from _pool("swap", sum(size for size, _ in known) << 20, sum(used for _, used in known) << 20)


def _pool(pool: str, size: int, used: int) -> Iterator[Sample]:
    yield Sample("memory_size_bytes", size, {"pool": pool})
    yield Sample("memory_used_bytes", used, {"pool": pool})


@collector(every="health", fetch=HEALTH)
def windows_processes(output: CommandOutput) -> Iterator[Sample]:
    """How many processes there are."""
    for item in rows(output, "system"):
        if (count := item.whole("NumberOfProcesses")) is not None:
            yield Sample("process_count", count)


@collector(every="health", fetch=HEALTH)
def windows_filesystems(output: CommandOutput) -> Iterator[Sample]:
    """Size and use of local volumes with a letter; one that is locked or has no format tells no size."""
    for item in rows(output, "filesystems"):
        letter, size, free = item.text("DeviceID"), item.whole("Size"), item.whole("FreeSpace")
        if letter and size and free is not None:
            yield Sample("filesystem_size_bytes", size, {"filesystem": letter})
            yield Sample("filesystem_used_bytes", size - free, {"filesystem": letter})


@collector(every="health", fetch=HEALTH)
def windows_disks(output: CommandOutput) -> Iterator[Sample]:
    """Bytes read and written since boot, for each physical disk (`disk` = number and letters, "0 C:")."""
    for item in rows(output, "disks"):
        name = item.text("Name")
        if not name or name == _TOTAL:
            continue
        read, written = item.whole("DiskReadBytesPersec"), item.whole("DiskWriteBytesPersec")
        if read is not None and written is not None:
            yield Sample("disk_read_bytes_total", read, {"disk": name})
            yield Sample("disk_written_bytes_total", written, {"disk": name})

"""Disk input and output (proc_diskstats(5), kernel's Documentation/admin-guide/iostats.rst)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

DISKSTATS = SshCommand(
    "linux-disks",
    'cat /proc/diskstats || exit 127; for disk in /sys/block/*; do echo "block ${disk##*/}"; done',
)

# major minor name, then reads, merged, sectors read, ms, writes, merged, sectors written
_LINE = re.compile(r"\s*\d+\s+\d+\s+(\S+)\s+\d+\s+\d+\s+(\d+)\s+\d+\s+\d+\s+\d+\s+(\d+)(?:\s+\d+)*")
_SECTOR_BYTES = 512  # whatever the disk's own are


@collector(every="health", fetch=DISKSTATS)
def linux_disks(output: CommandOutput) -> Iterator[Sample]:
    """Bytes read and written since boot by each whole disk that was ever used (`disk` = its name)."""
    lines = output.lines
    # /sys/block lists no partitions, and names them with "!" for "/".
    whole = {line.removeprefix("block ").replace("!", "/") for line in lines if line.startswith("block ")}
    for match in filter(None, map(_LINE.fullmatch, lines)):
        disk, read, written = match[1], int(match[2]), int(match[3])
        if disk in whole and (read or written):
            yield Sample("disk_read_bytes_total", read * _SECTOR_BYTES, {"disk": disk})
            yield Sample("disk_written_bytes_total", written * _SECTOR_BYTES, {"disk": disk})

"""File systems of the host soc runs on (through psutil)."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import LocalReadings, Row, Sample, collector


@collector(every="health", kinds={"local"}, fetch=LocalReadings("filesystems"))
def local_filesystems(row: Row) -> Iterator[Sample]:
    """Size and use as df shows them, for each mount point of a real device."""
    for item in row.filesystems or ():
        labels = {"filesystem": item.mount}
        yield Sample("filesystem_size_bytes", item.size_bytes, labels)
        yield Sample("filesystem_used_bytes", item.used_bytes, labels)

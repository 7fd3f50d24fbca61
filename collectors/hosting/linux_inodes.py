"""Inodes of local file systems (df(1) with -i)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

# -l as for linux-filesystems; busybox may be built without -i.
INODES = SshCommand(
    "linux-inodes",
    "LC_ALL=C df -PiTl 2>/dev/null || LC_ALL=C df -PiT 2>/dev/null || [ $? = 1 ] || exit 127",
    exit_codes=(0, 1),
)

_LINE = re.compile(r"(?<=\s)(?P<type>\S+)\s+(?P<inodes>\d+)\s+(?P<used>\d+)\s+\d+\s+\S+%?\s+(?P<mount>/.*)")
_LEFT_OUT = frozenset({"tmpfs", "devtmpfs", "ramfs", "efivarfs", "squashfs", "iso9660", "udf", "erofs"})


@collector(every="health", fetch=INODES)
def linux_inodes(output: CommandOutput) -> Iterator[Sample]:
    """Inodes and how many are used, for each mount point; none where a file system makes them as needed."""
    lines = filter(None, map(_LINE.search, output.lines))
    for mount, match in {match["mount"]: match for match in lines}.items():
        if match["type"] in _LEFT_OUT or match["inodes"] == "0":
            continue
        if match["type"] == "overlay" and mount != "/":
            continue
        yield Sample("filesystem_inodes", int(match["inodes"]), {"filesystem": mount})
        yield Sample("filesystem_used_inodes", int(match["used"]), {"filesystem": mount})

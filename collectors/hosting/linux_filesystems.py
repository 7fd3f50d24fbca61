"""Local file systems (df(1), POSIX format with types)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

# -l leaves network file systems out, whose dead servers hang df; busybox has no -l.
DF = SshCommand(
    "linux-filesystems",
    "LC_ALL=C df -PkTl 2>/dev/null || LC_ALL=C df -PkT",
    exit_codes=(0, 1),  # 1: some mount point is not ours to look into, the others are there
)

# Behind the source: type, size, used, available, capacity, mount point; the first and last may hold blanks.
_LINE = re.compile(r"(?<=\s)(?P<type>\S+)\s+(?P<size>\d+)\s+(?P<used>\d+)\s+\S+\s+\S+\s+(?P<mount>/.*)")
# Kept in memory or made up by the kernel, or read-only images that are always full.
_LEFT_OUT = frozenset({"tmpfs", "devtmpfs", "ramfs", "efivarfs", "squashfs", "iso9660", "udf", "erofs"})


@collector(every="health", fetch=DF)
def linux_filesystems(output: CommandOutput) -> Iterator[Sample]:
    """Size and use as df shows them, for each mount point; of overlays only `/` (a container's own)."""
    lines = filter(None, map(_LINE.search, output.lines))
    # Both spellings of the command may have printed; what is mounted last on a point covers the others.
    for mount, match in {match["mount"]: match for match in lines}.items():
        if match["type"] in _LEFT_OUT or match["size"] == "0":
            continue
        if match["type"] == "overlay" and mount != "/":
            continue
        labels = {"filesystem": mount}
        yield Sample("filesystem_size_bytes", int(match["size"]) * 1024, labels)
        yield Sample("filesystem_used_bytes", int(match["used"]) * 1024, labels)

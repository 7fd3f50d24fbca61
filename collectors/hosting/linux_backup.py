"""Age of backups, by the files that backup jobs touch when they succeed (docs/collectors.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

MARKERS = SshCommand(
    "linux-backup",
    "[ -d /var/lib/soc-backup ] || exit 127; now=$(date +%s); for file in /var/lib/soc-backup/*; do "
    '[ -f "$file" ] && echo "$((now - $(stat -c %Y "$file"))) ${file##*/}"; done; exit 0',
    maximum_bytes=64_000,
)

_LINE = re.compile(r"(-?\d{1,12}) (\S.*)")


@collector(every="health", fetch=MARKERS)
def linux_backup(output: CommandOutput) -> Iterator[Sample]:
    """Time since each file in /var/lib/soc-backup was touched last (`backup` = its name)."""
    for match in filter(None, map(_LINE.fullmatch, output.lines)):
        yield Sample("backup_age_seconds", max(0, int(match[1])), {"backup": match[2]})

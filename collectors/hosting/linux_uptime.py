"""Is the host there over SSH, and since when (proc_uptime(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

UPTIME = SshCommand("linux-uptime", "cat /proc/uptime", maximum_bytes=4096)

_LINE = re.compile(r"^(\d+\.\d+) \d+\.\d+$", re.MULTILINE)


@collector(every="reachability", fetch=UPTIME, reachability=True)
def linux_uptime(output: CommandOutput) -> Iterator[Sample]:
    """Seconds since boot, the first number of /proc/uptime."""
    if not (match := _LINE.search(output.stdout)):
        raise ValueError("not as proc_uptime(5) says")
    yield Sample("uptime_seconds", float(match[1]))

"""Load average (proc_loadavg(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

LOAD = SshCommand("linux-load", "cat /proc/loadavg", maximum_bytes=4096)

_LINE = re.compile(r"^(\d+\.\d+) \d+\.\d+ \d+\.\d+ \d+/\d+ \d+$", re.MULTILINE)


@collector(every="health", fetch=LOAD)
def linux_load(output: CommandOutput) -> Iterator[Sample]:
    """The average over one minute, the first number of /proc/loadavg."""
    if not (match := _LINE.search(output.stdout)):
        raise ValueError("not as proc_loadavg(5) says")
    yield Sample("load_average_1m", float(match[1]))

"""Load average (proc_loadavg(5))."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

LOAD = SshCommand("linux-load", "cat /proc/loadavg", maximum_bytes=4096)


@collector(every="health", fetch=LOAD)
def linux_load(output: CommandOutput) -> Iterator[Sample]:
    """The average over one minute, the first number of /proc/loadavg."""
    yield Sample("load_average_1m", float(output.stdout.split()[0]))

"""Is the host there over SSH, and since when (proc_uptime(5))."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

UPTIME = SshCommand("linux-uptime", "cat /proc/uptime", maximum_bytes=4096)


@collector(every="reachability", fetch=UPTIME, reachability=True)
def linux_uptime(output: CommandOutput) -> Iterator[Sample]:
    """Seconds since boot, the first number of /proc/uptime."""
    yield Sample("uptime_seconds", float(output.stdout.split()[0]))

"""Is the Windows host there over SSH, and since when (Win32_OperatingSystem, learn.microsoft.com)."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, collector, powershell, rows

UPTIME = powershell(
    "windows-uptime",
    uptime="$o=Get-CimInstance Win32_OperatingSystem; ($o.LocalDateTime-$o.LastBootUpTime).TotalSeconds",
    maximum_bytes=4096,
)


@collector(every="reachability", fetch=UPTIME, reachability=True)
def windows_uptime(output: CommandOutput) -> Iterator[Sample]:
    """Seconds since boot by the host's own clock; of hosts with fast startup, since the kernel's start."""
    for item in rows(output, "uptime"):
        if (seconds := item.number()) is not None and seconds >= 0:
            yield Sample("uptime_seconds", seconds)

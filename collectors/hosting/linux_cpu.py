"""Processor use (proc_stat(5)): two readings a second apart, since one tells the mean since boot only."""

from __future__ import annotations

from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

STAT = SshCommand("linux-cpu", 'grep "^cpu" /proc/stat; sleep 1; grep "^cpu" /proc/stat')

# user nice system idle iowait irq softirq steal; guest time is part of user time already.
_COUNTED = 8
_IDLE = (3, 4)


@collector(every="health", fetch=STAT)
def linux_cpu(output: CommandOutput) -> Iterator[Sample]:
    """Share of time not idle and not waiting for I/O, for each logical processor (`cpu` = its number)."""
    first: dict[str, list[int]] = {}
    for line in output.stdout.splitlines():
        name, *fields = line.split()
        ticks = [int(field) for field in fields[:_COUNTED]]
        if name == "cpu":
            continue  # the sum of the others
        before = first.setdefault(name, ticks)
        if before is ticks:
            continue
        # iowait may go backwards (proc_stat(5)).
        spent = [max(0, now - then) for now, then in zip(ticks, before, strict=True)]
        if total := sum(spent):
            idle = sum(spent[place] for place in _IDLE)
            yield Sample("cpu_utilization_ratio", (total - idle) / total, {"cpu": name.removeprefix("cpu")})

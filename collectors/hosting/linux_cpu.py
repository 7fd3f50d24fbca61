"""Processor use (proc_stat(5)): two readings a second apart, since one tells the mean since boot only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

STAT = SshCommand("linux-cpu", 'grep "^cpu" /proc/stat; sleep 1; grep "^cpu" /proc/stat')

_LINE = re.compile(r"cpu(\d+)((?: \d+){4,})")  # the line without a number is their sum
# user nice system idle iowait irq softirq steal; guest time is part of user time already.
_COUNTED = 8
_IDLE = (3, 4)


@collector(every="health", fetch=STAT)
def linux_cpu(output: CommandOutput) -> Iterator[Sample]:
    """Share of time not idle and not waiting for I/O, for each logical processor (`cpu` = its number)."""
    first: dict[str, list[int]] = {}
    for line in output.lines:
        if not (match := _LINE.fullmatch(line.rstrip())):
            continue
        name, ticks = match[1], [int(field) for field in match[2].split()[:_COUNTED]]
        before = first.setdefault(name, ticks)
        if before is ticks:
            continue
        # iowait may go backwards (proc_stat(5)).
        spent = [max(0, now - then) for now, then in zip(ticks, before, strict=True)]
        if total := sum(spent):
            idle = sum(spent[place] for place in _IDLE)
            yield Sample("cpu_utilization_ratio", (total - idle) / total, {"cpu": name})

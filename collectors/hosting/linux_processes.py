"""Processes by name (proc_pid_stat(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator

from soc.collect import CommandOutput, Sample, SshCommand, collector

# Behind the name in its last parenthesis: state, parent, …; the 7th field is flags (0x200000 is
# PF_KTHREAD), the 20th the start in ticks since boot. What is younger than a minute comes and goes.
PROCESSES = SshCommand(
    "linux-processes",
    'read -r up idle </proc/uptime; cat /proc/[0-9]*/stat 2>/dev/null | LC_ALL=C awk -v up="$up" \''
    "match($0, /\\(.*\\)/) { all++; name = substr($0, RSTART + 1, RLENGTH - 2); "
    'split(substr($0, RSTART + RLENGTH + 1), f, " "); '
    "if (int(f[7] / 2097152) % 2 == 0 && up - f[20] / 100 >= 60) count[name]++ } "
    'END { print "all " all; for (name in count) print "name " count[name] " " name }\'',
)
MAXIMUM_NAMES = 200

_LINE = re.compile(r"name (\d+) (.+)")


@collector(every="health", fetch=PROCESSES)
def linux_processes(output: CommandOutput) -> Iterator[Sample]:
    """How many processes there are, and how many of each name (`service`) have run for a minute.

    Kernel threads count among all only; of more than MAXIMUM_NAMES names, the most frequent are told.
    """
    lines = output.lines
    for line in lines:
        if re.fullmatch(r"all \d+", line):
            yield Sample("process_count", int(line.removeprefix("all ")))
    named = [(int(match[1]), match[2]) for match in map(_LINE.fullmatch, lines) if match]
    for count, name in sorted(named, key=lambda item: (-item[0], item[1]))[:MAXIMUM_NAMES]:
        yield Sample("process_count", count, {"service": name})
